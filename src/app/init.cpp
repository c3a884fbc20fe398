#include "dosigate/app/init.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "dosigate/audit/audit_log.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

Result<Secret> master_key(const Config& config) {
  if (!config.node.key_file.empty()) return load_master_key(config.node.key_file);
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  if (credentials == nullptr)
    return fail(Fault::NotFound,
                "no master key: set [node] key_file, or LoadCredential=dosigate.key:FILE in the "
                "service");
  return load_master_key(std::filesystem::path(credentials) / "dosigate.key");
}

Result<FileDescriptor> lock_state(const std::filesystem::path& state_dir) {
  const auto path = state_dir / "lock";
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock && errno != ENOENT)
    return fail(Fault::Unavailable,
                "cannot write " + path.string() + ": " + std::generic_category().message(errno));
  if (!lock)
    return fail(Fault::NotFound, "cannot open " + path.string() +
                                     ": run `dosigate --config FILE init` first, as the user the "
                                     "service runs as");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Fault::Conflict,
                path.string() + " is held by another dosigated: stop that one first");
  return lock;
}

PseudonymMap::Settings map_settings(const Config& config) {
  PseudonymMap::Settings settings;
  settings.directory = config.node.state_dir / "identity";
  settings.journal_directory = config.node.journal_dir;
  settings.keep_originals = config.node.keep_originals == "study"      ? KeepOriginals::Study
                            : config.node.keep_originals == "identity" ? KeepOriginals::Identity
                                                                       : KeepOriginals::None;
  return settings;
}

std::filesystem::path keyring_copy(const Config& config) {
  return config.node.journal_dir.empty() ? std::filesystem::path()
                                         : config.node.journal_dir / "keyring";
}

namespace {

/// What this run of init made, gone again unless all of it succeeded: a keyring whose recovery key
/// was never shown could not be saved from a lost master key, and the next try would find it.
class Unfinished {
 public:
  ~Unfinished() {
    std::error_code stays;  // nothing better can be done about it here, the error is on its way
    for (const auto& path : made_) std::filesystem::remove(path, stays);
  }
  /// Of a file that is not there yet. What was there before is never ours to remove.
  void will_make(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) made_.push_back(path);
  }
  void is_finished() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;
};

}  // namespace

Result<std::string> initialise(const Config& config) {
  const auto& node = config.node;
  const auto keyring_file = node.state_dir / "keyring";
  const auto map_directory = node.state_dir / "identity";
  const auto ledger_file = node.state_dir / "ledger.db";
  for (const auto& there : {keyring_file, map_directory / "map.db", ledger_file}) {
    if (std::filesystem::exists(there))
      return fail(Fault::Conflict, there.string() +
                                       " exists: this node is initialised already, and a second "
                                       "key would make its map unreadable");
  }

  make_private_directory(node.state_dir);
  if (!node.key_file.empty() && !std::filesystem::exists(node.key_file)) {
    make_private_directory(node.key_file.parent_path());
    if (auto made = create_master_key(node.key_file); !made) return made.error();
  }
  const auto master = master_key(config);
  if (!master) return master.error();
  Unfinished unfinished;
  unfinished.will_make(keyring_file);
  for (const char* part : {"map.db", "map.db-wal", "map.db-shm"})
    unfinished.will_make(map_directory / part);
  for (const char* part : {"ledger.db", "ledger.db-wal", "ledger.db-shm"})
    unfinished.will_make(node.state_dir / part);
  if (!node.journal_dir.empty()) {
    unfinished.will_make(node.journal_dir / "identity.journal");
    unfinished.will_make(keyring_copy(config));
  }
  auto recovery = Keyring::create(keyring_file, *master);
  if (!recovery) return recovery.error();
  auto keys = Keyring::open(keyring_file, *master);
  if (!keys) return keys.error();

  // Only here: a journal directory that is missing later is a disk that is not mounted.
  make_private_directory(node.journal_dir);
  if (auto created = PseudonymMap::create(map_settings(config), *keys); !created)
    return created.error();
  if (auto kept = keys->keep_copy(keyring_copy(config)); !kept) return kept.error();
  if (auto ledger = Ledger::open(ledger_file); !ledger) return ledger.error();
  unfinished.is_finished();
  return recovery;
}

Result<void> begin_ledger(const Config& config) {
  const auto& state = config.node.state_dir;
  for (const auto& needed : {state / "keyring", state / "identity" / "map.db"})
    if (!std::filesystem::exists(needed))
      return fail(Fault::NotFound, needed.string() +
                                       " is not there: this is no node that lost its ledger alone; "
                                       "a new one is made by `dosigate init`");
  const auto file = state / "ledger.db";
  const auto master = master_key(config);
  if (!master) return master.error();
  const auto keys = Keyring::open(state / "keyring", *master);
  if (!keys) return keys.error();
  auto lock = lock_state(state);
  if (!lock) return lock.error();
  if (std::filesystem::exists(file)) {
    const auto present = Ledger::open_existing(file);
    if (present || present.error().fault != Fault::NotFound)  // an empty file is no ledger
      return fail(Fault::Conflict, file.string() + " is there: move it aside first, and keep it");
  }
  auto audit = AuditLog::open(state / "audit", *keys);
  if (!audit) return audit.error();
  (*audit)->record("ledger.begun", "dosigate", {});
  for (const char* part : {"ledger.db-wal", "ledger.db-shm"}) std::filesystem::remove(state / part);
  if (auto ledger = Ledger::open(file); !ledger) return ledger.error();
  return {};
}

}  // namespace dosigate
