#pragma once

#include <chrono>
#include <functional>

namespace dosigate {

/// Wall-clock time, UTC. Only for what people read and for calendar days; never for a timeout.
using WallTime = std::chrono::system_clock::time_point;
using WallClock = std::function<WallTime()>;

/// Monotonic time, for timeouts and retries: a clock that is set back must not stop a retry.
using SteadyTime = std::chrono::steady_clock::time_point;
using SteadyClock = std::function<SteadyTime()>;

inline WallTime wall_now() { return std::chrono::system_clock::now(); }
inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// Seconds since 1970-01-01T00:00:00Z, as every table of ours stores time.
inline long long to_unix(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

inline constexpr long long kSecondsPerDay = 86'400;

}  // namespace dosigate
