#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dosigate/app/config.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate::offline {

/// A pseudonym map that a command opens for itself, with all that belongs to it.
///
/// Three kinds. The node's own: <state_dir>/identity/map.db, opened as the daemon does, with its
/// key, its journal and an entry in its audit log; only while no daemon has it. A map of its own: a
/// folder (0700) with map.db, keyring and dosigate.key, which belong together. A throwaway one.
class OfflineMap {
 public:
  /// In a private folder, in memory where the system has /dev/shm, gone with this object. Its
  /// master key is never written anywhere: what a crash leaves behind opens no more.
  static Result<OfflineMap> throwaway();
  /// @param map     the map.db or the folder that holds it.
  /// @param config  says what the node's own map is; nullptr = no configuration on this machine.
  /// NotFound, Denied, Conflict, ...: why, and what to do.
  static Result<OfflineMap> open(const std::filesystem::path& map, const Config* config);
  /// Makes a map of its own in a folder that is not there yet.
  /// @return the recovery key, to be shown once.
  static Result<std::string> create(const std::filesystem::path& folder);

  OfflineMap(OfflineMap&&) noexcept = default;
  OfflineMap& operator=(OfflineMap&&) = delete;
  ~OfflineMap() = default;

  PseudonymMap& map() { return *map_; }
  /// Whether what is learnt outlives the run.
  bool is_kept() const { return folder_.empty(); }
  bool is_the_nodes() const { return audit_ != nullptr; }
  /// Into the node's audit log, under the user's name; nothing where there is none.
  void record(std::string_view event,
              const std::vector<std::pair<std::string, std::string>>& fields);

 private:
  /// Removed with everything in it.
  class PrivateFolder {
   public:
    PrivateFolder() = default;
    explicit PrivateFolder(std::filesystem::path path) : path_(std::move(path)) {}
    PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    PrivateFolder& operator=(PrivateFolder&&) = delete;
    ~PrivateFolder();
    bool empty() const { return path_.empty(); }
    const std::filesystem::path& path() const { return path_; }

   private:
    std::filesystem::path path_;
  };

  OfflineMap(PrivateFolder folder, Keyring keys);
  static Result<OfflineMap> open_nodes(const Config& config);
  static Result<OfflineMap> open_own(const std::filesystem::path& folder);
  Result<void> open_map(PseudonymMap::Settings settings);

  // In the order in which they depend on each other; what is open ends before the folder goes.
  PrivateFolder folder_;
  std::unique_ptr<const Keyring> keys_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<PseudonymMap> map_;
};

}  // namespace dosigate::offline
