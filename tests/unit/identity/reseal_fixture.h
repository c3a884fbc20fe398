#pragma once

#include <algorithm>

#include "map_fixture.h"

namespace dosigate::testing {

inline Secret next_test_master() {
  std::array<Byte, Secret::kSize> bytes;
  bytes.fill(0xA5);
  return Secret(bytes);
}

/// Something in every sealed column of map.db: three patients with studies, pairs, cameras and
/// removed private creators.
inline void fill(PseudonymMap& map) {
  for (int i = 1; i <= 3; ++i) {
    const std::string n = std::to_string(i);
    const Subject subject = resolve(
        map, Source().id("PID-" + n).study("1.2.3." + n).serial("SN-" + n).software("VB" + n));
    PairBatch batch;
    batch.study = subject.study;
    batch.sop_uid = map_uid(*subject.salt, 0, "1.2.840.7777." + n);
    batch.fingerprint.fill(static_cast<Byte>(i));
    batch.pairs.push_back({Phi("1.2.840.7777." + n), batch.sop_uid});
    for (int k = 0; k < 5; ++k) {
      const std::string original = "1.2.840.5555." + n + "." + std::to_string(k);
      batch.pairs.push_back({Phi(original), map_uid(*subject.salt, 0, original)});
    }
    const InstanceId id{static_cast<Byte>(i)};
    if (!map.absorb({{id, map.seal_pairs(id, batch)}})) throw std::runtime_error("absorb");
    map.note_removed_creators(subject.device, {"CREATOR " + n, "SIEMENS MED NM"});
  }
  map.note_removed_creators(0, {"NOBODY'S CREATOR"});
  if (!map.write_removed_creators()) throw std::runtime_error("creators");
}

/// All that the map gives of what `fill` put into it.
inline std::string everything(PseudonymMap& map) {
  std::string out;
  for (int i = 1; i <= 3; ++i) {
    const std::string n = std::to_string(i);
    const Subject subject = resolve(
        map, Source().id("PID-" + n).study("1.2.3." + n).serial("SN-" + n).software("VB" + n));
    out += subject.pseudonym + " " + std::to_string(subject.offset.count()) + " " +
           subject.study_uid + " " + subject.device_label + " " +
           map_uid(*subject.salt, 0, "1.2.840.7777." + n) + " " +
           map_uid(*subject.site_salt, 0, "1.2.3.4") + "\n";
    for (const auto& found : map.lookup(Phi("PID-" + n)))
      out += found.pseudonym + " " + found.site_code + " " + found.study_uids.at(0) + "\n";
    const auto revealed = map.reveal(subject.pseudonym);
    if (!revealed) throw std::runtime_error(revealed.error().detail);
    out += revealed->patient_id.reveal() + " " + revealed->name.reveal() + " " +
           revealed->birth_date.reveal() + "\n";
    for (const auto& known :
         map.seen(subject.study, map_uid(*subject.salt, 0, "1.2.840.7777." + n)))
      out += std::to_string(known.revision) + " " + to_hex(known.fingerprint) + "\n";
  }
  for (const auto& device : map.devices()) {
    out += device.label + " " + device.serial_number.reveal();
    for (const auto& epoch : device.epochs) out += " " + epoch.software_versions.reveal();
    for (const auto& creator : device.creators) out += " " + creator.text;
    out += "\n";
  }
  return out;
}

}  // namespace dosigate::testing
