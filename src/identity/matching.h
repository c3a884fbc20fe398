#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/secret.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

/// A keyed blind index: the first 16 bytes of keyed_hash under the keyring's index key. Equal
/// values have equal indexes; nothing else can be learnt from one without the key.
using Index = std::array<Byte, 16>;

/// What the map remembers of a person as first seen, sealed.
struct Person {
  Phi id, issuer, name, birth_date, sex;
};

/// Entry of person_index.
struct PersonIndex {
  enum Kind : std::uint8_t { NameBirthSex = 1, Cpf = 2, Cns = 3, BareId = 4 };
  Kind kind;
  Index value;
  friend bool operator==(const PersonIndex&, const PersonIndex&) = default;
  friend auto operator<=>(const PersonIndex&, const PersonIndex&) = default;
};

/// Every blind index of one instance's identity. All are made per site: what is one person at two
/// sites has two pseudonyms.
struct IdentityIndexes {
  Index key;                    ///< patient_key: (site, identity domain, normalised PatientID)
  Index study;                  ///< (site, StudyInstanceUID)
  std::optional<Index> device;  ///< (site, manufacturer, model, serial number or else station name)
  Index epoch{};                ///< (device, software versions, date of calibration)
  std::vector<PersonIndex> persons;  ///< sorted, without repeats
};

IdentityIndexes index_identity(const Secret& index_key, const SitePolicy& site,
                               const SourceIdentity& source);
/// For look-ups, which know no issuer.
Index bare_id_index(const Secret& index_key, std::string_view site_code,
                    std::string_view normalised_id);

/// Of a study's index that was forgotten: another one, so that what stood in `study` stands
/// nowhere.
Index tombstone_index(const Secret& index_key, const Index& study);

/// Of a private creator, as received.
Index creator_index(const Secret& index_key, std::string_view creator);

/// True when one PatientID seems to stand for two people, so that a person has to decide:
/// - the names share no word and the birth dates differ (or one is missing and the sexes differ),
/// or
/// - one of them is a newborn under its mother's name ("RN DE MARIA") and the birth dates differ,
/// or
/// - both are, with different numbers ("RN I DE MARIA", "RN II DE MARIA"): twins.
/// Another spelling, accents, case, order, particles, a surname changed by marriage and a corrected
/// birth date are the same person.
bool looks_like_two_people(const Person& known, const Person& now);

/// Words of a PN value, folded: component groups, carets and punctuation separate; particles (da,
/// de, do, das, dos, e) are left out.
std::vector<std::string> name_words(std::string_view person_name);

}  // namespace dosigate
