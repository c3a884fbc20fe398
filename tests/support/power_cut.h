#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>

#include "support/disk_layer.h"

namespace dosigate::testing {

/// What a disk holds when the power goes: a model that is stricter than file systems are. A write
/// lasts when its file was synced after it; a created, renamed or removed name when its directory
/// was. Nothing else does, unless `power_cut` is told to keep a random part of it.
class SimulatedDisk {
 public:
  /// @param start  a directory tree that lasts as it is now.
  /// @param called  where the steps say that it lies; empty: there.
  explicit SimulatedDisk(const std::filesystem::path& start,
                         const std::filesystem::path& called = {});

  /// Steps below it, in order.
  void apply(const DiskStep& step);

  /// Writes what a process sees that starts at this moment, the one before having been killed.
  void seen(const std::filesystem::path& into) const;

  /// Writes what is left after a power cut at this moment into `into`, a directory that is made
  /// anew.
  /// @param chance  of what was not synced, by which writes and names last by luck and writes are
  ///                cut at a block; nullptr: nothing of it.
  void power_cut(const std::filesystem::path& into, std::mt19937* chance = nullptr) const;

 private:
  struct File {
    Bytes now, lasting;
    std::vector<DiskStep> unsynced;  ///< Write and Truncate since the last sync
  };
  struct Directory {
    /// Files and directories by name, as they are now and as they last.
    std::map<std::string, std::shared_ptr<File>> now, lasting;
    std::map<std::string, std::shared_ptr<Directory>> directories, lasting_directories;
  };

  Directory& directory_of(const std::filesystem::path& path);
  std::filesystem::path relative(const std::filesystem::path& path) const;
  void write_seen(const Directory& from, const std::filesystem::path& into) const;
  void write_out(const Directory& from, const std::filesystem::path& into,
                 std::mt19937* chance) const;

  std::filesystem::path root_;
  std::shared_ptr<Directory> tree_;
  std::set<std::filesystem::path> gone_;  ///< names that were unlinked or renamed
};

}  // namespace dosigate::testing
