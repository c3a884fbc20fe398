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
#include "dosigate/store/statements.h"
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

struct EpochRow {
  std::uint32_t number;
  bool accepted;
};

/// States of `patient` and `study` (schema/identity).
enum PatientState : int { kPatientActive = 0, kPatientJoined = 1, kPatientForgotten = 2 };
enum StudyState : int { kStudyActive = 0, kStudyWithdrawn = 1, kStudyGiven = 2 };

/// Where a sealed value stands, for its associated data: "study.sealed_uid/17".
std::string place(std::string_view of, std::int64_t row);
/// The one number that a query gives.
long long number_in(SQLite::Database& database, const char* sql);

/// The SQL of map.db over one connection: seals on the way in, opens on the way out, knows no
/// policy. Everything throws: SQLite::Exception when the database cannot be used,
/// std::runtime_error when a sealed value does not open or when a change contradicts what is there
/// (never with a value of the row). Thread: that of the connection.
class MapRows {
 public:
  MapRows(SQLite::Database& database, const Keyring& keys) : db_(database), keys_(keys) {}
  /// With what was prepared on this connection before, for what every study asks.
  MapRows(SQLite::Database& database, Statements& statements, const Keyring& keys)
      : db_(database), keys_(keys), statements_(&statements) {}
  MapRows(const MapRows&) = delete;
  MapRows& operator=(const MapRows&) = delete;

  /// Inserts a row; the same change again does nothing (a journal is replayed over what is partly
  /// there).
  void apply(const MapChange& change);
  /// Everything in the map as the changes that would make it, in an order that can be replayed over
  /// an empty map and over any earlier state of this one: first what takes away. For a journal that
  /// begins late or is written anew.
  void each_change(const std::function<void(const MapChanges&)>& use);

  /// Every id that leads to a patient, patient by patient.
  void each_key(const std::function<void(const std::string& site_code, const std::string& pseudonym,
                                         std::int64_t offset_days, Phi id, Phi issuer)>& use);

  std::optional<SiteRow> site(std::string_view code);
  std::vector<std::pair<std::string, SiteRow>> sites();
  bool site_has_patients(std::int64_t site);
  std::optional<PatientRow> patient_by_key(const Index& key);
  std::optional<PatientRow> patient_by_pseudonym(std::string_view pseudonym);
  /// Whom the patient was joined into; else the patient.
  std::int64_t present_patient(std::int64_t patient);
  bool is_erased(std::int64_t patient);
  /// Persons of the patients that were joined into this one.
  std::vector<std::pair<std::int64_t, Person>> joined_persons(std::int64_t patient);
  /// The number of the patient that a pseudonym stands for now: that of the winner, where it was
  /// joined. nullopt when there is none, or it was forgotten.
  std::optional<std::int64_t> living_patient(std::string_view pseudonym);
  std::string site_code_of(std::int64_t patient);
  std::optional<StudyRow> current_study(const Index& index);
  /// Whether a study has this pseudonymous UID.
  bool has_given(const Phi& study_uid);
  /// 0, or one more than the highest that the study had with this patient: its UIDs of then are
  /// never used again.
  std::uint32_t next_revision(std::int64_t patient, const Index& study);
  /// Whether a study that nobody has now was last with this patient: its new one has no row yet
  /// (without the original no UID can be made, see `reassign`).
  bool was_taken_from(std::int64_t patient, const Index& study);
  std::optional<DeviceRow> device(const Index& index);
  /// Numbered 1, 2, ... in the order in which the device's epochs came into the map (or its
  /// journal).
  std::optional<EpochRow> epoch(std::int64_t device, const Index& epoch);
  /// Two patients of one name, CPF or CNS, and two of whom a person has said that they are two.
  bool seem_one(std::int64_t a, std::int64_t b);
  bool are_distinct(std::int64_t a, std::int64_t b);
  bool has_person_index(const PersonIndex& index, std::int64_t patient);
  /// Other patients under the same value.
  std::vector<std::int64_t> others_under(const PersonIndex& index, std::int64_t patient);
  bool is_forgotten(const Index& study);
  /// Of every site, in the order first seen; without creators.
  std::vector<PseudonymMap::Device> devices();
  long long device_count(std::int64_t site);
  bool pseudonym_exists(std::string_view pseudonym);
  /// A random one that nobody has.
  std::string fresh_pseudonym(std::string_view site_code);
  /// StudyInstanceUID as received; empty where it is not kept (keep_originals).
  Phi original_uid(std::int64_t study);
  std::optional<Bytes> study_source(std::int64_t study);
  /// The number that the next row of an AUTOINCREMENT table gets; never one that was used before.
  std::int64_t next_number(const char* table);

  /// Patients who seem to be one person under two ids, and of whom nobody has said that they are
  /// two.
  long long count_alarms();

  std::uint64_t journal_number();
  bool journal_is(const InstanceId& id);
  /// The journal that holds everything in the map, up to this record.
  void set_journal(const InstanceId& id, std::uint64_t number);

 private:
  Bytes close(ByteView plain, const std::string& place) const;
  Bytes open(ByteView sealed, const std::string& place) const;
  Query query(std::string_view sql);
  PatientRow read_patient(Query& row) const;
  /// True when the row is there already; throws when `column` of it is not `expected`.
  bool present(const char* sql, std::int64_t number, const std::string& expected, const char* what);

  void insert(const NewSite& change);
  void insert(const NewPatient& change);
  void insert(const NewKey& change);
  void insert(const NewPersonIndex& change);
  void insert(const NewStudy& change);
  void insert(const NewDevice& change);
  void insert(const NewEpoch& change);
  void insert(const Join& change);
  void insert(const StudyGiven& change);
  void insert(const StudyWithdrawn& change);
  void insert(const PersonKnown& change);
  void insert(const Forgotten& change);
  void insert(const Tombstone& change);
  void insert(const DistinctPersons& change);
  void insert(const EpochHeld& change);
  void insert(const DeviceAccepted& change);
  void insert(const UsedNumbers& change);
  void insert(const JournalContinues& change);
  std::vector<std::int64_t> numbers(const char* sql);
  MapChanges what_was_taken_away();
  MapChanges patient_itself(std::int64_t patient);
  MapChanges studies_of_patient(std::int64_t patient, bool given);
  MapChanges changes_of_patient(std::int64_t patient);
  MapChanges changes_of_device(std::int64_t device);

  SQLite::Database& db_;
  const Keyring& keys_;
  Statements own_;
  Statements* statements_ = &own_;
};

/// Days by which the dates of a new patient move: ten years back at most and one month at least.
/// Changing the range changes nothing for known patients: each offset is stored.
std::int64_t draw_offset();

void bind_bytes(SQLite::Statement& statement, int at, ByteView bytes);
Bytes column_bytes(const SQLite::Column& column);
/// Throws std::runtime_error when it is no blind index.
Index column_index(const SQLite::Column& column);

}  // namespace dosigate
