#include "dosigate/base/log_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace dosigate {
namespace {

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '_' || c == '.' || c == ':' || c == '/';
}

}  // namespace

std::string log_text(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  static constexpr std::array<char, 16> kDigits{'0', '1', '2', '3', '4', '5', '6', '7',
                                                '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte <= 0x7E) {
      out += c;
    } else {
      out += "\\x";
      out += kDigits.at(byte >> 4U);
      out += kDigits.at(byte & 0xFU);
    }
  }
  return out + '"';
}

LogBudget::LogBudget(unsigned at_once, unsigned per_second, SteadyClock now)
    : at_once_(at_once),
      per_second_(per_second),
      now_(std::move(now)),
      left_(at_once),
      last_(now_()) {}

std::optional<std::uint64_t> LogBudget::spend() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = now_();
  left_ =
      std::min(at_once_, left_ + per_second_ * std::chrono::duration<double>(now - last_).count());
  last_ = now;
  if (left_ < 1) {
    ++left_out_;
    return std::nullopt;
  }
  left_ -= 1;
  return std::exchange(left_out_, 0);
}

}  // namespace dosigate
