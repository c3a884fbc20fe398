#pragma once

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "dosigate/base/guarded.h"

namespace dosigate {

/// Reads databases that are too large to be read before the node serves (store/database.h), one
/// after the other, once, at the lowest priority. Thread: any.
class DatabaseCheck {
 public:
  /// @param files  those that were small enough were read when they were opened, and are left out.
  explicit DatabaseCheck(const std::vector<std::filesystem::path>& files);

  /// What is damaged and what to do; empty while nothing is known to be.
  std::string damage() const;

 private:
  void read(const std::vector<std::filesystem::path>& files, const std::stop_token& stop);

  Guarded<std::string> damage_;
  std::jthread thread_;  // last: what it writes to exists when it starts
};

}  // namespace dosigate
