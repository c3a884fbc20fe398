#include "holds.h"

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "items.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dosigate {

namespace {

constexpr std::array<std::pair<HoldReason, std::string_view>, 14> kTexts{
    {{HoldReason::UnknownSopClass, "unknown-sop-class"},
     {HoldReason::TransferSyntax, "transfer-syntax"},
     {HoldReason::SecondaryCapture, "secondary-capture"},
     {HoldReason::BurnedIn, "burned-in"},
     {HoldReason::Ultrasound, "ultrasound"},
     {HoldReason::Recording, "recording"},
     {HoldReason::StructuredReport, "structured-report"},
     {HoldReason::EncapsulatedDocument, "encapsulated-document"},
     {HoldReason::PatientInDoubt, "patient-in-doubt"},
     {HoldReason::CharacterSet, "character-set"},
     {HoldReason::Leak, "leak"},
     {HoldReason::Proof, "proof"},
     {HoldReason::Revision, "revision"},
     {HoldReason::NewDevice, "new-device"}}};

std::string_view values_of(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  return item.findAndGetElement(tag, element).good() ? raw_text(*element).value_or("")
                                                     : std::string_view();
}

bool has_value(std::string_view values, std::string_view wanted) {
  bool found = false;
  for_each_value(values,
                 [&](std::string_view value) { found = found || trimmed(value) == wanted; });
  return found;
}

/// Capital letters and digits alone: devices write "Screen Save" and "SCREEN_SAVE".
std::string capitals(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c >= 'a' && c <= 'z')
      out += static_cast<char>(c - 'a' + 'A');
    else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
      out += c;
  }
  return out;
}

bool is_burned_in(DcmItem& data_set) {
  return capitals(values_of(data_set, DCM_BurnedInAnnotation)) == "YES";
}

bool is_screen_save(DcmItem& data_set) {
  bool found = false;
  for_each_value(values_of(data_set, DCM_ImageType), [&](std::string_view value) {
    const std::string type = capitals(value);
    found = found || type == "SCREENSAVE" || type == "SCREENCAPTURE" || type == "SCREENSHOT";
  });
  return found;
}

/// Counts and reconstructed slices are grey, NM at most with a palette (PS3.3, the image modules of
/// these classes): in true colour such an object is a capture of a screen under the class of the
/// series that was on it.
bool is_screen_in_colour(DcmItem& data_set, std::string_view sop_class_uid) {
  static constexpr std::array<std::string_view, 8> kGrey{UID_NuclearMedicineImageStorage,
                                                         UID_RETIRED_NuclearMedicineImageStorage,
                                                         UID_PositronEmissionTomographyImageStorage,
                                                         UID_EnhancedPETImageStorage,
                                                         UID_LegacyConvertedEnhancedPETImageStorage,
                                                         UID_CTImageStorage,
                                                         UID_EnhancedCTImageStorage,
                                                         UID_LegacyConvertedEnhancedCTImageStorage};
  if (std::find(kGrey.begin(), kGrey.end(), sop_class_uid) == kGrey.end()) return false;
  const std::string colours = capitals(values_of(data_set, DCM_PhotometricInterpretation));
  return colours.starts_with("RGB") || colours.starts_with("YBR");
}

/// Nothing, or zero in whatever VR: "0", or bytes that are all zero.
bool says_zero(DcmElement& element) {
  if (is_sequence(element)) return false;
  const auto bytes = value_bytes(element);
  const char zero = raw_text(element) ? '0' : '\0';
  return bytes && as_text(*bytes).find_first_not_of(zero) == std::string_view::npos;
}

/// Planes kept in unused bits of the pixels (retired, PS3.5 8.1.2): removing group 60xx leaves the
/// drawing where it is.
std::optional<DcmTagKey> overlay_in_pixels(DcmItem& data_set) {
  std::optional<DcmTagKey> found;
  for_each_element(data_set, [&](DcmElement& element) {
    const DcmTagKey tag = element.getTag();
    // Overlay Bit Position of any plane; 0 where the data stand apart.
    if ((tag.getGroup() & 0xFF01U) != 0x6000U || tag.getElement() != 0x0102 || found) return;
    if (!says_zero(element)) found = tag;
  });
  return found;
}

}  // namespace

std::string_view hold_reason_text(HoldReason reason) {
  for (const auto& [known, text] : kTexts) {
    if (known == reason) return text;
  }
  return "?";
}

std::optional<HoldReason> parse_hold_reason(std::string_view text) {
  for (const auto& [reason, known] : kTexts) {
    if (known == text) return reason;
  }
  return std::nullopt;
}

const DropRule* matching_drop_rule(const std::vector<DropRule>& rules, DcmItem& data_set,
                                   std::string_view sop_class_uid) {
  for (const DropRule& rule : rules) {
    // A rule without a condition would drop everything; the configuration refuses it, and so does
    // this.
    if (!rule.has_condition()) continue;
    if (!rule.sop_class.empty() && rule.sop_class != sop_class_uid) continue;
    if (!rule.modality.empty() && rule.modality != trimmed(values_of(data_set, DCM_Modality)))
      continue;
    if (!rule.image_type.empty() && !has_value(values_of(data_set, DCM_ImageType), rule.image_type))
      continue;
    if (rule.burned_in && !is_burned_in(data_set)) continue;
    return &rule;
  }
  return nullptr;
}

std::optional<Held> hold_by_content(DcmItem& data_set, std::string_view sop_class_uid,
                                    const Decision& decision, bool reports_are_cleaned) {
  const SopClass* sop_class = find_storage_sop_class(sop_class_uid);
  if (sop_class == nullptr)
    return Held{HoldReason::UnknownSopClass,
                "SOP class is private or not in the table of storage classes"};
  if (sop_class->kind == ContentKind::StructuredReport && !reports_are_cleaned)
    return Held{HoldReason::StructuredReport,
                "the profile does not clean the content of reports (clean_structured_content)"};
  if (sop_class->kind == ContentKind::EncapsulatedDocument)
    return Held{HoldReason::EncapsulatedDocument, "a document inside cannot be cleaned"};

  const auto asks = [&](HoldReason reason) { return !decision.accepted.contains(reason); };
  if (asks(HoldReason::SecondaryCapture)) {
    if (is_screen_save(data_set))
      return Held{HoldReason::SecondaryCapture, "(0008,0008) says screen save"};
    if (is_screen_in_colour(data_set, sop_class_uid))
      return Held{HoldReason::SecondaryCapture,
                  "(0028,0004) says colour, where the class is grey: a capture of a screen"};
    if (sop_class->kind == ContentKind::SecondaryCapture)
      return Held{HoldReason::SecondaryCapture, "secondary captures show names as a rule"};
  }
  if (is_burned_in(data_set) && asks(HoldReason::BurnedIn))
    return Held{HoldReason::BurnedIn, "(0028,0301) says YES"};
  if (const auto overlay = overlay_in_pixels(data_set); overlay && asks(HoldReason::BurnedIn)) {
    return Held{HoldReason::BurnedIn, tag_text(*overlay) + " puts an overlay into the pixels"};
  }
  if (sop_class->kind == ContentKind::Ultrasound && asks(HoldReason::Ultrasound)) {
    return Held{HoldReason::Ultrasound,
                "ultrasound shows names as a rule and no rule covers this device"};
  }
  if (sop_class->kind == ContentKind::Recording && asks(HoldReason::Recording)) {
    return Held{HoldReason::Recording,
                "photographs, video and sound can show a face or a label, or name a person"};
  }
  return std::nullopt;
}

}  // namespace dosigate
