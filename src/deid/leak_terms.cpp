#include "leak_terms.h"

#include "dosigate/deid/dates.h"
#include "dosigate/dicom/charset.h"
#include "text_vocabulary.h"
#include "values.h"

#include <algorithm>
#include <array>

namespace dosigate {

namespace {

constexpr std::string_view kPatientName = "a name of the patient",
                           kOtherName = "a name of another person", kId = "an identifier",
                           kDate = "a date", kUid = "a UID";
constexpr std::size_t kLongId = 5;      // shorter ones stand by chance in every second model name
constexpr std::size_t kGluedId = 6;     // digits with letters beside them: "ID7788123SPECT"
constexpr std::size_t kJoinedName = 6;  // shorter ones are words of their own
constexpr std::size_t kLongNumber = 9;  // a CPF, a telephone: however its digits are set apart

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

/// Calls `each(word)` for every run of letters and digits; stops when it returns true.
template <class Each>
bool any_word(std::string_view folded, Each each) {
  for (std::size_t at = 0; at < folded.size();) {
    while (at < folded.size() && !is_alnum(folded[at])) ++at;
    const std::size_t begin = at;
    while (at < folded.size() && is_alnum(folded[at])) ++at;
    if (at > begin && each(folded.substr(begin, at - begin))) return true;
  }
  return false;
}

/// Calls `each(digits)` for every run of digits of a word; stops when it returns true.
template <class Each>
bool any_digits(std::string_view word, Each each) {
  for (std::size_t at = 0; at < word.size();) {
    while (at < word.size() && !is_digit(word[at])) ++at;
    const std::size_t begin = at;
    while (at < word.size() && is_digit(word[at])) ++at;
    if (at > begin && each(word.substr(begin, at - begin))) return true;
  }
  return false;
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

/// Two letters are also an element, a unit or a view.
bool is_no_name(std::string_view word) { return word.size() < 3 || names_nobody(word); }

bool is_vendor(std::string_view word) {
  static const std::unordered_set<std::string_view> kWords{
      "philips", "siemens", "healthineers", "general", "electric", "medical", "systems", "toshiba",
      "canon", "picker", "marconi", "elscint", "adac", "mediso", "spectrum", "dynamics", "hitachi",
      "varian", "brainlab", "agfa", "fuji", "fujifilm", "kodak", "carestream", "hermes", "mirada",
      "digirad", "united", "imaging", "shimadzu", "samsung", "bruker", "hologic", "acuson",
      "imatron", "sopha", "trionix", "elekta", "accuray", "raysearch", "hamamatsu", "leica",
      "zeiss", "topcon", "nidek", "planmeca", "gems", "healthcare", "qiicr",
      // models of cameras
      "discovery", "infinia", "millennium", "varicam", "starguide", "xeleris", "optima",
      "lightspeed", "symbia", "intevo", "biograph", "ecat", "brightview", "precedence", "forte",
      "gemini", "ingenuity", "vereos", "anyscan"};
  // "XR220": letters and digits together name a model and no person.
  return kWords.contains(word) || std::any_of(word.begin(), word.end(), is_digit);
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// `needle` stands in `text` and no letter or digit of its own kind adjoins.
bool stands_alone(std::string_view text, std::string_view needle) {
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + 1)) {
    const bool left = at == 0 || !is_alnum(text[at - 1]);
    const bool right = at + needle.size() == text.size() || !is_alnum(text[at + needle.size()]);
    if (left && right) return true;
  }
  return false;
}

}  // namespace

LeakTerms::LeakTerms(const Identifiers& identifiers) : own_(identifiers) {
  const auto raw = [this](std::string_view text) { bytes_.add(text); };
  const auto add_names = [&](const std::vector<std::string>& names, Words& into) {
    for (const std::string& name : names) {
      any_word(fold(name), [&](std::string_view word) {
        if (!is_no_name(word)) {
          into.emplace(word);
          raw(word);
          bytes_.add_word(word);
        }
        return false;
      });
      // With its accents, as the bytes spell it; what folding changed would not be found in them.
      any_word(ascii_lower(name), [&](std::string_view word) {
        if (!is_no_name(word)) raw(word);
        return false;
      });
    }
  };
  add_names(identifiers.patient_names, patient_names_);
  add_names(identifiers.other_names, other_names_);
  for (const std::string& text : identifiers.ids) {
    const std::string id = fold(text);
    std::string compact;
    std::copy_if(id.begin(), id.end(), std::back_inserter(compact), is_alnum);
    // "0", "0000000", "xxxxx": nobody's number.
    const bool one_character =
        !compact.empty() && compact.find_first_not_of(compact[0]) == std::string::npos;
    if (compact.empty() || (one_character && (compact.size() > 3 || compact[0] == '0'))) continue;
    if (names_nobody(compact) && !std::all_of(compact.begin(), compact.end(), is_digit)) continue;
    if (compact.size() < kLongId) {
      short_ids_.insert(id);
      continue;
    }
    ids_.insert(compact);
    // Other systems write a number without the letters before it, or with other zeros.
    any_digits(compact, [&](std::string_view number) {
      const std::string_view significant = without_zeros(number);
      if (significant.size() >= (number.size() == compact.size() ? kLongId : kGluedId))
        ids_.emplace(significant);
      return false;
    });
    std::string digits;
    std::copy_if(id.begin(), id.end(), std::back_inserter(digits), is_digit);
    if (digits.size() >= kLongNumber) long_numbers_.push_back(digits);
    raw(compact);
    if (id != compact) {
      phrases_.push_back(id);
      raw(id);
    }
  }
  for (const std::string& date : identifiers.dates) {
    std::string digits;
    std::copy_if(date.begin(), date.end(), std::back_inserter(digits), is_digit);
    if (digits.size() != 8 || is_sentinel_date(digits) || digits == "00000000") continue;
    const std::string y = digits.substr(0, 4), m = digits.substr(4, 2), d = digits.substr(6, 2);
    dates_.insert(digits);
    dates_.insert(d + m + y);  // dd/mm/yyyy and the like: separators fall away in numbers
    raw(digits);
    raw(d + "/" + m + "/" + y);
    raw(d + "-" + m + "-" + y);
    raw(d + "." + m + "." + y);
    raw(y + "-" + m + "-" + d);
  }
}

std::string_view LeakTerms::in_words(std::string_view folded, PlaceKind place) const {
  std::string_view found;
  std::string first_harmless;
  any_word(folded, [&](std::string_view word) {
    const std::string key(word);
    const bool of_patient = patient_names_.contains(key);
    if (of_patient || other_names_.contains(key)) {
      const bool harmless = (place == PlaceKind::Equipment && is_vendor(word)) ||
                            (place == PlaceKind::Vocabulary && is_vocabulary_word(word));
      // One word of a name can be an organ; two of them are the person, whatever they mean.
      const bool second = of_patient && place == PlaceKind::Vocabulary && !first_harmless.empty() &&
                          first_harmless != key;
      if (!harmless || second)
        found = of_patient ? kPatientName : kOtherName;
      else if (of_patient)
        first_harmless = key;
    }
    if (found.empty() && (ids_.contains(key) || holds_id(word))) found = kId;
    if (found.empty() && place != PlaceKind::Equipment && is_joined_name(word))
      found = kPatientName;
    return !found.empty();
  });
  return found;
}

bool LeakTerms::holds_id(std::string_view word) const {
  return any_digits(word, [&](std::string_view number) {
    const std::string_view significant = without_zeros(number);
    const std::size_t enough = number.size() == word.size() ? kLongId : kGluedId;
    return significant.size() >= enough && ids_.contains(std::string(significant));
  });
}

/// "jsilva", "silvajoao": what the cleaner takes out of text as well.
bool LeakTerms::is_joined_name(std::string_view word) const {
  return word.size() >= kJoinedName && own_.is_joined(word) && !is_vocabulary_word(word);
}

/// A number alone in a value: no separators to look past.
std::string_view LeakTerms::in_number_values(std::string_view values) const {
  constexpr std::size_t kTelling = 7;  // shorter ones are counts and durations
  std::string_view found;
  for_each_value(values, [&](std::string_view value) {
    value = trimmed(value);
    if (!found.empty() || value.size() < kTelling) return;
    const std::string key(value);
    if (ids_.contains(key))
      found = kId;
    else if (value.size() == 8 && dates_.contains(key))
      found = kDate;
  });
  return found;
}

/// Runs of digits with single separators between them: "123.456.789-09", "03/05/1961", a UID.
std::string_view LeakTerms::in_numbers(std::string_view folded, const Uids& uids) const {
  for (std::size_t at = 0; at < folded.size();) {
    if (!is_digit(folded[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    std::string digits;
    while (at < folded.size()) {
      if (is_digit(folded[at]))
        digits += folded[at++];
      else if (at + 1 < folded.size() &&
               std::string_view(".-/").find(folded[at]) != std::string_view::npos &&
               is_digit(folded[at + 1]))
        ++at;
      else
        break;
    }
    if (begin > 0 && is_alnum(folded[begin - 1])) continue;
    if (at < folded.size() && is_alnum(folded[at])) continue;
    if (digits.size() >= kLongId && ids_.contains(digits)) return kId;
    if (digits.size() == 8 && dates_.contains(digits)) return kDate;
    if (uids.contains(std::string(folded.substr(begin, at - begin)))) return kUid;
  }
  return {};
}

std::string_view LeakTerms::in_text(std::string_view folded, PlaceKind place,
                                    const Uids& uids) const {
  if (const auto found = in_words(folded, place); !found.empty()) return found;
  if (const auto found = in_numbers(folded, uids); !found.empty()) return found;
  if (!long_numbers_.empty()) {
    std::string digits;
    std::copy_if(folded.begin(), folded.end(), std::back_inserter(digits), is_digit);
    for (const std::string& number : long_numbers_) {
      if (digits.find(number) != std::string::npos) return kId;
    }
  }
  for (const std::string& phrase : phrases_) {
    if (stands_alone(folded, phrase)) return kId;
  }
  bool is_short_id = false;
  if (place == PlaceKind::Anything && !short_ids_.empty()) {
    for_each_value(folded, [&](std::string_view value) {
      is_short_id = is_short_id || short_ids_.contains(std::string(trimmed(value)));
    });
  }
  return is_short_id ? kId : std::string_view();
}

std::string_view LeakTerms::in_bytes(ByteView bytes, const Uids& uids, std::size_t word) const {
  switch (bytes_.find(bytes, uids, word)) {
    case LeakBytes::Found::Nothing:
      return {};
    case LeakBytes::Found::Uid:
      return kUid;
    case LeakBytes::Found::Term:
      break;
  }
  return "an identifying value in bytes";
}

}  // namespace dosigate
