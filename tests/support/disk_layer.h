#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"

namespace dosigate::testing {

/// What this process does to files, seen where it calls the C library: our own code and SQLite
/// alike. An executable that links dosigate_disk_layer has its calls pass through here; nothing is
/// recorded, held or failing until one of the classes below exists. One of each at a time.

/// One change, in the order in which it happened.
struct DiskStep {
  enum class Kind {
    Create,
    Write,
    Truncate,
    Sync,           ///< fsync or fdatasync of a file
    SyncDirectory,  ///< fsync of a directory
    Rename,
    Unlink,
    MakeDirectory,
    Mark  ///< said by the test
  };
  Kind kind;
  std::filesystem::path path;  ///< of the file or directory; the word of a Mark
  std::filesystem::path to{};  ///< of a Rename
  std::uint64_t offset = 0;    ///< of a Write; the new size of a Truncate
  Bytes data{};                ///< of a Write
};

/// Records what happens below `root`, in order, until it is destroyed.
class DiskRecording {
 public:
  /// @param each_sync  how much longer a sync of a directory takes.
  explicit DiskRecording(std::filesystem::path root, std::chrono::milliseconds each_sync = {});
  ~DiskRecording();
  DiskRecording(const DiskRecording&) = delete;
  DiskRecording& operator=(const DiskRecording&) = delete;

  /// For example "acknowledged 1.2.3": a point in the order of steps.
  static void mark(const std::string& word);
  static std::vector<DiskStep> steps();
};

/// A disk that is slow to erase: while this exists, the first file to be removed whose path holds
/// `path` stays. Everything else goes on.
class DiskHold {
 public:
  explicit DiskHold(std::string path);
  ~DiskHold();
  DiskHold(const DiskHold&) = delete;
  DiskHold& operator=(const DiskHold&) = delete;

  /// What stays; empty = nothing was to be removed yet.
  static std::filesystem::path held();
};

/// The disk below `root` fails: the step number `first` (from 0) with this errno, and every later
/// one, too, when it is `lasting`. ENOSPC spares what needs no room (unlink, rename, truncate,
/// sync).
class DiskFault {
 public:
  struct Plan {
    std::filesystem::path root;
    int error = 5;  ///< EIO
    std::size_t first = 0;
    bool lasting = false;
    /// Only steps whose path holds this, and of this kind.
    std::string path{};
    std::optional<DiskStep::Kind> kind{};
  };
  explicit DiskFault(Plan plan);
  ~DiskFault();
  DiskFault(const DiskFault&) = delete;
  DiskFault& operator=(const DiskFault&) = delete;

  /// How many steps failed so far; 0 = the plan never came to its turn.
  static std::size_t failed();
  /// In words: "pwrite .../map.db-wal".
  static std::string what_failed();
};

}  // namespace dosigate::testing
