#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>

#include "dosigate/base/clock.h"

namespace dosigate {

/// The bandwidth that all associations of a destination share: a token bucket that holds one piece.
/// Each piece reserves its time on the link after those before it and is sent when that time has
/// come, so the mean rate never goes above the limit and nothing is saved up while the link is
/// idle. Runs on the monotonic clock: setting the clock on the wall changes nothing. Thread: any.
class Throttle {
 public:
  /// Returns at `until`, or at a stop.
  using Sleep = std::function<void(const std::stop_token& stop, SteadyTime until)>;

  /// @param bits_per_second  0 = no limit.
  explicit Throttle(std::uint64_t bits_per_second, SteadyClock clock = steady_now,
                    Sleep sleep = sleep_until);

  /// Waits until `bytes` may be sent. A stop ends the waiting, for this piece and all after it:
  /// what is in hand then leaves at the speed of the link, so that a shutdown does not last as long
  /// as a slow transfer.
  void take(std::size_t bytes, const std::stop_token& stop);
  /// The largest piece to send at once: about half a second of the link, so that a peer hears
  /// something often enough, and other traffic of the hospital gets in between. Even.
  std::size_t largest_piece() const;

  static void sleep_until(const std::stop_token& stop, SteadyTime until);

 private:
  const std::uint64_t bits_per_second_;
  const SteadyClock clock_;
  const Sleep sleep_;
  std::mutex mutex_;
  SteadyTime free_{};  // when the pieces before are through
};

}  // namespace dosigate
