#include "dosigate/base/secret.h"

#include "dosigate/base/locked_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

namespace dosigate {
namespace {

std::atomic<bool> all_locked{true};

/// Slots of one key each, on pages that hold nothing else: mlock, MADV_DONTDUMP and a limit on
/// locked memory all count in pages, and salts of patients are many. Never given back: keys of
/// objects with static life are freed after everything else.
class Slots {
 public:
  Byte* take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) add_pages();
    Byte* const slot = free_.back();
    free_.pop_back();
    return slot;
  }
  /// A wiped one.
  void give_back(Byte* slot) noexcept {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);  // its place was reserved with the page
  }

 private:
  static constexpr std::size_t kPages = 4;

  void add_pages() {
    const std::size_t size = kPages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    all_ += size / Secret::kSize;
    free_.reserve(all_);
    void* const pages =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    // A container may forbid locking; the key is then still wiped and never dumped.
    if (mlock(pages, size) != 0) all_locked = false;
    (void)madvise(pages, size, MADV_DONTDUMP);
    for (std::size_t at = 0; at < size; at += Secret::kSize)
      free_.push_back(static_cast<Byte*>(pages) + at);
  }

  std::mutex mutex_;
  std::vector<Byte*> free_;
  std::size_t all_ = 0;
};

Slots& slots() {
  static auto* const all = new Slots;
  return *all;
}

}  // namespace

bool secrets_are_locked() noexcept { return all_locked; }

void wipe(void* memory, std::size_t size) noexcept {
  if (size != 0) explicit_bzero(memory, size);  // of nothing there is no address either
}

Secret::Secret(ByteView key) : data_(nullptr) {
  if (key.size() != kSize) throw std::invalid_argument("a key has 32 bytes");
  data_ = slots().take();
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
  slots().give_back(data_);
}

Secret Secret::clone() const { return Secret(reveal()); }

}  // namespace dosigate
