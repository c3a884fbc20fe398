#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

#include "dosigate/base/backoff.h"
#include "dosigate/base/clock.h"

namespace dosigate {

/// Whether a destination may be tried at this moment, shared by its workers. Up: all may. Down: one
/// at a time, a probe, after a back-off that grows with every failed probe; the first success lets
/// all go again at once. Thread: any.
class Gate {
 public:
  explicit Gate(Backoff backoff) : backoff_(backoff) {}

  enum class Pass { No, Open, Probe };
  /// Waits until it may go on, `until`, or a stop. A Probe must end in exactly one of succeeded,
  /// failed and unused.
  /// @param wish  a number that changes when an operator asks for an attempt now: the back-off is
  /// then cut short.
  Pass enter(const std::stop_token& stop, SteadyTime until, std::uint64_t wish);

  /// The destination answered, whatever it said.
  void succeeded();
  /// It cannot take anything now. `lasting`: only a person can change that, so ask at the longest
  /// intervals.
  /// @param probe  the caller holds the probe; only then does the back-off grow, so that four
  /// workers failing together count once.
  /// @param at_least  the destination's own wish for a pause; no pause is longer than the longest
  /// of the back-off.
  void failed(const std::string& words, bool lasting, bool probe,
              std::chrono::milliseconds at_least = {});
  /// There was nothing to probe with.
  void unused();

  struct State {
    bool tried = false, down = false;
    std::string words;
    long long last_success_unix = 0, last_error_unix = 0;
  };
  State state() const;
  /// The last attempt ended badly, though the destination is up (an instance was parked, a commit
  /// failed).
  void note(const std::string& words);

 private:
  const Backoff backoff_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  State state_;
  bool probing_ = false;
  unsigned failures_ = 0;
  SteadyTime next_probe_{};
  std::uint64_t wish_ = 0;
};

}  // namespace dosigate
