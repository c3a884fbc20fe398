#include "process_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace dosigate {
namespace {

constexpr int kThreads = 17, kVirtual = 20, kResident = 21;  // after the name, proc(5)

void read_stat(ProcessFacts& facts) {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  // The name of the program may hold spaces and brackets; it ends with the last of these.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 0; fields >> field && i <= kResident; ++i) {
    if (i == kThreads) facts.threads = std::stoull(field);
    if (i == kVirtual) facts.virtual_bytes = std::stoull(field);
    if (i == kResident)
      facts.resident_bytes = std::stoull(field) * static_cast<std::uint64_t>(::getpagesize());
  }
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  read_stat(facts);
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0)
    facts.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) facts.most_descriptors = files.rlim_cur;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator fd("/proc/self/fd", unreadable), end;
       !unreadable && fd != end; fd.increment(unreadable))
    ++facts.open_descriptors;
  if (facts.open_descriptors > 0) --facts.open_descriptors;  // the one that was counted with
  return facts;
}

}  // namespace dosigate
