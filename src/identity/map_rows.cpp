#include "map_rows.h"

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/seal.h"

namespace dosigate {
namespace {

std::shared_ptr<const Secret> to_salt(Bytes opened) {
  auto salt = std::make_shared<const Secret>(opened);
  wipe(opened.data(), opened.size());
  return salt;
}

constexpr const char* kPatientColumns =
    "p.patient_id, p.state, p.pseudonym, p.sealed_salt, p.sealed_offset, p.sealed_person";

}  // namespace

std::int64_t draw_offset() { return random_between(-3650, -30); }

std::string place(std::string_view of, std::int64_t row) {
  return std::string(of) + "/" + std::to_string(row);
}

long long number_in(SQLite::Database& database, const char* sql) {
  SQLite::Statement row(database, sql);
  row.executeStep();
  return row.getColumn(0).getInt64();
}

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

Bytes MapRows::open(ByteView sealed, const std::string& where) const {
  auto plain = unseal(keys_, Purpose::Identity, sealed, where);
  if (!plain)
    throw std::runtime_error("map.db " + where + " does not open: " + plain.error().detail);
  return std::move(*plain);
}

Query MapRows::query(std::string_view sql) { return (*statements_)(db_, sql); }

std::optional<SiteRow> MapRows::site(std::string_view code) {
  Query row = query("SELECT site_id, normalisation, sealed_salt FROM site WHERE code = ?");
  row << code;
  if (!row.next()) return std::nullopt;
  const std::int64_t number = row.integer(0);
  return SiteRow{number, row.text(1),
                 to_salt(open(row.blob(2), place("site.sealed_salt", number)))};
}

std::vector<std::pair<std::string, SiteRow>> MapRows::sites() {
  std::vector<std::pair<std::string, SiteRow>> out;
  Query rows = query("SELECT code FROM site ORDER BY site_id");
  while (rows.next()) {
    std::string code = rows.text(0);
    SiteRow row = *site(code);
    out.emplace_back(std::move(code), std::move(row));
  }
  return out;
}

bool MapRows::site_has_patients(std::int64_t number) {
  Query row = query("SELECT 1 FROM patient WHERE site_id = ? LIMIT 1");
  row << number;
  return row.next();
}

PatientRow MapRows::read_patient(Query& row) const {
  const std::int64_t number = row.integer(0);
  PatientRow out{
      number, static_cast<int>(row.integer(1)), row.text(2), nullptr, std::chrono::days{0}, {}};
  if (row.is_null(3)) return out;  // forgotten: there is nothing left to open

  out.salt = to_salt(open(row.blob(3), place("patient.sealed_salt", number)));
  const Bytes offset = open(row.blob(4), place("patient.sealed_offset", number));
  Unpacker in(offset);
  out.offset = std::chrono::days(in.i64());
  auto person = unpack_person(open(row.blob(5), place("patient.sealed_person", number)));
  if (!in.done() || out.offset.count() >= 0 || !person) {
    throw std::runtime_error("map.db patient/" + std::to_string(number) +
                             " opens but does not read");
  }
  out.person = std::move(*person);
  return out;
}

std::optional<PatientRow> MapRows::patient_by_key(const Index& key) {
  Query row = query(std::string("SELECT ") + kPatientColumns +
                    " FROM patient_key k JOIN patient p ON p.patient_id = "
                    "k.patient_id WHERE k.key_index = ?");
  row << key;
  if (!row.next()) return std::nullopt;
  return read_patient(row);
}

std::optional<PatientRow> MapRows::patient_by_pseudonym(std::string_view pseudonym) {
  Query row =
      query(std::string("SELECT ") + kPatientColumns + " FROM patient p WHERE p.pseudonym = ?");
  row << pseudonym;
  if (!row.next()) return std::nullopt;
  return read_patient(row);
}

std::vector<std::pair<std::int64_t, Person>> MapRows::joined_persons(std::int64_t patient) {
  Query rows = query(std::string("SELECT ") + kPatientColumns +
                     " FROM patient p WHERE p.joined_to = ? ORDER BY p.patient_id");
  rows << patient;
  std::vector<std::pair<std::int64_t, Person>> out;
  while (rows.next()) {
    PatientRow row = read_patient(rows);
    out.emplace_back(row.patient, std::move(row.person));
  }
  return out;
}

std::optional<std::int64_t> MapRows::living_patient(std::string_view pseudonym) {
  Query row = query(
      "SELECT coalesce(joined_to, patient_id) FROM patient WHERE pseudonym = ? AND state < 2");
  row << pseudonym;
  if (!row.next()) return std::nullopt;
  return row.integer(0);
}

std::int64_t MapRows::present_patient(std::int64_t patient) {
  Query row = query("SELECT joined_to FROM patient WHERE patient_id = ? AND state = 1");
  row << patient;
  return row.next() ? row.integer(0) : patient;
}

bool MapRows::is_erased(std::int64_t patient) {
  Query row = query("SELECT 1 FROM patient WHERE patient_id = ? AND state = 2");
  row << patient;
  return row.next();
}

std::string MapRows::site_code_of(std::int64_t patient) {
  Query row = query(
      "SELECT s.code FROM patient p JOIN site s ON s.site_id = p.site_id WHERE "
      "p.patient_id = ?");
  row << patient;
  return row.next() ? row.text(0) : std::string();
}

std::uint32_t MapRows::next_revision(std::int64_t patient, const Index& study) {
  Query row = query("SELECT max(revision) FROM study WHERE patient_id = ? AND study_index = ?");
  row << patient << study;
  row.next();
  return row.is_null(0) ? 0 : static_cast<std::uint32_t>(row.integer(0)) + 1;
}

bool MapRows::was_taken_from(std::int64_t patient, const Index& study) {
  Query row =
      query("SELECT patient_id FROM study WHERE study_index = ? ORDER BY study_id DESC LIMIT 1");
  row << study;
  return row.next() && row.integer(0) == patient;
}

std::optional<StudyRow> MapRows::current_study(const Index& index) {
  Query row = query(
      "SELECT study_id, patient_id, state, study_uid, revision FROM study "
      "WHERE study_index = ? AND state < 2");
  row << index;
  if (!row.next()) return std::nullopt;
  return StudyRow{row.integer(0), row.integer(1), static_cast<int>(row.integer(2)), row.text(3),
                  static_cast<std::uint32_t>(row.integer(4))};
}

bool MapRows::has_given(const Phi& study_uid) {
  Query row = query("SELECT 1 FROM study WHERE study_uid = ?");
  row << study_uid.reveal();
  return row.next();
}

std::optional<DeviceRow> MapRows::device(const Index& index) {
  Query row = query("SELECT device_id, label FROM device WHERE device_index = ?");
  row << index;
  if (!row.next()) return std::nullopt;
  return DeviceRow{row.integer(0), row.text(1)};
}

std::optional<EpochRow> MapRows::epoch(std::int64_t device, const Index& epoch) {
  Query row =
      query("SELECT number, accepted FROM device_epoch WHERE device_id = ? AND epoch_index = ?");
  row << device << epoch;
  if (!row.next()) return std::nullopt;
  return EpochRow{static_cast<std::uint32_t>(row.integer(0)), row.integer(1) != 0};
}

bool MapRows::has_person_index(const PersonIndex& index, std::int64_t patient) {
  Query row =
      query("SELECT 1 FROM person_index WHERE kind = ? AND value_index = ? AND patient_id = ?");
  row << static_cast<int>(index.kind) << index.value << patient;
  return row.next();
}

std::vector<std::int64_t> MapRows::others_under(const PersonIndex& index, std::int64_t patient) {
  Query rows = query(
      "SELECT patient_id FROM person_index WHERE kind = ? AND value_index = ? AND patient_id <> ?");
  rows << static_cast<int>(index.kind) << index.value << patient;
  std::vector<std::int64_t> out;
  while (rows.next()) out.push_back(rows.integer(0));
  return out;
}

bool MapRows::is_forgotten(const Index& study) {
  Query row = query("SELECT 1 FROM tombstone WHERE key_index = ?");
  row << tombstone_index(keys_.index_key(), study);
  return row.next();
}

long long MapRows::device_count(std::int64_t site) {
  Query row = query("SELECT count(*) FROM device WHERE site_id = ?");
  row << site;
  row.next();
  return row.integer(0);
}

bool MapRows::pseudonym_exists(std::string_view pseudonym) {
  Query row = query("SELECT 1 FROM patient WHERE pseudonym = ?");
  row << pseudonym;
  return row.next();
}

std::string MapRows::fresh_pseudonym(std::string_view site_code) {
  std::string out = make_pseudonym(site_code);
  while (pseudonym_exists(out)) out = make_pseudonym(site_code);
  return out;
}

Phi MapRows::original_uid(std::int64_t study) {
  Query row = query("SELECT sealed_uid FROM study WHERE study_id = ?");
  row << study;
  row.next();
  return Phi(std::string(as_text(open(row.blob(0), place("study.sealed_uid", study)))));
}

std::optional<Bytes> MapRows::study_source(std::int64_t study) {
  Query row = query("SELECT sealed_source FROM study WHERE study_id = ?");
  row << study;
  row.next();
  if (row.is_null(0)) return std::nullopt;
  return open(row.blob(0), place("study.sealed_source", study));
}

std::int64_t MapRows::next_number(const char* table) {
  Query row = query("SELECT seq FROM sqlite_sequence WHERE name = ?");
  row << table;
  return row.next() ? row.integer(0) + 1 : 1;
}

std::uint64_t MapRows::journal_number() {
  Query row = query("SELECT journal_seq FROM meta");
  row.next();
  return static_cast<std::uint64_t>(row.integer(0));
}

bool MapRows::journal_is(const InstanceId& id) {
  Query row = query("SELECT 1 FROM meta WHERE journal_id = ?");
  row << id;
  return row.next();
}

void MapRows::set_journal(const InstanceId& id, std::uint64_t number) {
  Query update = query("UPDATE meta SET journal_id = ?, journal_seq = ?");
  update << id << static_cast<std::int64_t>(number);
  update.run();
}

}  // namespace dosigate
