// A rejection note of this node's own: what a withdrawal tells a destination.

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "iod_types.h"
#include "items.h"
#include "rejection.h"

#include <map>
#include <stdexcept>
#include <vector>

namespace dosigate {

namespace {

constexpr std::string_view kExplicitLittle = "1.2.840.10008.1.2.1";

/// PS3.3 C.17.3.2: what the value type of a reference has to be.
std::string_view value_type_of(std::string_view sop_class_uid) {
  if (iod_has_module(sop_class_uid, "Waveform Identification")) return "WAVEFORM";
  if (iod_has_module(sop_class_uid, "General Image")) return "IMAGE";
  const SopClass* known = find_storage_sop_class(sop_class_uid);
  if (known == nullptr) return "COMPOSITE";
  switch (known->kind) {
    case ContentKind::Image:  // the enhanced ones have frames instead of that module
    case ContentKind::SecondaryCapture:
    case ContentKind::Ultrasound:
      return "IMAGE";
    default:
      return "COMPOSITE";
  }
}

void put_reference(DcmItem& item, const SentObject& object) {
  put_text(item, DCM_ReferencedSOPClassUID, EVR_UI, object.sop_class_uid);
  put_text(item, DCM_ReferencedSOPInstanceUID, EVR_UI, object.sop_uid);
}

void put_patient_and_study(DcmItem& document, const Deidentifier::Note& note) {
  put_text(document, DCM_PatientName, EVR_PN, note.pseudonym);
  put_text(document, DCM_PatientID, EVR_LO, note.pseudonym);
  put_text(document, DCM_PatientBirthDate, EVR_DA, "");
  put_text(document, DCM_PatientSex, EVR_CS, "");
  put_text(document, DCM_PatientIdentityRemoved, EVR_CS, "YES");
  put_text(document, DCM_DeidentificationMethod, EVR_LO,
           "dosigate " DOSIGATE_VERSION "\\made of pseudonyms");
  put_text(document, DCM_LongitudinalTemporalInformationModified, EVR_CS, "REMOVED");
  put_text(document, DCM_StudyInstanceUID, EVR_UI, note.study_uid);
  put_text(document, DCM_StudyDate, EVR_DA, "");
  put_text(document, DCM_StudyTime, EVR_TM, "");
  put_text(document, DCM_ReferringPhysicianName, EVR_PN, "");
  put_text(document, DCM_StudyID, EVR_SH, "");
  put_text(document, DCM_AccessionNumber, EVR_SH, "");
}

/// Key Object Document Series, General Equipment and SOP Common.
void put_series_and_equipment(DcmItem& document, const std::string& sop_uid) {
  put_text(document, DCM_Modality, EVR_CS, "KO");
  put_text(document, DCM_SeriesInstanceUID, EVR_UI, fresh_uid());
  put_text(document, DCM_SeriesNumber, EVR_IS, "1");
  put_text(document, DCM_ReferencedPerformedProcedureStepSequence, EVR_SQ, "");
  put_text(document, DCM_Manufacturer, EVR_LO, "dosigate");
  put_text(document, DCM_SOPClassUID, EVR_UI, kKeyObjectSelection);
  put_text(document, DCM_SOPInstanceUID, EVR_UI, sop_uid);
}

/// By series, so that every one is named once.
void put_evidence(DcmItem& document, const Deidentifier::Note& note) {
  std::map<std::string, std::vector<const SentObject*>> by_series;
  for (const SentObject& object : note.objects) by_series[object.series_uid].push_back(&object);
  DcmItem& study = add_item(document, DCM_CurrentRequestedProcedureEvidenceSequence);
  put_text(study, DCM_StudyInstanceUID, EVR_UI, note.study_uid);
  for (const auto& [series_uid, objects] : by_series) {
    DcmItem& series = add_item(study, DCM_ReferencedSeriesSequence);
    put_text(series, DCM_SeriesInstanceUID, EVR_UI, series_uid);
    for (const SentObject* object : objects)
      put_reference(add_item(series, DCM_ReferencedSOPSequence), *object);
  }
}

/// TID 2010: a title and the objects. A Document Title Modifier is the user's option, and none of
/// CID 7011 says "withdrawn by its sender".
void put_content(DcmItem& document, const Deidentifier::Note& note) {
  put_text(document, DCM_ValueType, EVR_CS, "CONTAINER");
  put_text(document, DCM_ContinuityOfContent, EVR_CS, "SEPARATE");
  add_code(document, DCM_ConceptNameCodeSequence, {note.code, "DCM", rejection_meaning(note.code)});
  DcmItem& content_template = add_item(document, DCM_ContentTemplateSequence);
  put_text(content_template, DCM_MappingResource, EVR_CS, "DCMR");
  put_text(content_template, DCM_TemplateIdentifier, EVR_CS, "2010");
  for (const SentObject& object : note.objects) {
    DcmItem& item = add_item(document, DCM_ContentSequence);
    put_text(item, DCM_RelationshipType, EVR_CS, "CONTAINS");
    put_text(item, DCM_ValueType, EVR_CS, value_type_of(object.sop_class_uid));
    put_reference(add_item(item, DCM_ReferencedSOPSequence), object);
  }
}

}  // namespace

CleanInstance Deidentifier::make_rejection_note(const Note& note) {
  if (note.objects.empty()) throw std::invalid_argument("a rejection note that names no object");
  if (rejection_meaning(note.code).empty())
    throw std::invalid_argument("a rejection note under a code that is no title of one");

  CleanInstance instance;
  instance.sop_class_uid_ = kKeyObjectSelection;
  instance.sop_instance_uid_ = fresh_uid();
  instance.study_instance_uid_ = note.study_uid;
  instance.transfer_syntax_uid_ = kExplicitLittle;
  instance.pseudonym_ = note.pseudonym;

  DcmDataset document;
  put_series_and_equipment(document, instance.sop_instance_uid_);
  put_patient_and_study(document, note);
  put_text(document, DCM_InstanceNumber, EVR_IS, "1");
  // Type 1. Whoever is sent the note knows when it was made: moved by the patient's offset, that
  // day would tell the offset; unmoved, it would stand among moved dates.
  put_text(document, DCM_ContentDate, EVR_DA, kDummyDate);
  put_text(document, DCM_ContentTime, EVR_TM, "000000");
  put_evidence(document, note);
  put_content(document, note);

  EncodedDataSet encoded = encode_data_set(document, *find_transfer_syntax(kExplicitLittle));
  instance.header_ = std::move(encoded.header);
  instance.trailer_ = std::move(encoded.trailer);
  return instance;
}

}  // namespace dosigate
