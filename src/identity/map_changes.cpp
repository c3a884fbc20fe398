// How what is new becomes rows. What a person decides: map_corrections.cpp; rows as changes again:
// map_dump.cpp.

#include <stdexcept>

#include "map_rows.h"

namespace dosigate {
namespace {

std::string place(std::string_view column, std::int64_t number) {
  return std::string(column) + "/" + std::to_string(number);
}

std::string hex_text(const Index& index) { return to_hex(index); }

Bytes pack_id(const Phi& id, const Phi& issuer) {
  return Packer().text(id.reveal()).text(issuer.reveal()).take();
}

}  // namespace

void MapRows::apply(const MapChange& change) {
  std::visit([this](const auto& each) { insert(each); }, change);
}

bool MapRows::present(const char* sql, std::int64_t number, const std::string& expected,
                      const char* what) {
  SQLite::Statement row(db_, sql);
  row.bind(1, number);
  if (!row.executeStep()) return false;
  if (row.getColumn(0).getString() != expected) {
    throw std::runtime_error(std::string("the journal and map.db disagree about ") + what + " " +
                             std::to_string(number) + ": they are not of one history");
  }
  return true;
}

void MapRows::insert(const NewSite& change) {
  if (present("SELECT code FROM site WHERE site_id = ?", change.site, change.code, "site")) {
    SQLite::Statement update(
        db_,
        "UPDATE site SET normalisation = ? WHERE site_id = ? "
        "AND NOT EXISTS (SELECT 1 FROM patient WHERE patient.site_id = site.site_id)");
    update.bind(1, change.normalisation);
    update.bind(2, change.site);
    update.exec();
    return;
  }
  SQLite::Statement row(
      db_, "INSERT INTO site (site_id, code, normalisation, sealed_salt) VALUES (?, ?, ?, ?)");
  row.bind(1, change.site);
  row.bind(2, change.code);
  row.bind(3, change.normalisation);
  bind_bytes(row, 4, close(change.salt.reveal(), place("site.sealed_salt", change.site)));
  row.exec();
}

void MapRows::insert(const NewPatient& change) {
  if (is_erased(change.patient)) return;
  if (present("SELECT pseudonym FROM patient WHERE patient_id = ?", change.patient,
              change.pseudonym, "patient"))
    return;
  SQLite::Statement row(db_,
                        "INSERT INTO patient (patient_id, site_id, pseudonym, sealed_salt, "
                        "sealed_offset, sealed_person, created) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)");
  row.bind(1, change.patient);
  row.bind(2, change.site);
  row.bind(3, change.pseudonym);
  const Bytes salt = close(change.salt.reveal(), place("patient.sealed_salt", change.patient));
  const Bytes offset =
      close(Packer().i64(change.offset).take(), place("patient.sealed_offset", change.patient));
  const Bytes person =
      close(pack_person(change.person), place("patient.sealed_person", change.patient));
  bind_bytes(row, 4, salt);
  bind_bytes(row, 5, offset);
  bind_bytes(row, 6, person);
  row.bind(7, static_cast<std::int64_t>(change.created));
  row.exec();
}

void MapRows::insert(const NewKey& change) {
  if (is_erased(change.patient)) return;
  SQLite::Statement known(db_, "SELECT patient_id FROM patient_key WHERE key_index = ?");
  bind_bytes(known, 1, change.key);
  if (known.executeStep()) {
    const std::int64_t patient = known.getColumn(0).getInt64();
    if (patient == change.patient || patient == present_patient(change.patient)) return;
    throw std::runtime_error("the journal and map.db give one PatientID to two patients (rows " +
                             known.getColumn(0).getString() + " and " +
                             std::to_string(change.patient) + "): they are not of one history");
  }
  SQLite::Statement row(
      db_,
      "INSERT INTO patient_key (key_index, patient_id, sealed_id, first_seen) VALUES (?, ?, ?, ?)");
  const Bytes sealed =
      close(pack_id(change.id, change.issuer), "patient_key.sealed_id/" + hex_text(change.key));
  bind_bytes(row, 1, change.key);
  row.bind(2, present_patient(change.patient));
  bind_bytes(row, 3, sealed);
  row.bind(4, static_cast<std::int64_t>(change.first_seen));
  row.exec();
}

void MapRows::insert(const NewPersonIndex& change) {
  const std::int64_t patient = present_patient(change.patient);
  if (is_erased(patient) || has_person_index(change.index, patient)) return;
  SQLite::Statement row(
      db_, "INSERT INTO person_index (kind, value_index, patient_id) VALUES (?, ?, ?)");
  row.bind(1, static_cast<int>(change.index.kind));
  bind_bytes(row, 2, change.index.value);
  row.bind(3, patient);
  row.exec();
}

void MapRows::insert(const NewStudy& change) {
  if (is_erased(change.patient)) return;
  if (present("SELECT study_uid FROM study WHERE study_id = ?", change.study, change.study_uid,
              "study"))
    return;
  SQLite::Statement row(db_,
                        "INSERT INTO study (study_id, patient_id, study_index, study_uid, "
                        "revision, sealed_uid, sealed_source, first_seen) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  row.bind(1, change.study);
  row.bind(2, change.patient);
  bind_bytes(row, 3, change.index);
  row.bind(4, change.study_uid);
  row.bind(5, change.revision);
  const Bytes original =
      close(as_bytes(change.original_uid.reveal()), place("study.sealed_uid", change.study));
  bind_bytes(row, 6, original);
  Bytes source;
  if (change.source) {
    source = close(*change.source, place("study.sealed_source", change.study));
    bind_bytes(row, 7, source);
  }
  row.bind(8, static_cast<std::int64_t>(change.first_seen));
  row.exec();
}

void MapRows::insert(const NewDevice& change) {
  if (present("SELECT lower(hex(device_index)) FROM device WHERE device_id = ?", change.device,
              hex_text(change.index), "device"))
    return;
  SQLite::Statement row(
      db_,
      "INSERT INTO device (device_id, site_id, device_index, label, sealed_device, first_seen) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  const Bytes plain = Packer()
                          .text(change.manufacturer.reveal())
                          .text(change.model.reveal())
                          .text(change.serial_number.reveal())
                          .text(change.station_name.reveal())
                          .take();
  const Bytes sealed = close(plain, place("device.sealed_device", change.device));
  row.bind(1, change.device);
  row.bind(2, change.site);
  bind_bytes(row, 3, change.index);
  row.bind(4, change.label);
  bind_bytes(row, 5, sealed);
  row.bind(6, static_cast<std::int64_t>(change.first_seen));
  row.exec();
}

void MapRows::insert(const NewEpoch& change) {
  if (epoch(change.device, change.index)) return;
  // A replay brings the epochs in the order in which they were made, so they get their numbers
  // again.
  SQLite::Statement row(
      db_,
      "INSERT INTO device_epoch (device_id, epoch_index, sealed_epoch, first_seen, number) SELECT "
      "?1, ?2, ?3, ?4, 1 + count(*) FROM device_epoch WHERE device_id = ?1");
  const Bytes plain =
      Packer().text(change.software_versions).text(change.last_calibration.reveal()).take();
  const Bytes sealed = close(
      plain, place("device_epoch.sealed_epoch", change.device) + "/" + hex_text(change.index));
  row.bind(1, change.device);
  bind_bytes(row, 2, change.index);
  bind_bytes(row, 3, sealed);
  row.bind(4, static_cast<std::int64_t>(change.first_seen));
  row.exec();
}

}  // namespace dosigate
