#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>

#include <utf8proc.h>

#include "dosigate/dicom/charset.h"

namespace dosigate {
namespace {

// Windows-1252, 0x80 to 0x9F: what "Latin-1" means to most software that shows UTF-8 wrongly.
constexpr std::array<utf8proc_int32_t, 32> kWindows1252 = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::optional<char> as_single_byte(utf8proc_int32_t code_point) {
  if (code_point <= 0xFF) return static_cast<char>(code_point);
  for (std::size_t i = 0; i < kWindows1252.size(); ++i)
    if (kWindows1252[i] == code_point) return static_cast<char>(0x80 + i);
  return std::nullopt;
}

/// False at the first byte that is not UTF-8.
template <class Use>
bool for_each_code_point(std::string_view utf8, Use use) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  auto left = static_cast<utf8proc_ssize_t>(utf8.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const auto used = utf8proc_iterate(at, left, &code_point);
    if (used <= 0 || !use(code_point)) return false;
    at += used;
    left -= used;
  }
  return true;
}

/// The text whose UTF-8 bytes were read as Latin-1 or Windows-1252 to give this one, if there is
/// one.
std::optional<std::string> repaired(std::string_view utf8) {
  std::string bytes;
  bool beyond_ascii = false;
  const bool single = for_each_code_point(utf8, [&](utf8proc_int32_t code_point) {
    const auto byte = as_single_byte(code_point);
    if (!byte) return false;
    beyond_ascii = beyond_ascii || code_point >= 0x80;
    bytes += *byte;
    return true;
  });
  if (!single || !beyond_ascii ||
      !for_each_code_point(bytes, [](utf8proc_int32_t) { return true; }))
    return std::nullopt;
  return bytes;
}

std::string latin1_as_utf8(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    std::array<utf8proc_uint8_t, 4> buffer{};
    const auto used = utf8proc_encode_char(static_cast<unsigned char>(c), buffer.data());
    out.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(used));
  }
  return out;
}

}  // namespace

std::string fold(std::string_view utf8) {
  std::string text(utf8);
  // Bytes that are no UTF-8 at all fold as Latin-1: a comparison must not fail open on them.
  if (!for_each_code_point(text, [](utf8proc_int32_t) { return true; }))
    text = latin1_as_utf8(text);
  // Twice: a name that went wrongly through two systems.
  for (int round = 0; round < 2; ++round) {
    auto better = repaired(text);
    if (!better) break;
    text = std::move(*better);
  }
  utf8proc_uint8_t* mapped = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                     UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owned(mapped, std::free);
  if (length < 0) throw std::bad_alloc();  // the text is valid UTF-8 here: only memory can fail
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

}  // namespace dosigate
