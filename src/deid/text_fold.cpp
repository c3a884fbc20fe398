#include "text_fold.h"

#include "dosigate/dicom/charset.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

namespace dosigate {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// One character of UTF-8 text and how many raw bytes it stands for.
struct Character {
  utf8proc_int32_t code_point;
  std::size_t raw_size;
  std::string_view utf8;
};

/// The characters of valid UTF-8. `one_byte_each`: the raw text is in a single-byte set.
class Characters {
 public:
  Characters(std::string_view utf8, bool one_byte_each)
      : left_(utf8), one_byte_each_(one_byte_each) {}
  bool done() const { return left_.empty(); }
  Character peek() const {
    utf8proc_int32_t code_point = 0;
    const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(left_.data()),
                                       static_cast<utf8proc_ssize_t>(left_.size()), &code_point);
    const auto size = static_cast<std::size_t>(std::max<utf8proc_ssize_t>(used, 1));
    return {code_point, one_byte_each_ ? 1 : size, left_.substr(0, size)};
  }
  void skip(const Character& character) { left_.remove_prefix(character.utf8.size()); }

 private:
  std::string_view left_;
  bool one_byte_each_;
};

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// What a sign outside ASCII reads as; 0 for letters and marks.
char sign_of(utf8proc_int32_t code_point) {
  if (code_point >= 0x2010 && code_point <= 0x2015) return '-';
  if (code_point == 0x2018 || code_point == 0x2019 || code_point == 0xB4) return '\'';
  if (code_point == 0x201C || code_point == 0x201D || code_point == 0xAB || code_point == 0xBB)
    return '"';
  if (code_point == 0xA0 || code_point == 0x202F || code_point == 0x2009) return ' ';
  constexpr std::array<utf8proc_int32_t, 7> kSigns{0xB0, 0xB1, 0xB7, 0x2022, 0x2026, 0x2192, 0xA7};
  return std::find(kSigns.begin(), kSigns.end(), code_point) != kSigns.end() ? kOtherSign : '\0';
}

bool is_ascii_word(utf8proc_int32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char plain_sign(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  return (byte < 0x20 && !space) || byte == 0x7F ? kControl : c;
}

/// The folded form of a word that is not all ASCII: a to z, digits, and kOtherLetter.
std::string fold_word(std::string_view utf8) {
  const std::string folded = fold(utf8);
  std::string out;
  for (Characters rest(folded, false); !rest.done();) {
    const Character c = rest.peek();
    rest.skip(c);
    if (c.code_point < 0x80)
      out += is_ascii_word(c.code_point) ? static_cast<char>(c.code_point) : kOtherLetter;
    else if (c.code_point == 0xD7)
      out += 'x';  // 128 times 128
    else if (c.code_point == 0x3BC)
      out += 'u';  // micro
    else
      out += kOtherLetter;
  }
  return out;
}

FoldedText fold_ascii(std::string_view raw) {
  FoldedText out;
  out.folded.reserve(raw.size());
  out.at.resize(raw.size() + 1);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    out.folded += plain_sign(lower(raw[i]));
    out.at[i] = static_cast<std::uint32_t>(i);
  }
  out.at[raw.size()] = static_cast<std::uint32_t>(raw.size());
  return out;
}

FoldedText fold_characters(std::string_view utf8, bool one_byte_each) {
  FoldedText out;
  std::uint32_t raw_at = 0;
  for (Characters rest(utf8, one_byte_each); !rest.done();) {
    const std::uint32_t begin = raw_at;
    const char* const word = rest.peek().utf8.data();
    std::size_t word_size = 0;
    bool ascii = true;
    utf8proc_int32_t last = 0;
    char sign = '\0';
    while (!rest.done()) {
      const Character c = rest.peek();
      // After one of these two a sign is the second half of a letter that went through a wrong
      // character set.
      const bool half_letter = last == 0xC3 || last == 0xC2;
      if (c.code_point < 0x80 ? !is_ascii_word(c.code_point)
                              : !half_letter && sign_of(c.code_point) != '\0') {
        if (word_size != 0) break;
        sign = c.code_point < 0x80 ? plain_sign(static_cast<char>(c.code_point))
                                   : sign_of(c.code_point);
        rest.skip(c);
        raw_at += static_cast<std::uint32_t>(c.raw_size);
        break;
      }
      ascii = ascii && c.code_point < 0x80;
      word_size += c.utf8.size();
      last = c.code_point;
      rest.skip(c);
      raw_at += static_cast<std::uint32_t>(c.raw_size);
    }
    if (sign != '\0') {
      out.folded += sign;
      out.at.push_back(begin);
    } else if (ascii) {
      for (std::size_t i = 0; i < word_size; ++i) {
        out.folded += lower(word[i]);
        out.at.push_back(begin + static_cast<std::uint32_t>(i));
      }
    } else {
      // A word is kept or goes as a whole, so its letters need no places of their own.
      const std::string folded = fold_word({word, word_size});
      out.folded += folded;
      out.at.insert(out.at.end(), folded.size(), begin);
    }
  }
  out.at.push_back(raw_at);
  return out;
}

}  // namespace

std::optional<FoldedText> fold_text(std::string_view raw, std::string_view specific,
                                    std::string_view fallback_charset) {
  if (raw.find('\x1b') != std::string_view::npos) return std::nullopt;
  const auto decoded = decode_text(raw, specific, fallback_charset);
  if (is_ascii(raw)) {
    if (!decoded) return std::nullopt;
    return fold_ascii(raw);
  }
  // Undeclared UTF-8 reads as nonsense in every single-byte set, while text of such a set is hardly
  // ever valid UTF-8.
  if (decode_text(raw, "ISO_IR 192", {})) return fold_characters(raw, false);
  if (!decoded || count_characters(*decoded) != raw.size()) return std::nullopt;
  return fold_characters(*decoded, true);
}

}  // namespace dosigate
