#include "matching.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "dosigate/crypto/hash.h"
#include "identifier.h"

namespace dosigate {
namespace {

constexpr std::string_view kParticles[] = {"da", "de", "do", "das", "dos", "e"};

bool is_separator(char c) {
  const auto u = static_cast<unsigned char>(c);
  if (u >= 0x80) return false;
  return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
}

std::size_t letters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
  }));
}

Index blind(const Secret& key, std::string_view label, std::initializer_list<ByteView> parts) {
  const Digest hash = keyed_hash(key, label, parts);
  Index index;
  std::copy_n(hash.begin(), index.size(), index.begin());
  return index;
}

/// Names of institutions and makers are typed by people: case and spaces at the ends say nothing.
std::string plain_name(std::string_view text) { return normalise_id(text, {.upper = true}); }

/// Empty for the site's own domain.
std::string foreign_domain(const SitePolicy& site, const Phi& issuer) {
  const std::string name = plain_name(issuer.reveal());
  const bool own = name.empty() ||
                   std::any_of(site.issuers.begin(), site.issuers.end(),
                               [&](const std::string& each) { return plain_name(each) == name; });
  return own ? std::string() : name;
}

bool is_date(std::string_view da) {
  return da.size() == 8 && da.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string date_of(const Phi& birth_date) {
  std::string da =
      normalise_id(birth_date.reveal(), {.strip_punctuation = true});  // ACR-NEMA wrote 1961.03.05
  return is_date(da) && da != "00000000" ? da : std::string();
}

std::vector<PersonIndex> person_indexes(const Secret& key, const SitePolicy& site,
                                        const SourceIdentity& source) {
  std::set<PersonIndex> found;
  const ByteView code = as_bytes(site.code);

  std::vector<std::string> words = name_words(source.name.reveal());
  const std::string birth_date = date_of(source.birth_date);
  if (!words.empty() && !birth_date.empty()) {
    std::sort(words.begin(), words.end());  // "SILVA^MARIA" and "Maria Silva"
    std::string name;
    for (const std::string& word : words) name += word + ' ';
    const std::string sex = plain_name(source.sex.reveal());
    found.insert(
        {PersonIndex::NameBirthSex,
         blind(key, "person-name", {code, as_bytes(name), as_bytes(birth_date), as_bytes(sex)})});
  }

  std::vector<std::string_view> ids{source.patient_id.reveal()};
  for (const Phi& other : source.other_ids) {
    std::string_view rest = other.reveal();
    for (auto bar = rest.find('\\'); bar != std::string_view::npos; bar = rest.find('\\')) {
      ids.push_back(rest.substr(0, bar));
      rest.remove_prefix(bar + 1);
    }
    ids.push_back(rest);
  }
  for (const std::string_view id : ids) {
    if (const auto cpf = as_cpf(id))
      found.insert({PersonIndex::Cpf, blind(key, "person-cpf", {code, as_bytes(*cpf)})});
    if (const auto cns = as_cns(id))
      found.insert({PersonIndex::Cns, blind(key, "person-cns", {code, as_bytes(*cns)})});
  }
  found.insert({PersonIndex::BareId,
                bare_id_index(key, site.code,
                              normalise_id(source.patient_id.reveal(), site.normalisation))});
  return {found.begin(), found.end()};
}

/// 1 to 5 for a number as twins have it, Roman or not; else 0.
int twin_number(std::string_view word) {
  constexpr std::string_view kNumbers[][2] = {
      {"i", "1"}, {"ii", "2"}, {"iii", "3"}, {"iv", "4"}, {"v", "5"}};
  for (int n = 0; n < 5; ++n)
    if (word == kNumbers[n][0] || word == kNumbers[n][1]) return n + 1;
  return 0;
}

/// "RN2" is "RN 2".
bool is_numbered_newborn(std::string_view word) {
  return word.starts_with("rn") && twin_number(word.substr(2)) != 0;
}

/// Which one of a mother's newborns: "RN II DE MARIA"; 0 when the name does not say.
int which_newborn(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (const int number = twin_number(word); number != 0) return number;
    if (is_numbered_newborn(word)) return twin_number(std::string_view(word).substr(2));
  }
  return 0;
}

bool is_newborn(const std::vector<std::string>& words) {
  const auto has = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (std::any_of(words.begin(), words.end(), is_numbered_newborn)) return true;
  return has("rn") || has("recemnascido") || has("recemnascida") || has("newborn") ||
         (has("recem") && (has("nascido") || has("nascida")));
}

bool share_a_word(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto is_long = [](const std::string& word) { return letters(word) >= 3; };
  // Where nobody has a long word (Li Yu, or one ideograph a name) the short ones have to speak.
  const bool any_long =
      std::any_of(a.begin(), a.end(), is_long) || std::any_of(b.begin(), b.end(), is_long);
  return std::any_of(a.begin(), a.end(), [&](const std::string& word) {
    return (!any_long || is_long(word)) && std::find(b.begin(), b.end(), word) != b.end();
  });
}

}  // namespace

std::vector<std::string> name_words(std::string_view person_name) {
  const std::string folded = fold_person_name(person_name);
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    const bool particle =
        std::find(std::begin(kParticles), std::end(kParticles), word) != std::end(kParticles);
    if (!word.empty() && !particle) words.push_back(word);
    word.clear();
  };
  for (const char c : folded) {
    if (c == '\'') continue;  // D'Avila = Davila
    if (is_separator(c)) {
      finish();
    } else {
      word += c;
    }
  }
  finish();
  return words;
}

Index bare_id_index(const Secret& index_key, std::string_view site_code,
                    std::string_view normalised_id) {
  return blind(index_key, "person-id", {as_bytes(site_code), as_bytes(normalised_id)});
}

Index tombstone_index(const Secret& index_key, const Index& study) {
  return blind(index_key, "tombstone", {study});
}

Index creator_index(const Secret& index_key, std::string_view creator) {
  return blind(index_key, "private-creator", {as_bytes(creator)});
}

IdentityIndexes index_identity(const Secret& index_key, const SitePolicy& site,
                               const SourceIdentity& source) {
  IdentityIndexes out;
  const ByteView code = as_bytes(site.code);
  const std::string domain = foreign_domain(site, source.issuer);
  const std::string id = normalise_id(source.patient_id.reveal(), site.normalisation);
  out.key = blind(index_key, "patient-key", {code, as_bytes(domain), as_bytes(id)});
  std::string_view study_uid = source.study_uid.reveal();
  study_uid = study_uid.substr(
      0, study_uid.find_last_not_of(std::string_view("\0 ", 2)) + 1);  // as map_uid does
  out.study = blind(index_key, "study", {code, as_bytes(study_uid)});

  const std::string manufacturer = plain_name(source.manufacturer.reveal());
  const std::string model = plain_name(source.model.reveal());
  const std::string serial = plain_name(source.serial_number.reveal());
  const std::string station = plain_name(source.station_name.reveal());
  if (!(manufacturer.empty() && model.empty() && serial.empty() && station.empty())) {
    const std::string_view kind = serial.empty() ? "station" : "serial";
    const std::string& own = serial.empty() ? station : serial;
    out.device =
        blind(index_key, "device",
              {code, as_bytes(manufacturer), as_bytes(model), as_bytes(kind), as_bytes(own)});
    out.epoch = blind(index_key, "device-epoch",
                      {*out.device, as_bytes(source.software_versions),
                       as_bytes(source.last_calibration.reveal())});
  }
  out.persons = person_indexes(index_key, site, source);
  return out;
}

bool looks_like_two_people(const Person& known, const Person& now) {
  const std::string born_then = date_of(known.birth_date);
  const std::string born_now = date_of(now.birth_date);
  const bool dates_known = !born_then.empty() && !born_now.empty();
  const bool dates_differ = dates_known && born_then != born_now;
  const std::vector<std::string> words_then = name_words(known.name.reveal());
  const std::vector<std::string> words_now = name_words(now.name.reveal());

  // The newborn shares its mother's name and often, for some days, her number.
  if (is_newborn(words_then) != is_newborn(words_now) && dates_differ) return true;
  // Twins have one date, and one name but for the number.
  if (is_newborn(words_then) && is_newborn(words_now)) {
    const int then = which_newborn(words_then);
    const int now_number = which_newborn(words_now);
    if (then != 0 && now_number != 0 && then != now_number) return true;
  }
  if (share_a_word(words_then, words_now)) return false;
  if (dates_known) return dates_differ;

  const auto sex = [](const Person& p) { return plain_name(p.sex.reveal()); };
  const bool named = !words_then.empty() && !words_now.empty();
  return named &&
         ((sex(known) == "M" && sex(now) == "F") || (sex(known) == "F" && sex(now) == "M"));
}

}  // namespace dosigate
