#include "text_numbers.h"

#include "text_fold.h"
#include "text_patterns.h"
#include "text_vocabulary.h"

#include <algorithm>
#include <string>

#include <re2/re2.h>

namespace dosigate {

namespace {

constexpr std::size_t kLongestNumber = 4;  // of one number; five digits can name a person

/// A number with what it hangs on.
class Numbers {
 public:
  Numbers(std::string_view text, TextTokens& tokens) : text_(text), tokens_(tokens) {}

  void decide() {
    for (std::size_t i = 0; i < tokens_.size();) {
      if (!is_open(i) || keep_head_of_decimal(i)) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < tokens_.size() && is_open(end) && !is_head_of_decimal(end) &&
             joins(gap_after(text_, tokens_, end - 1)))
        ++end;
      decide_group(i, end);
      i = end;
    }
  }

 private:
  /// A number that is not part of a nuclide.
  bool is_open(std::size_t i) const { return tokens_[i].digits && !tokens_[i].keep; }
  /// "1" of "1,25mm", whose second half is a word with digits in it.
  bool is_head_of_decimal(std::size_t i) const {
    if (i + 1 >= tokens_.size() || tokens_[i + 1].digits || !tokens_[i + 1].keep) return false;
    const std::string_view gap = gap_after(text_, tokens_, i), next = word(i + 1);
    const std::size_t letters = next.find_first_not_of("0123456789");
    return (gap == "." || gap == ",") && word(i).size() <= 3 && letters != 0 && letters <= 3 &&
           is_unit(next.substr(letters)) &&
           !(i > 0 && tokens_[i - 1].digits && is_tight(gap_after(text_, tokens_, i - 1)));
  }
  bool keep_head_of_decimal(std::size_t i) {
    if (tokens_[i].barred || !is_head_of_decimal(i)) return false;
    return tokens_[i].keep = tokens_[i].unit = true;
  }
  /// What can stand inside a telephone number or between the groups of a CNS.
  static bool joins(std::string_view gap) {
    return gap.size() <= 3 && gap.find_first_not_of(" .,-/:()+") == std::string_view::npos;
  }
  static bool is_tight(std::string_view gap) {
    return gap.size() == 1 && std::string_view(".,-/:").find(gap[0]) != std::string_view::npos;
  }
  std::string_view word(std::size_t i) const { return tokens_[i].of(text_); }

  void decide_group(std::size_t begin, std::size_t end) {
    std::string all;
    for (std::size_t i = begin; i < end; ++i) all += word(i);
    if (all.size() >= 9 && (is_cpf(all) || is_cns(all) || is_cnpj(all))) return;
    std::vector<std::size_t> loose;
    std::size_t digits = 0;
    for (std::size_t first = begin; first < end;) {
      std::size_t last = first + 1;
      while (last < end && is_tight(gap_after(text_, tokens_, last - 1))) ++last;
      if (last - first > 1)
        digits += decide_tight(first, last);
      else if (!barred(first, last) && word(first).size() <= kLongestNumber)
        anchored(first, last) ? keep(first, last) : loose.push_back(first);
      else
        digits += word(first).size();
      first = last;
    }
    // "03 05 61" is a date, "98765 4321" a telephone: loose numbers stay one or two, and short.
    for (const std::size_t i : loose) digits += word(i).size();
    // "PET 15 03": a day and a month, both of two digits.
    const bool day = loose.size() == 2 && loose[1] == loose[0] + 1 && word(loose[0]).size() == 2 &&
                     word(loose[1]).size() == 2 && may_be_day(loose[0]);
    const bool long_number = day || loose.size() > 2 || digits > kLongestNumber || end - begin > 4;
    for (const std::size_t i : loose) {
      if (!long_number && word(i).size() <= 2 && stands_well(i, i + 1)) keep(i, i + 1);
      // "dose 11 98765 4321": the first group of the number is not what was counted.
      if (long_number && i > begin && word(i - 1).size() >= 2 && !tokens_[i - 1].unit)
        tokens_[i - 1].keep = false;
      if (long_number && i + 1 < end && word(i + 1).size() == kLongestNumber)
        tokens_[i + 1].keep = false;  // "7179 2670 Bq/ml": nor is the last what was measured
    }
    drop_person_numbers(begin, end);
  }
  /// A CPF or a CNS whose first or last group stands beside a word that counts.
  void drop_person_numbers(std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; ++first) {
      std::string digits;
      for (std::size_t last = first; last < end && digits.size() < 15; ++last) {
        digits += word(last);
        if (!(digits.size() == 11 && is_cpf(digits)) && !is_cns(digits)) continue;
        for (std::size_t i = first; i <= last; ++i) tokens_[i].keep = tokens_[i].unit = false;
      }
    }
  }

  /// "3.0", "0-60 min", "4/24/48 h", "2/3" after a word that counts. Returns how many digits went.
  std::size_t decide_tight(std::size_t first, std::size_t last) {
    std::size_t digits = 0;
    for (std::size_t i = first; i < last; ++i) digits += word(i).size();
    if (barred(first, last) || !tight_may_stay(first, last, digits)) return digits;
    keep(first, last);
    return 0;
  }
  bool tight_may_stay(std::size_t first, std::size_t last, std::size_t digits) const {
    const char joint = gap_after(text_, tokens_, first)[0];
    const bool measured = after_unit(last) || before_measure(last);
    if (last - first == 2 && (joint == '.' || joint == ','))
      return is_decimal(first) || (after_unit(last) && digits <= 6);
    bool rising = true;
    for (std::size_t i = first; i < last; ++i) {
      if (word(i).size() > 1 && word(i)[0] == '0') return false;  // days and months are padded
      if (i > first) rising = rising && value(i) > value(i - 1);
    }
    if (before_measure(last)) rising = rising && value(last) > value(last - 1);
    if (last - first == 2)
      return digits <= 6 &&
             ((measured && rising) || (follows_counter(first) && !may_be_day(first)));
    return rising && joint != '.' && (after_time(last) || before_measure(last));
  }

  /// "3.0", "12.5", "0,75", "2.00"; not "03.05" or "12.05", which are days of a year.
  bool is_decimal(std::size_t i) const {
    const std::string_view whole = word(i), part = word(i + 1);
    if (whole.size() + part.size() > kLongestNumber) return false;
    if (whole.size() > 1 && whole[0] == '0') return false;
    const bool may_be_month = part.size() == 2 && value(i + 1) >= 1 && value(i + 1) <= 12;
    return part.size() == 1 || (stands_well(i, i + 2) && (whole == "0" || !may_be_month));
  }

  /// "12/11" of a year; "2/3" after a word that counts is no day.
  bool may_be_day(std::size_t i) const {
    const long a = value(i), b = value(i + 1);
    return word(i).size() + word(i + 1).size() > 2 &&
           ((a <= 31 && b <= 12) || (a <= 12 && b <= 31));
  }
  bool anchored(std::size_t first, std::size_t last) const {
    return after_unit(last) || follows_counter(first);
  }
  /// The next token measures: "200 MBq", "24h" in two, "5-mm".
  bool after_unit(std::size_t last) const {
    if (last >= tokens_.size() || tokens_[last].digits || tokens_[last].barred) return false;
    const std::string_view gap = gap_after(text_, tokens_, last - 1);
    const std::string_view unit = word(last);
    if ((gap != " " && gap != "-" && gap != "_") || !is_unit(unit)) return false;
    if (unit.size() > 1) {
      if (word_class(unit) == WordClass::Unit) return true;
      // "307_dia 4": the word counts what comes after it.
      const bool counts = last + 1 < tokens_.size() && tokens_[last + 1].digits;
      return word(last - 1).size() <= (counts ? 2U : 3U);
    }
    // One letter may be the beginning of a name: "6_M. Lima", "2 H. Salles", "ciclo 2 M Lima".
    if (gap != " " || word(last - 1).size() > 3) return false;
    if (last + 1 == tokens_.size()) return true;
    const TextToken& next = tokens_[last + 1];
    if (next.digits) return unit == "x" || word(last - 1).size() <= 2;  // "914 D+1"
    const char sign = text_[tokens_[last].end];
    if ((sign == '.' || sign == '\'') && (!next.keep || next.size() == 1)) return false;
    return next.keep || unit == "h" || unit == "s" || unit == "x";
  }
  /// "4/24/" of "4/24/48h".
  bool before_measure(std::size_t last) const {
    if (last >= tokens_.size() || tokens_[last].digits || !tokens_[last].keep) return false;
    const std::string_view gap = gap_after(text_, tokens_, last - 1), next = word(last);
    const std::size_t letters = next.find_first_not_of("0123456789");
    return (gap == "/" || gap == "-") && letters != 0 && letters <= 3 &&
           is_unit(next.substr(letters));
  }
  bool after_time(std::size_t last) const {
    return after_unit(last) && (word(last)[0] == 'h' || word(last).starts_with("min"));
  }
  bool follows_counter(std::size_t first) const {
    if (first == 0 || !tokens_[first - 1].keep || tokens_[first - 1].digits) return false;
    const std::string_view gap = gap_after(text_, tokens_, first - 1);
    const WordClass before = word_class(word(first - 1));
    const std::string_view number = word(first);
    if (gap == "+" || gap == "=") return number.size() <= 3;  // "D+3", "t=24"
    if (gap.size() > 3 || gap.find_first_not_of(" .:#_-") != std::string_view::npos) return false;
    switch (before) {
      case WordClass::Counter:
      case WordClass::Time:
      case WordClass::Element:
        return number.size() <= 3;
      case WordClass::Tracer:  // "PSMA 617"
        return number.size() <= 2 || word_class(number) == WordClass::Tracer;
      default:
        return word(first - 1) == "x" && tokens_[first - 1].unit && number.size() <= 4;
    }
  }
  /// A number beside a word that went belongs to it ("leito 12").
  bool stands_well(std::size_t first, std::size_t last) const {
    if (first > 0) return tokens_[first - 1].keep;
    return last >= tokens_.size() || tokens_[last].keep || tokens_[last].digits;
  }
  bool barred(std::size_t first, std::size_t last) const {
    return std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(first),
                       tokens_.begin() + static_cast<std::ptrdiff_t>(last),
                       [](const TextToken& token) { return token.barred; });
  }
  /// Enough for comparing what is at most six digits in all.
  long value(std::size_t i) const { return std::stol(std::string(word(i).substr(0, 6))); }
  void keep(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) tokens_[i].keep = true;
    if (after_unit(last)) tokens_[last].unit = tokens_[last].keep = true;
    for (std::size_t i = first; i < last; ++i)
      tokens_[i].unit = after_unit(last) || before_measure(last);
  }

  std::string_view text_;
  TextTokens& tokens_;
};

/// "0.096000 cm-1", "Chang 0.12/cm": linear attenuation, which is less than one and says so by its
/// unit. Chang made a method of correction; elsewhere it is a name.
void keep_coefficients(std::string_view text, TextTokens& tokens) {
  static const RE2 coefficient(
      "(?:^|[^a-z0-9.,])((?:chang[ ,]{1,2})?(?:mu ?= ?)?0[.,]\\d{1,6} ?(?:/ ?cm|cm ?\\^?-1))"
      "(?:$|[^a-z0-9\\x80])",
      RE2::Latin1);
  re2::StringPiece rest(text.data(), text.size()), hit;
  while (RE2::PartialMatch(rest, coefficient, &hit)) {
    const auto begin = static_cast<std::size_t>(hit.data() - text.data());
    const auto first = std::partition_point(
        tokens.begin(), tokens.end(), [&](const TextToken& token) { return token.begin < begin; });
    const auto last = std::partition_point(first, tokens.end(), [&](const TextToken& token) {
      return token.end <= begin + hit.size();
    });
    // One number: what is barred of it takes the rest along.
    if (std::none_of(first, last, [](const TextToken& token) { return token.barred; })) {
      for (auto token = first; token != last; ++token) token->keep = token->unit = true;
    }
    rest.remove_prefix(static_cast<std::size_t>(hit.data() + hit.size() - rest.data()));
  }
}

}  // namespace

bool is_unit(std::string_view word) {
  if (word.size() == 1)
    return std::string_view("hsmdtlgxk").find(word[0]) != std::string_view::npos;
  const WordClass found = word_class(word);
  return found == WordClass::Unit || found == WordClass::Time;
}

bool is_technical_shape(std::string_view word) {
  if (word.size() > 16 || word.find(kOtherLetter) != std::string_view::npos) return false;
  // Matrix, zoom and factor; iterations and subsets; a time after the injection; the kernels of the
  // vendors; echoes, vertebrae and the like; how many dimensions.
  static const RE2 shape(
      "\\d{1,4}x\\d{1,4}(?:x\\d{1,4})?(?:mm|cm)?|x\\d{1,2}|\\d{1,2}i\\d{1,3}s|\\d{1,2}h\\d{2}(?:m|"
      "min)?|"
      "(?:[bhijtuvdqs]|b[flrv]|h[crv]|[uq]r|fc|sa|ac|ur)\\d{2}[a-z]?\\d?|"
      "[bcdefghiklnpqrstuvwxz]\\d{1,2}|p\\d[ab]?|\\d[op]|[1-9][da]?|\\d{1,2}d");
  return RE2::FullMatch(re2::StringPiece(word.data(), word.size()), shape);
}

void decide_numbers(std::string_view folded, TextTokens& tokens) {
  keep_coefficients(folded, tokens);
  Numbers(folded, tokens).decide();
}

}  // namespace dosigate
