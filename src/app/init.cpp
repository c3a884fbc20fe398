#include "dosigate/app/init.h"

#include <cstdlib>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/identity/pseudonym_map.h"

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
  auto recovery = Keyring::create(keyring_file, *master);
  if (!recovery) return recovery.error();
  const auto keys = Keyring::open(keyring_file, *master);
  if (!keys) return keys.error();

  // Only here: a journal directory that is missing later is a disk that is not mounted.
  make_private_directory(node.journal_dir);
  PseudonymMap::Settings map;
  map.directory = map_directory;
  map.journal_directory = node.journal_dir;
  if (auto created = PseudonymMap::create(map, *keys); !created) return created.error();
  return recovery;
}

}  // namespace dosigate
