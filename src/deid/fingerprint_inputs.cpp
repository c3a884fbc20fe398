#include "fingerprint_inputs.h"

#include "dosimetry_inputs.h"
#include "items.h"
#include "kept_lists.h"

#include <string>

namespace dosigate {

namespace {

/// Padding of each value is the sender's habit and no part of a number or date.
std::string plain_value(DcmElement& element) {
  const auto bytes = value_bytes(element);
  if (!bytes) return {};
  if (!raw_text(element)) return std::string(as_text(*bytes));
  std::string out;
  for_each_value(as_text(*bytes), [&, first = true](std::string_view value) mutable {
    if (!first) out += '\\';
    first = false;
    out += trimmed(value);
  });
  return out;
}

/// Tag and value of every input, in the order of the data set; where a sequence item begins, a
/// mark.
void pack_inputs(DcmItem& item, Packer& out) {
  PrivateCreators creators;
  for_each_element(item, [&](DcmElement& element) {
    const DcmTagKey key = element.getTag();
    const std::uint32_t tag = tag_number(key);
    creators.add(element);
    if (is_sequence(element)) {
      if (!is_input_sequence(tag)) return;
      for_each_item(static_cast<DcmSequenceOfItems&>(element), [&](DcmItem& inner) {
        out.u32(tag).u8(1);
        pack_inputs(inner, out);
      });
      return;
    }
    // Vendors' factors and instants decide a SUV as much as the standard's.
    const bool is_input =
        is_private(key)
            ? key.getElement() >= 0x1000 &&
                  find_private_rule(creators.of(key), key.getGroup(),
                                    static_cast<std::uint8_t>(key.getElement() & 0xFFU)) != nullptr
            : input_of(tag) != Input::None;
    if (!is_input) return;
    const std::string value = plain_value(element);
    // A PACS adds attributes without a value.
    if (!value.empty()) out.u32(tag).text(value);
  });
}

}  // namespace

Fingerprint fingerprint_of(DcmItem& source, PixelStream* pixels, const Secret& salt) {
  Packer inputs;
  pack_inputs(source, inputs);
  if (pixels == nullptr || pixels->form() == PixelForm::None)
    return make_fingerprint(salt, PixelForm::None, {}, inputs.view());
  return make_fingerprint(salt, pixels->form(), pixels->digest(), inputs.view());
}

}  // namespace dosigate
