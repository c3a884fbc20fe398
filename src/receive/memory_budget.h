#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "dosigate/base/clock.h"

namespace dosigate {

/// Bytes that all instances being received or handled may use together.
/// Thread: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : left_(bytes), all_(bytes) {}

  bool take(std::uint64_t bytes) { return take_within(bytes, std::chrono::milliseconds(0)); }
  /// Waits for others to give back.
  bool take_within(std::uint64_t bytes, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    if (!given_back_.wait_for(lock, time, [&] { return left_ >= bytes; })) return false;
    left_ -= bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) {
    if (bytes == 0) return;
    const std::lock_guard lock(mutex_);
    left_ += bytes;
    given_back_.notify_all();
  }
  std::uint64_t used() const {
    const std::lock_guard lock(mutex_);
    return all_ - left_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::uint64_t left_;
  const std::uint64_t all_;
};

/// One instance's share; given back when it goes.
class MemoryShare {
 public:
  explicit MemoryShare(MemoryBudget& budget) : budget_(&budget) {}
  MemoryShare(MemoryShare&& other) noexcept
      : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&&) = delete;
  ~MemoryShare() { release(); }

  /// False, and nothing changes, when the budget has not that much left, nor gets it in time.
  bool grow_to(std::uint64_t bytes, std::chrono::milliseconds time = {}) {
    if (bytes > bytes_ && !budget_->take_within(bytes - bytes_, time)) return false;
    bytes_ = bytes > bytes_ ? bytes : bytes_;
    return true;
  }
  void release() noexcept { budget_->give_back(std::exchange(bytes_, 0)); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_;
  std::uint64_t bytes_ = 0;
};

}  // namespace dosigate
