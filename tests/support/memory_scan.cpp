#include "support/memory_scan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "dosigate/base/durable_file.h"

namespace dosigate::testing {
namespace {

constexpr std::size_t kBlock = 1U << 20U;
constexpr std::size_t kOverlap = 256;

/// Outside of every heap, and not looked into: it holds what was read.
class Window {
 public:
  Window()
      : memory_(static_cast<Byte*>(mmap(nullptr, kBlock + kOverlap, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    // A mapping of its own in smaps: neighbours of the same kind are shown as one.
    (void)madvise(memory_, kBlock + kOverlap, MADV_WIPEONFORK);
  }
  ~Window() { munmap(memory_, kBlock + kOverlap); }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  Byte* data() const { return memory_; }

 private:
  Byte* memory_;
};

struct Mapping {
  std::string line;
  std::uint64_t from = 0, to = 0;
  bool writable = false, locked = false, dumped = true;
};

std::vector<Mapping> mappings_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps");
  std::vector<Mapping> out;
  for (std::string line; std::getline(in, line);) {
    const auto dash = line.find('-'), space = line.find(' ');
    if (dash < space && line.find_first_not_of("0123456789abcdef") == dash) {
      Mapping mapping;
      mapping.line = line;
      mapping.from = std::stoull(line.substr(0, dash), nullptr, 16);
      mapping.to = std::stoull(line.substr(dash + 1), nullptr, 16);
      mapping.writable = line.at(space + 2) == 'w';
      out.push_back(mapping);
    } else if (line.starts_with("VmFlags:") && !out.empty()) {
      out.back().locked = (line + " ").find(" lo ") != std::string::npos;
      out.back().dumped = (line + " ").find(" dd ") == std::string::npos;
    }
  }
  if (out.empty()) throw std::runtime_error("cannot read the mappings of " + std::to_string(pid));
  return out;
}

}  // namespace

Sought Sought::in_hex(bool capitals) const {
  const char* const digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
  Sought out;
  for (const Byte masked : masked_) {
    const Byte byte = masked ^ kMask;
    for (const int half : {byte >> 4, byte & 15})
      out.masked_.push_back(static_cast<Byte>(static_cast<Byte>(digits[half]) ^ kMask));
  }
  return out;
}

bool Sought::is_at(const Byte* memory) const {
  for (std::size_t i = 0; i < masked_.size(); ++i)
    if (memory[i] != static_cast<Byte>(masked_[i] ^ kMask)) return false;
  return true;
}

std::vector<InMemory> find_in_memory(pid_t pid, const Sought& sought) {
  if (sought.size() == 0 || sought.size() > kOverlap) throw std::invalid_argument("sought");
  const std::string file = "/proc/" + std::to_string(pid) + "/mem";
  const FileDescriptor memory(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!memory) throw std::runtime_error("cannot read " + file);
  const Window window;
  const auto own = reinterpret_cast<std::uint64_t>(window.data());
  std::vector<InMemory> found;
  std::uint64_t read_in_all = 0;
  for (const Mapping& mapping : mappings_of(pid)) {
    if (!mapping.writable || (pid == ::getpid() && mapping.from <= own && own < mapping.to))
      continue;
    for (std::uint64_t at = mapping.from; at < mapping.to; at += kBlock) {
      const auto wanted = std::min<std::uint64_t>(kBlock + kOverlap, mapping.to - at);
      const ssize_t n = ::pread(memory.get(), window.data(), wanted, static_cast<off_t>(at));
      if (n <= 0) continue;  // a guard page
      read_in_all += static_cast<std::uint64_t>(n);
      const Byte* const end = window.data() + n;
      // What begins in the overlap is the next block's, unless there is none.
      const Byte* const last = std::min<const Byte*>(end, window.data() + kBlock);
      for (const Byte* here = window.data();
           (here = static_cast<const Byte*>(std::memchr(
                here, sought.first(), static_cast<std::size_t>(last - here)))) != nullptr;
           ++here) {
        if (static_cast<std::size_t>(end - here) >= sought.size() && sought.is_at(here))
          found.push_back({mapping.line, mapping.locked, mapping.dumped});
        if (here + 1 == last) break;
      }
    }
  }
  if (read_in_all == 0) throw std::runtime_error("nothing could be read of " + file);
  return found;
}

std::vector<std::string> unlocked(const std::vector<InMemory>& found) {
  std::vector<std::string> out;
  for (const InMemory& one : found)
    if (!one.locked) out.push_back(one.mapping);
  return out;
}

std::size_t kilobytes_of(pid_t pid, std::string_view name) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(std::string(name) + ":")) return std::stoul(line.substr(name.size() + 1));
  throw std::runtime_error("no such line in the status of " + std::to_string(pid));
}

}  // namespace dosigate::testing
