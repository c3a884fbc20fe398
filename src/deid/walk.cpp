#include "walk.h"

#include "clean_text.h"
#include "dosigate/deid/dates.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "kept_lists.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace dosigate {

namespace {

/// Coding schemes whose meanings are published (PS3.16 Table 8-1). A local scheme's meaning is free
/// text: "99HOSP" codes have carried names.
bool is_public_scheme(std::string_view designator) {
  static constexpr std::array<std::string_view, 40> kPublic{
      "ACR",     "ANZDA",       "ASTM-sigpurpose",
      "BARI",    "BI",          "BRLX",
      "C4",      "C5",          "CD2",
      "DC",      "DCM",         "DCMUID",
      "FMA",     "HPC",         "I10",
      "I10C",    "I10P",        "I11",
      "I9",      "I9C",         "IBSI",
      "ICDO3",   "ITIS_TSN",    "LN",
      "MA",      "MDC",         "MSH",
      "NCIt",    "NDC",         "NEU",
      "NICIP",   "PUBCHEM_CID", "RADLEX",
      "RFC5646", "SCT",         "SNM3",
      "SRT",     "UBERON",      "UCUM",
      "UMLS"};
  return std::find(kPublic.begin(), kPublic.end(), designator) != kPublic.end();
}

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

/// Objects get a new identity even if a broken device named them with a registered UID.
bool names_the_instance(std::uint32_t tag) {
  return tag == 0x00080018U || tag == 0x0020000DU || tag == 0x0020000EU;
}

/// Digits and points: other text in a UI was typed by a person, whatever the attribute.
bool is_uid_text(std::string_view values) {
  bool all = true;
  for_each_value(values, [&](std::string_view value) {
    value = trimmed(value);
    all = all && value.size() <= 64 &&
          value.find_first_not_of("0123456789.") == std::string_view::npos;
  });
  return all;
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

/// "-0300"
bool is_zone_text(std::string_view value) {
  value = trimmed(value);
  return value.size() <= 5 && value.find_first_not_of("+-0123456789") == std::string_view::npos;
}

/// What a device may send as OB, whichever of these it should be.
bool is_bytes_vr(DcmEVR vr) {
  return vr == EVR_OB || vr == EVR_OW || vr == EVR_OV || vr == EVR_OL || vr == EVR_OF ||
         vr == EVR_OD || vr == EVR_OverlayData || vr == EVR_PixelData || vr == EVR_pixelSQ;
}

bool is_pixel_data(std::uint32_t tag) {
  return tag == 0x7FE00008U || tag == 0x7FE00009U || tag == 0x7FE00010U;
}

/// The VR of the stream speaks when it is the more dangerous one: a name in an LO that should be a
/// CS is still a name.
Action by_declared_vr(const Ruling& ruling, DcmEVR declared, const Rules& rules) {
  if (ruling.by_rule || ruling.action != Action::Keep || declared == ruling.vr)
    return ruling.action;
  if (is_unknown_vr(declared)) return Action::Remove;
  const bool is_listed_text = is_free_text_vr(ruling.vr);
  if (is_free_text_vr(declared))
    return is_listed_text && declared != EVR_PN ? Action::Keep : Action::Empty;
  if (declared == EVR_DA || declared == EVR_DT || declared == EVR_UI) return rules.by_vr(declared);
  return Action::Keep;
}

}  // namespace

Result<void> Walk::clean_item(DcmItem& item, unsigned depth, std::string_view charset) {
  if (depth > kDeepest)
    return fail(Fault::NotDicom,
                "sequences are nested more than " + std::to_string(kDeepest) + " deep");
  Elements elements = take_elements(item);
  Surroundings around{depth, std::string(charset), false, {}};
  for (const auto& element : elements) {
    const std::uint32_t tag = tag_number(element->getTag());
    if (tag == 0x00080005U) around.charset = std::string(raw_text(*element).value_or(""));
    if (tag == 0x00080102U)
      around.standard_code = is_public_scheme(trimmed(raw_text(*element).value_or("")));
    around.creators.add(*element);
  }
  Result<void> done;
  for (auto& element : elements) {
    const DcmTagKey tag = element->getTag();
    if (is_private_creator(tag)) continue;
    // Pixels below the top level are icons or copies, which no hold and no proof has looked at.
    if (depth > 0 && is_pixel_data(tag_number(tag))) {
      element.reset();
      continue;
    }
    done = is_private(tag) ? clean_private(element, around) : clean_standard(element, around);
    if (!done) break;
  }
  // A creator stays when an element of its block stays, in the block it came in.
  std::unordered_set<std::uint32_t> used;
  for (const auto& element : elements) {
    if (element && is_private(element->getTag()) && !is_private_creator(element->getTag()))
      used.insert(private_block(element->getTag()));
  }
  for (auto& element : elements) {
    if (element && is_private_creator(element->getTag()) &&
        !used.contains(tag_number(element->getTag())))
      element.reset();
  }
  put_elements(item, std::move(elements));
  return done;
}

Result<void> Walk::clean_sequence(DcmElement& sequence, const Surroundings& around) {
  Result<void> done;
  for_each_item(static_cast<DcmSequenceOfItems&>(sequence), [&](DcmItem& item) {
    if (done) done = clean_item(item, around.depth + 1, around.charset);
  });
  return done;
}

Result<void> Walk::clean_standard(Element& element, const Surroundings& around) {
  const Ruling* ruling = rules_.find(tag_number(element->getTag()));
  if (ruling == nullptr) {
    element.reset();
    return {};
  }
  return apply(
      is_sequence(*element) ? ruling->action : by_declared_vr(*ruling, element->getVR(), rules_),
      element, *ruling, around);
}

Result<void> Walk::apply(Action action, Element& element, const Ruling& ruling,
                         const Surroundings& around) {
  const bool sequence = is_sequence(*element);
  switch (action) {
    case Action::Keep:
    case Action::MapUid:
      // For a sequence both mean: it stays, and each element inside is judged by itself.
      if (sequence) return clean_sequence(*element, around);
      if (action == Action::MapUid)
        map_uid_values(element);
      else
        keep(element, ruling, around);
      return {};
    case Action::Remove:
      element.reset();
      return {};
    case Action::Empty:
      element->clear();
      return {};
    case Action::Dummy:
      // What was empty says nothing and stays so: a value is not invented.
      if (sequence || element->getLength() > 0) replace_by_dummy(element, ruling.vr);
      return {};
    case Action::ShiftDate:
      shift(element, ruling.vr);
      return {};
    case Action::CleanText:
      clean_text(element, ruling, around);
      return {};
    case Action::Pseudonymise:
      pseudonymise(element, around);
      return {};
  }
  element.reset();
  return {};
}

void Walk::keep(Element& element, const Ruling& ruling, const Surroundings& around) {
  const std::uint32_t tag = tag_number(element->getTag());
  const auto text = raw_text(*element);
  // Bytes where text or a number should stand say nothing that anyone reads, and can say a name.
  const bool is_bytes = element->ident() == EVR_OB && !is_bytes_vr(ruling.vr);
  if (!text && (is_string_vr(ruling.vr) || is_bytes)) {
    element.reset();
    return;
  }
  const bool fits = !text || (fits_vr(ruling.vr, *text) && fits_vr(element->getVR(), *text) &&
                              (is_string_vr(ruling.vr) || is_number_text(*text)) &&
                              (tag != 0x00080005U || is_charset_text(*text)) &&
                              (tag != 0x00080201U || is_zone_text(*text)));
  if (!fits) {
    element->clear();
    ++dates_emptied_;
    return;
  }
  if (ruling.by_rule || around.standard_code || plain_text_class(tag) != TextClass::Coded) return;
  if (tag == 0x00080104U) set_text(*element, "local code");        // CodeMeaning, Type 1
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
    ++dates_emptied_;
    return;
  }
  std::string moved;
  bool first = true;
  for_each_value(*text, [&](std::string_view value) {
    if (!first) moved += '\\';
    first = false;
    const auto shifted =
        vr == EVR_DA ? shift_date(value, subject_.offset) : shift_date_time(value, subject_.offset);
    if (shifted)
      moved += *shifted;
    else
      ++dates_emptied_;
  });
  set_text(*element, moved);
}

void Walk::map_uid_values(Element& element) {
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
  set_text(*element, names_the_instance(tag) ? uids_.map_instance(*text)
                                             : uids_.map_values(*text, names_equipment(tag)));
}

void Walk::replace_by_dummy(Element& element, DcmEVR vr) {
  const DcmTagKey tag = element->getTag();
  if (!is_sequence(*element)) {
    if (element->getLength() == 0) return;  // says nothing already
    element = vr == EVR_UI ? make_element(tag, EVR_UI,
                                          uids_.map_values(raw_text(*element).value_or(""), false))
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

void Walk::clean_text(Element& element, const Ruling& ruling, const Surroundings& around) {
  const auto text = raw_text(*element);
  if (text && !is_sequence(*element)) {
    const std::string kept = clean_words(*text, around.charset, fallback_);
    if (!kept.empty() && set_text(*element, kept)) return;
  }
  if (ruling.otherwise == Action::Dummy)
    replace_by_dummy(element, ruling.vr);
  else if (ruling.otherwise == Action::Remove)
    element.reset();
  else
    element->clear();
}

void Walk::pseudonymise(Element& element, const Surroundings& around) {
  const DcmTagKey key = element->getTag();
  const std::uint32_t tag = tag_number(key);
  if (is_patient_key(tag)) {
    element = make_element(key, tag == 0x00100010U ? EVR_PN : EVR_LO, subject_.pseudonym);
    return;
  }
  const auto text = raw_text(*element);
  if (!text || is_sequence(*element)) {
    element.reset();
    return;
  }
  const std::string original(trimmed(*text));
  if (original.empty()) return;
  if (!is_device_label(tag)) {
    set_text(*element, map_label(*subject_.salt, tag_text(key), original));
  } else if (around.depth == 0) {
    set_text(*element, subject_.device_label);  // this instance's camera
  } else {
    // Another machine of the hospital: a workstation among the contributing equipment is not the
    // camera.
    set_text(*element, map_label(*subject_.site_salt, "device", original));
  }
}

Result<void> Walk::clean_private(Element& element, const Surroundings& around) {
  const DcmTagKey tag = element->getTag();
  const std::string_view creator =
      tag.getElement() < 0x1000 ? std::string_view() : around.creators.of(tag);
  const PrivateRule* rule =
      rules_.options().retain_safe_private && !creator.empty()
          ? find_private_rule(creator, tag.getGroup(),
                              static_cast<std::uint8_t>(tag.getElement() & 0xFFU))
          : nullptr;
  const DcmEVR declared = element->getVR();
  if (rule == nullptr || (is_unknown_vr(declared) && !is_sequence(*element))) {
    element.reset();
    return {};
  }
  if (is_sequence(*element)) {
    if (rule->action == PrivateAction::Keep && (rule->vr == EVR_SQ || rule->vr == EVR_UNKNOWN))
      return clean_sequence(*element, around);
    element.reset();
    return {};
  }
  const bool is_date =
      rule->action == PrivateAction::Shift || declared == EVR_DA || declared == EVR_DT;
  if (is_date) {
    if (rules_.shifts_dates())
      shift(element, declared == EVR_DA || rule->vr == EVR_DA ? EVR_DA : EVR_DT);
    else if (!rules_.options().retain_long_full_dates)
      element.reset();
    return {};
  }
  if (rule->action == PrivateAction::MapUid || declared == EVR_UI) {
    map_uid_values(element);
    return {};
  }
  // Listed as a number but sent as text or bytes: not what the list's author saw.
  const bool free_form = is_free_text_vr(declared) || declared == EVR_OB || declared == EVR_OW;
  const auto text = raw_text(*element);
  const bool fits =
      !text || (fits_vr(declared, *text) && fits_vr(rule->vr, *text) &&
                (rule->vr == EVR_UNKNOWN || is_string_vr(rule->vr) || is_number_text(*text)));
  if (declared == EVR_PN || (free_form && rule->vr != declared) || !fits) element.reset();
  return {};
}

}  // namespace dosigate
