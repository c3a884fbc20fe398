#include "shutter.h"

#include <algorithm>

namespace dosigate {
namespace {

constexpr std::chrono::seconds kLookAtClock{1};

}  // namespace

std::optional<Shutter::Closed> Shutter::closed() const {
  const std::lock_guard lock(mutex_);
  if (!paused_.empty()) return Closed{"paused", paused_};
  const auto now = local_minute(clock_());
  if (hours_.is_open(now)) return std::nullopt;
  const auto wait = hours_.opens_in(now);
  return Closed{"waiting", "outside its hours (" + hours_.text() + "): opens at " +
                               clock_text((now + wait) % std::chrono::hours(24)) + ", in " +
                               std::to_string(wait.count() / 60) + " h " +
                               std::to_string(wait.count() % 60) + " min"};
}

bool Shutter::look() {
  const WallTime now = clock_();
  const bool open = paused_.empty() && hours_.is_open(local_minute(now));
  if (open && was_closed_) opened_unix_ = to_unix(now);
  was_closed_ = !open;
  return open;
}

bool Shutter::is_open() {
  const std::lock_guard lock(mutex_);
  return look();
}

bool Shutter::wait(const std::stop_token& stop, SteadyTime until) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (look()) return true;
    const SteadyTime now = steady_now();
    if (stop.stop_requested() || now >= until) return false;
    (void)changed_.wait_until(
        lock, stop, std::min(until, now + kLookAtClock),
        [this, paused = paused_.empty()] { return paused_.empty() != paused; });
  }
}

void Shutter::pause(std::string words) {
  const std::lock_guard lock(mutex_);
  paused_ = std::move(words);
  changed_.notify_all();
}

void Shutter::resume() {
  const std::lock_guard lock(mutex_);
  paused_.clear();
  changed_.notify_all();
}

long long Shutter::opened_unix() const {
  const std::lock_guard lock(mutex_);
  return opened_unix_;
}

}  // namespace dosigate
