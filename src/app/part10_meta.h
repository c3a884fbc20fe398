#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// What the meta information of a Part 10 file says (PS3.10 7.1, group 0002), and where the data
/// set begins.
struct Part10Meta {
  std::string sop_class, sop_instance, transfer_syntax;
  std::size_t end = 0;
};

/// Of the preamble and "DICM".
inline constexpr std::size_t kPart10Prefix = 132;
inline constexpr std::string_view kMediaDirectoryClass = "1.2.840.10008.1.3.10";

bool has_part10_prefix(ByteView file);
/// Whether the beginning of a file with its prefix holds the whole of group 0002.
bool holds_part10_meta(ByteView file);
/// Explicit VR Little Endian, as it has to be; the Implicit VR that some old writers put there is
/// read as well. nullopt when a length does not fit.
std::optional<Part10Meta> read_part10_meta(ByteView file, std::size_t at);

}  // namespace dosigate
