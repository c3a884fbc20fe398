#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dosigate {

/// A text made ready for comparing: lower case, no accents, one kind of hyphen and quote; letters
/// of other scripts are each kOtherLetter. `at[i]` is the place in the raw bytes of the character
/// that gave byte i, and at[folded.size()] the end of the raw bytes, so that any stretch between
/// two letters can be cut out of the bytes it came in.
struct FoldedText {
  std::string folded;
  std::vector<std::uint32_t> at;
};
inline constexpr char kOtherLetter = '\x80';  ///< a letter outside a-z
inline constexpr char kOtherSign = '\x81';    ///< a sign outside ASCII: degree, bullet
inline constexpr char kControl = '\x82';      ///< a control character other than white space

/// @return nothing for text with code extensions (ESC), that does not decode, or in a multi-byte
/// set other than UTF-8: what its bytes mean cannot be cut out byte by byte. UTF-8 that was
/// declared as a single-byte set, or not at all, is read as what it is.
std::optional<FoldedText> fold_text(std::string_view raw, std::string_view specific,
                                    std::string_view fallback_charset);

inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_folded_letter(char c) { return (c >= 'a' && c <= 'z') || c == kOtherLetter; }
/// Part of a word in FoldedText::folded.
inline bool is_folded_word(char c) { return is_ascii_digit(c) || is_folded_letter(c); }

/// Calls `each(word)` for every run of letters and digits.
template <class Each>
void for_each_folded_word(std::string_view folded, Each each) {
  for (std::size_t at = 0; at < folded.size();) {
    const std::size_t begin = at;
    while (at < folded.size() && is_folded_word(folded[at])) ++at;
    if (at > begin) each(folded.substr(begin, at - begin));
    if (at < folded.size()) ++at;
  }
}

}  // namespace dosigate
