#include "gate.h"

#include <algorithm>
#include <random>

namespace dosigate {

Gate::Pass Gate::enter(const std::stop_token& stop, SteadyTime until, std::uint64_t wish) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop.stop_requested()) return Pass::No;
    if (!state_.down) {
      wish_ = wish;
      return Pass::Open;
    }
    if (wish != wish_) {
      wish_ = wish;
      next_probe_ = steady_now();
    }
    const SteadyTime now = steady_now();
    if (!probing_ && now >= next_probe_) {
      probing_ = true;
      return Pass::Probe;
    }
    if (now >= until) return Pass::No;
    // Woken by a success, a failure or a stop; else for the next probe, if it is free.
    const SteadyTime wake = probing_ ? until : std::min(until, next_probe_);
    (void)changed_.wait_until(lock, stop, wake, [this] { return !state_.down; });
  }
}

void Gate::succeeded() {
  const std::lock_guard lock(mutex_);
  state_.tried = true;
  state_.down = false;
  state_.words.clear();
  state_.last_success_unix = to_unix(wall_now());
  probing_ = false;
  failures_ = 0;
  changed_.notify_all();
}

void Gate::failed(const std::string& words, bool lasting, bool probe,
                  std::chrono::milliseconds at_least) {
  const std::lock_guard lock(mutex_);
  const bool was_down = state_.down;
  state_.tried = true;
  state_.down = true;
  state_.words = words;
  state_.last_error_unix = to_unix(wall_now());
  if (probe) probing_ = false;
  if (was_down && !probe) return;
  static thread_local std::mt19937 jitter{std::random_device{}()};
  ++failures_;
  const auto pause =
      lasting ? backoff_.longest : backoff_.delay(failures_, static_cast<std::uint32_t>(jitter()));
  next_probe_ = steady_now() + std::min(std::max(pause, at_least), backoff_.longest);
  changed_.notify_all();
}

void Gate::unused() {
  const std::lock_guard lock(mutex_);
  probing_ = false;
  changed_.notify_all();
}

Gate::State Gate::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Gate::note(const std::string& words) {
  const std::lock_guard lock(mutex_);
  state_.tried = true;
  state_.words = words;
  state_.last_error_unix = to_unix(wall_now());
}

}  // namespace dosigate
