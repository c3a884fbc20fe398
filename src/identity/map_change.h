#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dosigate/base/result.h"
#include "dosigate/base/secret.h"
#include "matching.h"

namespace dosigate {

// One row that comes into the map, in the form in which the journal keeps it and in which MapRows
// carries it out, the first time and at a replay: there is no other way into these tables. Rows
// keep their numbers, because spool files name them.

struct NewSite {
  std::int64_t site;
  std::string code;
  std::string normalisation;  ///< also replaces the one of a site without patients
  Secret salt;
};
struct NewPatient {
  std::int64_t patient;
  std::int64_t site;
  std::string pseudonym;
  Secret salt;
  std::int64_t offset;  ///< days
  Person person;
  long long created;
};
struct NewKey {
  Index key;
  std::int64_t patient;
  Phi id, issuer;  ///< as received
  long long first_seen;
};
struct NewPersonIndex {
  std::int64_t patient;
  PersonIndex index;
};
struct NewStudy {
  std::int64_t study;
  std::int64_t patient;
  Index index;
  std::string study_uid;
  std::uint32_t revision;
  Phi original_uid;
  std::optional<Bytes> source;
  long long first_seen;
};
struct NewDevice {
  std::int64_t device;
  std::int64_t site;
  Index index;
  std::string label;
  Phi manufacturer, model, serial_number, station_name;
  long long first_seen;
};
struct NewEpoch {
  std::int64_t device;
  Index index;
  std::string software_versions;
  Phi last_calibration;
  long long first_seen;
};

// What a person decided. Carried out on rows that are not there, they do nothing: a journal that
// was written anew begins with those that take something away.
//
// A journal is replayed over an empty map, over an older one, and over one that holds all of it and
// more (which was used without its journal for a while): the same map comes out. So a change finds
// its patient where joins have led since, and brings nothing back of a person who was forgotten.

/// The ids of `loser` lead to `winner` from now on.
struct Join {
  std::int64_t loser, winner;
};
/// The study is another patient's now: its row stays, so that its UIDs are never used again.
struct StudyGiven {
  std::int64_t study;
};
struct StudyWithdrawn {
  std::int64_t study;
  bool withdrawn;
};
/// Who a patient is that was made from a PatientID alone; does nothing when that is known already.
struct PersonKnown {
  std::int64_t patient;
  Person person;
};
/// Nothing stays of the patient but its number.
struct Forgotten {
  std::int64_t patient;
  std::int64_t site;
};
/// What returns under this index is held: of a forgotten study.
struct Tombstone {
  Index index;  ///< tombstone_index of what stood in `study`
  long long forgotten;
};
/// A person has said that these two are two.
struct DistinctPersons {
  std::int64_t a, b;  ///< a < b
};
/// An epoch that waits for `accept_device`; and that nobody waits for any more.
struct EpochHeld {
  std::int64_t device;
  Index index;
};
struct DeviceAccepted {
  std::int64_t device;
};
/// No row below these numbers is made any more: they were used by what was forgotten.
struct UsedNumbers {
  std::int64_t patients, studies, devices;
};
/// First record of a journal that was written anew: whose successor it is. Each with its last
/// number; the oldest first.
struct JournalContinues {
  std::vector<std::pair<InstanceId, std::uint64_t>> before;
};

using MapChange =
    std::variant<NewSite, NewPatient, NewKey, NewPersonIndex, NewStudy, NewDevice, NewEpoch, Join,
                 StudyGiven, StudyWithdrawn, PersonKnown, Forgotten, Tombstone, DistinctPersons,
                 EpochHeld, DeviceAccepted, UsedNumbers, JournalContinues>;
using MapChanges = std::vector<MapChange>;

/// Bytes of one journal record: per change kind u8 | fields, packed. The caller wipes them (they
/// hold salts).
Bytes pack_changes(const MapChanges& changes);
/// Corrupt when the bytes do not end where the last field ends; Conflict on a kind that only a
/// newer program knows.
Result<MapChanges> unpack_changes(ByteView packed);

Bytes pack_person(const Person& person);
Result<Person> unpack_person(ByteView packed);

}  // namespace dosigate
