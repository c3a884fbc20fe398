#include "fingerprint_inputs.h"

#include "dosimetry_inputs.h"
#include "items.h"
#include "kept_lists.h"

#include <algorithm>

namespace dosigate {

namespace {

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
    if (const auto value = value_bytes(element)) out.u32(tag).bytes(*value);
  });
}

std::size_t bytes_of_one(DcmItem& source) {
  DcmElement* element = nullptr;
  for (const auto& [tag, size] :
       {std::pair<DcmTagKey, std::size_t>{DCM_FloatPixelData, 4}, {DCM_DoubleFloatPixelData, 8}}) {
    if (source.findAndGetElement(tag, element).good()) return size;
  }
  return source.findAndGetElement(DCM_PixelData, element).good() && element->getVR() == EVR_OB ? 1
                                                                                               : 2;
}

Bytes swapped(ByteView bytes, std::size_t size) {
  Bytes out(bytes.begin(), bytes.end());
  for (std::size_t at = 0; at + size <= out.size(); at += size) {
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(at),
                 out.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
  return out;
}

}  // namespace

// How a sender cuts a frame is not what the frame shows.
std::vector<ByteView> pixel_fragments(ByteView pixels) {
  std::vector<ByteView> out;
  bool is_offset_table = true;
  while (pixels.size() >= 8) {
    const std::size_t length = pixels[4] | (std::size_t{pixels[5]} << 8U) |
                               (std::size_t{pixels[6]} << 16U) | (std::size_t{pixels[7]} << 24U);
    const bool is_item =
        pixels[0] == 0xFE && pixels[1] == 0xFF && pixels[2] == 0x00 && pixels[3] == 0xE0;
    pixels = pixels.subspan(8);
    if (!is_item || length > pixels.size()) break;
    if (!is_offset_table) out.push_back(pixels.first(length));
    is_offset_table = false;
    pixels = pixels.subspan(length);
  }
  return out;
}

Fingerprint fingerprint_of(DcmItem& source, ByteView pixels, const TransferSyntax& syntax,
                           const Secret& salt) {
  Packer inputs;
  pack_inputs(source, inputs);
  if (pixels.empty()) return make_fingerprint(salt, PixelForm::None, {}, inputs.view());
  if (syntax.encapsulated)
    return make_fingerprint(salt, PixelForm::Encapsulated, pixel_fragments(pixels), inputs.view());
  if (syntax.encoding == Encoding::ExplicitBig) {
    const Bytes little = swapped(pixels, bytes_of_one(source));
    return make_fingerprint(salt, PixelForm::NativeLittleEndian, std::array{ByteView(little)},
                            inputs.view());
  }
  return make_fingerprint(salt, PixelForm::NativeLittleEndian, std::array{pixels}, inputs.view());
}

}  // namespace dosigate
