#include "dosigate/identity/fingerprint.h"

#include <algorithm>

namespace dosigate {

namespace {

constexpr std::size_t kHead = 2, kHalf = 16;  // version and form; pixels, and inputs

}  // namespace

Fingerprint make_fingerprint(const Secret& salt, PixelForm form, const Digest& pixels,
                             ByteView inputs) {
  Fingerprint print{};
  print[0] = 2;  // version
  print[1] = static_cast<Byte>(form);
  const Digest pixel_digest = keyed_hash(salt, "fingerprint-pixels", {pixels});
  const Digest input_digest = keyed_hash(salt, "fingerprint-inputs", {inputs});
  std::copy_n(pixel_digest.begin(), kHalf, print.begin() + kHead);
  std::copy_n(input_digest.begin(), kHalf, print.begin() + kHead + kHalf);
  return print;
}

FingerprintDifference difference(const Fingerprint& a, const Fingerprint& b) {
  const auto inputs = a.begin() + kHead + kHalf;
  return {!std::equal(a.begin(), inputs, b.begin()),
          !std::equal(inputs, a.end(), b.begin() + kHead + kHalf)};
}

std::string content_digest(std::string_view content) { return to_hex(sha256(as_bytes(content))); }

}  // namespace dosigate
