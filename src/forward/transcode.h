#pragma once

#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate {

/// The largest data set that is converted, bytes. It is in memory several times meanwhile, one at a
/// time per destination.
inline constexpr std::size_t kLargestConverted = 128U << 20U;

/// True when data sets of that syntax can be written in an uncompressed one without guessing: they
/// are uncompressed, or a codec decompresses them.
bool can_be_made_native(std::string_view transfer_syntax_uid);

/// Rewrites a data set in an uncompressed transfer syntax. Pixel values are kept; a compressed
/// image is decompressed. Invalid, in words without any value, when DCMTK cannot do it or the
/// object would not be the same afterwards.
Result<Bytes> make_native(ByteView data_set, std::string_view from, std::string_view to,
                          std::string_view sop_instance_uid);

}  // namespace dosigate
