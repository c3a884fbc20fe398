#pragma once

#include <chrono>
#include <cstdint>

#include "dosigate/base/clock.h"

namespace dosigate {

/// The least that a peer has to send while it is inside a message, measured over windows of time
/// and not from byte to byte: one byte now and then keeps every deadline for the next byte, and
/// holds an association for ever. Thread: one at a time.
class RateFloor {
 public:
  RateFloor(std::uint64_t bytes_per_second, std::chrono::seconds window,
            SteadyClock now = steady_now)
      : least_(bytes_per_second * static_cast<std::uint64_t>(window.count())),
        window_(window),
        now_(std::move(now)) {
    restart();
  }
  /// A message begins: what was before does not count.
  void restart() {
    begin_ = now_();
    got_ = 0;
  }
  /// @return false when a window has ended with too little in it: the peer is to be given up.
  bool keeps_up(std::uint64_t bytes) {
    got_ += bytes;
    const SteadyTime now = now_();
    if (now - begin_ < window_) return true;
    const bool enough = got_ >= least_;
    begin_ = now;
    got_ = 0;
    return enough;
  }

 private:
  std::uint64_t least_;
  std::chrono::seconds window_;
  SteadyClock now_;
  SteadyTime begin_{};
  std::uint64_t got_ = 0;
};

}  // namespace dosigate
