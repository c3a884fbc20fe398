// How changes become rows, and rows changes again.

#include <stdexcept>

#include "map_rows.h"

namespace dosigate {
namespace {

std::string place(std::string_view column, std::int64_t number) {
  return std::string(column) + "/" + std::to_string(number);
}

std::string hex_text(const Index& index) { return to_hex(index); }

Index column_index(const SQLite::Column& column) {
  const Bytes bytes = column_bytes(column);
  Index out{};
  if (bytes.size() != out.size())
    throw std::runtime_error("map.db holds a blind index of a wrong length");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

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
  SQLite::Statement known(db_, "SELECT patient_id FROM patient_key WHERE key_index = ?");
  bind_bytes(known, 1, change.key);
  if (known.executeStep()) {
    if (known.getColumn(0).getInt64() == change.patient) return;
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
  row.bind(2, change.patient);
  bind_bytes(row, 3, sealed);
  row.bind(4, static_cast<std::int64_t>(change.first_seen));
  row.exec();
}

void MapRows::insert(const NewPersonIndex& change) {
  if (has_person_index(change.index, change.patient)) return;
  SQLite::Statement row(
      db_, "INSERT INTO person_index (kind, value_index, patient_id) VALUES (?, ?, ?)");
  row.bind(1, static_cast<int>(change.index.kind));
  bind_bytes(row, 2, change.index.value);
  row.bind(3, change.patient);
  row.exec();
}

void MapRows::insert(const NewStudy& change) {
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
  if (epoch_number(change.device, change.index)) return;
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

void MapRows::each_change(const std::function<void(const MapChanges&)>& use) {
  for (const auto& [code, row] : sites()) {
    MapChanges one;
    one.push_back(NewSite{row.site, code, row.normalisation, row.salt->clone()});
    use(one);
  }
  SQLite::Statement patients(db_,
                             "SELECT patient_id FROM patient WHERE state < 2 ORDER BY patient_id");
  while (patients.executeStep()) use(changes_of_patient(patients.getColumn(0).getInt64()));
  SQLite::Statement devices(db_, "SELECT device_id FROM device ORDER BY device_id");
  while (devices.executeStep()) use(changes_of_device(devices.getColumn(0).getInt64()));
}

MapChanges MapRows::changes_of_patient(std::int64_t number) {
  MapChanges out;
  SQLite::Statement patient(db_,
                            "SELECT patient_id, state, pseudonym, sealed_salt, sealed_offset, "
                            "sealed_person, site_id, created "
                            "FROM patient WHERE patient_id = ?");
  patient.bind(1, number);
  patient.executeStep();
  PatientRow row = read_patient(patient);
  out.push_back(NewPatient{number, patient.getColumn(6).getInt64(), row.pseudonym,
                           row.salt->clone(), row.offset.count(), row.person,
                           patient.getColumn(7).getInt64()});

  SQLite::Statement keys(
      db_, "SELECT key_index, sealed_id, first_seen FROM patient_key WHERE patient_id = ?");
  keys.bind(1, number);
  while (keys.executeStep()) {
    const Index index = column_index(keys.getColumn(0));
    const Bytes plain = open(keys.getColumn(1), "patient_key.sealed_id/" + hex_text(index));
    Unpacker in(plain);
    Phi id(in.text());
    Phi issuer(in.text());
    out.push_back(
        NewKey{index, number, std::move(id), std::move(issuer), keys.getColumn(2).getInt64()});
  }

  SQLite::Statement persons(db_, "SELECT kind, value_index FROM person_index WHERE patient_id = ?");
  persons.bind(1, number);
  while (persons.executeStep()) {
    const auto kind = static_cast<PersonIndex::Kind>(persons.getColumn(0).getInt());
    out.push_back(NewPersonIndex{number, {kind, column_index(persons.getColumn(1))}});
  }

  SQLite::Statement studies(
      db_,
      "SELECT study_id, study_index, study_uid, revision, sealed_uid, sealed_source, first_seen "
      "FROM study WHERE patient_id = ? AND state < 2");
  studies.bind(1, number);
  while (studies.executeStep()) {
    const std::int64_t study = studies.getColumn(0).getInt64();
    NewStudy change{study,
                    number,
                    column_index(studies.getColumn(1)),
                    studies.getColumn(2).getString(),
                    studies.getColumn(3).getUInt(),
                    {},
                    std::nullopt,
                    studies.getColumn(6).getInt64()};
    change.original_uid =
        Phi(std::string(as_text(open(studies.getColumn(4), place("study.sealed_uid", study)))));
    if (!studies.getColumn(5).isNull())
      change.source = open(studies.getColumn(5), place("study.sealed_source", study));
    out.push_back(std::move(change));
  }
  return out;
}

std::vector<PseudonymMap::Device> MapRows::devices() {
  std::vector<PseudonymMap::Device> out;
  SQLite::Statement all(db_,
                        "SELECT d.device_id, s.code FROM device d JOIN site s ON s.site_id = "
                        "d.site_id ORDER BY d.device_id");
  while (all.executeStep()) {
    PseudonymMap::Device one;
    one.device = all.getColumn(0).getInt64();
    one.site_code = all.getColumn(1).getString();
    for (const MapChange& change : changes_of_device(one.device)) {
      if (const auto* device = std::get_if<NewDevice>(&change)) {
        one.label = device->label;
        one.manufacturer = device->manufacturer;
        one.model = device->model;
        one.serial_number = device->serial_number;
        one.station_name = device->station_name;
        one.first_seen = device->first_seen;
      } else if (const auto* epoch = std::get_if<NewEpoch>(&change)) {
        one.epochs.push_back({static_cast<std::uint32_t>(one.epochs.size() + 1),
                              Phi(epoch->software_versions), epoch->last_calibration,
                              epoch->first_seen});
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

MapChanges MapRows::changes_of_device(std::int64_t number) {
  MapChanges out;
  SQLite::Statement device(db_,
                           "SELECT site_id, device_index, label, sealed_device, first_seen FROM "
                           "device WHERE device_id = ?");
  device.bind(1, number);
  device.executeStep();
  const Bytes plain = open(device.getColumn(3), place("device.sealed_device", number));
  Unpacker in(plain);
  NewDevice change{number,
                   device.getColumn(0).getInt64(),
                   column_index(device.getColumn(1)),
                   device.getColumn(2).getString(),
                   Phi(in.text()),
                   Phi(in.text()),
                   Phi(in.text()),
                   Phi(in.text()),
                   device.getColumn(4).getInt64()};
  out.push_back(std::move(change));

  SQLite::Statement epochs(
      db_,
      "SELECT epoch_index, sealed_epoch, first_seen FROM device_epoch WHERE device_id = ? ORDER BY "
      "number");
  epochs.bind(1, number);
  while (epochs.executeStep()) {
    const Index index = column_index(epochs.getColumn(0));
    const Bytes opened = open(epochs.getColumn(1),
                              place("device_epoch.sealed_epoch", number) + "/" + hex_text(index));
    Unpacker epoch(opened);
    std::string software = epoch.text();
    Phi calibrated(epoch.text());
    out.push_back(NewEpoch{number, index, std::move(software), std::move(calibrated),
                           epochs.getColumn(2).getInt64()});
  }
  return out;
}

}  // namespace dosigate
