#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dosigate/identity/subject.h"

namespace dosigate {

enum class PixelForm : std::uint8_t { None = 0, NativeLittleEndian = 1, Encapsulated = 2 };

/// The fingerprint of a source instance under its patient's salt.
///
/// @param pixels  the pixel bytes in order, in any number of pieces; where they are cut does not
/// matter. Native ones little-endian, so that an
///                instance re-sent in another native syntax is the same.
/// @param inputs  the inputs of dosimetry, packed by the caller in a fixed order.
/// Thread: any.
Fingerprint make_fingerprint(const Secret& salt, PixelForm form, std::span<const ByteView> pixels,
                             ByteView inputs);

/// SHA-256 of a file's text, lower-case hexadecimal: version of a profile. Never of anything that
/// names a patient.
std::string content_digest(std::string_view content);

}  // namespace dosigate
