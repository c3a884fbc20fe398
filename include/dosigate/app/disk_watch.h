#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "dosigate/base/clock.h"
#include "dosigate/base/guarded.h"

namespace dosigate {

/// Whether the state directory's disk is below its low-water mark, asked for at every association
/// and instance: the kernel is asked four times a second at most. Thread: any.
class DiskWatch {
 public:
  /// Bytes that are free for us; throws std::system_error when the disk cannot be asked.
  using Ask = std::function<std::uint64_t()>;

  DiskWatch(const std::filesystem::path& directory, std::uint64_t min_free_bytes);
  DiskWatch(Ask ask, std::uint64_t min_free_bytes, SteadyClock clock);

  /// Also when the disk cannot be asked: what is not known to have room is not written to.
  bool low() noexcept;

 private:
  struct Last {
    SteadyTime asked{};
    bool any = false, low = false;
  };
  const Ask ask_;
  const std::uint64_t min_free_bytes_;
  const SteadyClock clock_;
  Guarded<Last> last_;
};

/// Throws std::system_error.
std::uint64_t free_bytes(const std::filesystem::path& directory);

}  // namespace dosigate
