#include "map_change.h"

#include <algorithm>
#include <utility>

namespace dosigate {
namespace {

// Stand in journals: never reuse or change one.
enum Kind : std::uint8_t {
  kSite = 1,
  kPatient = 2,
  kKey = 3,
  kPersonIndex = 4,
  kStudy = 5,
  kDevice = 6,
  kEpoch = 7,
  kJoin = 8,
  kStudyGiven = 9,
  kStudyWithdrawn = 10,
  kPersonKnown = 11,
  kForgotten = 12,
  kTombstone = 13,
  kDistinct = 14,
  kEpochHeld = 15,
  kDeviceAccepted = 16,
  kUsedNumbers = 17,
  kContinues = 18,
};

struct Writer {
  Packer& out;

  void operator()(const NewSite& c) const {
    out.u8(kSite).i64(c.site).text(c.code).text(c.normalisation).bytes(c.salt.reveal());
  }
  void operator()(const NewPatient& c) const {
    Bytes person = pack_person(c.person);
    out.u8(kPatient)
        .i64(c.patient)
        .i64(c.site)
        .text(c.pseudonym)
        .bytes(c.salt.reveal())
        .i64(c.offset)
        .bytes(person)
        .i64(c.created);
    wipe(person.data(), person.size());
  }
  void operator()(const NewKey& c) const {
    out.u8(kKey)
        .bytes(c.key)
        .i64(c.patient)
        .text(c.id.reveal())
        .text(c.issuer.reveal())
        .i64(c.first_seen);
  }
  void operator()(const NewPersonIndex& c) const {
    out.u8(kPersonIndex).i64(c.patient).u8(c.index.kind).bytes(c.index.value);
  }
  void operator()(const NewStudy& c) const {
    out.u8(kStudy)
        .i64(c.study)
        .i64(c.patient)
        .bytes(c.index)
        .text(c.study_uid)
        .u32(c.revision)
        .text(c.original_uid.reveal());
    out.u8(c.source ? 1 : 0).bytes(c.source ? ByteView(*c.source) : ByteView()).i64(c.first_seen);
  }
  void operator()(const NewDevice& c) const {
    out.u8(kDevice)
        .i64(c.device)
        .i64(c.site)
        .bytes(c.index)
        .text(c.label)
        .text(c.manufacturer.reveal())
        .text(c.model.reveal());
    out.text(c.serial_number.reveal()).text(c.station_name.reveal()).i64(c.first_seen);
  }
  void operator()(const NewEpoch& c) const {
    out.u8(kEpoch)
        .i64(c.device)
        .bytes(c.index)
        .text(c.software_versions)
        .text(c.last_calibration.reveal())
        .i64(c.first_seen);
  }
  void operator()(const Join& c) const { out.u8(kJoin).i64(c.loser).i64(c.winner); }
  void operator()(const StudyGiven& c) const { out.u8(kStudyGiven).i64(c.study); }
  void operator()(const StudyWithdrawn& c) const {
    out.u8(kStudyWithdrawn).i64(c.study).u8(c.withdrawn ? 1 : 0);
  }
  void operator()(const PersonKnown& c) const {
    Bytes person = pack_person(c.person);
    out.u8(kPersonKnown).i64(c.patient).bytes(person);
    wipe(person.data(), person.size());
  }
  void operator()(const Forgotten& c) const { out.u8(kForgotten).i64(c.patient).i64(c.site); }
  void operator()(const Tombstone& c) const { out.u8(kTombstone).bytes(c.index).i64(c.forgotten); }
  void operator()(const DistinctPersons& c) const { out.u8(kDistinct).i64(c.a).i64(c.b); }
  void operator()(const EpochHeld& c) const { out.u8(kEpochHeld).i64(c.device).bytes(c.index); }
  void operator()(const DeviceAccepted& c) const { out.u8(kDeviceAccepted).i64(c.device); }
  void operator()(const UsedNumbers& c) const {
    out.u8(kUsedNumbers).i64(c.patients).i64(c.studies).i64(c.devices);
  }
  void operator()(const JournalContinues& c) const {
    out.u8(kContinues).u32(static_cast<std::uint32_t>(c.before.size()));
    for (const auto& [id, last] : c.before) out.bytes(id).u64(last);
  }
};

/// Reads fields in the order of Writer; `ok` falls when one has the wrong size.
struct Reader {
  Unpacker in;
  bool ok = true;

  Index index() {
    Index out{};
    const Bytes bytes = in.bytes();
    if (bytes.size() == out.size()) {
      std::copy(bytes.begin(), bytes.end(), out.begin());
    } else {
      ok = false;
    }
    return out;
  }
  Secret secret() {
    Bytes bytes = in.bytes();
    ok = ok && bytes.size() == Secret::kSize;
    bytes.resize(Secret::kSize);
    Secret out(bytes);
    wipe(bytes.data(), bytes.size());
    return out;
  }
  Phi phi() { return Phi(in.text()); }
  Person person() {
    Bytes packed = in.bytes();
    auto out = unpack_person(packed);
    wipe(packed.data(), packed.size());
    ok = ok && out.has_value();
    return out ? std::move(*out) : Person{};
  }

  // Braced initialisers are evaluated from left to right.
  MapChange site() { return NewSite{in.i64(), in.text(), in.text(), secret()}; }
  MapChange patient() {
    const auto number = in.i64();
    const auto site_number = in.i64();
    std::string pseudonym = in.text();
    Secret salt = secret();
    const auto offset = in.i64();
    Person who = person();
    return NewPatient{number,         site_number, std::move(pseudonym), std::move(salt), offset,
                      std::move(who), in.i64()};
  }
  MapChange key() { return NewKey{index(), in.i64(), phi(), phi(), in.i64()}; }
  MapChange person_index() {
    const auto patient_number = in.i64();
    const std::uint8_t kind = in.u8();
    ok = ok && kind >= PersonIndex::NameBirthSex && kind <= PersonIndex::BareId;
    return NewPersonIndex{patient_number, {static_cast<PersonIndex::Kind>(kind), index()}};
  }
  MapChange study() {
    NewStudy out{in.i64(), in.i64(), index(), in.text(), in.u32(), phi(), std::nullopt, 0};
    const bool has_source = in.u8() != 0;
    Bytes source = in.bytes();
    if (has_source) out.source = std::move(source);
    out.first_seen = in.i64();
    return out;
  }
  MapChange device() {
    return NewDevice{in.i64(), in.i64(), index(), in.text(), phi(), phi(), phi(), phi(), in.i64()};
  }
  MapChange epoch() { return NewEpoch{in.i64(), index(), in.text(), phi(), in.i64()}; }
  MapChange join() { return Join{in.i64(), in.i64()}; }
  MapChange study_given() { return StudyGiven{in.i64()}; }
  MapChange study_withdrawn() { return StudyWithdrawn{in.i64(), in.u8() != 0}; }
  MapChange person_known() { return PersonKnown{in.i64(), person()}; }
  MapChange forgotten() { return Forgotten{in.i64(), in.i64()}; }
  MapChange tombstone() { return Tombstone{index(), in.i64()}; }
  MapChange distinct() { return DistinctPersons{in.i64(), in.i64()}; }
  MapChange epoch_held() { return EpochHeld{in.i64(), index()}; }
  MapChange device_accepted() { return DeviceAccepted{in.i64()}; }
  MapChange used_numbers() { return UsedNumbers{in.i64(), in.i64(), in.i64()}; }
  MapChange continues() {
    JournalContinues out;
    const std::uint32_t count = in.u32();
    for (std::uint32_t i = 0; i < count && in.ok() && ok; ++i) {
      const Index id = index();
      out.before.emplace_back(id, in.u64());
    }
    return out;
  }
};

}  // namespace

Bytes pack_changes(const MapChanges& changes) {
  Packer out;
  for (const MapChange& change : changes) std::visit(Writer{out}, change);
  return out.take();
}

Result<MapChanges> unpack_changes(ByteView packed) {
  const auto corrupt = [] {
    return fail(Fault::Corrupt,
                "a record of the journal opens but does not read: another program wrote it");
  };
  MapChanges changes;
  Reader reader{Unpacker(packed)};
  while (!reader.in.rest().empty()) {
    switch (reader.in.u8()) {
      case kSite:
        changes.push_back(reader.site());
        break;
      case kPatient:
        changes.push_back(reader.patient());
        break;
      case kKey:
        changes.push_back(reader.key());
        break;
      case kPersonIndex:
        changes.push_back(reader.person_index());
        break;
      case kStudy:
        changes.push_back(reader.study());
        break;
      case kDevice:
        changes.push_back(reader.device());
        break;
      case kEpoch:
        changes.push_back(reader.epoch());
        break;
      case kJoin:
        changes.push_back(reader.join());
        break;
      case kStudyGiven:
        changes.push_back(reader.study_given());
        break;
      case kStudyWithdrawn:
        changes.push_back(reader.study_withdrawn());
        break;
      case kPersonKnown:
        changes.push_back(reader.person_known());
        break;
      case kForgotten:
        changes.push_back(reader.forgotten());
        break;
      case kTombstone:
        changes.push_back(reader.tombstone());
        break;
      case kDistinct:
        changes.push_back(reader.distinct());
        break;
      case kEpochHeld:
        changes.push_back(reader.epoch_held());
        break;
      case kDeviceAccepted:
        changes.push_back(reader.device_accepted());
        break;
      case kUsedNumbers:
        changes.push_back(reader.used_numbers());
        break;
      case kContinues:
        changes.push_back(reader.continues());
        break;
      default:
        return fail(Fault::Conflict,
                    "the journal holds a kind of record that this program does not know: a newer "
                    "one wrote it; install that one");
    }
    if (!reader.ok || !reader.in.ok()) return corrupt();
  }
  return changes;
}

Bytes pack_person(const Person& person) {
  return Packer()
      .text(person.id.reveal())
      .text(person.issuer.reveal())
      .text(person.name.reveal())
      .text(person.birth_date.reveal())
      .text(person.sex.reveal())
      .take();
}

Result<Person> unpack_person(ByteView packed) {
  Unpacker in(packed);
  Person person{Phi(in.text()), Phi(in.text()), Phi(in.text()), Phi(in.text()), Phi(in.text())};
  if (!in.done()) return fail(Fault::Corrupt, "a sealed person opens but does not read");
  return person;
}

}  // namespace dosigate
