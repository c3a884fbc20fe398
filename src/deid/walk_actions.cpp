#include "content_labels.h"
#include "dosigate/deid/dates.h"
#include "dosigate/dicom/charset.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "dosimetry_inputs.h"
#include "kept_lists.h"
#include "text_patterns.h"
#include "walk.h"

#include <algorithm>
#include <array>

namespace dosigate {

namespace {

// UIDs of equipment outlive the patient and are the same for every patient of the site.
bool names_equipment(std::uint32_t tag) {
  return tag == 0x00181002U      // DeviceUID
         || tag == 0x0018100BU   // ManufacturerDeviceClassUID
         || tag == 0x00080014U;  // InstanceCreatorUID
}

bool is_patient_key(std::uint32_t tag) { return tag == 0x00100010U || tag == 0x00100020U; }

bool is_device_label(std::uint32_t tag) {
  static constexpr std::array<std::uint32_t, 8> kLabels{0x00081010U, 0x00181000U, 0x00181008U,
                                                        0x00181005U, 0x0018700AU, 0x00400010U,
                                                        0x00400242U, 0x300A00B2U};
  return std::find(kLabels.begin(), kLabels.end(), tag) != kLabels.end();
}

/// Parts of a camera: the same for every patient of the site.
bool is_part_label(std::uint32_t tag) {
  return tag == 0x00181180U      // Collimator/grid Name
         || tag == 0x00181181U   // Collimator Type
         || tag == 0x00181006U;  // Grid ID
}

/// Objects get a new identity even if a broken device named them with a registered UID.
bool names_the_instance(std::uint32_t tag) {
  return tag == 0x00080018U || tag == 0x0020000DU || tag == 0x0020000EU;
}

/// The defined terms of (0008,0005) begin like these; it is written by machines, or by nobody.
bool is_charset_text(std::string_view values) {
  bool all = true;
  for_each_value(values, [&](std::string_view value) {
    value = trimmed(value);
    for (const std::string_view start : {"ISO_IR ", "ISO 2022 IR "}) {
      if (value.starts_with(start)) {
        value.remove_prefix(start.size());
        break;
      }
    }
    all = all && (value.find_first_not_of("0123456789") == std::string_view::npos ||
                  value == "GB18030" || value == "GBK");
  });
  return all;
}

/// Four letters or more, and no digit: "SALGUEIRO", "JOAO^SILVA".
bool is_word(std::string_view value) {
  const auto letters = std::count_if(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
  return letters >= 4 && value.find_first_of("0123456789") == std::string_view::npos;
}

/// A CPF, a CNS, or what has the form of an identifier of a person: "CRM52123".
bool has_persons_number(std::string_view value) {
  std::string folded, digits;
  for (const char c : value) {
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (c >= '0' && c <= '9') digits += c;
  }
  bool found = (digits.size() == 11 && is_cpf(digits)) || is_cns(digits);
  for_each_identifier(folded, [&](std::size_t, std::size_t) { found = true; });
  return found;
}

/// "-0300", and as some devices write it "UTC-03:00".
bool is_zone_text(std::string_view value) {
  value = trimmed(value);
  if (value.empty()) return true;
  if (value.starts_with("UTC")) value.remove_prefix(3);
  if (!value.starts_with('+') && !value.starts_with('-')) return false;
  value.remove_prefix(1);
  std::string digits(value);
  if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
  return digits.size() == 4 && digits.find_first_not_of("0123456789") == std::string::npos;
}

/// A DA or DT among the values is of that day.
bool has_date(std::string_view values, std::string_view eight_digits) {
  if (eight_digits.empty()) return false;
  bool found = false;
  for_each_value(values, [&](std::string_view value) {
    std::string date(trimmed(value).substr(0, 10));
    if (date.size() == 10 && date[4] == '.' && date[7] == '.') std::erase(date, '.');  // legacy DA
    found = found || date.starts_with(eight_digits);
  });
  return found;
}

/// Arrays, which a device may send as OB, whichever of these it should be.
bool is_bytes_vr(DcmEVR vr) {
  return vr == EVR_OB || vr == EVR_OW || vr == EVR_OV || vr == EVR_OL || vr == EVR_OF ||
         vr == EVR_OD || vr == EVR_OverlayData || vr == EVR_PixelData || vr == EVR_pixelSQ;
}

/// Text whose backslashes are none between values (PS3.5 6.2).
bool is_one_value(DcmEVR vr) {
  return vr == EVR_LT || vr == EVR_ST || vr == EVR_UT || vr == EVR_UR;
}

}  // namespace

void Walk::keep(Element& element, const Decision& decision, const Surroundings& around) {
  const std::uint32_t tag = tag_number(element->getTag());
  const auto text = raw_text(*element);
  // Bytes where text or a number should stand say nothing that anyone reads, and can say a name.
  const bool is_bytes = is_bytes_vr(element->getVR()) && !is_bytes_vr(decision.vr);
  if (!text && (is_string_vr(decision.vr) || is_bytes)) {
    element.reset();
    return;
  }
  const bool fits =
      !text || (fits_vr(decision.vr, *text) && fits_vr(element->getVR(), *text) &&
                (is_string_vr(decision.vr) || is_number_text(*text)) &&
                (tag != 0x00080005U || is_charset_text(standard_charset(trimmed(*text)))) &&
                (tag != 0x00080201U || is_zone_text(*text)));
  if (!fits) {
    // Type 1C: a set of characters that is none is better absent (what is left is ASCII).
    if (tag == 0x00080005U)
      element.reset();
    else
      element->clear();
    ++counts_.dates_emptied;
    return;
  }
  if (tag == 0x00080005U && text) {
    const std::string_view declared = trimmed(*text), standard = standard_charset(declared);
    if (standard != declared) set_text(*element, std::string(standard));
    return;
  }
  if (decision.by_rule || around.standard_code || plain_text_class(tag) != TextClass::Coded) return;
  if (tag == 0x00080104U) {  // CodeMeaning, Type 1: under a local scheme it is free text
    const std::string kept = text && context_.rules.options().clean_descriptors
                                 ? context_.cleaner.clean(*text, around.charset, true).text
                                 : std::string();
    set_text(*element, kept.empty() ? "local code" : kept);
  }
  // A code of letters alone may be a name that somebody made a code of, and one of digits a
  // person's number; equal ones stay equal.
  if (tag == 0x00080100U && text &&
      (has_persons_number(*text) ||
       (is_word(*text) && context_.cleaner.clean(*text, around.charset, true).text.empty())))
    set_text(*element, map_label(*context_.subject.site_salt, tag_text(element->getTag()), *text));
  if (tag == 0x00080119U || tag == 0x00080120U) element->clear();  // LongCodeValue, URNCodeValue
}

void Walk::shift(Element& element, DcmEVR vr) {
  const auto text = raw_text(*element);
  if (!text || is_sequence(*element)) {
    element.reset();  // a date in bytes cannot be moved with certainty
    return;
  }
  if (vr == EVR_TM) {
    if (fits_vr(EVR_TM, *text)) return;
    element->clear();
    ++counts_.dates_emptied;
    return;
  }
  const std::uint32_t tag = tag_number(element->getTag());
  // What a site shifts on purpose moves, and so does what dosimetry computes with.
  if (tag != 0x00100030U && input_of(tag) != Input::Instant &&
      has_date(*text, context_.birth_date)) {
    replace_by_dummy(element, vr);
    return;
  }
  std::string moved;
  bool first = true;
  for_each_value(*text, [&](std::string_view value) {
    if (!first) moved += '\\';
    first = false;
    const auto shifted = vr == EVR_DA ? shift_date(value, context_.subject.offset)
                                      : shift_date_time(value, context_.subject.offset);
    if (shifted)
      moved += *shifted;
    else
      ++counts_.dates_emptied;
  });
  set_text(*element, moved);
}

void Walk::map_uid_values(Element& element, bool equipment) {
  const DcmTagKey key = element->getTag();
  const std::uint32_t tag = tag_number(key);
  const bool names_class = !is_private(key) && is_class_uid_tag(key.getGroup(), key.getElement()) &&
                           element->getVR() == EVR_UI;
  const auto text = raw_text(*element);
  if (!text) {
    element.reset();
    return;
  }
  if (names_class && is_uid_text(*text)) return;
  set_text(*element, names_the_instance(tag)
                         ? context_.uids.map_instance(*text)
                         : context_.uids.map_values(*text, equipment || names_equipment(tag)));
}

void Walk::replace_by_dummy(Element& element, DcmEVR vr) {
  const DcmTagKey tag = element->getTag();
  if (!is_sequence(*element)) {
    if (element->getLength() == 0) return;  // says nothing already
    element = vr == EVR_UI
                  ? make_element(tag, EVR_UI,
                                 context_.uids.map_values(raw_text(*element).value_or(""), false))
                  : make_dummy(tag, vr);
    return;
  }
  // D of a sequence: a code stays a code. The others belong to structured reports, which are held
  // before they get here, or to modules that are conditional on them (annotations, real-time
  // flows): without the sequence the module is absent, and that is valid.
  if (!std::string_view(DcmTag(tag).getTagName()).ends_with("CodeSequence")) {
    element.reset();
    return;
  }
  auto code = std::make_unique<DcmSequenceOfItems>(DcmTag(tag, DcmVR(EVR_SQ)));
  auto item = std::make_unique<DcmItem>();
  Elements values;
  values.push_back(make_element(DCM_CodeValue, EVR_SH, std::string_view("REMOVED")));
  values.push_back(
      make_element(DCM_CodingSchemeDesignator, EVR_SH, std::string_view("99DOSIGATE")));
  values.push_back(make_element(DCM_CodeMeaning, EVR_LO, std::string_view("removed")));
  put_elements(*item, std::move(values));
  if (code->append(item.get()).good()) static_cast<void>(item.release());
  element = std::move(code);
}

void Walk::clean_text(Element& element, const Decision& decision, const Surroundings& around) {
  const std::uint32_t tag = tag_number(element->getTag());
  if (const auto text = raw_text(*element)) {
    // What was empty says nothing and stays so.
    if (trimmed(*text).empty()) return;
    const bool multi = !is_one_value(element->getVR());
    const std::string kept = context_.cleaner.clean(*text, around.charset, multi).text;
    if (kept.find_first_not_of("\\ ") != std::string::npos && set_text(*element, kept)) return;
    // Regions of a structure set have to stay apart: "ROI 3".
    const std::string label = label_when_empty(*around.siblings, tag);
    if (!label.empty() && set_text(*element, label)) return;
  }
  if (decision.otherwise == Action::Dummy)
    replace_by_dummy(element, decision.vr);
  else if (decision.otherwise == Action::Pseudonymise)
    pseudonymise(element, false);
  else if (decision.otherwise == Action::Remove)
    element.reset();
  else
    element->clear();
}

void Walk::pseudonymise(Element& element, bool names_subject) {
  const DcmTagKey key = element->getTag();
  const std::uint32_t tag = tag_number(key);
  if (is_patient_key(tag)) {
    element = make_element(key, tag == 0x00100010U ? EVR_PN : EVR_LO, context_.subject.pseudonym);
    return;
  }
  const auto text = raw_text(*element);
  if (!text || is_sequence(*element)) {
    element.reset();
    return;
  }
  const std::string original(trimmed(*text));
  if (original.empty()) return;
  if (names_subject || element->getVR() == EVR_PN) {
    set_text(*element, context_.subject.pseudonym);
  } else if (tag == 0x0040A160U) {
    // The text of a Tracking Identifier: the label that the lesion has as a segment.
    set_text(*element, map_label(*context_.subject.salt, "(0062,0020)", original));
  } else if (is_part_label(tag)) {
    set_text(*element, map_label(*context_.subject.site_salt, tag_text(key), original));
  } else if (!is_device_label(tag)) {
    set_text(*element, map_label(*context_.subject.salt, tag_text(key), original));
  } else if (depth() == 0) {
    set_text(*element, context_.subject.device_label);  // this instance's camera
  } else {
    // Another machine of the hospital: a workstation among the contributing equipment is not the
    // camera.
    set_text(*element, map_label(*context_.subject.site_salt, "device", original));
  }
}

void Walk::keep_private(Element& element, const Decision& decision) {
  const DcmEVR declared = element->getVR();
  // Listed as a number but sent as text or bytes: not what the list's author saw.
  const bool free_form = is_free_text_vr(declared) || is_bytes_vr(declared);
  const auto text = raw_text(*element);
  const bool fits =
      !text || (fits_vr(declared, *text) && fits_vr(decision.vr, *text) &&
                (decision.vr == EVR_UNKNOWN || is_string_vr(decision.vr) || is_number_text(*text)));
  if (declared == EVR_PN || (free_form && decision.vr != declared) || !fits) element.reset();
}

}  // namespace dosigate
