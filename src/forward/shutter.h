#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "dosigate/base/clock.h"
#include "dosigate/forward/hours.h"

namespace dosigate {

/// Whether anything may be sent to a destination by our own will, whatever the archive does: inside
/// its hours, and not paused by an operator. Shared by the workers, which look before they take
/// anything and after each instance. Thread: any.
class Shutter {
 public:
  /// @param paused  why, when an operator has paused it; empty: nobody has.
  Shutter(Hours hours, std::string paused, WallClock clock)
      : hours_(std::move(hours)), clock_(std::move(clock)), paused_(std::move(paused)) {}

  struct Closed {
    std::string state;  ///< "paused", "waiting"
    std::string words;
  };
  /// Nothing when it is open.
  std::optional<Closed> closed() const;
  bool is_open();
  /// Waits until it is open, `until`, or a stop. The clock on the wall may be set at any moment, so
  /// it is read again every second.
  bool wait(const std::stop_token& stop, SteadyTime until);

  void pause(std::string words);
  void resume();
  /// Unix seconds at which it was seen to open last; 0: it has been open all the time. What waited
  /// behind it has not failed for so long.
  long long opened_unix() const;

 private:
  bool look();  // under the lock

  const Hours hours_;
  const WallClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string paused_;
  bool was_closed_ = false;
  long long opened_unix_ = 0;
};

}  // namespace dosigate
