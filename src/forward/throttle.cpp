#include "throttle.h"

#include <algorithm>
#include <condition_variable>
#include <limits>

namespace dosigate {
namespace {

constexpr std::size_t kSmallestPiece = 4'096;

}  // namespace

Throttle::Throttle(std::uint64_t bits_per_second, SteadyClock clock, Sleep sleep)
    : bits_per_second_(bits_per_second), clock_(std::move(clock)), sleep_(std::move(sleep)) {}

void Throttle::take(std::size_t bytes, const std::stop_token& stop) {
  if (bits_per_second_ == 0 || stop.stop_requested()) return;
  const auto cost = std::chrono::nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(bytes) * 8e9 / static_cast<double>(bits_per_second_)));
  SteadyTime through;
  {
    const std::lock_guard lock(mutex_);
    through = std::max(clock_(), free_) + cost;
    free_ = through;
  }
  // A piece leaves at the end of its time, not at its begin: the limit holds from the first byte.
  sleep_(stop, through);
}

std::size_t Throttle::largest_piece() const {
  if (bits_per_second_ == 0) return std::numeric_limits<std::size_t>::max();
  return std::max<std::size_t>(kSmallestPiece, bits_per_second_ / 8 / 2) & ~std::size_t{1};
}

void Throttle::sleep_until(const std::stop_token& stop, SteadyTime until) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  (void)wake.wait_until(lock, stop, until, [] { return false; });
}

}  // namespace dosigate
