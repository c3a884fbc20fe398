#include "marking.h"

#include "dosigate/dicom/data_set.h"
#include "items.h"

#include <array>

namespace dosigate {

namespace {

/// PS3.16 CID 7050, in its order. Only what was done: cameras under a label of ours are not "Retain
/// Device Identity".
std::vector<CodedConcept> codes_of(const Options& options) {
  std::vector<CodedConcept> codes{{"113100", "DCM", "Basic Application Confidentiality Profile"}};
  if (options.clean_graphics) codes.push_back({"113103", "DCM", "Clean Graphics Option"});
  if (options.clean_structured_content)
    codes.push_back({"113104", "DCM", "Clean Structured Content Option"});
  if (options.clean_descriptors) codes.push_back({"113105", "DCM", "Clean Descriptors Option"});
  if (options.retain_long_full_dates)
    codes.push_back(
        {"113106", "DCM", "Retain Longitudinal Temporal Information Full Dates Option"});
  if (options.retain_long_modified_dates)
    codes.push_back(
        {"113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"});
  if (options.retain_patient_characteristics)
    codes.push_back({"113108", "DCM", "Retain Patient Characteristics Option"});
  if (options.retain_device_identity)
    codes.push_back({"113109", "DCM", "Retain Device Identity Option"});
  if (options.retain_uids) codes.push_back({"113110", "DCM", "Retain UIDs Option"});
  if (options.retain_safe_private) codes.push_back({"113111", "DCM", "Retain Safe Private Option"});
  if (options.retain_institution_identity)
    codes.push_back({"113112", "DCM", "Retain Institution Identity Option"});
  return codes;
}

/// What was done to the pixels before they came here, which leave as they came. Other earlier codes
/// say what was removed or retained of a header that is ours now.
void add_earlier(DcmItem& data_set, std::vector<CodedConcept>& codes) {
  static const std::array<CodedConcept, 2> kOfPixels{
      {{"113101", "DCM", "Clean Pixel Data Option"},
       {"113102", "DCM", "Clean Recognizable Visual Features Option"}}};
  DcmSequenceOfItems* earlier = nullptr;
  if (data_set.findAndGetSequence(DCM_DeidentificationMethodCodeSequence, earlier).bad() ||
      earlier == nullptr)
    return;
  for (const CodedConcept& code : kOfPixels) {
    bool said = false;
    for_each_item(*earlier, [&](DcmItem& item) {
      said = said || (text_at(item, DCM_CodeValue) == code.value &&
                      text_at(item, DCM_CodingSchemeDesignator) == code.scheme);
    });
    if (said) codes.push_back(code);
  }
}

}  // namespace

void mark(DcmItem& data_set, const Rules& rules, const Subject& subject, const std::string& age) {
  const Options& options = rules.options();
  put_text(data_set, DCM_PatientName, EVR_PN, subject.pseudonym);
  put_text(data_set, DCM_PatientID, EVR_LO, subject.pseudonym);
  if (!age.empty()) put_text(data_set, DCM_PatientAge, EVR_AS, age);

  put_text(data_set, DCM_PatientIdentityRemoved, EVR_CS, "YES");
  // One value a fact: LO holds 64 characters.
  put_text(data_set, DCM_DeidentificationMethod, EVR_LO,
           "dosigate " DOSIGATE_VERSION "\\profile " + rules.profile().name() + " " +
               rules.profile().version() + "\\profile digest " + rules.profile().digest() +
               "\\PS3.15 " + std::string(confidentiality_table_edition()));
  std::vector<CodedConcept> codes = codes_of(options);
  add_earlier(data_set, codes);
  delete data_set.remove(DCM_DeidentificationMethodCodeSequence);
  for (const CodedConcept& code : codes)
    add_code(data_set, DCM_DeidentificationMethodCodeSequence, code);

  std::string_view temporal = "REMOVED";
  if (options.retain_long_full_dates) temporal = "UNMODIFIED";
  if (options.retain_long_modified_dates) temporal = "MODIFIED";
  put_text(data_set, DCM_LongitudinalTemporalInformationModified, EVR_CS, temporal);

  // A profile that pseudonymises StudyID wants it non-empty: empty ones make some archives merge
  // two studies of one day.
  const Ruling* study_id = rules.find(tag_number(DCM_StudyID));
  if (study_id != nullptr && study_id->is(Action::Pseudonymise)) {
    DcmElement* element = nullptr;
    if (data_set.findAndGetElement(DCM_StudyID, element).bad() || element->getLength() == 0) {
      put_text(data_set, DCM_StudyID, EVR_SH,
               map_label(*subject.salt, "(0020,0010)", subject.study_uid));
    }
  }
}

}  // namespace dosigate
