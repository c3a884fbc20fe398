#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

namespace dosigate {

/// Makes entries of directories durable; callers that come while a sync of their directory runs
/// share the next one. Thread: any.
class SharedSync {
 public:
  /// When it returns, every entry that `directory` had at the call is durable. Throws
  /// std::system_error to everybody whose sync failed; nobody takes a later one for it.
  void sync(const std::filesystem::path& directory);

 private:
  /// One sync and those who wait for it.
  struct Round {
    bool ended = false;
    std::exception_ptr failure;
  };
  struct Directory {
    bool running = false;
    std::shared_ptr<Round> next;  ///< not begun
    unsigned users = 0;
  };

  std::mutex mutex_;
  std::condition_variable ended_;
  std::map<std::filesystem::path, Directory> directories_;
};

}  // namespace dosigate
