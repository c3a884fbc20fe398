#include "leak_check.h"

#include "dosigate/dicom/charset.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "items.h"
#include "kept_lists.h"
#include "pixel_comments.h"

#include <algorithm>

namespace dosigate {

namespace {

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '\x1b'; });
}
std::string lower(std::string_view ascii) {
  std::string out(ascii);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// UTF-8 that a system took for Latin-1 spells every accent as two letters; read again as what it
/// was. Empty when it was not.
std::string reread_as_utf8(std::string_view text, std::string_view specific) {
  // In a single-byte set the stored bytes are the original ones.
  if (specific == "ISO_IR 192") return {};
  const auto utf8 = decode_text(text, "ISO_IR 192", "");
  return utf8 ? *utf8 : std::string();
}

/// Bytes of one number of that VR, 1 where there are no numbers.
std::size_t word_of(DcmEVR vr) {
  switch (vr) {
    case EVR_US:
    case EVR_SS:
    case EVR_AT:
    case EVR_OW:
    case EVR_xs:
    case EVR_ox:
    case EVR_lt:
    case EVR_OverlayData:
      return 2;
    case EVR_UL:
    case EVR_SL:
    case EVR_FL:
    case EVR_OL:
    case EVR_OF:
      return 4;
    case EVR_UV:
    case EVR_SV:
    case EVR_FD:
    case EVR_OV:
    case EVR_OD:
      return 8;
    default:
      return 1;
  }
}

class Search {
 public:
  Search(const LeakTerms& terms, const Uids& uids, const Rules& rules, std::string_view fallback)
      : terms_(terms), uids_(uids), rules_(rules), fallback_(fallback) {}

  std::optional<Held> search(DcmItem& item, std::string_view outer_charset, bool top = true) {
    const std::string own = charset_of(item);
    const std::string_view charset = own.empty() ? outer_charset : std::string_view(own);
    const DcmElement* number = number_of_public_code(item);
    std::optional<Held> found;
    for_each_element(item, [&](DcmElement& element) {
      if (found || &element == number) return;
      if (!is_sequence(element)) {
        found = search_element(element, charset);
        return;
      }
      // What was done, in codes of ours.
      if (top && element.getTag() == DCM_DeidentificationMethodCodeSequence) return;
      for_each_item(static_cast<DcmSequenceOfItems&>(element), [&](DcmItem& inner) {
        if (!found) found = search(inner, charset, false);
      });
    });
    return found;
  }

 private:
  /// A CodeValue of few digits under a public scheme ("121071", "39607008", "21112-8"), nullptr
  /// when there is none: an identifier of this patient stands there by chance, and would hold every
  /// instance of the patient for ever. Longer ones, a CPF or a CNS, do not by chance.
  static const DcmElement* number_of_public_code(DcmItem& item) {
    constexpr std::size_t kFew = 9;
    DcmElement *code = nullptr, *scheme = nullptr;
    if (item.findAndGetElement(DCM_CodeValue, code).bad() ||
        item.findAndGetElement(DCM_CodingSchemeDesignator, scheme).bad())
      return nullptr;
    const std::string_view value = trimmed(raw_text(*code).value_or(""));
    const bool is_number =
        value.size() <= kFew && value.find_first_not_of("0123456789-") == std::string_view::npos;
    return is_number && is_public_scheme(trimmed(raw_text(*scheme).value_or(""))) ? code : nullptr;
  }

  /// Values that our own rules made.
  bool is_ours(const DcmTagKey& key) const {
    const std::uint32_t tag = tag_number(key);
    // DeidentificationMethod; a set of characters by its defined term; a creator of our lists.
    if (tag == 0x00120063U || tag == 0x00080005U || is_private_creator(key)) return true;
    const Ruling* ruling = rules_.find(tag);
    // Where another rule may decide at another place, the value itself is looked at.
    return ruling != nullptr && ruling->is(Action::Pseudonymise) && !ruling->has_conditions;
  }

  PlaceKind place_of(const DcmTagKey& tag, DcmEVR vr) const {
    const Ruling* ruling = rules_.find(tag_number(tag));
    // The cleaner takes this object's names out whatever the vocabulary says of them.
    if (ruling != nullptr && ruling->action[0] == Action::CleanText) return PlaceKind::Anything;
    const auto text_class = is_private(tag) ? std::nullopt : plain_text_class(tag_number(tag));
    if (text_class == TextClass::Equipment) return PlaceKind::Equipment;
    return vr == EVR_CS || text_class ? PlaceKind::Vocabulary : PlaceKind::Anything;
  }

  std::optional<Held> search_element(DcmElement& element, std::string_view charset) const {
    const DcmTagKey tag = element.getTag();
    const DcmEVR vr = element.getVR();
    if (is_ours(tag) || element.getLength() == 0) return std::nullopt;
    std::string_view kind;
    if (const auto text = raw_text(element)) {
      if (text->empty() || vr == EVR_DA || vr == EVR_DT || vr == EVR_TM || vr == EVR_AS)
        return std::nullopt;
      if ((vr == EVR_DS || vr == EVR_IS) && is_number_text(*text)) {
        kind = terms_.in_number_values(*text);
      } else if (vr == EVR_UI) {
        for_each_value(*text, [&](std::string_view uid) {
          uid = trimmed(uid);
          if (uids_.contains(std::string(uid))) kind = "a UID";
          // A private class is kept as it is; one of ours is made of nothing but a hash.
          else if (!is_well_known_uid(uid) && !uid.starts_with("2.25.") && kind.empty())
            kind = terms_.in_text(uid, PlaceKind::Anything, uids_);
        });
      } else if (is_plain_ascii(*text)) {
        kind = terms_.in_text(lower(*text), place_of(tag, vr), uids_);
      } else {
        const auto utf8 = decode_text(*text, charset, fallback_);
        if (!utf8)
          return Held{HoldReason::CharacterSet,
                      tag_text(tag) + " is kept and does not decode: " + utf8.error().detail};
        kind = terms_.in_text(fold(*utf8), place_of(tag, vr), uids_);
        if (kind.empty())
          kind = terms_.in_text(fold(reread_as_utf8(*text, charset)), place_of(tag, vr), uids_);
      }
    } else {
      const auto bytes = value_bytes(element);
      if (!bytes)
        return Held{HoldReason::Leak, tag_text(tag) + " is kept and cannot be looked into"};
      kind = terms_.in_bytes(*bytes, uids_);
      // Text in numbers of a big-endian stream is turned round here.
      const std::size_t word = word_of(element.ident());
      if (kind.empty() && word > 1) kind = terms_.in_bytes(*bytes, uids_, word);
    }
    if (kind.empty()) return std::nullopt;
    return Held{HoldReason::Leak, tag_text(tag) + " still holds " + std::string(kind)};
  }

  const LeakTerms& terms_;
  const Uids& uids_;
  const Rules& rules_;
  std::string_view fallback_;
};

}  // namespace

std::optional<Held> find_leak_in_comments(const PixelComments& comments, const LeakTerms& terms,
                                          const Uids& uids) {
  if (comments.too_many())
    return Held{HoldReason::Leak, "(7FE0,0010) holds more beside the image than can be looked at"};
  for (const Bytes& comment : comments.all()) {
    std::string_view kind = terms.in_text(fold(as_text(comment)), PlaceKind::Anything, uids);
    if (kind.empty()) kind = terms.in_bytes(comment, uids);
    // Text in words of native big-endian pixels.
    if (kind.empty()) kind = terms.in_bytes(comment, uids, 2);
    if (!kind.empty()) {
      return Held{HoldReason::Leak,
                  "what (7FE0,0010) holds beside the image has " + std::string(kind)};
    }
  }
  return std::nullopt;
}

std::optional<Held> find_leak(DcmItem& cleaned, const LeakTerms& terms, const Uids& uids,
                              const Rules& rules, std::string_view fallback_charset) {
  return Search(terms, uids, rules, fallback_charset).search(cleaned, {});
}

}  // namespace dosigate
