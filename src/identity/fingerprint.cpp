#include "dosigate/identity/fingerprint.h"

#include "dosigate/crypto/hash.h"

#include <algorithm>

namespace dosigate {

namespace {

constexpr std::size_t kHead = 2, kHalf = 16;  // version and form; pixels, and inputs

}  // namespace

FingerprintMaker::FingerprintMaker(const Secret& salt)
    : salt_(salt), pixels_(std::make_unique<KeyedDigest>(salt, "fingerprint-pixels")) {}
FingerprintMaker::~FingerprintMaker() = default;

void FingerprintMaker::add_pixels(ByteView piece) { pixels_->add(piece); }

Fingerprint FingerprintMaker::finish(PixelForm form, ByteView inputs) {
  Fingerprint print{};
  print[0] = 1;  // version
  print[1] = static_cast<Byte>(form);
  const Digest pixel_digest = pixels_->finish();
  const Digest input_digest = keyed_hash(salt_, "fingerprint-inputs", {inputs});
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
