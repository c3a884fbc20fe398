#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// Writes down what was delivered, in threads of its own: what the workers deliver within a
/// moment, or while a durable commit runs, shares the next. Nobody waits for that moment; a crash
/// in it sends again what the archive has, as a crash during the commit does. Two threads, because
/// a file system may take long to erase what was delivered (one that discards blocks at once needs
/// more than half a millisecond for a slice): one erases while the other writes down. Thread: `add`
/// from any.
template <Domain domain>
class Committer {
 public:
  /// @param on_error  called with the words when a commit failed, from any thread; the commit is
  /// repeated until it succeeds or this object goes.
  Committer(Spool<domain>& spool, std::function<void(const std::string&)> on_error)
      : spool_(spool), on_error_(std::move(on_error)) {
    for (auto& thread : threads_)
      thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  /// Writes down what is waiting. All are told before one is waited for: one may wait for another.
  ~Committer() {
    for (auto& thread : threads_) thread.request_stop();
  }

  /// Blocks while too much is waiting (the disk is slower than the archive), unless stopped.
  void add(Claimed<domain> claimed, std::uint16_t status, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return waiting_count_ < kMostWaiting; });
    waiting_[status].push_back(std::move(claimed));
    ++waiting_count_;
    if (waiting_count_ == 1 || waiting_count_ == kEnough) changed_.notify_all();
  }

 private:
  static constexpr std::size_t kMostWaiting = 256;
  /// A commit costs as much as ten or twenty rows in it, so these are gathered, for at most
  /// kMoment.
  static constexpr std::size_t kEnough = 64;
  static constexpr std::chrono::milliseconds kMoment{100};
  static constexpr std::chrono::seconds kPause{1};
  using Batch = std::map<std::uint16_t, std::vector<Claimed<domain>>>;

  void run(const std::stop_token& stop) noexcept {
    for (;;) {
      Batch batch;
      {
        const std::lock_guard one_gathers(gathering_);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop, [this] { return waiting_count_ > 0; });
        if (waiting_count_ == 0) return;  // stopped, and nothing is left
        changed_.wait_until(lock, stop, steady_now() + kMoment,
                            [this] { return waiting_count_ >= kEnough; });
        batch.swap(waiting_);
        waiting_count_ = 0;
        changed_.notify_all();
      }
      for (auto& [status, claimed] : batch) commit(claimed, status, stop);
    }
  }

  /// Sending again because the book could not be written would be worse than waiting: only at the
  /// end of the process is it given up, and then the archive's 0x0111 or its overwriting makes the
  /// second sending harmless.
  void commit(std::vector<Claimed<domain>>& claimed, std::uint16_t status,
              const std::stop_token& stop) noexcept {
    for (;;) {
      try {
        spool_.delivered(std::move(claimed), status);
        return;
      } catch (const std::exception& broken) {
        on_error_("delivered, but it cannot be written down: " + std::string(broken.what()) +
                  ": is the disk full?");
      }
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, stop, steady_now() + kPause, [] { return false; });
      if (stop.stop_requested()) return;
    }
  }

  Spool<domain>& spool_;
  std::function<void(const std::string&)> on_error_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Batch waiting_;
  std::size_t waiting_count_ = 0;
  std::mutex gathering_;                 ///< taken before mutex_
  std::array<std::jthread, 2> threads_;  // last: they use everything above
};

}  // namespace dosigate
