#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dosigate {

/// A run of letters and digits of a folded text, and what was decided about it.
struct TextToken {
  std::size_t begin, end;  ///< in FoldedText::folded
  bool digits = false;     ///< nothing but digits
  bool keep = false;
  bool barred = false;  ///< belongs to an identifier: nothing may keep it
  bool unit = false;    ///< measures something, with its number or for the one before it

  std::size_t size() const { return end - begin; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};
using TextTokens = std::vector<TextToken>;

/// What stands between token i and the next one.
inline std::string_view gap_after(std::string_view text, const TextTokens& tokens, std::size_t i) {
  return text.substr(tokens[i].end, tokens[i + 1].begin - tokens[i].end);
}

}  // namespace dosigate
