#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/spool/spool.h"
#include "support/clean_instances.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

/// A state directory with keyring, ledger and spool, which can be closed and opened again as by a
/// restart.
struct SpoolHome {
  explicit SpoolHome(std::filesystem::path where) : path(std::move(where)), keys(make_keys(path)) {
    open();
  }

  static Keyring make_keys(const std::filesystem::path& path) {
    const Secret master(Bytes(Secret::kSize, 7));
    if (!std::filesystem::exists(path / "keyring") && !Keyring::create(path / "keyring", master))
      throw std::runtime_error("keyring");
    auto opened = Keyring::open(path / "keyring", master);
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
  }

  void open() {
    auto ledger_opened = Ledger::open(path / "ledger.db");
    if (!ledger_opened) throw std::runtime_error(ledger_opened.error().detail);
    ledger = std::move(*ledger_opened);
    SpoolSettings settings;
    settings.directory = path / "archive";
    settings.min_free_bytes = min_free_bytes;
    settings.clock = clock;
    auto opened = ArchiveSpool::open(settings, keys, *ledger);
    if (!opened) throw std::runtime_error(opened.error().detail);
    spool = std::move(*opened);
  }
  void close() {
    spool.reset();
    ledger.reset();
  }
  void restart() {
    close();
    open();
  }

  static CleanInstance instance(const std::string& sop, std::size_t body = 5'000) {
    return Deidentifier::make({.sop_instance_uid = sop,
                               .header = Bytes(300, 'h'),
                               .body = Bytes(body, static_cast<Byte>(sop.back())),
                               .trailer = Bytes(20, 't')});
  }

  Result<SpoolPut> offer(const CleanInstance& instance, std::vector<std::string> to = {"A"},
                         const InstanceId& id = random_id(), Byte fingerprint = 1,
                         std::size_t pairs = 0) const {
    const Bytes print(32, fingerprint);
    const Bytes sealed_pairs(pairs, 'p');
    return spool->put({id, instance, print, sealed_pairs, std::move(to)});
  }
  /// The same, for a test that is about what comes afterwards.
  InstanceId put(const std::string& sop, std::vector<std::string> to = {"A"},
                 std::size_t pairs = 0) const {
    const InstanceId id = new_instance_id();
    const auto done = offer(instance(sop), std::move(to), id, 1, pairs);
    if (!done || *done != SpoolPut::Queued) throw std::runtime_error("put " + sop);
    return id;
  }

  std::size_t files_on_disk() const {
    const auto files = std::filesystem::recursive_directory_iterator(path / "archive" / "spool");
    return static_cast<std::size_t>(std::count_if(
        begin(files), end(files), [](const auto& entry) { return entry.is_regular_file(); }));
  }
  std::filesystem::path file_of(const InstanceId& id) const {
    const std::string name = to_hex(id);
    return path / "archive" / "spool" / name.substr(0, 2) / (name + ".dsg");
  }

  /// received + issued = the sum of its parts, and per destination assigned = the sum of its parts
  /// (design 7.3).
  bool ledger_adds_up() const {
    const auto t = ledger->totals();
    bool fits = t.received + t.issued == t.duplicate + t.delivered + t.queued + t.parked +
                                             t.quarantined + t.dropped + t.discarded;
    for (const auto& [name, d] : ledger->by_destination())
      fits = fits && d.assigned == d.delivered + d.queued + d.parked + d.withdrawn;
    return fits;
  }

  std::filesystem::path path;
  std::uint64_t min_free_bytes = 0;
  WallClock clock = wall_now;
  Keyring keys;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<ArchiveSpool> spool;
};

}  // namespace dosigate::testing
