#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/bytes.h"

namespace dosigate::testing {

/// Bytes that are looked for in memory without standing in it: kept masked.
class Sought {
 public:
  explicit Sought(ByteView bytes) : masked_(bytes.begin(), bytes.end()) {
    for (Byte& byte : masked_) byte ^= kMask;
  }
  explicit Sought(std::string_view text) : Sought(as_bytes(text)) {}
  /// Its hexadecimal digits.
  Sought in_hex(bool capitals) const;
  std::size_t size() const { return masked_.size(); }
  bool is_at(const Byte* memory) const;
  Byte first() const { return masked_.at(0) ^ kMask; }

 private:
  Sought() = default;
  static constexpr Byte kMask = 0xA5;
  Bytes masked_;
};

struct InMemory {
  std::string mapping;  ///< the line of /proc/PID/smaps that begins it
  bool locked;          ///< mlock
  bool dumped;          ///< false: MADV_DONTDUMP
};
/// Every place of `sought` in what the process may write to. The process is our own, or stopped and
/// of a user whose memory we may read. Throws std::runtime_error when it cannot be read at all.
std::vector<InMemory> find_in_memory(pid_t pid, const Sought& sought);

/// Those that could be swapped out.
std::vector<std::string> unlocked(const std::vector<InMemory>& found);

/// A number of kB in /proc/PID/status: "VmLck".
std::size_t kilobytes_of(pid_t pid, std::string_view name);

}  // namespace dosigate::testing
