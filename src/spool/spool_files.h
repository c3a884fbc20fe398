#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Where the files of a spool lie: <directory>/spool/ab/<32 hexadecimal digits>.dsg, ab = the first
/// two digits.
class SpoolFiles {
 public:
  /// Makes the 256 directories, durably, so that a put has only its own entry to sync.
  explicit SpoolFiles(const std::filesystem::path& directory);
  std::filesystem::path path(const InstanceId& id) const;
  /// While its body is coming.
  std::filesystem::path unfinished(const InstanceId& id) const;
  /// Removes those that a crash left. @return how many.
  std::uint64_t remove_unfinished() const;
  const std::filesystem::path& root() const { return root_; }
  /// Removes it if it is there.
  void erase(const InstanceId& id) const;
  /// Calls `use` with every file of ours and its id, in no order.
  void each(const std::function<void(const InstanceId&, const std::filesystem::path&)>& use) const;

 private:
  std::filesystem::path root_;
};

}  // namespace dosigate
