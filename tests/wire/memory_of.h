#pragma once

#include <sys/types.h>

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>

namespace dosigate::testing {

/// Resident memory of a process in KiB, as the kernel counts it.
inline std::size_t resident_kib(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; in >> word;) {
    std::size_t kib = 0;
    if (word == "VmRSS:" && in >> kib) return kib;
  }
  throw std::runtime_error("no such process: " + std::to_string(pid));
}
inline std::size_t resident_mib(pid_t pid) { return resident_kib(pid) / 1024; }

}  // namespace dosigate::testing
