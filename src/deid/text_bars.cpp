#include "text_vocabulary.h"
#include "text_words.h"

#include <algorithm>

namespace dosigate {

namespace {

/// Letters in a row and words after a title are read so far and no farther.
constexpr std::size_t kLongestSpelling = 12, kLongestName = 10;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A person follows.
bool is_title(std::string_view word, std::string_view gap) {
  if (is_one_of(word, {"dr", "dra", "drs", "sra", "srta", "prof", "profa", "enfa", "dona"}))
    return true;
  if (is_one_of(word, {"sr", "mr", "mrs", "ms", "enf", "tec"})) return gap.starts_with('.');
  return gap.find(':') != std::string_view::npos &&
         is_one_of(word, {"nome",        "name",     "paciente", "patient",     "pcte",
                          "pac",         "medico",   "medica",   "physician",   "doctor",
                          "solicitante", "operador", "operator", "tecnico",     "tecnologo",
                          "responsavel", "resp",     "mae",      "pai",         "acompanhante",
                          "laudado",     "por",      "by",       "radiologista"});
}

/// Between the words of one name.
bool continues_a_name(std::string_view gap) {
  return gap.size() <= 3 && gap.find_first_of("\n\r;()[]|/") == std::string_view::npos &&
         gap.find(" - ") == std::string_view::npos && gap.find('_') == std::string_view::npos;
}

/// "Ga-67", "Lu-PSMA": a symbol that is not in the vocabulary by itself.
bool begins_a_tracer(std::string_view text, const TextTokens& tokens, std::size_t i) {
  return tokens[i].size() <= 2 && i + 1 < tokens.size() && gap_after(text, tokens, i).size() == 1 &&
         (tokens[i + 1].digits || word_class(tokens[i + 1].of(text)) == WordClass::Tracer);
}

/// The first word after a title goes whatever it is, those after it as far as the vocabulary does
/// not know them.
void bar_after_title(std::string_view text, TextTokens& tokens, std::size_t title) {
  tokens[title].barred = true;
  std::size_t letters = 0;
  bool named = false;
  for (std::size_t i = title + 1; i < tokens.size() && i <= title + kLongestName; ++i) {
    const std::string_view gap = gap_after(text, tokens, i - 1), word = tokens[i].of(text);
    const bool after_title = i == title + 1;
    if (after_title ? gap.find_first_of("\n\r") != std::string_view::npos : !continues_a_name(gap))
      return;
    if (std::any_of(word.begin(), word.end(), is_ascii_digit)) return;
    const bool single = word.size() == 1, beside = accompanies_a_name(word) || is_title(word, {});
    const bool known = word_class(word) != WordClass::None && !single && !beside;
    if (known &&
        (named || letters > 1 || (!after_title && gap.find(',') != std::string_view::npos)))
      return;
    if ((named || letters > 0) && begins_a_tracer(text, tokens, i)) return;
    tokens[i].barred = true;
    letters += single ? 1 : 0;
    named = named || (!single && !beside) || is_one_of(word, {"filho", "neto", "junior", "jr"});
  }
}

/// "p.i.", "a.p."
bool is_abbreviation(std::string_view letters) {
  return is_one_of(letters, {"pi", "iv", "ev", "vo", "ap", "pa"});
}

/// "M.J.S.": letters with points are initials, whosever; "m j s" when they spell those or a name of
/// this object.
void bar_spelled(const TextInHand& value, TextTokens& tokens, std::size_t begin) {
  const std::string_view text = value.folded();
  std::string spelled;
  bool points = true;
  for (std::size_t i = begin; i < tokens.size() && i < begin + kLongestSpelling; ++i) {
    if (tokens[i].size() != 1 || tokens[i].digits) return;
    if (i > begin) {
      const std::string_view gap = gap_after(text, tokens, i - 1);
      if (gap.size() > 2) return;
      points = points && gap == ".";
    }
    spelled += tokens[i].of(text);
    if (i == begin) continue;
    const bool pointed = points && tokens[i].end < text.size() && text[tokens[i].end] == '.' &&
                         !is_abbreviation(spelled);
    if (pointed || value.own.is_initials(spelled) || value.own.is_name(spelled))
      for (std::size_t letter = begin; letter <= i; ++letter) tokens[letter].barred = true;
  }
}

bool is_of_nuclide(std::string_view text, const TextTokens& tokens, std::size_t i) {
  const auto pair = [&](std::size_t left) {
    std::string whole(tokens[left].of(text).substr(0, 8));
    return is_nuclide(whole += tokens[left + 1].of(text).substr(0, 8));
  };
  return (i > 0 && pair(i - 1)) || (i + 1 < tokens.size() && pair(i));
}

/// The mass of a nuclide, or a number of one or two digits with a unit or after a word that counts,
/// is no identifier, whatever it is by chance.
bool is_measure(std::string_view text, const TextTokens& tokens, std::size_t i) {
  if (!tokens[i].keep) return false;
  if (is_of_nuclide(text, tokens, i)) return true;
  if (tokens[i].size() > 2) return false;
  if (tokens[i].unit) return true;
  if (i == 0 || !tokens[i - 1].keep) return false;
  // "D+1", "t=3"
  if (const std::string_view gap = gap_after(text, tokens, i - 1); gap == "+" || gap == "=")
    return true;
  const WordClass before = word_class(tokens[i - 1].of(text));
  return before == WordClass::Counter || before == WordClass::Time || before == WordClass::Tracer;
}

std::string_view without_zeros(std::string_view digits) {
  const auto first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? digits : digits.substr(first);
}

}  // namespace

void bar_names(const TextInHand& value, TextTokens& tokens) {
  const std::string_view text = value.folded();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].digits) continue;
    const std::string_view gap =
        i + 1 < tokens.size() ? gap_after(text, tokens, i) : std::string_view();
    if (i + 1 < tokens.size() && is_title(tokens[i].of(text), gap))
      bar_after_title(text, tokens, i);
    if (tokens[i].size() == 1) bar_spelled(value, tokens, i);
  }
}

void bar_ids(const TextInHand& value, TextTokens& tokens) {
  constexpr std::size_t kAnywhere = 4;  // shorter ones say too little to go where they measure
  const std::string_view text = value.folded();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::string compact;
    for (std::size_t last = i; last < tokens.size(); ++last) {
      if (last > i) {
        const std::string_view gap = gap_after(text, tokens, last - 1);
        if (gap.size() > 2) break;
      }
      compact += tokens[last].of(text).substr(0, value.own.longest_id() + 16);
      if (compact.size() > value.own.longest_id() + 15) break;
      if (!value.own.is_id(compact) && !value.own.is_id(without_zeros(compact))) continue;
      if (last > i && compact.size() <= kAnywhere) continue;
      if (compact.size() < kAnywhere && is_measure(text, tokens, i)) continue;
      for (std::size_t part = i; part <= last; ++part) {
        tokens[part].barred = true;
        tokens[part].keep = false;
      }
    }
  }
}

}  // namespace dosigate
