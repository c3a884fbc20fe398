// Erasure: the link between a person and a pseudonym is destroyed everywhere where this node has
// it.

#include <filesystem>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/fail_point.h"
#include "map_impl.h"

namespace dosigate {

Result<void> PseudonymMap::forget(std::string_view pseudonym) try {
  Result<void> outcome;
  impl_->correct([&](SQLite::Database& database) {
    outcome = {};
    MapRows rows(database, impl_->keys);
    const auto patient = rows.living_patient(pseudonym);
    if (!patient) {
      outcome = no_such_pseudonym();
      return;
    }
    MapChanges changes;
    const long long now = impl_->now();
    SQLite::Statement studies(
        database,
        "SELECT DISTINCT study_index FROM study WHERE study_index IS NOT NULL AND patient_id IN "
        "(SELECT patient_id FROM patient WHERE patient_id = ?1 OR joined_to = ?1)");
    studies.bind(1, *patient);
    while (studies.executeStep()) {
      const Index index = column_index(studies.getColumn(0));
      // A study that was taken from this patient is somebody else's: it may go on arriving.
      if (const auto now_of = rows.current_study(index); now_of && now_of->patient != *patient)
        continue;
      changes.push_back(Tombstone{tombstone_index(impl_->keys.index_key(), index), now});
    }
    SQLite::Statement persons(database,
                              "SELECT patient_id, site_id FROM patient WHERE patient_id = ?1 OR "
                              "joined_to = ?1 ORDER BY patient_id");
    persons.bind(1, *patient);
    while (persons.executeStep())
      changes.push_back(
          Forgotten{persons.getColumn(0).getInt64(), persons.getColumn(1).getInt64()});
    impl_->record(database, changes);
  });
  if (!outcome) return outcome;
  impl_->finish_forgetting();
  return {};
} catch (const std::exception& broken) {
  return fail(
      Fault::Unavailable,
      std::string("the person is out of the pseudonym map, but not yet out of what lies "
                  "beside it, or nothing was done: repeat the command, or restart the node, "
                  "which finishes it: ") +
          broken.what());
}

void PseudonymMap::Impl::finish_forgetting() {
  remove_schema_copies(file());
  write([&](SQLite::Database& database) { rewrite_journal(database); });
  writer->run_alone([&](SQLite::Database& database) {
    // secure_delete clears what is deleted, but a page that was split or filled anew keeps bytes of
    // rows that moved on: only new pages hold nothing but what is there. Then the WAL, which has
    // the old ones.
    database.exec("VACUUM");
    empty_wal(database);
  });
  write([](SQLite::Database& database) { database.exec("UPDATE meta SET forgetting = 0"); });
}

void PseudonymMap::Impl::append_everything(Journal& to, MapRows& rows) {
  rows.each_change([&](const MapChanges& changes) {
    if (changes.empty()) return;
    Bytes packed = pack_changes(changes);
    to.append(packed);
    wipe(packed.data(), packed.size());
  });
}

void PseudonymMap::Impl::rewrite_journal(SQLite::Database& database) {
  if (!journal) return;
  MapRows rows(database, keys);
  journal->rewrite(now(), [&](Journal& next) { append_everything(next, rows); });
  fail_point("map.before-forget-commit");
  rows.set_journal(journal->id(), journal->last());
}

Result<void> PseudonymMap::rewrite_journal() try {
  impl_->write([&](SQLite::Database& database) { impl_->rewrite_journal(database); });
  return {};
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the journal cannot be written anew: ") + broken.what());
}

void remove_schema_copies(const std::filesystem::path& map_file) {
  bool removed = false;
  const std::string begin = map_file.filename().string() + ".v";
  for (const auto& entry : std::filesystem::directory_iterator(map_file.parent_path())) {
    if (!entry.path().filename().string().starts_with(begin)) continue;
    std::filesystem::remove(entry.path());
    removed = true;
  }
  if (removed) sync_directory(map_file.parent_path());
}

}  // namespace dosigate
