// How long a spool with a backlog takes to open after a stop, after a kill and without its index,
// and what memory it takes. Prints JSON, a line a measurement.
//   bench_restart [INSTANCES] [DIRECTORY]

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

constexpr unsigned kThreads = 8, kPerStudy = 250;

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long value = 0;
    if (word == "VmRSS:" && status >> value) return value;
  }
  return 0;
}

CleanInstance slice(std::size_t number) {
  return Deidentifier::make({.sop_instance_uid = "2.25.77" + std::to_string(number),
                             .study_instance_uid = "2.25.88" + std::to_string(number / kPerStudy),
                             .header = Bytes(600, 'h'),
                             .body = Bytes(3'000, 'b'),
                             .trailer = {}});
}

void fill(SpoolHome& home, std::size_t instances) {
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = thread; i < instances; i += kThreads)
        if (!home.offer(slice(i), {"A", "B"}, new_instance_id(), 1, 200)) std::abort();
    });
  }
}

void measure(const char* what, SpoolHome& home) {
  const long before = resident_kib();
  const auto begun = std::chrono::steady_clock::now();
  home.open();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - begun)
                      .count();
  const auto claiming = std::chrono::steady_clock::now();
  { const auto claimed = home.spool->claim("A", 16); }
  const auto claim_us = std::chrono::duration_cast<std::chrono::microseconds>(
                            std::chrono::steady_clock::now() - claiming)
                            .count();
  std::printf(
      "{\"bench\":\"restart\",\"after\":\"%s\",\"queued\":%lu,\"ms\":%ld,\"claim_us\":%ld,"
      "\"rss_growth_kib\":%ld}\n",
      what, static_cast<unsigned long>(home.ledger->totals().queued), static_cast<long>(ms),
      static_cast<long>(claim_us), resident_kib() - before);
  std::fflush(stdout);
}

}  // namespace
}  // namespace dosigate::testing

int main(int argc, char** argv) {
  using namespace dosigate::testing;
  const std::size_t instances = argc > 1 ? std::stoul(argv[1]) : 100'000;
  const TempDir own;
  SpoolHome home(argc > 2 ? std::filesystem::path(argv[2]) : own.path);
  fill(home, instances);
  home.close();
  measure("a stop", home);

  home.close();
  std::filesystem::remove(home.path / "archive" / "queue.db");
  measure("the loss of queue.db", home);
}
