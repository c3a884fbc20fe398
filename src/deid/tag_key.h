#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctagkey.h>

#include "dosigate/deid/profile.h"

namespace dosigate {

/// A tag as one number, for tables: group << 16 | element.
inline std::uint32_t tag_number(const DcmTagKey& tag) {
  return (std::uint32_t{tag.getGroup()} << 16U) | tag.getElement();
}

/// Throws std::runtime_error when it is no hexadecimal number: only for our own embedded tables.
inline std::uint32_t hex_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    throw std::runtime_error("no hexadecimal number: " + std::string(text));
  return value;
}

/// "0010,0020" to its number.
inline std::uint32_t exact_tag(std::string_view text) {
  if (text.size() != 9 || text[4] != ',') throw std::runtime_error("no tag: " + std::string(text));
  return (hex_number(text.substr(0, 4)) << 16U) | hex_number(text.substr(5, 4));
}

/// Void after any change, or the original values themselves, some under somebody's key: encrypted
/// and original attributes, MAC parameters, digital signatures. And coefficients beside the pixels
/// (retired), of which nobody can say what they hold.
inline constexpr std::array<std::uint32_t, 7> kAlwaysGone{
    0x04000500U, 0x04000561U, 0x4FFE0001U, 0xFFFAFFFAU, 0x7FE00020U, 0x7FE00030U, 0x7FE00040U};
/// What makes a pseudonymous instance of it, what says how its bytes are read, and the pixels.
inline constexpr std::array<std::uint32_t, 8> kOfTheInstance{0x00100010U, 0x00100020U, 0x00080018U,
                                                             0x00080016U, 0x0020000DU, 0x0020000EU,
                                                             0x00080005U, 0x7FE00010U};
/// No profile decides otherwise.
inline bool is_decided_by_us(std::uint32_t tag) {
  return std::find(kAlwaysGone.begin(), kAlwaysGone.end(), tag) != kAlwaysGone.end() ||
         std::find(kOfTheInstance.begin(), kOfTheInstance.end(), tag) != kOfTheInstance.end();
}

/// "0010,0020", or with "x" for any digit: "60xx,3000", "50xx,xxxx". False for other text.
inline bool parse_tag_pattern(std::string_view text, TagMatch& out) {
  if (text.size() != 9 || text[4] != ',') return false;
  out = {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 4) continue;
    out.value <<= 4U;
    out.mask <<= 4U;
    if (text[i] == 'x') continue;
    std::uint32_t digit = 0;
    if (std::from_chars(&text[i], &text[i] + 1, digit, 16).ec != std::errc{}) return false;
    out.value |= digit;
    out.mask |= 0xFU;
  }
  return true;
}

}  // namespace dosigate
