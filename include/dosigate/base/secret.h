#pragma once

#include <cstddef>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// A key in memory: locked against swapping where the limits allow it, left out of core dumps,
/// wiped when destroyed. Never copied by accident, never printed, never in a log or in argv.
/// Thread: reading from any; owned by one.
class Secret {
 public:
  static constexpr std::size_t kSize = 32;

  /// 32 bytes; throws std::invalid_argument for any other length. The caller wipes its own copy.
  explicit Secret(ByteView key);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// An explicit copy, for a second owner.
  Secret clone() const;
  ByteView reveal() const noexcept { return {data_, data_ == nullptr ? 0U : kSize}; }

 private:
  Byte* data_;
};

/// Overwrites memory in a way the compiler keeps.
void wipe(void* memory, std::size_t size) noexcept;

}  // namespace dosigate
