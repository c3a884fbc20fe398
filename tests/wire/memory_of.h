#pragma once

#include <sys/types.h>

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dosigate::testing {

/// Resident memory of a process in KiB, as the kernel counts it; "VmHWM:" for the most it ever was.
inline std::size_t resident_kib(pid_t pid, std::string_view which = "VmRSS:") {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; in >> word;) {
    std::size_t kib = 0;
    if (word == which && in >> kib) return kib;
  }
  throw std::runtime_error("no such process: " + std::to_string(pid));
}
inline std::size_t resident_mib(pid_t pid, std::string_view which = "VmRSS:") {
  return resident_kib(pid, which) / 1024;
}

}  // namespace dosigate::testing
