#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/crypto/keyring.h"
#include "dosigate/identity/pseudonym_map.h"
#include "map_change.h"

namespace dosigate {

/// One `[[site]]` as the map has it.
struct SiteRow {
  std::int64_t site;
  std::string normalisation;
  std::shared_ptr<const Secret> salt;
};

struct PatientRow {
  std::int64_t patient;
  int state;
  std::string pseudonym;
  std::shared_ptr<const Secret> salt;
  std::chrono::days offset;
  Person person;
};

struct StudyRow {
  std::int64_t study;
  std::int64_t patient;
  int state;
  std::string study_uid;
  std::uint32_t revision;
};

struct DeviceRow {
  std::int64_t device;
  std::string label;
};

/// The SQL of map.db over one connection: seals on the way in, opens on the way out, knows no
/// policy. Everything throws: SQLite::Exception when the database cannot be used,
/// std::runtime_error when a sealed value does not open or when a change contradicts what is there
/// (never with a value of the row). Thread: that of the connection.
class MapRows {
 public:
  MapRows(SQLite::Database& database, const Keyring& keys) : db_(database), keys_(keys) {}

  /// Inserts a row; the same change again does nothing (a journal is replayed over what is partly
  /// there).
  void apply(const MapChange& change);
  /// Every row as the changes that would make it, one call per site, patient and device: for a
  /// journal that begins late.
  void each_change(const std::function<void(const MapChanges&)>& use);

  std::optional<SiteRow> site(std::string_view code);
  std::vector<std::pair<std::string, SiteRow>> sites();
  bool site_has_patients(std::int64_t site);
  std::optional<PatientRow> patient_by_key(const Index& key);
  std::optional<PatientRow> patient_by_pseudonym(std::string_view pseudonym);
  std::optional<StudyRow> current_study(const Index& index);
  std::optional<DeviceRow> device(const Index& index);
  /// 1, 2, ... in the order in which the device's epochs came into the map (or its journal).
  std::optional<std::uint32_t> epoch_number(std::int64_t device, const Index& epoch);
  bool has_person_index(const PersonIndex& index, std::int64_t patient);
  /// Other patients under the same value.
  std::vector<std::int64_t> others_under(const PersonIndex& index, std::int64_t patient);
  bool is_forgotten(const Index& key_or_study);
  /// Of every site, in the order first seen; without creators.
  std::vector<PseudonymMap::Device> devices();
  long long device_count(std::int64_t site);
  bool pseudonym_exists(std::string_view pseudonym);
  /// The number that the next row of an AUTOINCREMENT table gets; never one that was used before.
  std::int64_t next_number(const char* table);

  std::uint64_t journal_number();
  void set_journal_number(std::uint64_t number);

 private:
  Bytes close(ByteView plain, const std::string& place) const;
  Bytes open(const SQLite::Column& sealed, const std::string& place) const;
  PatientRow read_patient(SQLite::Statement& row) const;
  /// True when the row is there already; throws when `column` of it is not `expected`.
  bool present(const char* sql, std::int64_t number, const std::string& expected, const char* what);

  void insert(const NewSite& change);
  void insert(const NewPatient& change);
  void insert(const NewKey& change);
  void insert(const NewPersonIndex& change);
  void insert(const NewStudy& change);
  void insert(const NewDevice& change);
  void insert(const NewEpoch& change);
  MapChanges changes_of_patient(std::int64_t patient);
  MapChanges changes_of_device(std::int64_t device);

  SQLite::Database& db_;
  const Keyring& keys_;
};

void bind_bytes(SQLite::Statement& statement, int at, ByteView bytes);
Bytes column_bytes(const SQLite::Column& column);

}  // namespace dosigate
