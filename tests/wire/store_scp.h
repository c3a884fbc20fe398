#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "support/process.h"

namespace dosigate::testing {

/// dcmtk's storescp on a free port: the plainest archive there is. It keeps one file per SOP
/// Instance UID and no opinion.
class StoreScp {
 public:
  /// Starts it. Throws std::runtime_error when it does not answer.
  explicit StoreScp(std::filesystem::path directory);

  std::uint16_t port() const { return port_; }
  /// What lies there, sorted by name.
  std::vector<std::filesystem::path> files() const;
  /// The disk dies: everything that lay there is gone, the archive goes on.
  void lose_everything() const;
  /// Ends it; port and files stay for `start`.
  void stop();
  void start();
  /// It keeps its connections and says nothing any more, until it is thawed.
  void freeze() const;
  void thaw() const;

 private:
  std::filesystem::path directory_;
  std::uint16_t port_;
  int starts_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace dosigate::testing
