#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/process.h"
#include "wire/custody.h"
#include "wire/node_process.h"

namespace dosigate::testing {

/// storescu and dcmsend in a loop: new studies of a few persons all the time, and some instances
/// again. Files are written before a sender starts and removed when they are not needed any more.
class Traffic {
 public:
  Traffic(const NodeProcess& node, std::filesystem::path directory, CustodyBook& book,
          unsigned long seed);

  /// Takes notice of senders that have ended and starts their successors. Quick.
  void step();
  /// Starts nothing more and waits for those that run. False when one had to be killed.
  bool finish();

  unsigned visits() const { return visits_; }
  /// Identifiers of the persons, and the UIDs of the first and the latest studies.
  std::vector<Planted> planted() const;

 private:
  struct Sender {
    std::string program;
    std::unique_ptr<Process> process;
    std::chrono::steady_clock::time_point next{};
  };
  void hear(Sender& sender);
  void start(Sender& sender);
  Phantom next_visit();

  const NodeProcess& node_;
  std::filesystem::path directory_;
  CustodyBook& book_;
  std::mt19937_64 random_;
  unsigned visits_ = 0;
  std::deque<Phantom> kept_;  ///< the latest, oldest first
  std::vector<Planted> first_planted_;
  std::vector<Sender> senders_;
};

}  // namespace dosigate::testing
