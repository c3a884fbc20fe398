#include "backup.h"

#include <algorithm>
#include <vector>

#include "audit_span.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/base/fail_point.h"
#include "incident_lines.h"
#include "sealed_bundle.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

constexpr int kTries = 3;  ///< of a backup that a rotation of keys has crossed

fs::path copies_in(const fs::path& state_dir) { return state_dir / "backup.part"; }

/// The copies of the databases, gone again however the backup ends.
class Copies {
 public:
  explicit Copies(const fs::path& state_dir) : directory_(copies_in(state_dir)) {
    fs::remove_all(directory_);
    make_private_directory(directory_);
  }
  ~Copies() {
    std::error_code stays;  // the next backup or start removes it
    fs::remove_all(directory_, stays);
  }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;
  fs::path operator/(const char* name) const { return directory_ / name; }

 private:
  fs::path directory_;
};

std::uint64_t size_or_zero(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : size;
}

Result<void> room_for_copies(const Config::Node& node) {
  std::uint64_t need = node.min_free_bytes;
  for (const char* file : {"identity/map.db", "identity/map.db-wal", "ledger.db", "ledger.db-wal"})
    need += size_or_zero(node.state_dir / file);
  const auto free = fs::space(node.state_dir).available;
  if (free >= need) return {};
  return fail(
      Fault::Unavailable,
      "a backup copies map and ledger inside state_dir first: " + std::to_string(need >> 20U) +
          " MiB have to be free with [node] min_free_gb, " + std::to_string(free >> 20U) + " are");
}

std::vector<fs::path> profiles_of(const Config::Node& node) {
  std::vector<fs::path> out;
  if (!fs::is_directory(node.profiles_dir)) return out;  // the embedded ones are in the program
  for (const auto& file : fs::directory_iterator(node.profiles_dir))
    if (file.is_regular_file() && file.path().extension() == ".toml") out.push_back(file.path());
  std::sort(out.begin(), out.end());
  return out;
}

Result<BackupMade> try_once(const Config& config, const Keyring& keys, PseudonymMap& map,
                            Ledger& ledger, const fs::path& directory, WallTime now) {
  const auto& node = config.node;
  // The keyring is copied before anything that it has to open; `finish` sees to it that it is still
  // the same afterwards.
  BundleWriter bundle(keys, node.state_dir / "keyring", directory, "dosigate-backup", now);
  const Copies copies(node.state_dir);
  // The ledger before the map: a study gets its row in the map before it gets one in the ledger, so
  // whatever the earlier copy names is in the later one. (What was forgotten between the two is
  // forgotten in the ledger as well by a restore.)
  if (auto copied = ledger.copy_to(copies / "ledger.db"); !copied) return copied.error();
  if (auto copied = map.copy_to(copies / "map.db"); !copied) return copied.error();
  fail_point("backup.copied");
  const auto totals = map.totals();

  bundle.add_file(kBackupConfig, config.file);
  for (const fs::path& profile : profiles_of(node))
    bundle.add_file(kBackupProfiles + profile.filename().string(), profile);
  const auto audit = audit_span(node.state_dir / kBackupAudit);
  if (!audit) return audit.error();
  bundle.add_file(kBackupAudit, node.state_dir / kBackupAudit, audit->bytes);
  // Appended to and never changed, like the audit record: its whole lines are a register.
  if (size_or_zero(node.state_dir / kIncidents) > 0) {
    const auto incidents = audit_span(node.state_dir / kIncidents);
    if (!incidents) return incidents.error();
    bundle.add_file(kIncidents, node.state_dir / kIncidents, incidents->bytes);
  }
  bundle.add_file(kBackupLedger, copies / "ledger.db");
  bundle.add_file(kBackupMap, copies / "map.db");

  BundleCard card;
  card.kind = "backup";
  card.node = node.ae_title;
  card.facts = {{"patients", std::to_string(totals.patients)},
                {"studies", std::to_string(totals.studies)},
                {"audit_lines", std::to_string(audit->lines)},
                {"audit_head", audit->head}};
  const auto folder = bundle.finish(std::move(card));
  if (!folder) return folder.error();

  BackupMade made{*folder, 0, audit->lines, audit->head};
  for (const char* file : {"keyring", "bundle.dsb"}) made.bytes += fs::file_size(*folder / file);
  // A share may take what it cannot give back.
  const auto read_back = BundleReader::open(keys, *folder);
  if (!read_back) return read_back.error();
  if (auto whole = read_back->read([](const std::string&, ByteView) {}); !whole)
    return whole.error();
  return made;
}

}  // namespace

Result<BackupMade> make_backup(const Config& config, const Keyring& keys, PseudonymMap& map,
                               Ledger& ledger, const fs::path& directory, WallTime now) {
  if (auto usable = bundle_directory(directory, config.node.state_dir); !usable)
    return usable.error();
  if (auto room = room_for_copies(config.node); !room) return room.error();
  auto made = try_once(config, keys, map, ledger, directory, now);
  for (int tries = 1; tries < kTries && !made && made.error().fault == Fault::Busy; ++tries)
    made = try_once(config, keys, map, ledger, directory, now);
  return made;
}

Result<AuditHead> head_of_backup(const Keyring& keys, const fs::path& folder) {
  const auto bundle = BundleReader::open(keys, folder);
  if (!bundle) return bundle.error();
  const auto& facts = bundle->card().facts;
  const auto lines = facts.find("audit_lines"), head = facts.find("audit_head");
  if (lines != facts.end() && head != facts.end())
    if (auto parsed = parse_audit_head(lines->second + ":" + head->second)) return *parsed;
  return fail(Fault::Invalid, folder.string() +
                                  " is no backup that says where the audit record "
                                  "ended");
}

void remove_backup_copies(const fs::path& state_dir) { fs::remove_all(copies_in(state_dir)); }

}  // namespace dosigate
