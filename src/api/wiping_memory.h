#pragma once

#include <cstddef>
#include <memory>

#include "dosigate/base/secret.h"

namespace dosigate {

/// Overwrites what it gives back: a request may carry a PatientID or the recovery key, and freed
/// memory keeps its content until somebody else happens to write there.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>& /*other*/) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    wipe(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

}  // namespace dosigate
