#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace dosigate::testing {

/// Descriptions as people type them into Portuguese-speaking nuclear medicine, with persons in
/// them: made up, by seed. Nothing here comes from the cleaner: the names, the technologist's words
/// and the rules of the numbers are written down a second time.

/// Chance by seed, the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(engine_() % end); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string digits(std::size_t count);
  template <class List>
  const auto& of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937_64 engine_;
};

struct MadeUpPerson {
  std::vector<std::string> given, family;  ///< with particles and accents, UTF-8
  std::string pn() const;                  ///< "FAMILY^GIVEN"
  std::string spoken() const;              ///< "Given Family"
};
MadeUpPerson make_person(Dice& dice);
/// One of the ways in which people write a name into a text; `style` names it.
std::string write_name(const MadeUpPerson& person, Dice& dice, std::string& style);

/// Digits with their check digits, by the texts of the rules.
std::string make_cpf(Dice& dice);
std::string make_cns(Dice& dice);
std::string make_cnpj(Dice& dice, bool with_letters);
/// Something that names a person or a place whoever the patient is; `kind` names it.
std::string write_identifier(Dice& dice, std::string& kind);
/// A day as people write it.
std::string write_date(Dice& dice, int year, int month, int day);

/// A piece of a description in the technologist's words.
struct Technique {
  std::string kind, text;
};
std::vector<Technique> write_technique(Dice& dice);

struct Planted {
  std::string kind, text;
  bool own;  ///< stands in the object's attributes too
};
struct CorpusCase {
  std::vector<std::string> patient_names, other_names, ids, dates;  ///< of the object, UTF-8
  std::vector<Technique> technique;
  std::vector<Planted> planted;
  std::string utf8;             ///< the whole text
  std::string bytes, specific;  ///< as it stands in the file
};
CorpusCase make_case(Dice& dice);

/// How a cleaner did.
struct Score {
  struct Kind {
    std::size_t items = 0, missed = 0;
  };
  std::map<std::string, Kind> own, foreign;        ///< planted items; missed: a word of it is left
  std::map<std::string, Kind> technique;           ///< words; missed: lost although harmless
  std::size_t sensitive_removed = 0, removed = 0;  ///< words
  std::vector<std::string> examples;               ///< of misses, made-up text
};
void judge(const CorpusCase& text, std::string_view cleaned_bytes, Score& score);

/// Lower case without accents, for the letters of Portuguese; and its words.
std::vector<std::string> plain_words(std::string_view utf8);
std::string to_latin1(std::string_view utf8);
std::string from_latin1(std::string_view bytes);

}  // namespace dosigate::testing
