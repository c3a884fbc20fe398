#include "source.h"

#include "dosigate/dicom/charset.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "items.h"

#include <algorithm>
#include <array>

namespace dosigate {

namespace {

/// Study-level originals for the way back (PatientID and the like come back from the map's own
/// columns as well; here they are as received).
constexpr std::array<std::uint32_t, 22> kStudyLevel{
    0x00080005U, 0x00080020U, 0x00080030U, 0x00080050U, 0x00080080U, 0x00080090U,
    0x00081030U, 0x00100010U, 0x00100020U, 0x00100021U, 0x00100030U, 0x00100032U,
    0x00100040U, 0x00101000U, 0x00101010U, 0x00101020U, 0x00101030U, 0x0020000DU,
    0x00200010U, 0x00380010U, 0x00401001U, 0x00080201U};

constexpr std::array<std::uint32_t, 16> kIds{0x00080050U,  // AccessionNumber
                                             0x00100020U,  // PatientID
                                             0x00101000U,  // OtherPatientIDs
                                             0x00101090U,  // MedicalRecordLocator
                                             0x00102154U,  // PatientTelephoneNumbers
                                             0x00101050U,  // InsurancePlanIdentification
                                             0x00380010U,  // AdmissionID
                                             0x00380060U,  // ServiceEpisodeID
                                             0x00400009U,  // ScheduledProcedureStepID
                                             0x00400253U,  // PerformedProcedureStepID
                                             0x00401001U,  // RequestedProcedureID
                                             0x00402016U,  // PlacerOrderNumberImagingServiceRequest
                                             0x00402017U,  // FillerOrderNumberImagingServiceRequest
                                             0x00402006U,  // the same two, retired
                                             0x00402007U, 0x00200010U};  // StudyID

bool is_patient_name(std::uint32_t tag) {
  return tag == 0x00100010U || tag == 0x00101001U || tag == 0x00101005U || tag == 0x00100012U;
}

/// A StudyID of one or two digits numbers the studies of a device or a patient: as an identifier it
/// would take the day and the cycle out of every description.
bool counts_studies(std::string_view study_id) {
  return study_id.size() <= 2 && study_id.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string decoded(std::string_view text, std::string_view specific, std::string_view fallback) {
  if (auto utf8 = decode_text(text, specific, fallback)) return std::move(*utf8);
  std::string ascii(text);
  std::replace_if(
      ascii.begin(), ascii.end(),
      [](char c) { return static_cast<unsigned char>(c) >= 0x80 || c == '\x1b'; }, ' ');
  return ascii;
}

class Collector {
 public:
  Collector(Identifying& out, std::string_view fallback)
      : out_(out.identifiers), uids_(out.uids), fallback_(fallback) {}

  void collect(DcmItem& item, std::string_view outer_charset) {
    const std::string own = charset_of(item);
    const std::string_view charset = own.empty() ? outer_charset : std::string_view(own);
    for_each_element(item, [&](DcmElement& element) {
      if (is_sequence(element)) {
        for_each_item(static_cast<DcmSequenceOfItems&>(element),
                      [&](DcmItem& inner) { collect(inner, charset); });
      } else {
        take(element, charset);
      }
    });
  }

 private:
  void take(DcmElement& element, std::string_view charset) {
    const DcmTagKey key = element.getTag();
    const std::uint32_t tag = tag_number(key);
    if (element.getVR() == EVR_UI) {
      if (!is_class_uid_tag(key.getGroup(), key.getElement()))
        take_uids(raw_text(element).value_or(""));
      return;
    }
    const bool is_name = element.getVR() == EVR_PN || is_patient_name(tag);
    const bool is_id = std::find(kIds.begin(), kIds.end(), tag) != kIds.end();
    // The birth date in clear says who it was; dates of the study are looked for in text, where no
    // offset moves them.
    const bool is_date =
        tag == 0x00100030U || tag == 0x00080020U || tag == 0x00080021U || tag == 0x00080022U;
    if (!is_name && !is_id && !is_date) return;
    const auto text = raw_text(element);
    if (!text || text->empty()) return;
    for_each_value(*text, [&](std::string_view value) {
      value = trimmed(value);
      if (value.empty() || (tag == 0x00200010U && counts_studies(value))) return;
      std::string utf8 = decoded(value, charset, fallback_);
      if (is_name)
        (is_patient_name(tag) ? out_.patient_names : out_.other_names).push_back(std::move(utf8));
      else
        (is_id ? out_.ids : out_.dates).push_back(std::move(utf8));
    });
  }

  void take_uids(std::string_view values) {
    for_each_value(values, [&](std::string_view uid) {
      uid = trimmed(uid);
      // "0" is what a template writes for no UID: as an original it would be found everywhere.
      const bool names_nothing = uid.size() < 6 && uid.find('.') == std::string_view::npos;
      if (!names_nothing && !is_well_known_uid(uid)) uids_.emplace(uid);
    });
  }

  Identifiers& out_;
  Uids& uids_;
  std::string_view fallback_;
};

/// Reads top-level values and remembers when one did not decode.
class TopLevel {
 public:
  TopLevel(DcmItem& item, std::string_view fallback)
      : elements_(item), fallback_(fallback), charset_(charset_of(item)) {}

  Phi operator()(const DcmTagKey& tag) {
    DcmElement* element = elements_.find(tag);
    if (element == nullptr) return {};
    const auto text = raw_text(*element);
    if (!text) return {};
    auto utf8 = decode_text(trimmed(*text), charset_, fallback_);
    if (!utf8) {
      if (undecodable_.empty()) undecodable_ = tag_text(tag) + ": " + utf8.error().detail;
      return {};
    }
    return Phi(std::string(trimmed(*utf8)));
  }
  const ElementsByTag& elements() const { return elements_; }
  const std::string& undecodable() const { return undecodable_; }

 private:
  ElementsByTag elements_;
  std::string_view fallback_;
  std::string charset_, undecodable_;
};

/// u8 version = 1 | for each element present: u32 tag, value bytes as received (in the character
/// set that is among them).
Bytes pack_study_level(const ElementsByTag& elements) {
  Packer out;
  out.u8(1);
  for (const std::uint32_t tag : kStudyLevel) {
    const DcmTagKey key(static_cast<Uint16>(tag >> 16U), static_cast<Uint16>(tag));
    DcmElement* element = elements.find(key);
    if (element == nullptr) continue;
    if (const auto text = raw_text(*element)) out.u32(tag).text(*text);
  }
  return out.take();
}

}  // namespace

std::string charset_of(DcmItem& item) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(DCM_SpecificCharacterSet, element).bad()) return {};
  return std::string(trimmed(raw_text(*element).value_or("")));
}

Result<SourceIdentity> source_identity(DcmItem& data_set, std::string_view fallback_charset) {
  TopLevel value(data_set, fallback_charset);
  SourceIdentity source;
  source.patient_id = value(DCM_PatientID);
  source.issuer = value(DCM_IssuerOfPatientID);
  source.name = value(DCM_PatientName);
  source.birth_date = value(DCM_PatientBirthDate);
  source.sex = value(DCM_PatientSex);
  for_each_value(value(DCM_RETIRED_OtherPatientIDs).reveal(), [&](std::string_view id) {
    if (!trimmed(id).empty()) source.other_ids.emplace_back(std::string(trimmed(id)));
  });
  DcmSequenceOfItems* others = nullptr;
  if (data_set.findAndGetSequence(DCM_OtherPatientIDsSequence, others).good() &&
      others != nullptr) {
    for_each_item(*others, [&](DcmItem& item) {
      TopLevel inner(item, fallback_charset);
      if (Phi id = inner(DCM_PatientID); !id.empty()) source.other_ids.push_back(std::move(id));
    });
  }
  source.study_uid = Phi(text_at(data_set, DCM_StudyInstanceUID));
  source.study_source = pack_study_level(value.elements());
  source.manufacturer = value(DCM_Manufacturer);
  source.model = value(DCM_ManufacturerModelName);
  source.serial_number = value(DCM_DeviceSerialNumber);
  source.station_name = value(DCM_StationName);
  source.software_versions = value(DCM_SoftwareVersions).reveal();
  const Phi calibrations = value(DCM_DateOfLastCalibration);
  source.last_calibration = Phi(calibrations.reveal().substr(0, calibrations.reveal().find('\\')));
  if (!value.undecodable().empty()) return fail(Fault::Uncertain, value.undecodable());
  return source;
}

Identifying collect_identifying(DcmItem& data_set, std::string_view fallback_charset) {
  Identifying out;
  Collector(out, fallback_charset).collect(data_set, {});
  return out;
}

}  // namespace dosigate
