// How what is new becomes rows. What a person decides: map_corrections.cpp; rows as changes again:
// map_dump.cpp.

#include <stdexcept>

#include "map_rows.h"

namespace dosigate {
namespace {

Bytes pack_id(const Phi& id, const Phi& issuer) {
  return Packer().text(id.reveal()).text(issuer.reveal()).take();
}

}  // namespace

void MapRows::apply(const MapChange& change) {
  std::visit([this](const auto& each) { insert(each); }, change);
}

bool MapRows::present(const char* sql, std::int64_t number, const std::string& expected,
                      const char* what) {
  Query row = query(sql);
  row << number;
  if (!row.next()) return false;
  if (row.text(0) != expected) {
    throw std::runtime_error(std::string("the journal and map.db disagree about ") + what + " " +
                             std::to_string(number) + ": they are not of one history");
  }
  return true;
}

void MapRows::insert(const NewSite& change) {
  if (present("SELECT code FROM site WHERE site_id = ?", change.site, change.code, "site")) {
    Query update = query(
        "UPDATE site SET normalisation = ? WHERE site_id = ? "
        "AND NOT EXISTS (SELECT 1 FROM patient WHERE patient.site_id = site.site_id)");
    update << change.normalisation << change.site;
    update.run();
    return;
  }
  Query row =
      query("INSERT INTO site (site_id, code, normalisation, sealed_salt) VALUES (?, ?, ?, ?)");
  row << change.site << change.code << change.normalisation
      << close(change.salt.reveal(), place("site.sealed_salt", change.site));
  row.run();
}

void MapRows::insert(const NewPatient& change) {
  if (is_erased(change.patient)) return;
  if (present("SELECT pseudonym FROM patient WHERE patient_id = ?", change.patient,
              change.pseudonym, "patient"))
    return;
  Query row = query(
      "INSERT INTO patient (patient_id, site_id, pseudonym, sealed_salt, "
      "sealed_offset, sealed_person, created) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  row << change.patient << change.site << change.pseudonym;
  const Bytes salt = close(change.salt.reveal(), place("patient.sealed_salt", change.patient));
  const Bytes offset =
      close(Packer().i64(change.offset).take(), place("patient.sealed_offset", change.patient));
  const Bytes person =
      close(pack_person(change.person), place("patient.sealed_person", change.patient));
  row << salt << offset << person << static_cast<std::int64_t>(change.created);
  row.run();
}

void MapRows::insert(const NewKey& change) {
  if (is_erased(change.patient)) return;
  Query known = query("SELECT patient_id FROM patient_key WHERE key_index = ?");
  known << change.key;
  if (known.next()) {
    const std::int64_t patient = known.integer(0);
    if (patient == change.patient || patient == present_patient(change.patient)) return;
    throw std::runtime_error("the journal and map.db give one PatientID to two patients (rows " +
                             known.text(0) + " and " + std::to_string(change.patient) +
                             "): they are not of one history");
  }
  Query row = query(
      "INSERT INTO patient_key (key_index, patient_id, sealed_id, first_seen) VALUES (?, ?, ?, ?)");
  const Bytes sealed =
      close(pack_id(change.id, change.issuer), "patient_key.sealed_id/" + to_hex(change.key));
  row << change.key << present_patient(change.patient) << sealed
      << static_cast<std::int64_t>(change.first_seen);
  row.run();
}

void MapRows::insert(const NewPersonIndex& change) {
  const std::int64_t patient = present_patient(change.patient);
  if (is_erased(patient) || has_person_index(change.index, patient)) return;
  Query row = query("INSERT INTO person_index (kind, value_index, patient_id) VALUES (?, ?, ?)");
  row << static_cast<int>(change.index.kind) << change.index.value << patient;
  row.run();
}

void MapRows::insert(const NewStudy& change) {
  if (is_erased(change.patient)) return;
  if (present("SELECT study_uid FROM study WHERE study_id = ?", change.study, change.study_uid,
              "study"))
    return;
  Query row = query(
      "INSERT INTO study (study_id, patient_id, study_index, study_uid, "
      "revision, sealed_uid, sealed_source, first_seen) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  row << change.study << change.patient << change.index << change.study_uid << change.revision
      << close(as_bytes(change.original_uid.reveal()), place("study.sealed_uid", change.study));
  if (change.source) {
    row << close(*change.source, place("study.sealed_source", change.study));
  } else {
    row << std::nullopt;
  }
  row << static_cast<std::int64_t>(change.first_seen);
  row.run();
}

void MapRows::insert(const NewDevice& change) {
  if (present("SELECT lower(hex(device_index)) FROM device WHERE device_id = ?", change.device,
              to_hex(change.index), "device"))
    return;
  Query row = query(
      "INSERT INTO device (device_id, site_id, device_index, label, sealed_device, first_seen) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  const Bytes plain = Packer()
                          .text(change.manufacturer.reveal())
                          .text(change.model.reveal())
                          .text(change.serial_number.reveal())
                          .text(change.station_name.reveal())
                          .take();
  const Bytes sealed = close(plain, place("device.sealed_device", change.device));
  row << change.device << change.site << change.index << change.label << sealed
      << static_cast<std::int64_t>(change.first_seen);
  row.run();
}

void MapRows::insert(const NewEpoch& change) {
  if (epoch(change.device, change.index)) return;
  // A replay brings the epochs in the order in which they were made, so they get their numbers
  // again.
  Query row = query(
      "INSERT INTO device_epoch (device_id, epoch_index, sealed_epoch, first_seen, number) SELECT "
      "?1, ?2, ?3, ?4, 1 + count(*) FROM device_epoch WHERE device_id = ?1");
  const Bytes plain =
      Packer().text(change.software_versions).text(change.last_calibration.reveal()).take();
  const Bytes sealed =
      close(plain, place("device_epoch.sealed_epoch", change.device) + "/" + to_hex(change.index));
  row << change.device << change.index << sealed << static_cast<std::int64_t>(change.first_seen);
  row.run();
}

}  // namespace dosigate
