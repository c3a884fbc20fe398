#pragma once

#include <mutex>
#include <vector>

#include "dosigate/spool/spool.h"
#include "shared_sync.h"
#include "spool_files.h"

namespace dosigate {

/// Makes the files of SpoolPlaces, many with one sync of their directory. Those that nobody used
/// are gone with it, or removed at the next start. Thread: any.
class SpoolPlaces {
 public:
  SpoolPlaces(const SpoolFiles& files, SharedSync& entries) : files_(files), entries_(entries) {}
  ~SpoolPlaces();
  SpoolPlaces(const SpoolPlaces&) = delete;
  SpoolPlaces& operator=(const SpoolPlaces&) = delete;

  /// Throws std::system_error when no file can be made.
  SpoolPlace take();

 private:
  friend class SpoolPlace;
  struct Ready {
    InstanceId id;
    FileDescriptor file;
  };
  /// With the lock held.
  void make_more();
  void put_back(Ready unused) noexcept;

  const SpoolFiles& files_;
  SharedSync& entries_;
  std::mutex mutex_;
  std::vector<Ready> ready_;
};

}  // namespace dosigate
