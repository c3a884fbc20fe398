// Pseudonyms that were assigned elsewhere, in and out.

#include <algorithm>
#include <map>
#include <set>

#include "identifier.h"
#include "map_impl.h"

namespace dosigate {
namespace {

constexpr std::int64_t kFarthestOffset = -36500;

/// It becomes a PatientID and the name of a folder.
bool is_usable_pseudonym(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
         });
}

/// What is wrong with rows, by number; never a value.
class Complaints {
 public:
  void add(std::size_t row, const char* why) { rows_[why].push_back(row + 1); }
  bool none() const { return rows_.empty(); }
  std::string text() const {
    constexpr std::size_t kMost = 10;
    std::string out;
    for (const auto& [why, rows] : rows_) {
      out += out.empty() ? "" : "; ";
      out += rows.size() == 1 ? "row " : "rows ";
      for (std::size_t i = 0; i < std::min(rows.size(), kMost); ++i)
        out += (i == 0 ? "" : ", ") + std::to_string(rows[i]);
      if (rows.size() > kMost) out += " and " + std::to_string(rows.size() - kMost) + " more";
      out += std::string(": ") + why;
    }
    return out + ". Nothing was taken in";
  }

 private:
  std::map<std::string, std::vector<std::size_t>> rows_;
};

const SitePolicy* site_of(const std::vector<SitePolicy>& sites, const std::string& code) {
  const auto at = std::find_if(sites.begin(), sites.end(),
                               [&](const SitePolicy& site) { return site.code == code; });
  return at == sites.end() ? nullptr : &*at;
}

Complaints what_is_malformed(const std::vector<SitePolicy>& sites,
                             const std::vector<PseudonymMap::Assigned>& rows) {
  Complaints wrong;
  std::set<std::string> ids;
  for (const auto& row : rows) ids.insert(normalise_id(row.patient_id.reveal(), {.upper = true}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const SitePolicy* site = site_of(sites, row.site_code);
    if (site == nullptr) {
      wrong.add(i, "the configuration has no [[site]] of this code");
      continue;
    }
    if (is_placeholder_id(row.patient_id.reveal()) ||
        is_placeholder_id(normalise_id(row.patient_id.reveal(), site->normalisation)))
      wrong.add(i, "the PatientID is blank or a placeholder");
    if (!is_usable_pseudonym(row.pseudonym))
      wrong.add(i, "the pseudonym is not 1 to 64 characters A-Z, 0-9, '.' and '-'");
    else if (ids.contains(row.pseudonym))
      wrong.add(i, "the pseudonym is a PatientID of the file");
    if (row.offset_days && (*row.offset_days >= 0 || *row.offset_days < kFarthestOffset))
      wrong.add(i, "the offset is no number of days from -36500 to -1");
  }
  return wrong;
}

/// One patient of the import: a pseudonym and the rows that name it.
struct Newcomer {
  std::int64_t number = 0;
  bool is_new = false;
  std::string site_code;
  std::optional<std::int64_t> offset;
};

}  // namespace

Result<std::size_t> PseudonymMap::import_assigned(const std::vector<SitePolicy>& sites,
                                                  const std::vector<Assigned>& rows) try {
  if (const Complaints wrong = what_is_malformed(sites, rows); !wrong.none())
    return fail(Fault::Invalid, wrong.text());
  for (const SitePolicy& site : sites)
    if (auto declared = declare_site(site); !declared) return declared.error();

  Result<std::size_t> outcome = std::size_t{0};
  impl_->correct([&](SQLite::Database& database) {
    MapRows map(database, impl_->keys);
    const bool anyone = impl_->settings.keep_originals != KeepOriginals::None;
    MapChanges changes;
    Complaints wrong;
    std::map<std::string, Newcomer> patients;
    std::map<Index, std::string> keys;
    std::size_t added = 0;
    std::int64_t next = map.next_number("patient");

    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Assigned& row = rows[i];
      const SitePolicy& site = *site_of(sites, row.site_code);
      SourceIdentity source;
      source.patient_id = row.patient_id;
      source.issuer = row.issuer;
      const Index key = index_identity(impl_->keys.index_key(), site, source).key;
      if (const auto [known, fresh] = keys.emplace(key, row.pseudonym); !fresh) {
        if (known->second != row.pseudonym)
          wrong.add(i, "the PatientID stands in the file with another pseudonym");
        continue;
      }
      const auto by_key = map.patient_by_key(key);
      const auto by_pseudonym = map.patient_by_pseudonym(row.pseudonym);
      if (by_key && by_key->pseudonym != row.pseudonym) {
        wrong.add(i, "the PatientID has another pseudonym in the map");
        continue;
      }
      if (by_pseudonym && by_pseudonym->state != kPatientActive) {
        wrong.add(i, "the pseudonym was joined into another");
        continue;
      }

      Newcomer& patient = patients[row.pseudonym];
      if (patient.number == 0) {
        patient.is_new = !by_pseudonym;
        patient.number = by_pseudonym ? by_pseudonym->patient : next++;
        patient.site_code = by_pseudonym ? map.site_code_of(by_pseudonym->patient) : row.site_code;
        patient.offset = by_pseudonym ? by_pseudonym->offset.count() : row.offset_days;
        if (patient.is_new) {
          const std::int64_t offset = row.offset_days.value_or(draw_offset());
          changes.push_back(NewPatient{
              patient.number, map.site(row.site_code)->site, row.pseudonym, random_secret(), offset,
              anyone ? Person{row.patient_id, row.issuer, {}, {}, {}} : Person{}, impl_->now()});
        }
      }
      if (patient.site_code != row.site_code) wrong.add(i, "the pseudonym is of another site");
      if (row.offset_days && patient.offset != row.offset_days)
        wrong.add(i, "the pseudonym has another offset");
      if (by_key) continue;
      ++added;
      changes.push_back(NewKey{key, patient.number, anyone ? row.patient_id : Phi(),
                               anyone ? row.issuer : Phi(), impl_->now()});
      changes.push_back(NewPersonIndex{
          patient.number,
          {PersonIndex::BareId,
           bare_id_index(impl_->keys.index_key(), site.code,
                         normalise_id(row.patient_id.reveal(), site.normalisation))}});
    }
    if (!wrong.none()) {
      outcome = fail(Fault::Conflict, wrong.text());
      return;
    }
    if (!changes.empty()) impl_->record(database, changes);
    outcome = added;
  });
  return outcome;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be written: ") + broken.what());
}

void PseudonymMap::each_assigned(const std::function<void(const Assigned&)>& use) {
  impl_->readers.with([&](SQLite::Database& database) {
    const SQLite::Transaction moment(database);
    MapRows map(database, impl_->keys);
    map.each_key([&](const std::string& site, const std::string& pseudonym,
                     std::int64_t offset_days, Phi id, Phi issuer) {
      use({site, std::move(id), std::move(issuer), pseudonym, offset_days});
    });
  });
}

}  // namespace dosigate
