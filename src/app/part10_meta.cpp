#include "part10_meta.h"

#include <algorithm>
#include <array>

namespace dosigate {
namespace {

constexpr std::size_t kPreamble = 128;
constexpr std::string_view kPrefix = "DICM";

std::size_t number_at(ByteView bytes, std::size_t at, unsigned count) {
  std::size_t out = 0;
  for (unsigned i = 0; i < count; ++i) out |= std::size_t{bytes[at + i]} << (8 * i);
  return out;
}

bool is_capital(Byte byte) { return byte >= 'A' && byte <= 'Z'; }

bool has_long_length(std::string_view vr) {
  constexpr std::array<std::string_view, 13> kLong{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                   "SV", "UC", "UN", "UR", "UT", "UV"};
  return std::find(kLong.begin(), kLong.end(), vr) != kLong.end();
}

}  // namespace

bool has_part10_prefix(ByteView file) {
  return file.size() >= kPart10Prefix &&
         as_text(file.subspan(kPreamble, kPrefix.size())) == kPrefix;
}

bool holds_part10_meta(ByteView file) {
  // Another group begins behind it; a data set without an element is none.
  const auto meta = read_part10_meta(file, kPart10Prefix);
  return meta && meta->end + 8 <= file.size();
}

std::optional<Part10Meta> read_part10_meta(ByteView bytes, std::size_t at) {
  Part10Meta meta;
  while (at + 8 <= bytes.size() && number_at(bytes, at, 2) == 0x0002) {
    const std::size_t element = number_at(bytes, at + 2, 2);
    std::size_t length = 0, header = 8;
    if (is_capital(bytes[at + 4]) && is_capital(bytes[at + 5])) {
      const std::string_view vr = as_text(bytes.subspan(at + 4, 2));
      if (has_long_length(vr)) {
        if (at + 12 > bytes.size()) return std::nullopt;
        header = 12;
        length = number_at(bytes, at + 8, 4);
      } else {
        length = number_at(bytes, at + 6, 2);
      }
    } else {
      length = number_at(bytes, at + 4, 4);
    }
    if (length > bytes.size() - at - header) return std::nullopt;
    std::string value(as_text(bytes.subspan(at + header, length)));
    value.erase(std::min(value.find_last_not_of(std::string_view(" \0", 2)) + 1, value.size()));
    if (element == 0x0002) meta.sop_class = value;
    if (element == 0x0003) meta.sop_instance = value;
    if (element == 0x0010) meta.transfer_syntax = value;
    at += header + length;
  }
  meta.end = at;
  return meta;
}

}  // namespace dosigate
