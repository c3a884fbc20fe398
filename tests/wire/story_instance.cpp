#include "wire/story_instance.h"

#include <sstream>
#include <stdexcept>

#include "support/data_sets.h"
#include "support/phantom_leaks.h"

namespace dosigate::testing {
namespace {

std::string study_uid(const SourceInstance& of) {
  return std::string(kStoryUidRoot) + "." + of.study;
}
std::string series_uid(const SourceInstance& of) { return study_uid(of) + "." + of.series; }
std::string sop_uid(const SourceInstance& of) { return series_uid(of) + "." + of.instance; }

DataSet image_of(const SourceInstance& of) {
  if (of.modality == "NM") return nm_spect();
  if (of.modality == "PT") return pet_slice();
  if (of.modality == "CT") return ct_slice();
  throw std::runtime_error("no such modality in a story: " + of.modality);
}

DataSet with_patient(DataSet data, const PatientHeaders& who) {
  data = std::move(data)
             .with(DCM_SpecificCharacterSet, "ISO_IR 192")
             .with(DCM_PatientID, who.id)
             .with(DCM_PatientName, who.name)
             .with(DCM_PatientBirthDate, who.birth_date)
             .with(DCM_PatientSex, who.sex);
  if (!who.issuer.empty()) data = std::move(data).with(DCM_IssuerOfPatientID, who.issuer);
  std::string others;
  for (const std::string& other : who.other_ids) others += (others.empty() ? "" : "\\") + other;
  if (!others.empty()) data = std::move(data).with(DCM_RETIRED_OtherPatientIDs, others);
  return data;
}

void save(DataSet& data, const std::filesystem::path& file) {
  DcmFileFormat format(&data.root());
  if (format.saveFile(file.c_str(), EXS_LittleEndianExplicit).bad())
    throw std::runtime_error("cannot write " + file.string());
}

DcmItem& append_to(DcmItem& item, const DcmTagKey& sequence) {
  DcmItem* made = nullptr;
  if (item.findOrCreateSequenceItem(DcmTag(sequence), made, -2).bad())
    throw std::runtime_error("rejection note");
  return *made;
}

void put_code(DcmItem& item, const DcmTagKey& sequence, const std::string& value,
              const std::string& meaning) {
  DcmItem& code = append_to(item, sequence);
  put_value(code, DCM_CodeValue, EVR_SH, value);
  put_value(code, DCM_CodingSchemeDesignator, EVR_SH, "DCM");
  put_value(code, DCM_CodeMeaning, EVR_LO, meaning);
}

void put_reference(DcmItem& item, const SourceInstance& to) {
  OFString sop_class;
  image_of(to).root().findAndGetOFString(DCM_SOPClassUID, sop_class);
  put_value(item, DCM_ReferencedSOPClassUID, EVR_UI, {sop_class.data(), sop_class.size()});
  put_value(item, DCM_ReferencedSOPInstanceUID, EVR_UI, sop_uid(to));
}

}  // namespace

void write_instance(const std::filesystem::path& file, const SourceInstance& of, unsigned mark) {
  remember_planted(planted_in(of));
  DataSet data = with_patient(image_of(of), of.headers)
                     .with(DCM_StudyInstanceUID, study_uid(of))
                     .with(DCM_SeriesInstanceUID, series_uid(of))
                     .with(DCM_SOPInstanceUID, sop_uid(of))
                     .with(DCM_FrameOfReferenceUID, study_uid(of) + ".900")
                     .with(DCM_AcquisitionNumber, std::to_string(mark))
                     .with(DCM_PatientWeight, of.weight)
                     .with(DCM_DeviceSerialNumber, of.serial)
                     .with(DCM_StationName, of.station)
                     .with(DCM_SoftwareVersions, of.software)
                     .with(DCM_AccessionNumber, of.accession)
                     .with(DCM_StudyDescription, of.description);
  for (const DcmTagKey& tag : {DCM_StudyDate, DCM_SeriesDate, DCM_AcquisitionDate, DCM_ContentDate})
    data = std::move(data).with(tag, of.date);

  DcmElement* pixels = nullptr;
  Uint16* words = nullptr;
  if (data.root().findAndGetElement(DCM_PixelData, pixels).bad() ||
      pixels->getUint16Array(words).bad() || words == nullptr)
    throw std::runtime_error("an image of a story has pixels of 16 bits");
  for (std::size_t i = 0; i < pixels->getLength() / 2; ++i)
    words[i] = static_cast<Uint16>((i * 37 + std::size_t{of.pixels} * 101) % 4096);

  DcmItem* injection = nullptr;
  if (data.root()
          .findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, injection)
          .good()) {
    put_value(*injection, DCM_RadiopharmaceuticalStartDateTime, EVR_DT, of.date + "080000");
    put_value(*injection, DCM_RadiopharmaceuticalStartTime, EVR_TM, "080000");
  }
  save(data, file);
}

void write_rejection_note(const std::filesystem::path& file,
                          const std::vector<SourceInstance>& rejected, const std::string& code) {
  const SourceInstance& first = rejected.at(0);
  DataSet note = with_patient(DataSet(UID_KeyObjectSelectionDocumentStorage), first.headers)
                     .with(DCM_Modality, "KO")
                     .with(DCM_StudyInstanceUID, study_uid(first))
                     .with(DCM_SeriesInstanceUID, study_uid(first) + ".800")
                     .with(DCM_SOPInstanceUID, study_uid(first) + ".800." + code)
                     .with(DCM_StudyDate, first.date)
                     .with(DCM_StudyTime, "091200.123")
                     .with(DCM_ContentDate, first.date)
                     .with(DCM_ContentTime, "120000")
                     .with(DCM_ReferringPhysicianName, "")
                     .with(DCM_StudyID, "4711")
                     .with(DCM_AccessionNumber, first.accession)
                     .with(DCM_SeriesNumber, "800")
                     .with(DCM_InstanceNumber, "1")
                     .with(DCM_Manufacturer, "ACME Medical")
                     .with(DCM_ValueType, "CONTAINER")
                     .with(DCM_ContinuityOfContent, "SEPARATE");
  DcmItem& root = note.root();
  put_code(root, DCM_ConceptNameCodeSequence, code, "Rejected");
  DcmItem& content = append_to(root, DCM_ContentTemplateSequence);
  put_value(content, DCM_MappingResource, EVR_CS, "DCMR");
  put_value(content, DCM_TemplateIdentifier, EVR_CS, "2010");
  DcmItem& study = append_to(root, DCM_CurrentRequestedProcedureEvidenceSequence);
  put_value(study, DCM_StudyInstanceUID, EVR_UI, study_uid(first));
  DcmItem& series = append_to(study, DCM_ReferencedSeriesSequence);
  put_value(series, DCM_SeriesInstanceUID, EVR_UI, series_uid(first));
  for (const SourceInstance& one : rejected) {
    put_reference(append_to(series, DCM_ReferencedSOPSequence), one);
    DcmItem& item = append_to(root, DCM_ContentSequence);
    put_value(item, DCM_RelationshipType, EVR_CS, "CONTAINS");
    put_value(item, DCM_ValueType, EVR_CS, "IMAGE");
    put_reference(append_to(item, DCM_ReferencedSOPSequence), one);
  }
  save(note, file);
}

std::vector<Planted> planted_in(const SourceInstance& instance) {
  std::vector<Planted> out{
      {"uid", kStoryUidRoot}, {"name", "SILVAMARKER"}, {"name", "OLIVEIRAMARKER"}};
  // Words and numbers as short as "MARIA" or "0" stand in the bytes of anything by chance.
  std::string words = instance.headers.name;
  for (char& c : words)
    if (c == '^' || c == '=') c = ' ';
  std::istringstream in(words);
  for (std::string word; in >> word;)
    if (word.size() >= 6) out.push_back({"name", word});
  std::vector<std::string> ids = instance.headers.other_ids;
  ids.push_back(instance.headers.id);
  for (const std::string& id : ids)
    if (id.size() >= 6) out.push_back({"patient id", id});
  for (const std::string& text : {instance.serial, instance.station, instance.accession})
    if (text.size() >= 6) out.push_back({"device or order", text});
  if (instance.headers.birth_date.size() == 8)
    out.push_back({"birth date", instance.headers.birth_date});
  return out;
}

}  // namespace dosigate::testing
