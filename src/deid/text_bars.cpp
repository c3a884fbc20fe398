#include "text_vocabulary.h"
#include "text_words.h"

#include <algorithm>

namespace dosigate {

namespace {

/// "J. C. S." of three people in a row is read so far and no farther.
constexpr std::size_t kLongestSpelling = 12;

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

bool continues_a_name(std::string_view gap) {
  return gap.size() <= 3 && gap.find_first_of("\n\r;()[]|/,") == std::string_view::npos &&
         gap.find(" - ") == std::string_view::npos;
}

void bar_after_title(std::string_view text, TextTokens& tokens, std::size_t title) {
  tokens[title].barred = true;
  bool first = true;
  for (std::size_t i = title + 1; i < tokens.size(); ++i) {
    const std::string_view gap = gap_after(text, tokens, i - 1);
    if (tokens[i].digits || (!first && !continues_a_name(gap)) ||
        gap.find_first_of("\n\r") != std::string_view::npos)
      return;
    const std::string_view word = tokens[i].of(text);
    const WordClass found = word_class(word);
    const bool small = found == WordClass::Link || word.size() == 1 || accompanies_a_name(word) ||
                       is_title(word, {});
    if (!first && !small && found != WordClass::None) return;
    tokens[i].barred = true;
    first = first && small;
  }
}

/// "M.J.S.", "m j s": letters set apart that spell initials or a name of this object.
void bar_spelled(const TextInHand& value, TextTokens& tokens, std::size_t begin) {
  const std::string_view text = value.folded();
  std::string spelled;
  for (std::size_t i = begin; i < tokens.size() && i < begin + kLongestSpelling; ++i) {
    if (tokens[i].size() != 1 || tokens[i].digits) return;
    if (i > begin && gap_after(text, tokens, i - 1).size() > 2) return;
    spelled += tokens[i].of(text);
    if (i > begin && (value.own.is_initials(spelled) || value.own.is_name(spelled)))
      for (std::size_t letter = begin; letter <= i; ++letter) tokens[letter].barred = true;
  }
}

/// A number of up to three digits that measures something is no identifier, whatever it is by
/// chance.
bool is_measure(std::string_view text, const TextTokens& tokens, std::size_t i) {
  if (tokens[i].unit) return true;
  if (i == 0 || !tokens[i - 1].keep || !tokens[i].keep) return false;
  const WordClass before = word_class(tokens[i - 1].of(text));
  return before == WordClass::Counter || before == WordClass::Time || before == WordClass::Tracer ||
         before == WordClass::Element;
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
        if (gap.size() > 2 || gap.find_first_not_of(" -./_^") != std::string_view::npos) break;
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
