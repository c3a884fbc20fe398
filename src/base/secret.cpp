#include "dosigate/base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace dosigate {
namespace {

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

void wipe(void* memory, std::size_t size) noexcept { explicit_bzero(memory, size); }

Secret::Secret(ByteView key) : data_(nullptr) {
  if (key.size() != kSize) throw std::invalid_argument("a key has 32 bytes");
  // A page of its own: mlock and MADV_DONTDUMP work on whole pages.
  void* page =
      mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::bad_alloc();
  // A container may forbid locking (RLIMIT_MEMLOCK); the key is then still wiped and never dumped.
  (void)mlock(page, page_size());
  (void)madvise(page, page_size(), MADV_DONTDUMP);
  data_ = static_cast<Byte*>(page);
  std::memcpy(data_, key.data(), kSize);
}

Secret::Secret(Secret&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

Secret::~Secret() {
  if (data_ == nullptr) return;
  wipe(data_, kSize);
  munmap(data_, page_size());
}

Secret Secret::clone() const { return Secret(reveal()); }

}  // namespace dosigate
