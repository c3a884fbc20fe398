#pragma once

#include <string_view>

namespace dosigate {

/// Without the spaces and NULs that pad a value to even length, in front and behind (PS3.5 6.2).
constexpr std::string_view without_padding(std::string_view value) {
  constexpr std::string_view padding(" \0", 2);
  const auto first = value.find_first_not_of(padding);
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(padding) - first + 1);
}

}  // namespace dosigate
