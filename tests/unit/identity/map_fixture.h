#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "dosigate/identity/pseudonym_map.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

inline Secret test_master() {
  std::array<Byte, Secret::kSize> bytes;
  bytes.fill(0x5A);
  return Secret(bytes);
}

/// A state directory with keyring, map and journal, as `init` makes it.
struct Node {
  explicit Node(bool with_journal = true) {
    settings.directory = dir.path / "identity";
    if (with_journal) {
      settings.journal_directory = dir.path / "journal";
      std::filesystem::create_directory(settings.journal_directory);
    }
    const auto recovery = Keyring::create(dir.path / "keyring", test_master());
    if (!recovery) throw std::runtime_error(recovery.error().detail);
    keys.emplace(read_keyring());
    const auto made = PseudonymMap::create(settings, *keys);
    if (!made) throw std::runtime_error(made.error().detail);
  }

  Keyring read_keyring() const {
    auto opened = Keyring::open(dir.path / "keyring", test_master());
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
  }
  std::unique_ptr<PseudonymMap> open() const {
    auto opened = PseudonymMap::open(settings, *keys);
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
  }
  std::filesystem::path map_db() const { return settings.directory / "map.db"; }
  std::filesystem::path journal() const { return settings.journal_directory / "identity.journal"; }

  TempDir dir;
  PseudonymMap::Settings settings;
  std::optional<Keyring> keys;
};

inline SitePolicy site_a() { return {"HA", {"HOSP-A"}, {}}; }

/// A patient of nobody, with a study and a camera.
struct Source {
  SourceIdentity value;
  Source() {
    value.patient_id = Phi("PID-778812");
    value.name = Phi("MARKERNAME^MARIA");
    value.birth_date = Phi("19610305");
    value.sex = Phi("F");
    value.study_uid = Phi("1.2.840.113619.2.55.3.604688119");
    value.study_source = Bytes{'S', 'T', 'U', 'D', 'Y', 'S', 'O', 'U', 'R', 'C', 'E'};
    value.manufacturer = Phi("SIEMENS");
    value.model = Phi("Symbia");
    value.serial_number = Phi("SN-445566");
    value.station_name = Phi("NMSTATION1");
    value.software_versions = "VB20A";
    value.last_calibration = Phi("20260102");
  }
  Source& id(std::string text) {
    value.patient_id = Phi(std::move(text));
    return *this;
  }
  Source& issuer(std::string text) {
    value.issuer = Phi(std::move(text));
    return *this;
  }
  Source& name(std::string text) {
    value.name = Phi(std::move(text));
    return *this;
  }
  Source& born(std::string text) {
    value.birth_date = Phi(std::move(text));
    return *this;
  }
  Source& sex(std::string text) {
    value.sex = Phi(std::move(text));
    return *this;
  }
  Source& study(std::string text) {
    value.study_uid = Phi(std::move(text));
    return *this;
  }
  Source& serial(std::string text) {
    value.serial_number = Phi(std::move(text));
    return *this;
  }
  Source& software(std::string text) {
    value.software_versions = std::move(text);
    return *this;
  }
  Source& other_id(std::string text) {
    value.other_ids.emplace_back(std::move(text));
    return *this;
  }
};

/// The subject, or a failed test.
inline Subject must(Result<Subject> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return *result;
}
inline Subject resolve(PseudonymMap& map, const Source& source) {
  return must(map.resolve(site_a(), source.value));
}
inline Fault fault_of(PseudonymMap& map, const Source& source) {
  const auto result = map.resolve(site_a(), source.value);
  if (result) throw std::runtime_error("resolved, where a fault was expected");
  return result.error().fault;
}

}  // namespace dosigate::testing
