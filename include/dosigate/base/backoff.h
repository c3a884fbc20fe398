#pragma once

#include <chrono>
#include <cstdint>

namespace dosigate {

/// How long to wait before the next attempt: exponential with jitter, so that a hundred queued
/// instances do not hit a healed archive in the same instant.
struct Backoff {
  std::chrono::milliseconds first{1'000};
  std::chrono::milliseconds longest{300'000};

  /// @param attempt  1 after the first failure.
  /// @param random   any 32 uniformly random bits.
  /// @return between half of and the whole of min(longest, first * 2^(attempt-1)).
  std::chrono::milliseconds delay(unsigned attempt, std::uint32_t random) const;
};

}  // namespace dosigate
