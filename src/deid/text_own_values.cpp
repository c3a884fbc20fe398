#include "text_own_values.h"

#include "text_fold.h"

#include <algorithm>
#include <vector>

namespace dosigate {

namespace {

constexpr std::size_t kAccountName = 5;  // "kowalskim"; with a shorter name it may be a word
constexpr std::size_t kJoinedWords = 8;  // of one name; every pair of them is kept

bool is_all_digits(std::string_view word) {
  return std::all_of(word.begin(), word.end(), is_ascii_digit);
}

std::string folded(std::string_view utf8) {
  const auto text = fold_text(utf8, "ISO_IR 192", {});
  return text ? text->folded : std::string();
}

}  // namespace

bool accompanies_a_name(std::string_view word) {
  static const std::unordered_set<std::string_view> kWords{
      "da",  "de",  "do", "das", "dos",   "del",   "di",   "du",   "van",    "von",      "der",
      "den", "el",  "la", "dr",  "dra",   "sr",    "sra",  "prof", "profa",  "mr",       "mrs",
      "ms",  "phd", "md", "med", "filho", "filha", "neto", "jr",   "junior", "sobrinho", "segundo"};
  return kWords.contains(word);
}

bool names_nobody(std::string_view word) {
  static const std::unordered_set<std::string_view> kWords{
      "anonymous", "anonymized", "anonymised", "anon", "anonymizer", "unknown", "none", "null",
      "nil", "removed", "deleted", "patient", "paciente", "name", "nome", "lastname", "firstname",
      "doctor", "physician", "medico", "medica", "operator", "operador", "tecnico", "tecnica",
      "tecnologo", "tech", "user", "usuario", "admin", "test", "teste", "phantom", "fantoma", "qc",
      "qa",
      // accounts of a whole department
      "nm", "mn", "ct", "mr", "pet", "spect", "petct"};
  return word.size() < 2 || accompanies_a_name(word) || kWords.contains(word) ||
         is_all_digits(word);
}

OwnValues::OwnValues(const Identifiers& identifiers) {
  for (const std::string& name : identifiers.patient_names) add_name(name);
  for (const std::string& name : identifiers.other_names) add_name(name);
  for (const std::string& id : identifiers.ids) {
    std::string compact;
    for_each_folded_word(folded(id), [&](std::string_view word) { compact += word; });
    if (compact.empty() || (names_nobody(compact) && !is_all_digits(compact))) continue;
    longest_id_ = std::max(longest_id_, compact.size());
    // Spreadsheets and older systems lose the zeros in front.
    const auto significant = compact.find_first_not_of('0');
    if (is_all_digits(compact) && significant != std::string::npos)
      ids_.insert(compact.substr(significant));
    ids_.insert(std::move(compact));
  }
}

void OwnValues::add_name(std::string_view utf8) {
  // "family^given^middle^prefix^suffix", in up to three writings.
  std::string text = folded(utf8);
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('=', begin), text.size());
    const std::string_view writing = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    std::vector<std::string> words;
    std::size_t family_words = 0;
    const std::size_t caret = writing.find('^');
    for_each_folded_word(writing, [&](std::string_view word) {
      if (names_nobody(word)) return;
      words.emplace_back(word);
      if (static_cast<std::size_t>(word.data() - writing.data()) < caret) ++family_words;
      (word.size() == 2 ? short_names_ : names_).emplace(word);
    });
    if (words.size() < 2 || words.size() > kJoinedWords) continue;
    std::vector<std::string> spoken = words;  // given names first
    if (caret != std::string_view::npos) {
      std::rotate(spoken.begin(), spoken.begin() + static_cast<std::ptrdiff_t>(family_words),
                  spoken.end());
    }
    for (const auto& order : {words, spoken}) {
      std::string whole, initials;
      for (const std::string& word : order) {
        whole += word;
        initials += word[0];
        for (const std::string& other : order) {
          if (&word == &other) continue;
          joined_.insert(word + other);
          joined_.insert(word[0] + other);
          if (word.size() >= kAccountName) joined_.insert(word + other[0]);
        }
      }
      joined_.insert(std::move(whole));
      joined_.insert(initials + order.back());
      joined_.insert(initials.substr(0, initials.size() - 1) + order.back());
      initials_.insert({initials.front(), initials.back()});
      initials_.insert(std::move(initials));
    }
  }
}

bool OwnValues::is_name(std::string_view word) const {
  const std::string key(word);
  return names_.contains(key) || joined_.contains(key);
}

}  // namespace dosigate
