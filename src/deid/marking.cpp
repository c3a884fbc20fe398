#include "marking.h"

#include "items.h"

#include <stdexcept>

namespace dosigate {

namespace {

void put(DcmItem& item, const DcmTagKey& tag, DcmEVR vr, std::string_view value) {
  auto element = make_element(tag, vr, value);
  if (!element || item.insert(element.get(), OFTrue).bad())
    throw std::runtime_error("marking: an element cannot be written");
  static_cast<void>(element.release());
}

struct Code {
  std::string_view value, meaning;
};

/// PS3.16 CID 7050, in its order. Only what was done: cameras under a label of ours are not "Retain
/// Device Identity".
std::vector<Code> codes_of(const Options& options) {
  std::vector<Code> codes{{"113100", "Basic Application Confidentiality Profile"}};
  if (options.clean_graphics) codes.push_back({"113103", "Clean Graphics Option"});
  if (options.clean_structured_content)
    codes.push_back({"113104", "Clean Structured Content Option"});
  if (options.clean_descriptors) codes.push_back({"113105", "Clean Descriptors Option"});
  if (options.retain_long_full_dates)
    codes.push_back({"113106", "Retain Longitudinal Temporal Information Full Dates Option"});
  if (options.retain_long_modified_dates)
    codes.push_back({"113107", "Retain Longitudinal Temporal Information Modified Dates Option"});
  if (options.retain_patient_characteristics)
    codes.push_back({"113108", "Retain Patient Characteristics Option"});
  if (options.retain_device_identity) codes.push_back({"113109", "Retain Device Identity Option"});
  if (options.retain_uids) codes.push_back({"113110", "Retain UIDs Option"});
  if (options.retain_safe_private) codes.push_back({"113111", "Retain Safe Private Option"});
  if (options.retain_institution_identity)
    codes.push_back({"113112", "Retain Institution Identity Option"});
  return codes;
}

}  // namespace

void mark(DcmItem& data_set, const Rules& rules, const Subject& subject, const std::string& age) {
  const Options& options = rules.options();
  put(data_set, DCM_PatientName, EVR_PN, subject.pseudonym);
  put(data_set, DCM_PatientID, EVR_LO, subject.pseudonym);
  if (!age.empty()) put(data_set, DCM_PatientAge, EVR_AS, age);

  put(data_set, DCM_PatientIdentityRemoved, EVR_CS, "YES");
  // One value a fact: LO holds 64 characters.
  put(data_set, DCM_DeidentificationMethod, EVR_LO,
      "dosigate " DOSIGATE_VERSION "\\profile " + rules.profile().name() + " " +
          rules.profile().version() + "\\profile digest " + rules.profile().digest() + "\\PS3.15 " +
          std::string(confidentiality_table_edition()));
  auto sequence = std::make_unique<DcmSequenceOfItems>(
      DcmTag(DCM_DeidentificationMethodCodeSequence, DcmVR(EVR_SQ)));
  for (const Code& code : codes_of(options)) {
    auto item = std::make_unique<DcmItem>();
    put(*item, DCM_CodeValue, EVR_SH, code.value);
    put(*item, DCM_CodingSchemeDesignator, EVR_SH, "DCM");
    put(*item, DCM_CodeMeaning, EVR_LO, code.meaning);
    if (sequence->append(item.get()).bad())
      throw std::runtime_error("marking: a code cannot be written");
    static_cast<void>(item.release());
  }
  if (data_set.insert(sequence.get(), OFTrue).bad())
    throw std::runtime_error("marking: the codes cannot be written");
  static_cast<void>(sequence.release());

  std::string_view temporal = "REMOVED";
  if (options.retain_long_full_dates) temporal = "UNMODIFIED";
  if (options.retain_long_modified_dates) temporal = "MODIFIED";
  put(data_set, DCM_LongitudinalTemporalInformationModified, EVR_CS, temporal);

  // A profile that pseudonymises StudyID wants it non-empty: empty ones make some archives merge
  // two studies of one day.
  const Ruling* study_id = rules.find(tag_number(DCM_StudyID));
  if (study_id != nullptr && study_id->is(Action::Pseudonymise)) {
    DcmElement* element = nullptr;
    if (data_set.findAndGetElement(DCM_StudyID, element).bad() || element->getLength() == 0) {
      put(data_set, DCM_StudyID, EVR_SH,
          map_label(*subject.salt, "(0020,0010)", subject.study_uid));
    }
  }
}

}  // namespace dosigate
