#pragma once

#include <string>
#include <string_view>

#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyed_digest.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

enum class PixelForm : std::uint8_t { None = 0, NativeLittleEndian = 1, Encapsulated = 2 };

/// Of pixel bytes that come in pieces; native ones little-endian, so that an instance sent again in
/// another syntax is the same. Its key is the map's (PseudonymMap::pixel_key) and no patient's, so
/// that pixels can pass before anybody knows whose they are.
using PixelDigest = KeyedDigest;

/// The fingerprint of a source instance under its patient's salt.
/// @param inputs  the inputs of dosimetry, packed by the caller in a fixed order.
Fingerprint make_fingerprint(const Secret& salt, PixelForm form, const PixelDigest::Value& pixels,
                             ByteView inputs);

/// What differs between two fingerprints of one instance.
struct FingerprintDifference {
  bool comparable = true;  ///< false: made by different versions of dosigate, pixels may differ
  bool pixels = false;
  bool inputs = false;  ///< of dosimetry
};
FingerprintDifference difference(const Fingerprint& a, const Fingerprint& b);

/// SHA-256 of a file's text, lower-case hexadecimal: version of a profile. Never of anything that
/// names a patient.
std::string content_digest(std::string_view content);

}  // namespace dosigate
