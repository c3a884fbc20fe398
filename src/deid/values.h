#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/base/bytes.h"
#include "tag_key.h"

namespace dosigate {

/// The bytes of a string value, all of them, without padding at the end. nullopt for a VR that
/// holds no string; for UN and OB see raw_bytes. Valid until the element changes.
std::optional<std::string_view> raw_text(DcmElement& element);

/// The bytes of an OB, UN or unknown VR. nullopt for any other VR and for encapsulated pixel data.
std::optional<ByteView> raw_bytes(DcmElement& element);

/// The value's bytes whatever its VR, numbers in host order; string values without padding at the
/// end. nullopt for sequences and encapsulated pixels.
std::optional<ByteView> value_bytes(DcmElement& element);

/// Replaces the value of an element of a string VR. False when its VR holds no string.
bool set_text(DcmElement& element, std::string_view value);

/// A new element with that VR and value. nullptr when the bytes are no value of the VR (UN that
/// claims to be something).
/// @param little_endian  the value as it stands in a little-endian stream.
std::unique_ptr<DcmElement> make_element(const DcmTagKey& tag, DcmEVR vr, ByteView little_endian);
inline std::unique_ptr<DcmElement> make_element(const DcmTagKey& tag, DcmEVR vr,
                                                std::string_view value) {
  return make_element(tag, vr, as_bytes(value));
}

/// A valid value that says nothing, for code D (PS3.15 E.1.2). nullptr for sequences and VRs that
/// have none.
std::unique_ptr<DcmElement> make_dummy(const DcmTagKey& tag, DcmEVR vr);
/// What make_dummy writes into dates, so that a check knows it again.
inline constexpr std::string_view kDummyDate = "19000101", kDummyDateTime = "19000101000000";

/// Calls `each(part)` for every value between backslashes.
template <class Each>
void for_each_value(std::string_view text, Each each) {
  for (;;) {
    const auto end = text.find('\\');
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

/// Without spaces and NULs at both ends (PS3.5 6.2).
inline std::string_view trimmed(std::string_view value) {
  constexpr std::string_view kPadding(" \0", 2);
  const auto first = value.find_first_not_of(kPadding);
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(kPadding) - first + 1);
}

/// Empty or "063Y": anything else in an AS was typed by a person.
bool is_age_text(std::string_view value);
/// Numbers between backslashes; a comma for a point is one of some senders' habits.
bool is_number_text(std::string_view values);
/// Digits and points: other text in a UI was typed by a person, whatever the attribute.
bool is_uid_text(std::string_view values);
/// Every value is one of a VR that holds no text: DS, IS, DA, DT, TM, AS, UI. True for any other
/// VR.
bool fits_vr(DcmEVR vr, std::string_view values);
/// DS, LO, UI, ...: its values are characters.
bool is_string_vr(DcmEVR vr);

/// LO, LT, ST, UT, SH, UC, PN: text in the data set's character set.
bool is_text_vr(DcmEVR vr);
/// Text VRs and AE, UR: where a person can have typed anything.
bool is_free_text_vr(DcmEVR vr);
bool is_unknown_vr(DcmEVR vr);
/// A sequence, whatever VR the stream gave it (UN of undefined length is one to DCMTK).
inline bool is_sequence(DcmObject& element) { return element.ident() == EVR_SQ; }

}  // namespace dosigate
