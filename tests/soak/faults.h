#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/raw_scu.h"
#include "support/small_disk.h"
#include "wire/node_process.h"
#include "wire/store_scp.h"

namespace dosigate::testing {

/// What goes wrong in a department, on a seeded schedule: one fault after another, each mended
/// after some seconds.
class Faults {
 public:
  /// @param disk  that the node's state lies on; may be none (SmallDisk::why_not).
  Faults(NodeProcess& node, StoreScp& archive, const SmallDisk& disk, unsigned long seed,
         std::chrono::seconds longest_quiet);

  /// Begins or ends what is due.
  /// @param may_restart  whether the daemon may be killed or stopped.
  void step(bool may_restart);
  /// Ends the one that holds.
  void end();
  bool holds() const { return present_ != nullptr; }

  const std::map<std::string, unsigned>& counts() const { return counts_; }
  /// Empty, or what the node did wrong while something was wrong around it.
  const std::vector<std::string>& complaints() const { return complaints_; }
  /// How often the daemon was killed or stopped.
  unsigned restarts() const { return restarts_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Kind {
    std::string name;
    bool restarts;
    std::function<void()> begin, mend;
  };
  void begin(const Kind& kind);
  std::chrono::milliseconds between(long from_s, long to_s);
  void start_again();
  void half_sent_association();

  NodeProcess& node_;
  StoreScp& archive_;
  const SmallDisk& disk_;
  std::mt19937_64 random_;
  const std::chrono::seconds longest_quiet_;
  std::vector<Kind> kinds_;
  const Kind* present_ = nullptr;
  Time next_;
  std::vector<std::unique_ptr<RawScu>> idle_;
  std::map<std::string, unsigned> counts_;
  std::vector<std::string> complaints_;
  unsigned restarts_ = 0;
};

}  // namespace dosigate::testing
