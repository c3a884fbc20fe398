// The rows of map.db as the changes that would make them: for a journal that begins late or is
// written anew, and for whoever lists devices.

#include <algorithm>
#include <stdexcept>

#include "map_rows.h"

namespace dosigate {
std::vector<std::int64_t> MapRows::numbers(const char* sql) {
  SQLite::Statement rows(db_, sql);
  std::vector<std::int64_t> out;
  while (rows.executeStep()) out.push_back(rows.getColumn(0).getInt64());
  return out;
}

// Over an earlier state of the map the order decides: an id may belong to somebody else there, a
// study may still be another patient's. So what takes away comes first, then all patients, then
// joins, which need both patients, and then what hangs on a patient.
void MapRows::each_change(const std::function<void(const MapChanges&)>& use) {
  for (const auto& [code, row] : sites()) {
    MapChanges one;
    one.push_back(NewSite{row.site, code, row.normalisation, row.salt->clone()});
    use(one);
  }
  use(what_was_taken_away());

  const auto patients =
      numbers("SELECT patient_id FROM patient WHERE state < 2 ORDER BY patient_id");
  for (const std::int64_t patient : patients) use(patient_itself(patient));
  MapChanges joins;
  SQLite::Statement joined(
      db_, "SELECT patient_id, joined_to FROM patient WHERE state = 1 ORDER BY patient_id");
  while (joined.executeStep())
    joins.push_back(Join{joined.getColumn(0).getInt64(), joined.getColumn(1).getInt64()});
  use(joins);
  // Of everybody, before any row that has one of these studies now: one row at a time may.
  for (const std::int64_t patient : patients) use(studies_of_patient(patient, true));
  for (const std::int64_t patient : patients) use(changes_of_patient(patient));

  for (const std::int64_t device : numbers("SELECT device_id FROM device ORDER BY device_id"))
    use(changes_of_device(device));
  MapChanges pairs;
  SQLite::Statement distinct(db_, "SELECT patient_a, patient_b FROM distinct_person");
  while (distinct.executeStep())
    pairs.push_back(
        DistinctPersons{distinct.getColumn(0).getInt64(), distinct.getColumn(1).getInt64()});
  use(pairs);
}

MapChanges MapRows::what_was_taken_away() {
  MapChanges out;
  SQLite::Statement forgotten(
      db_, "SELECT patient_id, site_id FROM patient WHERE state = 2 ORDER BY patient_id");
  while (forgotten.executeStep())
    out.push_back(Forgotten{forgotten.getColumn(0).getInt64(), forgotten.getColumn(1).getInt64()});
  SQLite::Statement tombstones(db_, "SELECT key_index, forgotten FROM tombstone");
  while (tombstones.executeStep())
    out.push_back(
        Tombstone{column_index(tombstones.getColumn(0)), tombstones.getColumn(1).getInt64()});
  for (const std::int64_t study :
       numbers("SELECT study_id FROM study WHERE state = 2 ORDER BY study_id"))
    out.push_back(StudyGiven{study});
  out.push_back(
      UsedNumbers{next_number("patient") - 1, next_number("study") - 1, next_number("device") - 1});
  return out;
}

MapChanges MapRows::patient_itself(std::int64_t number) {
  Query patient = query(
      "SELECT patient_id, state, pseudonym, sealed_salt, sealed_offset, sealed_person, site_id, "
      "created FROM patient WHERE patient_id = ?");
  patient << number;
  patient.next();
  PatientRow row = read_patient(patient);
  MapChanges out;
  out.push_back(NewPatient{number, patient.integer(6), row.pseudonym, row.salt->clone(),
                           row.offset.count(), row.person, patient.integer(7)});
  out.push_back(PersonKnown{number, row.person});
  return out;
}

MapChanges MapRows::changes_of_patient(std::int64_t number) {
  MapChanges out;
  SQLite::Statement keys(
      db_, "SELECT key_index, sealed_id, first_seen FROM patient_key WHERE patient_id = ?");
  keys.bind(1, number);
  while (keys.executeStep()) {
    const Index index = column_index(keys.getColumn(0));
    const Bytes plain =
        open(column_bytes(keys.getColumn(1)), "patient_key.sealed_id/" + to_hex(index));
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

  for (MapChange& change : studies_of_patient(number, false)) out.push_back(std::move(change));
  return out;
}

MapChanges MapRows::studies_of_patient(std::int64_t number, bool given) {
  MapChanges out;
  SQLite::Statement studies(db_,
                            "SELECT study_id, study_index, study_uid, revision, first_seen, state "
                            "FROM study WHERE patient_id = ?1 AND (state = 2) = ?2 ORDER BY "
                            "study_id");
  studies.bind(1, number);
  studies.bind(2, given ? 1 : 0);
  while (studies.executeStep()) {
    const std::int64_t study = studies.getColumn(0).getInt64();
    NewStudy change{study,
                    number,
                    column_index(studies.getColumn(1)),
                    studies.getColumn(2).getString(),
                    studies.getColumn(3).getUInt(),
                    {},
                    std::nullopt,
                    studies.getColumn(4).getInt64()};
    change.original_uid = original_uid(study);
    change.source = study_source(study);
    out.push_back(std::move(change));
    // Said in either case: in an earlier state of the map it may have been otherwise.
    if (given) {
      out.push_back(StudyGiven{study});
    } else {
      out.push_back(StudyWithdrawn{study, studies.getColumn(5).getInt() == kStudyWithdrawn});
    }
  }
  return out;
}

void MapRows::each_key(const std::function<void(const std::string&, const std::string&,
                                                std::int64_t, Phi, Phi)>& use) {
  for (const std::int64_t number :
       numbers("SELECT patient_id FROM patient WHERE state = 0 ORDER BY patient_id")) {
    SQLite::Statement offset(db_,
                             "SELECT pseudonym, sealed_offset FROM patient WHERE patient_id = ?");
    offset.bind(1, number);
    offset.executeStep();
    const std::string pseudonym = offset.getColumn(0).getString();
    const Bytes opened =
        open(column_bytes(offset.getColumn(1)), place("patient.sealed_offset", number));
    const std::int64_t days = Unpacker(opened).i64();
    const std::string site = site_code_of(number);
    for (MapChange& change : changes_of_patient(number)) {
      if (auto* key = std::get_if<NewKey>(&change))
        use(site, pseudonym, days, std::move(key->id), std::move(key->issuer));
    }
  }
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
  const Bytes plain =
      open(column_bytes(device.getColumn(3)), place("device.sealed_device", number));
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

  MapChanges held;
  SQLite::Statement epochs(db_,
                           "SELECT epoch_index, sealed_epoch, first_seen, accepted FROM "
                           "device_epoch WHERE device_id = ? ORDER BY "
                           "number");
  epochs.bind(1, number);
  while (epochs.executeStep()) {
    const Index index = column_index(epochs.getColumn(0));
    const Bytes opened = open(column_bytes(epochs.getColumn(1)),
                              place("device_epoch.sealed_epoch", number) + "/" + to_hex(index));
    Unpacker epoch(opened);
    std::string software = epoch.text();
    Phi calibrated(epoch.text());
    out.push_back(NewEpoch{number, index, std::move(software), std::move(calibrated),
                           epochs.getColumn(2).getInt64()});
    if (epochs.getColumn(3).getInt() == 0) held.push_back(EpochHeld{number, index});
  }
  // Of those that an earlier state of the map held, too; then what nobody has accepted yet.
  out.push_back(DeviceAccepted{number});
  for (MapChange& each : held) out.push_back(std::move(each));
  return out;
}

}  // namespace dosigate
