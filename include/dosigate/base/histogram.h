#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "dosigate/base/clock.h"

namespace dosigate {

/// How long something takes that happens again and again, in fixed buckets as Prometheus counts
/// them. Two additions without a lock for each: cheap enough for every instance. Thread: any.
class Histogram {
 public:
  /// Upper bounds in seconds: a millisecond for a small slice on a fast disk, five minutes for a
  /// large instance over a slow line.
  static constexpr std::array<double, 16> kBounds{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

  void add(SteadyTime::duration time) {
    const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    const double seconds = static_cast<double>(taken) / 1e9;
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds.at(bucket)) ++bucket;
    buckets_.at(bucket).fetch_add(1, std::memory_order_relaxed);
    nanoseconds_.fetch_add(taken > 0 ? static_cast<std::uint64_t>(taken) : 0,
                           std::memory_order_relaxed);
  }

  struct Reading {
    std::array<std::uint64_t, kBounds.size() + 1> at_most{};  ///< cumulative; last: all
    double seconds = 0;                                       ///< of all together
    std::uint64_t count() const { return at_most.back(); }
  };
  /// What is added meanwhile is in the buckets, in the sum, in both or in neither.
  Reading read() const {
    Reading out;
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      out.at_most.at(i) = so_far += buckets_.at(i).load(std::memory_order_relaxed);
    out.seconds = static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) / 1e9;
    return out;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> nanoseconds_{0};
};

}  // namespace dosigate
