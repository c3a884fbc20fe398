#pragma once

#include <cstdint>
#include <string_view>

namespace dosigate {

/// What a word of conf/deid/vocabulary.tsv allows beside it.
enum class WordClass : std::uint8_t {
  None,     ///< not in the vocabulary
  Word,     ///< says something of the technique: stays
  Organ,    ///< a part of the body or a side of it: a letter of laterality may follow
  Nuclide,  ///< "lu177": also written in two parts
  Element,  ///< "lutecio": the mass of one of its nuclides may follow
  Tracer,   ///< "psma": a number of up to four digits may follow
  Unit,     ///< a number before it stays
  Counter,  ///< "ciclo": a number of up to three digits after it stays
  Time,     ///< "dia": both of these
  Link,     ///< "de": stays between two words that stay
  Letter    ///< a single letter
};
WordClass word_class(std::string_view folded);
inline bool is_vocabulary_word(std::string_view folded) {
  return word_class(folded) != WordClass::None;
}

/// "lu177", "177lu", "99mtc".
inline bool is_nuclide(std::string_view folded) { return word_class(folded) == WordClass::Nuclide; }

}  // namespace dosigate
