#pragma once

#include <cstddef>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/forward/forwarder.h"

namespace dosigate {

/// The largest data set that is compressed, bytes. About six times as much memory is needed for a
/// moment (source, compressed, and both once more for the comparison), one data set at a time per
/// destination: 200 MB at most.
inline constexpr std::size_t kLargestCompressed = 32U << 20U;

/// The transfer syntax that is asked for; empty: none.
std::string_view transfer_syntax_of(Destination::Compress compress);

/// Whether a data set in this syntax may be compressed at all: not compressed yet, not deflated,
/// pixel data in it.
bool can_be_compressed(std::string_view transfer_syntax_uid);

/// Rewrites a data set in a lossless compressed transfer syntax, in Explicit VR Little Endian
/// around the fragments as that requires (PS3.5 A.4). Grey images of 8 or 16 bits allocated only:
/// colour has rules of its own for the order of its samples, and floating point pixels have no
/// codec.
///
/// Bit exact or not at all: what was compressed is decompressed again, and has to equal the source
/// byte for byte, in every attribute and every pixel. NotFound: there is nothing to compress in it.
/// Invalid, in words without any value: DCMTK cannot do it, or it would be no smaller, or not the
/// same.
Result<Bytes> make_compressed(ByteView data_set, std::string_view from, std::string_view to,
                              std::string_view sop_instance_uid);

}  // namespace dosigate
