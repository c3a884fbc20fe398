#include "restore.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "backup.h"
#include "dosigate/app/init.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/base/fail_point.h"
#include "incident_lines.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

/// In the order in which they get their place: without the last of them no node starts.
constexpr std::array kPlaced{"audit", "incidents", "ledger.db", "keyring", "identity"};

Result<void> one_of_both(const RestoreOrder& order) {
  if (order.journal.empty() == order.without_journal) return {};
  return fail(Fault::Invalid,
              "either --journal DIR or --without-journal is needed. With the journal everything is "
              "as it was when the machine was lost: patients, aliases, reassignments and "
              "forgettings of after the backup as well. Without it the node holds whoever the "
              "backup does not know, until `dosigate map accept-gap`: who came after the backup "
              "could otherwise get a second pseudonym, and who was forgotten after it is known "
              "again");
}

Result<void> journal_is_configured(const RestoreOrder& order, const Config::Node& node,
                                   const fs::path& config_file) {
  const fs::path& configured = node.journal_dir;
  std::error_code away;
  if (order.without_journal) {
    if (!configured.empty() && fs::exists(configured / "identity.journal", away))
      return fail(Fault::Conflict,
                  "[node] journal_dir " + configured.string() +
                      " holds a journal: restore with --journal " + configured.string() +
                      ", or, when it is damaged for good or of another node, move it away first");
    return {};
  }
  if (!fs::exists(order.journal / "identity.journal", away))
    return fail(Fault::NotFound, "no identity.journal in " + order.journal.string() +
                                     ": mount the disk or share that held [node] journal_dir");
  if (configured.empty() || !fs::equivalent(order.journal, configured, away))
    return fail(Fault::Invalid,
                "the node goes on writing its journal, so it has to lie where [node] journal_dir "
                "of " +
                    config_file.string() + " says (" +
                    (configured.empty() ? "nothing" : configured.string()) +
                    "): mount or copy the whole directory there, or set journal_dir to " +
                    order.journal.string() + ", and restore with --journal of that directory");
  return {};
}

/// The place where a restore works. It is made only where there is no node yet; when it is found,
/// a restore was cut off, and what stands in the places of a node is its work.
class Workshop {
 public:
  static Result<Workshop> open(const fs::path& state_dir) {
    const fs::path directory = state_dir / "restoring";
    const bool cut_off = fs::exists(directory) && !fs::exists(state_dir / kBackupMap);
    for (const char* part :
         {kBackupMap, "keyring", kBackupLedger, kBackupAudit, "archive/queue.db"}) {
      if (fs::exists(state_dir / part) &&
          !(cut_off && std::string_view(part) != "archive/queue.db"))
        return fail(Fault::Conflict, (state_dir / part).string() +
                                         " exists: there is a node already. A restore is for a "
                                         "state_dir that is empty or not there; move this one away "
                                         "if it is lost for good");
    }
    make_private_directory(state_dir);
    // As dosigated holds it: two restores, or a restore and a start, do not mix.
    const fs::path path = state_dir / "lock";
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) throw std::system_error(errno, std::generic_category(), "open " + path.string());
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
      return fail(Fault::Conflict, path.string() + " is held by another process: stop it first");
    if (cut_off) {
      for (const char* name : kPlaced) fs::remove_all(state_dir / name);
      fs::remove_all(directory);
    }
    make_private_directory(directory);
    sync_directory(state_dir);
    return Workshop(state_dir, std::move(lock));
  }

  fs::path operator/(const char* name) const { return directory_ / name; }

  void put_in_place() {
    for (const char* name : kPlaced) {
      if (!fs::exists(directory_ / name)) continue;  // a backup of before there were incidents
      sync_directory(fs::is_directory(directory_ / name) ? directory_ / name : directory_);
      fs::rename(directory_ / name, state_dir_ / name);
      sync_directory(state_dir_);
      fail_point("restore.placed");
    }
    fs::remove_all(directory_);
    sync_directory(state_dir_);
  }

 private:
  Workshop(fs::path state_dir, FileDescriptor lock)
      : state_dir_(std::move(state_dir)),
        directory_(state_dir_ / "restoring"),
        lock_(std::move(lock)) {}
  fs::path state_dir_, directory_;
  FileDescriptor lock_;
};

Result<void> unpack(const BundleReader& backup, const Workshop& workshop) {
  for (const auto& [name, bytes] : backup.card().entries) {
    const bool known = name == kBackupMap || name == kBackupLedger || name == kBackupAudit ||
                       name == kIncidents || name == kBackupConfig ||
                       name.starts_with(kBackupProfiles);
    if (!known)
      return fail(Fault::Conflict,
                  "the backup holds " + name +
                      ", which this program does not know: restore with dosigate " +
                      backup.card().version);
  }
  std::optional<FileDescriptor> file;
  fs::path path;
  const auto end_file = [&] {
    if (!file) return;
    sync_data(file->get(), path);
    sync_directory(path.parent_path());
    file.reset();
  };
  const auto whole = backup.read([&](const std::string& name, ByteView piece) {
    if (piece.empty()) {
      end_file();
      if (name == kBackupConfig || name.starts_with(kBackupProfiles)) return;
      path = workshop / name.c_str();
      make_private_directory(path.parent_path());
      file = create_new_file(path);
    } else if (file) {
      write_all(file->get(), piece, path);
    }
  });
  if (!whole) return whole.error();
  end_file();
  for (const char* needed : {kBackupMap, kBackupLedger, kBackupAudit})
    if (!fs::exists(workshop / needed))
      return fail(Fault::Corrupt, std::string("the backup holds no ") + needed);
  return {};
}

/// As `init` makes it; one that is there, of a restore that was cut off or by the administrator,
/// is used.
Result<Secret> new_master_key(Config& config, const fs::path& credential_file) {
  if (config.node.key_file.empty()) config.node.key_file = credential_file;
  const fs::path& file = config.node.key_file;
  if (fs::exists(file)) return load_master_key(file);
  make_private_directory(file.parent_path());
  return create_master_key(file);
}

/// The keyring of the restored node. The journal's copy goes with the journal and may be newer than
/// the backup's; keys that only the backup's has are taken over.
Result<void> make_keyring(const fs::path& file, const RestoreOrder& order, const Keyring& backups,
                          const std::string& recovery_key, const Secret& master) {
  fs::path base = order.folder / "keyring";
  std::vector<fs::path> others;
  if (const auto copy = order.journal / "keyring"; !order.journal.empty() && fs::exists(copy)) {
    const auto opened = Keyring::open_with_recovery(copy, recovery_key);
    if (opened && opened->id() == backups.id()) {
      others.push_back(base);
      base = copy;
    }
  }
  replace_file(file, read_file(base, 1U << 20U));
  return Keyring::adopt_master(file, recovery_key, master, others);
}

}  // namespace

Result<Restored> restore(const RestoreOrder& order, const std::string& recovery_key,
                         const std::string& actor, WallTime now) {
  if (auto said = one_of_both(order); !said) return said.error();
  if (auto there = is_bundle(order.folder); !there) return there.error();
  const auto backups_keys = Keyring::open_with_recovery(order.folder / "keyring", recovery_key);
  if (!backups_keys) return backups_keys.error();
  const auto backup = BundleReader::open(*backups_keys, order.folder);
  if (!backup) return backup.error();
  if (backup->card().kind != "backup")
    return fail(Fault::Invalid, order.folder.string() + " is no backup but a " +
                                    backup->card().kind + ": see `dosigate map open-export`");
  auto using_config = config_to_use(order.config_file, *backup);
  if (!using_config) return using_config.error();
  Restored out;
  out.config = std::move(using_config->config);
  out.config_written = using_config->written;
  out.config_another = using_config->another;
  out.created = backup->card().created;
  const auto& node = out.config.node;
  if (auto there = journal_is_configured(order, node, order.config_file); !there)
    return there.error();

  auto workshop = Workshop::open(node.state_dir);
  if (!workshop) return workshop.error();
  if (auto unpacked = unpack(*backup, *workshop); !unpacked) return unpacked.error();
  const auto master = new_master_key(out.config, order.credential_file);
  if (!master) return master.error();
  out.key_file = node.key_file;
  if (auto made = make_keyring(*workshop / "keyring", order, *backups_keys, recovery_key, *master);
      !made)
    return made.error();
  const auto keys = Keyring::open(*workshop / "keyring", *master);
  if (!keys) return keys.error();

  auto settings = map_settings(out.config);
  settings.directory = *workshop / "identity";
  if (order.without_journal) {
    make_private_directory(node.journal_dir);
    // A new journal begins at the start of the node, with everything that is in the map then.
    settings.journal_directory.clear();
    if (auto marked = PseudonymMap::mark_gap(settings, *keys, static_cast<long long>(out.created));
        !marked)
      return marked.error();
  }
  auto ledger = Ledger::open(*workshop / kBackupLedger);
  if (!ledger) return ledger.error();
  {
    const auto map = PseudonymMap::open(settings, *keys);  // brings it up to the journal
    if (!map) return map.error();
    const auto totals = (*map)->totals();
    out.patients = totals.patients;
    out.studies = totals.studies;
    out.uid_pairs = totals.uid_pairs;
    // Who was forgotten after the backup: the journal has told the map, nobody has told the ledger.
    std::vector<std::string> forgotten;
    for (const auto& study : (*ledger)->studies())
      if (const auto known = (*map)->study_info(study);
          !known && known.error().fault == Fault::NotFound)
        forgotten.push_back(study);
    (*ledger)->forget(forgotten);
    out.forgotten_studies = forgotten.size();
  }
  // The originals were on the lost disk; what waited in the spool is found missing at the start.
  for (const InstanceId& id : (*ledger)->quarantined_instances())
    (*ledger)->discarded(id, "lost with the machine");
  (*ledger)->milestone("backup", static_cast<std::int64_t>(out.created));
  (*ledger)->milestone("recovery-verified", to_unix(now));
  ledger->reset();

  const auto& facts = backup->card().facts;
  const auto fact = [&](const char* name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string() : found->second;
  };
  out.patients_before = fact("patients");
  out.studies_before = fact("studies");
  {
    const auto audit = AuditLog::open(*workshop / "audit", *keys);
    if (!audit) return audit.error();
    (*audit)->record("restore", actor,
                     {{"backup", std::to_string(out.created)},
                      {"journal", order.without_journal ? "lost" : "used"},
                      {"patients", std::to_string(out.patients)},
                      {"studies", std::to_string(out.studies)},
                      {"audit_head", fact("audit_head")}});
  }
  workshop->put_in_place();
  return out;
}

}  // namespace dosigate
