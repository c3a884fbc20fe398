#pragma once

#include <cstddef>
#include <memory>

#include <boost/json/memory_resource.hpp>

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

/// The same for JSON values.
class WipingMemory final : public boost::json::memory_resource {
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    return ::operator new(size, std::align_val_t(alignment));
  }
  void do_deallocate(void* memory, std::size_t size, std::size_t alignment) override {
    wipe(memory, size);
    ::operator delete(memory, std::align_val_t(alignment));
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace dosigate
