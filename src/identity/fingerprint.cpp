#include "dosigate/identity/fingerprint.h"

#include "dosigate/crypto/hash.h"

#include <algorithm>

namespace dosigate {

Fingerprint make_fingerprint(const Secret& salt, PixelForm form, std::span<const ByteView> pixels,
                             ByteView inputs) {
  constexpr std::size_t kHalf = 16;
  Fingerprint print{};
  print[0] = 1;  // version
  print[1] = static_cast<Byte>(form);
  KeyedDigest of_pixels(salt, "fingerprint-pixels");
  for (const ByteView piece : pixels) of_pixels.add(piece);
  const Digest pixel_digest = of_pixels.finish();
  const Digest input_digest = keyed_hash(salt, "fingerprint-inputs", {inputs});
  std::copy_n(pixel_digest.begin(), kHalf, print.begin() + 2);
  std::copy_n(input_digest.begin(), kHalf, print.begin() + 2 + kHalf);
  return print;
}

std::string content_digest(std::string_view content) { return to_hex(sha256(as_bytes(content))); }

}  // namespace dosigate
