#include "offline_map.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <system_error>

#include "dosigate/app/init.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"

namespace dosigate::offline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKeyName = "dosigate.key";

fs::path make_temporary_folder() {
  const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
  std::string name =
      ((in_memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "dosigate-map-XXXXXX")
          .string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "create a folder " + name);
  return name;
}

fs::path same(const fs::path& path) { return fs::weakly_canonical(path); }

/// What stands in a folder that may hold a map of its own.
bool holds_own_map(const fs::path& folder) {
  return fs::exists(folder / "map.db") && fs::exists(folder / "keyring");
}

std::string user() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return "uid " + std::to_string(::getuid());
}

}  // namespace

OfflineMap::PrivateFolder::~PrivateFolder() {
  if (path_.empty()) return;
  std::error_code stays;  // sealed under a key that is gone: nothing in it can be read
  fs::remove_all(path_, stays);
}

OfflineMap::OfflineMap(PrivateFolder folder, Keyring keys)
    : folder_(std::move(folder)), keys_(std::make_unique<const Keyring>(std::move(keys))) {}

Result<void> OfflineMap::open_map(PseudonymMap::Settings settings) {
  auto opened = PseudonymMap::open(std::move(settings), *keys_);
  if (!opened) return opened.error();
  map_ = std::move(*opened);
  return {};
}

Result<OfflineMap> OfflineMap::throwaway() {
  PrivateFolder folder(make_temporary_folder());
  const fs::path path = folder.path();
  const Secret master = random_secret();
  if (auto made = Keyring::create(path / "keyring", master); !made) return made.error();
  auto keys = Keyring::open(path / "keyring", master);
  if (!keys) return keys.error();

  OfflineMap out(std::move(folder), std::move(*keys));
  PseudonymMap::Settings settings;
  settings.directory = path / "identity";
  // The person is kept for as long as the run lasts: one id with two persons has to be noticed.
  settings.keep_originals = KeepOriginals::Identity;
  if (auto made = PseudonymMap::create(settings, *out.keys_); !made) return made.error();
  if (auto opened = out.open_map(settings); !opened) return opened.error();
  return out;
}

Result<OfflineMap> OfflineMap::open(const fs::path& map, const Config* config) {
  const fs::path file = same(fs::is_directory(map) ? map / "map.db" : map);
  if (config != nullptr && file == same(config->node.state_dir / "identity" / "map.db"))
    return open_nodes(*config);
  if (file.filename() == "map.db" && holds_own_map(file.parent_path()))
    return open_own(file.parent_path());
  if (!fs::exists(file))
    return fail(Fault::NotFound,
                "no pseudonym map " + file.string() +
                    ": name the node's own (state_dir/identity/map.db of its configuration), make "
                    "one with --create-map, or do without one: --throwaway-map");
  if (fs::exists(file.parent_path().parent_path() / "keyring"))
    return fail(Fault::Conflict,
                file.string() +
                    " is the map of a node: say which with --config FILE, so that its key and its "
                    "journal are found");
  return fail(Fault::NotFound,
              file.string() +
                  " has no keyring beside it and cannot be opened: put the folder "
                  "together again, or name the map.db of a node with its --config");
}

Result<OfflineMap> OfflineMap::open_nodes(const Config& config) {
  const auto master = master_key(config);
  if (!master) return master.error();
  auto keys = Keyring::open(config.node.state_dir / "keyring", *master);
  if (!keys) return keys.error();
  OfflineMap out({}, std::move(*keys));
  if (auto opened = out.open_map(map_settings(config)); !opened) {
    if (opened.error().fault != Fault::Unavailable) return opened.error();
    return fail(Fault::Unavailable,
                opened.error().detail +
                    ". If a dosigated runs here, the map is its own until it is stopped: stop it, "
                    "or send the files to it by DICOM instead");
  }
  auto audit = AuditLog::open(config.node.state_dir / "audit", *out.keys_);
  if (!audit) return audit.error();
  out.audit_ = std::move(*audit);
  return out;
}

Result<OfflineMap> OfflineMap::open_own(const fs::path& folder) {
  const auto master = load_master_key(folder / kKeyName);
  if (!master) return master.error();
  auto keys = Keyring::open(folder / "keyring", *master);
  if (!keys) return keys.error();
  OfflineMap out({}, std::move(*keys));
  PseudonymMap::Settings settings;
  settings.directory = folder;
  if (auto opened = out.open_map(settings); !opened) return opened.error();
  return out;
}

Result<std::string> OfflineMap::create(const fs::path& folder) {
  if (fs::exists(folder))
    return fail(Fault::Conflict, folder.string() +
                                     " exists: a new map gets a folder of its own; leave "
                                     "--create-map out to use the one that is there");
  make_private_directory(folder);
  auto made = [&]() -> Result<std::string> {
    const auto master = create_master_key(folder / kKeyName);
    if (!master) return master.error();
    auto recovery = Keyring::create(folder / "keyring", *master);
    if (!recovery) return recovery.error();
    const auto keys = Keyring::open(folder / "keyring", *master);
    if (!keys) return keys.error();
    PseudonymMap::Settings settings;
    settings.directory = folder;
    if (auto map = PseudonymMap::create(settings, *keys); !map) return map.error();
    return recovery;
  }();
  // Half a map would be in the way of the next try. It was not there before, so all of it is ours.
  if (!made) fs::remove_all(folder);
  return made;
}

void OfflineMap::record(std::string_view event,
                        const std::vector<std::pair<std::string, std::string>>& fields) {
  if (audit_) audit_->record(event, user(), fields);
}

}  // namespace dosigate::offline
