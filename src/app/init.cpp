#include "dosigate/app/init.h"

#include <cstdlib>
#include <vector>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/keyring.h"

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
  for (const auto& there : {keyring_file, map_directory / "map.db"}) {
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
  unfinished.is_finished();
  return recovery;
}

}  // namespace dosigate
