#include "dosigate/identity/fingerprint.h"

#include <algorithm>

namespace dosigate {

namespace {

constexpr std::size_t kHead = 2, kHalf = 16;  // version and form; pixels, and inputs
constexpr Byte kVersion = 3;                  // 2: the digest of the pixels was SHA-256

}  // namespace

Fingerprint make_fingerprint(const Secret& salt, PixelForm form, const PixelDigest::Value& pixels,
                             ByteView inputs) {
  Fingerprint print{};
  print[0] = kVersion;
  print[1] = static_cast<Byte>(form);
  const Digest pixel_digest = keyed_hash(salt, "fingerprint-pixels", {pixels});
  const Digest input_digest = keyed_hash(salt, "fingerprint-inputs", {inputs});
  std::copy_n(pixel_digest.begin(), kHalf, print.begin() + kHead);
  std::copy_n(input_digest.begin(), kHalf, print.begin() + kHead + kHalf);
  return print;
}

FingerprintDifference difference(const Fingerprint& a, const Fingerprint& b) {
  const auto inputs = a.begin() + kHead + kHalf;
  const bool comparable = a[0] == b[0];
  return {comparable, comparable && !std::equal(a.begin(), inputs, b.begin()),
          !std::equal(inputs, a.end(), b.begin() + kHead + kHalf)};
}

std::string content_digest(std::string_view content) { return to_hex(sha256(as_bytes(content))); }

}  // namespace dosigate
