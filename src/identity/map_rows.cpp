#include "map_rows.h"

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/seal.h"

namespace dosigate {
namespace {

std::string place(std::string_view column, std::int64_t number) {
  return std::string(column) + "/" + std::to_string(number);
}

std::shared_ptr<const Secret> to_salt(Bytes opened) {
  auto salt = std::make_shared<const Secret>(opened);
  wipe(opened.data(), opened.size());
  return salt;
}

constexpr const char* kPatientColumns =
    "p.patient_id, p.state, p.pseudonym, p.sealed_salt, p.sealed_offset, p.sealed_person";

}  // namespace

std::int64_t draw_offset() { return random_between(-3650, -30); }

void bind_bytes(SQLite::Statement& statement, int at, ByteView bytes) {
  statement.bind(at, bytes.data(), static_cast<int>(bytes.size()));
}

Bytes column_bytes(const SQLite::Column& column) {
  const auto* data = static_cast<const Byte*>(column.getBlob());
  return {data, data + column.getBytes()};
}

Index column_index(const SQLite::Column& column) {
  const Bytes bytes = column_bytes(column);
  Index out{};
  if (bytes.size() != out.size())
    throw std::runtime_error("map.db holds a blind index of a wrong length");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Bytes MapRows::close(ByteView plain, const std::string& where) const {
  return seal(keys_, Purpose::Identity, plain, where);
}

Bytes MapRows::open(const SQLite::Column& sealed, const std::string& where) const {
  auto plain = unseal(keys_, Purpose::Identity, column_bytes(sealed), where);
  if (!plain)
    throw std::runtime_error("map.db " + where + " does not open: " + plain.error().detail);
  return std::move(*plain);
}

std::optional<SiteRow> MapRows::site(std::string_view code) {
  SQLite::Statement row(db_, "SELECT site_id, normalisation, sealed_salt FROM site WHERE code = ?");
  row.bind(1, std::string(code));
  if (!row.executeStep()) return std::nullopt;
  const std::int64_t number = row.getColumn(0).getInt64();
  return SiteRow{number, row.getColumn(1).getString(),
                 to_salt(open(row.getColumn(2), place("site.sealed_salt", number)))};
}

std::vector<std::pair<std::string, SiteRow>> MapRows::sites() {
  std::vector<std::pair<std::string, SiteRow>> out;
  SQLite::Statement rows(db_, "SELECT code FROM site ORDER BY site_id");
  while (rows.executeStep()) {
    std::string code = rows.getColumn(0).getString();
    SiteRow row = *site(code);
    out.emplace_back(std::move(code), std::move(row));
  }
  return out;
}

bool MapRows::site_has_patients(std::int64_t number) {
  SQLite::Statement row(db_, "SELECT 1 FROM patient WHERE site_id = ? LIMIT 1");
  row.bind(1, number);
  return row.executeStep();
}

PatientRow MapRows::read_patient(SQLite::Statement& row) const {
  const std::int64_t number = row.getColumn(0).getInt64();
  PatientRow out{number,  row.getColumn(1).getInt(), row.getColumn(2).getString(),
                 nullptr, std::chrono::days{0},      {}};
  if (row.getColumn(3).isNull()) return out;  // forgotten: there is nothing left to open

  out.salt = to_salt(open(row.getColumn(3), place("patient.sealed_salt", number)));
  const Bytes offset = open(row.getColumn(4), place("patient.sealed_offset", number));
  Unpacker in(offset);
  out.offset = std::chrono::days(in.i64());
  auto person = unpack_person(open(row.getColumn(5), place("patient.sealed_person", number)));
  if (!in.done() || out.offset.count() >= 0 || !person) {
    throw std::runtime_error("map.db patient/" + std::to_string(number) +
                             " opens but does not read");
  }
  out.person = std::move(*person);
  return out;
}

std::optional<PatientRow> MapRows::patient_by_key(const Index& key) {
  SQLite::Statement row(db_, std::string("SELECT ") + kPatientColumns +
                                 " FROM patient_key k JOIN patient p ON p.patient_id = "
                                 "k.patient_id WHERE k.key_index = ?");
  bind_bytes(row, 1, key);
  if (!row.executeStep()) return std::nullopt;
  return read_patient(row);
}

std::optional<PatientRow> MapRows::patient_by_pseudonym(std::string_view pseudonym) {
  SQLite::Statement row(
      db_, std::string("SELECT ") + kPatientColumns + " FROM patient p WHERE p.pseudonym = ?");
  row.bind(1, std::string(pseudonym));
  if (!row.executeStep()) return std::nullopt;
  return read_patient(row);
}

std::vector<std::pair<std::int64_t, Person>> MapRows::joined_persons(std::int64_t patient) {
  SQLite::Statement rows(db_, std::string("SELECT ") + kPatientColumns +
                                  " FROM patient p WHERE p.joined_to = ? ORDER BY p.patient_id");
  rows.bind(1, patient);
  std::vector<std::pair<std::int64_t, Person>> out;
  while (rows.executeStep()) {
    PatientRow row = read_patient(rows);
    out.emplace_back(row.patient, std::move(row.person));
  }
  return out;
}

std::optional<std::int64_t> MapRows::living_patient(std::string_view pseudonym) {
  SQLite::Statement row(
      db_, "SELECT coalesce(joined_to, patient_id) FROM patient WHERE pseudonym = ? AND state < 2");
  row.bind(1, std::string(pseudonym));
  if (!row.executeStep()) return std::nullopt;
  return row.getColumn(0).getInt64();
}

std::int64_t MapRows::present_patient(std::int64_t patient) {
  SQLite::Statement row(db_, "SELECT joined_to FROM patient WHERE patient_id = ? AND state = 1");
  row.bind(1, patient);
  return row.executeStep() ? row.getColumn(0).getInt64() : patient;
}

bool MapRows::is_erased(std::int64_t patient) {
  SQLite::Statement row(db_, "SELECT 1 FROM patient WHERE patient_id = ? AND state = 2");
  row.bind(1, patient);
  return row.executeStep();
}

std::string MapRows::site_code_of(std::int64_t patient) {
  SQLite::Statement row(db_,
                        "SELECT s.code FROM patient p JOIN site s ON s.site_id = p.site_id WHERE "
                        "p.patient_id = ?");
  row.bind(1, patient);
  return row.executeStep() ? row.getColumn(0).getString() : std::string();
}

std::uint32_t MapRows::next_revision(std::int64_t patient, const Index& study) {
  SQLite::Statement row(db_,
                        "SELECT max(revision) FROM study WHERE patient_id = ? AND study_index = ?");
  row.bind(1, patient);
  bind_bytes(row, 2, study);
  row.executeStep();
  return row.getColumn(0).isNull() ? 0 : row.getColumn(0).getUInt() + 1;
}

bool MapRows::was_taken_from(std::int64_t patient, const Index& study) {
  SQLite::Statement row(
      db_, "SELECT patient_id FROM study WHERE study_index = ? ORDER BY study_id DESC LIMIT 1");
  bind_bytes(row, 1, study);
  return row.executeStep() && row.getColumn(0).getInt64() == patient;
}

std::optional<StudyRow> MapRows::current_study(const Index& index) {
  SQLite::Statement row(db_,
                        "SELECT study_id, patient_id, state, study_uid, revision FROM study "
                        "WHERE study_index = ? AND state < 2");
  bind_bytes(row, 1, index);
  if (!row.executeStep()) return std::nullopt;
  return StudyRow{row.getColumn(0).getInt64(), row.getColumn(1).getInt64(),
                  row.getColumn(2).getInt(), row.getColumn(3).getString(),
                  row.getColumn(4).getUInt()};
}

std::optional<DeviceRow> MapRows::device(const Index& index) {
  SQLite::Statement row(db_, "SELECT device_id, label FROM device WHERE device_index = ?");
  bind_bytes(row, 1, index);
  if (!row.executeStep()) return std::nullopt;
  return DeviceRow{row.getColumn(0).getInt64(), row.getColumn(1).getString()};
}

std::optional<EpochRow> MapRows::epoch(std::int64_t device, const Index& epoch) {
  SQLite::Statement row(
      db_, "SELECT number, accepted FROM device_epoch WHERE device_id = ? AND epoch_index = ?");
  row.bind(1, device);
  bind_bytes(row, 2, epoch);
  if (!row.executeStep()) return std::nullopt;
  return EpochRow{row.getColumn(0).getUInt(), row.getColumn(1).getInt() != 0};
}

bool MapRows::has_person_index(const PersonIndex& index, std::int64_t patient) {
  SQLite::Statement row(
      db_, "SELECT 1 FROM person_index WHERE kind = ? AND value_index = ? AND patient_id = ?");
  row.bind(1, static_cast<int>(index.kind));
  bind_bytes(row, 2, index.value);
  row.bind(3, patient);
  return row.executeStep();
}

std::vector<std::int64_t> MapRows::others_under(const PersonIndex& index, std::int64_t patient) {
  SQLite::Statement rows(
      db_,
      "SELECT patient_id FROM person_index WHERE kind = ? AND value_index = ? AND patient_id <> ?");
  rows.bind(1, static_cast<int>(index.kind));
  bind_bytes(rows, 2, index.value);
  rows.bind(3, patient);
  std::vector<std::int64_t> out;
  while (rows.executeStep()) out.push_back(rows.getColumn(0).getInt64());
  return out;
}

bool MapRows::is_forgotten(const Index& study) {
  SQLite::Statement row(db_, "SELECT 1 FROM tombstone WHERE key_index = ?");
  bind_bytes(row, 1, tombstone_index(keys_.index_key(), study));
  return row.executeStep();
}

long long MapRows::device_count(std::int64_t site) {
  SQLite::Statement row(db_, "SELECT count(*) FROM device WHERE site_id = ?");
  row.bind(1, site);
  row.executeStep();
  return row.getColumn(0).getInt64();
}

bool MapRows::pseudonym_exists(std::string_view pseudonym) {
  SQLite::Statement row(db_, "SELECT 1 FROM patient WHERE pseudonym = ?");
  row.bind(1, std::string(pseudonym));
  return row.executeStep();
}

std::string MapRows::fresh_pseudonym(std::string_view site_code) {
  std::string out = make_pseudonym(site_code);
  while (pseudonym_exists(out)) out = make_pseudonym(site_code);
  return out;
}

Phi MapRows::original_uid(std::int64_t study) {
  SQLite::Statement row(db_, "SELECT sealed_uid FROM study WHERE study_id = ?");
  row.bind(1, study);
  row.executeStep();
  return Phi(std::string(as_text(open(row.getColumn(0), place("study.sealed_uid", study)))));
}

std::optional<Bytes> MapRows::study_source(std::int64_t study) {
  SQLite::Statement row(db_, "SELECT sealed_source FROM study WHERE study_id = ?");
  row.bind(1, study);
  row.executeStep();
  if (row.getColumn(0).isNull()) return std::nullopt;
  return open(row.getColumn(0), place("study.sealed_source", study));
}

std::int64_t MapRows::next_number(const char* table) {
  SQLite::Statement row(db_, "SELECT seq FROM sqlite_sequence WHERE name = ?");
  row.bind(1, table);
  return row.executeStep() ? row.getColumn(0).getInt64() + 1 : 1;
}

std::uint64_t MapRows::journal_number() {
  SQLite::Statement row(db_, "SELECT journal_seq FROM meta");
  row.executeStep();
  return static_cast<std::uint64_t>(row.getColumn(0).getInt64());
}

bool MapRows::journal_is(const InstanceId& id) {
  SQLite::Statement row(db_, "SELECT 1 FROM meta WHERE journal_id = ?");
  bind_bytes(row, 1, id);
  return row.executeStep();
}

void MapRows::set_journal(const InstanceId& id, std::uint64_t number) {
  SQLite::Statement update(db_, "UPDATE meta SET journal_id = ?, journal_seq = ?");
  bind_bytes(update, 1, id);
  update.bind(2, static_cast<std::int64_t>(number));
  update.exec();
}

}  // namespace dosigate
