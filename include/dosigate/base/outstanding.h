#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

namespace dosigate {

/// What somebody was told and others cannot see yet: who looks waits for what was told before. It
/// must outlive its marks. Thread: any.
class Outstanding {
 public:
  /// One of them, until it goes.
  class Mark {
   public:
    Mark() = default;
    Mark(Mark&& other) noexcept : of_(std::exchange(other.of_, nullptr)), number_(other.number_) {}
    Mark& operator=(Mark&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(number_, other.number_);
      return *this;
    }
    ~Mark() {
      if (of_ != nullptr) of_->remove(number_);
    }

   private:
    friend class Outstanding;
    Mark(Outstanding& of, std::uint64_t number) : of_(&of), number_(number) {}
    Outstanding* of_ = nullptr;
    std::uint64_t number_ = 0;
  };

  Mark add() {
    const std::lock_guard lock(mutex_);
    numbers_.insert(next_);
    return {*this, next_++};
  }

  /// Until all that were added before this call are gone; false when that lasts longer than
  /// `patience`.
  bool wait(std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    return gone_.wait_for(lock, patience, [this, before = next_] {
      return numbers_.empty() || *numbers_.begin() >= before;
    });
  }

 private:
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.erase(number);
    gone_.notify_all();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable gone_;
  std::set<std::uint64_t> numbers_;
  std::uint64_t next_ = 0;
};

}  // namespace dosigate
