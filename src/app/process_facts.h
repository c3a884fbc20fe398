#pragma once

#include <cstdint>

namespace dosigate {

/// What the kernel says of this process; what it does not say is 0.
struct ProcessFacts {
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  std::uint64_t open_descriptors = 0, most_descriptors = 0;
  double cpu_seconds = 0;
  std::uint64_t threads = 0;
};
ProcessFacts process_facts();

}  // namespace dosigate
