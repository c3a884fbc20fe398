#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dosigate/identity/subject.h"

namespace dosigate {

class KeyedDigest;

enum class PixelForm : std::uint8_t { None = 0, NativeLittleEndian = 1, Encapsulated = 2 };

/// Makes the fingerprint of a source instance under its patient's salt, of pixel bytes that come in
/// pieces; where they are cut does not matter. Thread: one; made per instance.
class FingerprintMaker {
 public:
  /// @param salt  outlives the maker.
  explicit FingerprintMaker(const Secret& salt);
  ~FingerprintMaker();

  /// Native pixels little-endian, so that an instance sent again in another syntax is the same.
  void add_pixels(ByteView piece);
  /// Once, at the end.
  /// @param inputs  the inputs of dosimetry, packed by the caller in a fixed order.
  Fingerprint finish(PixelForm form, ByteView inputs);

 private:
  const Secret& salt_;
  std::unique_ptr<KeyedDigest> pixels_;
};

/// What differs between two fingerprints of one instance.
struct FingerprintDifference {
  bool pixels = false;
  bool inputs = false;  ///< of dosimetry
};
FingerprintDifference difference(const Fingerprint& a, const Fingerprint& b);

/// SHA-256 of a file's text, lower-case hexadecimal: version of a profile. Never of anything that
/// names a patient.
std::string content_digest(std::string_view content);

}  // namespace dosigate
