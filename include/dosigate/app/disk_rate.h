#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "dosigate/base/clock.h"

namespace dosigate {

/// How fast the node fills its disk, from samples of the last hour. With the archive reachable the
/// spool empties as fast as it fills and nothing grows; with the archive away this is the rate that
/// ends in a full disk. Thread: one at a time.
class DiskRate {
 public:
  void add(SteadyTime at, std::uint64_t used_bytes);

  /// Bytes per hour, 0 when it does not grow; nullopt until a minute was watched.
  std::optional<std::uint64_t> bytes_per_hour(SteadyTime now, std::uint64_t used_bytes) const;
  /// Hours until `free_bytes` have fallen to `floor_bytes` at that rate; nullopt when it does not
  /// grow.
  std::optional<double> hours_left(SteadyTime now, std::uint64_t used_bytes,
                                   std::uint64_t free_bytes, std::uint64_t floor_bytes) const;

 private:
  struct Sample {
    SteadyTime at;
    std::uint64_t used;
  };
  std::deque<Sample> samples_;
};

}  // namespace dosigate
