// Two patients who seem to be one person: an alarm, never a join.

#include <algorithm>
#include <map>

#include "map_impl.h"

namespace dosigate {
namespace {

/// By name, CPF and CNS only: an equal id in two domains says nothing.
constexpr const char* kAlike =
    " FROM person_index a JOIN person_index b ON a.kind = b.kind AND a.value_index = b.value_index "
    "AND a.patient_id < b.patient_id WHERE a.kind < 4 AND NOT EXISTS (SELECT 1 FROM "
    "distinct_person d WHERE d.patient_a = a.patient_id AND d.patient_b = b.patient_id)";

const char* words(int kind) {
  switch (kind) {
    case PersonIndex::NameBirthSex:
      return "name, birth date and sex";
    case PersonIndex::Cpf:
      return "CPF";
    default:
      return "CNS";
  }
}

std::string pseudonym_of(SQLite::Database& database, std::int64_t patient) {
  SQLite::Statement row(database, "SELECT pseudonym FROM patient WHERE patient_id = ?");
  row.bind(1, patient);
  return row.executeStep() ? row.getColumn(0).getString() : std::string();
}

}  // namespace

long long MapRows::count_alarms() {
  SQLite::Statement row(db_, std::string("SELECT count(*) FROM (SELECT DISTINCT a.patient_id, "
                                         "b.patient_id") +
                                 kAlike + ")");
  row.executeStep();
  return row.getColumn(0).getInt64();
}

bool MapRows::seem_one(std::int64_t a, std::int64_t b) {
  SQLite::Statement row(
      db_, std::string("SELECT 1") + kAlike + " AND a.patient_id = ? AND b.patient_id = ? LIMIT 1");
  row.bind(1, std::min(a, b));
  row.bind(2, std::max(a, b));
  return row.executeStep();
}

bool MapRows::are_distinct(std::int64_t a, std::int64_t b) {
  SQLite::Statement row(db_, "SELECT 1 FROM distinct_person WHERE patient_a = ? AND patient_b = ?");
  row.bind(1, std::min(a, b));
  row.bind(2, std::max(a, b));
  return row.executeStep();
}

long long PseudonymMap::alarms() const { return impl_->alarms; }

std::vector<PseudonymMap::Alarm> PseudonymMap::alarm_list(std::size_t max) {
  return impl_->readers.with([&](SQLite::Database& database) {
    const SQLite::Transaction moment(database);
    SQLite::Statement rows(database,
                           std::string("SELECT a.patient_id, b.patient_id, a.kind") + kAlike +
                               " GROUP BY 1, 2, 3 ORDER BY b.patient_id, a.patient_id, a.kind");
    std::vector<Alarm> out;
    std::pair<std::int64_t, std::int64_t> last{0, 0};
    while (rows.executeStep()) {
      const std::pair pair{rows.getColumn(0).getInt64(), rows.getColumn(1).getInt64()};
      const char* why = words(rows.getColumn(2).getInt());
      if (pair == last) {
        out.back().why += std::string(" + ") + why;
        continue;
      }
      if (out.size() == max) break;
      last = pair;
      out.push_back({pseudonym_of(database, pair.first), pseudonym_of(database, pair.second), why});
    }
    return out;
  });
}

Result<void> PseudonymMap::declare_distinct(std::string_view pseudonym_a,
                                            std::string_view pseudonym_b) try {
  Result<void> outcome;
  impl_->correct([&](SQLite::Database& database) {
    outcome = {};
    MapRows rows(database, impl_->keys);
    const auto a = rows.living_patient(pseudonym_a);
    const auto b = rows.living_patient(pseudonym_b);
    if (!a || !b) {
      outcome = no_such_pseudonym();
      return;
    }
    if (*a == *b) {
      outcome = fail(Fault::Invalid, "both pseudonyms are of one patient");
      return;
    }
    MapChanges changes;
    changes.push_back(DistinctPersons{std::min(*a, *b), std::max(*a, *b)});
    impl_->record(database, changes);
  });
  return outcome;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be written: ") + broken.what());
}

}  // namespace dosigate
