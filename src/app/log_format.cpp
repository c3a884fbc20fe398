#include "log_format.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include <spdlog/details/log_msg.h>

namespace dosigate {
namespace {

constexpr std::size_t kLongest = 8192;

/// Length of the UTF-8 character at the front when a log may show it, else 0.
std::size_t shown_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (text.size() < length) return 0;
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> shortest{0, 0, 0x80, 0x800, 0x10000};
  const auto within = [&](std::uint32_t from, std::uint32_t to) {
    return code >= from && code <= to;
  };
  const bool control = within(0x80, 0x9F) || within(0x2028, 0x2029) || within(0x202A, 0x202E) ||
                       within(0x2066, 0x2069) || within(0x200E, 0x200F) || code == 0xFEFF;
  if (code < shortest[length] || code > 0x10FFFF || within(0xD800, 0xDFFF) || control) return 0;
  return length;
}

class OneLine : public spdlog::formatter {
 public:
  explicit OneLine(std::unique_ptr<spdlog::formatter> inner) : inner_(std::move(inner)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) override {
    const std::string_view said(message.payload.data(), message.payload.size());
    const std::string text = log_safe(said.substr(0, kLongest));
    spdlog::details::log_msg safe(message);
    safe.payload = spdlog::string_view_t(text.data(), text.size());
    inner_->format(safe, into);
  }
  std::unique_ptr<formatter> clone() const override {
    return std::make_unique<OneLine>(inner_->clone());
  }

 private:
  std::unique_ptr<spdlog::formatter> inner_;
};

}  // namespace

std::string log_safe(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = shown_character(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      std::array<char, 5> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned char>(text.front()));
      out += hex.data();
      length = 1;
    }
    text.remove_prefix(length);
  }
  return out;
}

std::unique_ptr<spdlog::formatter> one_line_formatter(std::unique_ptr<spdlog::formatter> inner) {
  return std::make_unique<OneLine>(std::move(inner));
}

}  // namespace dosigate
