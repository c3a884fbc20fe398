#include "wiping_memory.h"

#include <new>

#include <boost/json/memory_resource.hpp>

#include "dosigate/api/http.h"

namespace dosigate {
namespace {

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

}  // namespace

boost::json::storage_ptr wiping_memory() {
  static WipingMemory memory;
  return boost::json::storage_ptr(&memory);
}

}  // namespace dosigate
