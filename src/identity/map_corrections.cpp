// How what a person decided becomes rows. Each does nothing on rows that are not there, and nothing
// the second time.

#include <algorithm>
#include <stdexcept>

#include "map_rows.h"

namespace dosigate {
namespace {

void run(SQLite::Database& database, const char* sql, std::int64_t first) {
  SQLite::Statement statement(database, sql);
  statement.bind(1, first);
  statement.exec();
}

void run(SQLite::Database& database, const char* sql, std::int64_t first, std::int64_t second) {
  SQLite::Statement statement(database, sql);
  statement.bind(1, first);
  statement.bind(2, second);
  statement.exec();
}

}  // namespace

void MapRows::insert(const Join& change) {
  // The winner may have been joined itself since: one step always leads to who is present.
  const std::int64_t winner = present_patient(change.winner);
  SQLite::Statement both(db_,
                         "SELECT count(*) FROM patient WHERE patient_id IN (?, ?) AND state < 2");
  both.bind(1, change.loser);
  both.bind(2, winner);
  both.executeStep();
  if (both.getColumn(0).getInt() != 2) return;
  both.reset();

  run(db_, "UPDATE patient_key SET patient_id = ?2 WHERE patient_id = ?1", change.loser, winner);
  run(db_,
      "INSERT OR IGNORE INTO person_index (kind, value_index, patient_id) SELECT kind, "
      "value_index, ?2 FROM person_index WHERE patient_id = ?1",
      change.loser, winner);
  run(db_, "DELETE FROM person_index WHERE patient_id = ?", change.loser);
  // Whoever is another than the loser is another than the winner.
  SQLite::Statement others(db_,
                           "SELECT patient_a + patient_b - ?1 FROM distinct_person WHERE ?1 IN "
                           "(patient_a, patient_b) AND ?2 NOT IN (patient_a, patient_b)");
  others.bind(1, change.loser);
  others.bind(2, winner);
  std::vector<std::int64_t> distinct;
  while (others.executeStep()) distinct.push_back(others.getColumn(0).getInt64());
  run(db_, "DELETE FROM distinct_person WHERE ?1 IN (patient_a, patient_b)", change.loser);
  for (const std::int64_t other : distinct)
    insert(DistinctPersons{std::min(winner, other), std::max(winner, other)});
  run(db_, "UPDATE patient SET joined_to = ?2 WHERE joined_to = ?1", change.loser, winner);
  run(db_, "UPDATE patient SET state = 1, joined_to = ?2 WHERE patient_id = ?1", change.loser,
      winner);
}

void MapRows::insert(const StudyGiven& change) {
  run(db_, "UPDATE study SET state = 2 WHERE study_id = ?", change.study);
}

void MapRows::insert(const StudyWithdrawn& change) {
  run(db_, "UPDATE study SET state = ?2 WHERE study_id = ?1 AND state < 2", change.study,
      change.withdrawn ? kStudyWithdrawn : kStudyActive);
}

void MapRows::insert(const PersonKnown& change) {
  if (change.person.name.empty() && change.person.birth_date.empty()) return;
  SQLite::Statement row(db_,
                        "SELECT sealed_person FROM patient WHERE patient_id = ? AND state < 2");
  row.bind(1, change.patient);
  if (!row.executeStep()) return;
  const std::string place = "patient.sealed_person/" + std::to_string(change.patient);
  const auto known = unpack_person(open(column_bytes(row.getColumn(0)), place));
  if (!known) throw std::runtime_error("map.db " + place + " opens but does not read");
  if (!known->name.empty() || !known->birth_date.empty()) return;
  row.reset();
  SQLite::Statement update(db_, "UPDATE patient SET sealed_person = ? WHERE patient_id = ?");
  const Bytes sealed = close(pack_person(change.person), place);
  bind_bytes(update, 1, sealed);
  update.bind(2, change.patient);
  update.exec();
}

void MapRows::insert(const Forgotten& change) {
  SQLite::Statement row(db_, "SELECT state FROM patient WHERE patient_id = ?");
  row.bind(1, change.patient);
  const bool known = row.executeStep();
  if (known && row.getColumn(0).getInt() == kPatientForgotten) return;
  row.reset();

  const std::string stub = "forgotten/" + std::to_string(change.patient);
  if (!known) {
    // Its number was used all the same.
    SQLite::Statement insert(
        db_,
        "INSERT INTO patient (patient_id, site_id, pseudonym, created, state) VALUES (?, ?, ?, 0, "
        "2)");
    insert.bind(1, change.patient);
    insert.bind(2, change.site);
    insert.bind(3, stub);
    insert.exec();
    return;
  }
  const auto delete_of_studies = [&](const std::string& table) {
    run(db_,
        ("DELETE FROM " + table +
         " WHERE study_id IN (SELECT study_id FROM study WHERE patient_id = ?)")
            .c_str(),
        change.patient);
  };
  delete_of_studies("uid_pair");
  db_.exec("UPDATE meta SET uid_pairs = uid_pairs - changes()");
  delete_of_studies("instance");
  delete_of_studies("part");
  run(db_, "DELETE FROM study WHERE patient_id = ?", change.patient);
  run(db_, "DELETE FROM patient_key WHERE patient_id = ?", change.patient);
  run(db_, "DELETE FROM person_index WHERE patient_id = ?", change.patient);
  run(db_, "DELETE FROM distinct_person WHERE ?1 IN (patient_a, patient_b)", change.patient);
  SQLite::Statement update(
      db_,
      "UPDATE patient SET pseudonym = ?2, sealed_salt = NULL, sealed_offset = NULL, sealed_person "
      "= NULL, created = 0, state = 2, joined_to = NULL WHERE patient_id = ?1");
  update.bind(1, change.patient);
  update.bind(2, stub);
  update.exec();
  // Journal, WAL and copies still hold the person; see PseudonymMap::Impl::finish_forgetting.
  db_.exec("UPDATE meta SET forgetting = 1");
}

void MapRows::insert(const Tombstone& change) {
  SQLite::Statement row(
      db_, "INSERT OR IGNORE INTO tombstone (key_index, kind, forgotten) VALUES (?, 2, ?)");
  bind_bytes(row, 1, change.index);
  row.bind(2, static_cast<std::int64_t>(change.forgotten));
  row.exec();
}

void MapRows::insert(const DistinctPersons& change) {
  const std::int64_t a = present_patient(change.a);
  const std::int64_t b = present_patient(change.b);
  run(db_,
      "INSERT OR IGNORE INTO distinct_person (patient_a, patient_b) SELECT a.patient_id, "
      "b.patient_id FROM patient a JOIN patient b WHERE a.patient_id = ?1 AND b.patient_id = ?2 "
      "AND ?1 < ?2 AND a.state < 2 AND b.state < 2",
      std::min(a, b), std::max(a, b));
}

void MapRows::insert(const EpochHeld& change) {
  SQLite::Statement row(
      db_, "UPDATE device_epoch SET accepted = 0 WHERE device_id = ? AND epoch_index = ?");
  row.bind(1, change.device);
  bind_bytes(row, 2, change.index);
  row.exec();
}

void MapRows::insert(const DeviceAccepted& change) {
  run(db_, "UPDATE device_epoch SET accepted = 1 WHERE device_id = ?", change.device);
}

void MapRows::insert(const UsedNumbers& change) {
  const std::pair<const char*, std::int64_t> used[] = {
      {"patient", change.patients}, {"study", change.studies}, {"device", change.devices}};
  for (const auto& [table, number] : used) {
    SQLite::Statement row(db_, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?");
    row.bind(1, number);
    row.bind(2, table);
    if (row.exec() > 0) continue;
    SQLite::Statement first(db_, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
    first.bind(1, table);
    first.bind(2, number);
    first.exec();
  }
}

/// Read by Journal when it is opened; no row comes of it.
void MapRows::insert(const JournalContinues&) {}

}  // namespace dosigate
