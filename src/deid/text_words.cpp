#include "text_words.h"

#include "text_numbers.h"
#include "text_vocabulary.h"

#include <algorithm>
#include <vector>

namespace dosigate {

namespace {

constexpr std::size_t kLongestWord = 40;
constexpr std::size_t kMostSeams = 8;  // places where one composed word may be taken apart

bool is_digits(std::string_view word) {
  return std::all_of(word.begin(), word.end(), is_ascii_digit);
}

/// Own names are asked for before: they go whatever the vocabulary says.
bool in_vocabulary(const TextInHand& value, std::string_view word) {
  return word_class(word) != WordClass::None || value.site_words.contains(std::string(word));
}

/// Takes a word apart where letters and digits meet, where a capital follows a small letter, and
/// after a nuclide; every part must be allowed by itself.
class Composed {
 public:
  Composed(const TextInHand& value, const TextToken& token)
      : value_(value), token_(token), word_(token.of(value.folded())) {
    if (word_.size() > kLongestWord) return;
    for (std::size_t i = 1; i < word_.size() && seams_.size() < kMostSeams; ++i)
      if (is_seam(i)) seams_.push_back(i);
    seams_.push_back(word_.size());
  }
  bool allowed() const { return !seams_.empty() && rest_allowed(0, {}); }

 private:
  bool is_seam(std::size_t i) const {
    if (is_ascii_digit(word_[i - 1]) != is_ascii_digit(word_[i])) return true;
    if (i <= 6 && is_nuclide(word_.substr(0, i))) return true;
    const auto raw = [&](std::size_t at) { return value_.raw[value_.text.at[token_.begin + at]]; };
    return raw(i - 1) >= 'a' && raw(i - 1) <= 'z' && raw(i) >= 'A' && raw(i) <= 'Z';
  }
  bool rest_allowed(std::size_t begin, std::string_view before) const {
    if (begin == word_.size()) return true;
    for (const std::size_t end : seams_) {
      if (end <= begin) continue;
      const std::string_view part = word_.substr(begin, end - begin);
      if (part_allowed(part, before) && rest_allowed(end, part)) return true;
    }
    return false;
  }
  bool part_allowed(std::string_view part, std::string_view before) const {
    if (value_.own.is_name(part)) return false;
    if (is_digits(part)) return number_allowed(part, before);
    if (part.size() >= 2 && in_vocabulary(value_, part)) return true;
    if (!is_ascii_digit(part[0])) return is_technical_shape(part);
    const auto letters = std::find_if_not(part.begin(), part.end(), is_ascii_digit);
    const auto digits = static_cast<std::size_t>(letters - part.begin());
    if (digits <= 4 && digits < part.size() && is_unit(part.substr(digits))) return true;
    return is_technical_shape(part);
  }
  bool number_allowed(std::string_view digits, std::string_view before) const {
    if (before.empty() || is_digits(before) || (digits.size() > 3 && value_.own.is_id(digits)))
      return false;
    switch (word_class(before)) {
      case WordClass::Tracer:
        return digits.size() <= 4;
      case WordClass::Counter:
      case WordClass::Time:
        return digits.size() <= 3;
      default:
        return digits.size() <= 2;
    }
  }

  const TextInHand& value_;
  const TextToken& token_;
  std::string_view word_;
  std::vector<std::size_t> seams_;
};

/// "Lu-177", "99m Tc", "F^18", "Tc 99 m": a nuclide in two or three parts, neither of which would
/// stay. Returns how many tokens from `i` on it is made of.
std::size_t nuclide_parts(std::string_view text, const TextTokens& tokens, std::size_t i) {
  // "28-08-66 Ga": the year of a day.
  if (tokens[i].digits && i > 0 && tokens[i - 1].digits &&
      gap_after(text, tokens, i - 1).size() == 1)
    return 0;
  // "226 Ra-223": the mass stands behind.
  if (tokens[i].digits && i + 2 < tokens.size() && gap_after(text, tokens, i) == " " &&
      gap_after(text, tokens, i + 1) == "-" && tokens[i + 2].digits)
    return 0;
  std::string whole(tokens[i].of(text).substr(0, 8));
  std::size_t found = 0;
  for (std::size_t next = i + 1; next < tokens.size() && next < i + 3; ++next) {
    const std::string_view gap = gap_after(text, tokens, next - 1);
    if (gap.size() > 1 || std::string_view(" -^_([)]").find(gap) == std::string_view::npos) break;
    whole += tokens[next].of(text).substr(0, 8);
    if (whole.size() > 6) break;
    if (!is_nuclide(whole)) continue;
    // "HO-166 M Lima" is no isomer, and "11 C. Lima" no carbon.
    const std::string_view last = tokens[next].of(text);
    const char sign = tokens[next].end < text.size() ? text[tokens[next].end] : ' ';
    const bool begins_a_name = last.size() == 1 && (sign == '.' || sign == '\'');
    if (!begins_a_name && (last != "m" || whole == "tc99m")) found = next - i + 1;
  }
  return found;
}

/// "Lu" of "[177Lu]Lu-PSMA" and "Ga-DOTATATE"; apart, "Lu PSMA", when nobody here is called so.
bool is_label_of_tracer(const TextInHand& value, const TextTokens& tokens, std::size_t i) {
  static const std::unordered_set<std::string_view> kSymbols{
      "f",  "i",  "y",  "ac", "al", "at", "bi", "cu", "ga", "ho",
      "in", "lu", "pb", "ra", "re", "sc", "sm", "tb", "tc", "zr"};
  const std::string_view text = value.folded(), word = tokens[i].of(text);
  if (i + 1 == tokens.size() || !kSymbols.contains(word)) return false;
  const std::string_view gap = gap_after(text, tokens, i);
  const bool apart =
      gap == " " && word.size() == 2 && !value.own.is_short_name(word) && !value.own.is_name(word);
  if (gap != "-" && !apart) return false;
  return word_class(tokens[i + 1].of(text)) == WordClass::Tracer;
}

}  // namespace

TextTokens split_words(std::string_view folded) {
  TextTokens out;
  for_each_folded_word(folded, [&](std::string_view word) {
    TextToken token{};
    token.begin = static_cast<std::size_t>(word.data() - folded.data());
    token.end = token.begin + word.size();
    token.digits = is_digits(word);
    out.push_back(token);
  });
  return out;
}

void decide_words(const TextInHand& value, TextTokens& tokens) {
  const std::string_view text = value.folded();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].size() <= 3) {
      if (const std::size_t parts = nuclide_parts(text, tokens, i); parts != 0) {
        for (std::size_t part = i; part < i + parts; ++part)
          tokens[part].keep = tokens[part].unit = !tokens[part].barred;
        i += parts - 1;
        continue;
      }
    }
    TextToken& token = tokens[i];
    const std::string_view word = token.of(text);
    if (token.barred || token.digits) continue;
    if (is_label_of_tracer(value, tokens, i)) {
      token.keep = token.unit = true;
      continue;
    }
    if (value.own.is_short_name(word) || value.own.is_name(word))
      token.barred = true;
    else
      token.keep = in_vocabulary(value, word) || Composed(value, token).allowed();
  }
}

void settle_small_words(const TextInHand& value, TextTokens& tokens) {
  const std::string_view text = value.folded();
  const auto kept = [&](std::size_t i) { return tokens[i].keep; };
  // "V/Q", "D+1", "I&T", "p.i."
  const auto tied = [&](std::size_t left, bool to_left) {
    const std::string_view gap = gap_after(text, tokens, left);
    const std::string_view pair =
        text.substr(tokens[left].begin, tokens[left + 1].end - tokens[left].begin);
    return tokens[to_left ? left : left + 1].keep &&
           ((gap.size() == 1 && std::string_view("&/+=-").find(gap[0]) != std::string_view::npos) ||
            pair == "p.i" || pair == "i.v" || pair == "v.o" || pair == "q.clear");
  };
  const auto stays = [&](std::size_t i) {
    const WordClass found = word_class(tokens[i].of(text));
    if (tokens[i].unit || (found != WordClass::Link && found != WordClass::Letter)) return true;
    const bool first = i == 0, last = i + 1 == tokens.size();
    if ((first || kept(i - 1)) && (last || kept(i + 1))) return true;
    // The beginning of a name: "E. Silva", "D'Avila".
    if (!last && !kept(i + 1) && tokens[i + 1].begin > tokens[i].end &&
        (text[tokens[i].end] == '.' || text[tokens[i].end] == '\''))
      return !first && tied(i - 1, true) && text[tokens[i].end] == '.' &&
             text[tokens[i - 1].end] == '.';
    if (found == WordClass::Link) return false;
    // Laterality after its organ, before a name that goes.
    if (!first && kept(i - 1) && word_class(tokens[i - 1].of(text)) == WordClass::Organ)
      return true;
    return (!first && tied(i - 1, true)) || (!last && tied(i, false));
  };
  // Backwards first: a particle may hang on a letter that goes.
  for (std::size_t i = tokens.size(); i-- > 0;)
    if (kept(i)) tokens[i].keep = stays(i);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (kept(i)) tokens[i].keep = stays(i);
}

}  // namespace dosigate
