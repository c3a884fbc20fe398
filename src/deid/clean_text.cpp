#include "clean_text.h"

#include "dosigate/dicom/charset.h"
#include "kept_lists.h"

#include <algorithm>

namespace dosigate {

namespace {

/// Letters, digits and every byte of a multi-byte character.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
std::size_t word_end(std::string_view text, std::size_t begin) {
  while (begin < text.size() && is_word_byte(text[begin])) ++begin;
  return begin;
}

bool may_stay(std::string_view word, std::string_view specific, std::string_view fallback) {
  const auto decoded = decode_text(word, specific, fallback);
  return decoded && is_vocabulary_word(fold(*decoded));
}

/// "Lu-177", "99m Tc": one word of the list that people write in two.
bool is_nuclide(std::string_view first, std::string_view second) {
  if (first.size() + second.size() > 6 || is_digits(first) == is_digits(second)) return false;
  return is_vocabulary_word(fold(std::string(first) + std::string(second)));
}

/// "10/12/19", "7-7-8": numbers that were written together are a date or an identifier, though each
/// of them is in the vocabulary.
bool joins_numbers(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr std::string_view kJoints = "./-:";
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (!is_digits(text.substr(begin, end - begin))) return false;
  const bool left =
      begin >= 2 && kJoints.find(text[begin - 1]) != std::string_view::npos && digit(begin - 2);
  const bool right =
      end + 1 < text.size() && kJoints.find(text[end]) != std::string_view::npos && digit(end + 1);
  return left || right;
}

}  // namespace

std::string clean_words(std::string_view text, std::string_view specific,
                        std::string_view fallback) {
  if (text.find('\x1b') != std::string_view::npos)
    return {};  // code extensions: bytes do not mean themselves
  std::string out;
  std::size_t last_kept_end = std::string_view::npos;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = word_end(text, at);
    // The two-part form first: of "Lu-177" neither part alone would stay.
    std::size_t kept_end = 0;
    if (end + 1 < text.size() && (text[end] == '-' || text[end] == '^' || text[end] == ' ') &&
        is_word_byte(text[end + 1])) {
      const std::size_t second = word_end(text, end + 1);
      if (is_nuclide(text.substr(at, end - at), text.substr(end + 1, second - end - 1)))
        kept_end = second;
    }
    if (kept_end == 0 && !joins_numbers(text, at, end) &&
        may_stay(text.substr(at, end - at), specific, fallback))
      kept_end = end;
    if (kept_end != 0) {
      // One separator survives between neighbours ("DOTA-TATE", "[18F]FDG"); a gap where words went
      // becomes a space.
      if (!out.empty())
        out += last_kept_end + 1 == at && text[last_kept_end] != '\\' ? text[last_kept_end] : ' ';
      out += text.substr(at, kept_end - at);
      last_kept_end = kept_end;
      end = kept_end;
    }
    at = end;
  }
  return out;
}

}  // namespace dosigate
