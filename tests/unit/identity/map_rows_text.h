#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "map_fixture.h"

namespace dosigate::testing {

/// Everything in map.db but sealed values, counters of private creators and the place in the
/// journal, one row a line: what two maps of one history have in common. Of a map that nobody has
/// open.
inline std::string rows_text(const std::filesystem::path& map_db) {
  SQLite::Database database(map_db.string(), SQLite::OPEN_READONLY);
  std::string out;
  for (const char* sql :
       {"SELECT 'site', site_id, code, normalisation FROM site ORDER BY 2",
        "SELECT 'patient', patient_id, site_id, pseudonym, state, joined_to, created, "
        "sealed_salt IS NULL, sealed_person IS NULL FROM patient ORDER BY 2",
        "SELECT 'key', hex(key_index), patient_id, first_seen FROM patient_key ORDER BY 2",
        "SELECT 'person', kind, hex(value_index), patient_id FROM person_index ORDER BY 2, 3, 4",
        "SELECT 'study', study_id, patient_id, hex(study_index), study_uid, revision, state FROM "
        "study ORDER BY 2",
        "SELECT 'device', device_id, site_id, hex(device_index), label FROM device ORDER BY 2",
        "SELECT 'epoch', device_id, number, hex(epoch_index), accepted FROM device_epoch ORDER BY "
        "2, 3",
        "SELECT 'distinct', patient_a, patient_b FROM distinct_person ORDER BY 2, 3",
        "SELECT 'tombstone', hex(key_index), kind, forgotten FROM tombstone ORDER BY 2",
        "SELECT 'used', name, seq FROM sqlite_sequence WHERE name IN ('patient', 'study', "
        "'device') ORDER BY 2"}) {
    SQLite::Statement rows(database, sql);
    while (rows.executeStep()) {
      for (int i = 0; i < rows.getColumnCount(); ++i)
        out += (rows.getColumn(i).isNull() ? "-" : rows.getColumn(i).getString()) + " ";
      out += '\n';
    }
  }
  return out;
}

/// Puts a copy of map.db in the place of the node's, as a restore does.
inline void put_map(const Node& node, const std::filesystem::path& copy) {
  for (const char* part : {"-wal", "-shm"}) std::filesystem::remove(node.map_db().string() + part);
  std::filesystem::copy_file(copy, node.map_db(),
                             std::filesystem::copy_options::overwrite_existing);
}

/// An empty map with the node's keyring, as a restore without a backup begins.
inline void put_empty_map(const Node& node) {
  std::filesystem::remove_all(node.settings.directory);
  PseudonymMap::Settings without = node.settings;
  without.journal_directory.clear();
  if (const auto made = PseudonymMap::create(without, *node.keys); !made)
    throw std::runtime_error(made.error().detail);
}

/// Opens and closes the map.
inline void bring_up(const Node& node) { static_cast<void>(node.open()); }

inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().detail);
}
template <class T>
T must_be(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return *result;
}

}  // namespace dosigate::testing
