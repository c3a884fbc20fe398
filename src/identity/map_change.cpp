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

  // Braced initialisers are evaluated from left to right.
  MapChange site() { return NewSite{in.i64(), in.text(), in.text(), secret()}; }
  MapChange patient() {
    const auto number = in.i64();
    const auto site_number = in.i64();
    std::string pseudonym = in.text();
    Secret salt = secret();
    const auto offset = in.i64();
    Bytes packed = in.bytes();
    auto person = unpack_person(packed);
    wipe(packed.data(), packed.size());
    ok = ok && person.has_value();
    return NewPatient{number,          site_number, std::move(pseudonym),
                      std::move(salt), offset,      person ? *person : Person{},
                      in.i64()};
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
