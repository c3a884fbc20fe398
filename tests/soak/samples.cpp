#include "soak/samples.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

namespace dosigate::testing {
namespace {

constexpr std::size_t kFewest = 16;
constexpr double kGrowth = 1.2;

double kib_of(const std::filesystem::path& database) {
  double bytes = 0;
  for (const char* part : {"", "-wal"}) {
    std::error_code absent;  // a WAL comes and goes
    const auto size = std::filesystem::file_size(database.string() + part, absent);
    if (!absent) bytes += static_cast<double>(size);
  }
  return bytes / 1024;
}

double entries(const std::filesystem::path& directory, bool deep, const std::string& extension) {
  double count = 0;
  std::error_code error;  // files go while they are counted
  if (deep) {
    for (std::filesystem::recursive_directory_iterator it(directory, error), end;
         !error && it != end; it.increment(error))
      count += it->path().extension() == extension ? 1 : 0;
    return count;
  }
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error))
    ++count;
  return error ? -1 : count;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::string Sample::line() const {
  char text[240];
  (void)std::snprintf(text, sizeof text,
                      "min %5.1f  life %d  age %5.0f s  rss %6.1f MiB  fds %3.0f  threads %3.0f  "
                      "spool %5.0f  map %6.0f KiB  queue %6.0f KiB  ledger %6.0f KiB",
                      minute, life, age_s, rss_kib / 1024, descriptors, threads, spool_files,
                      map_kib, queue_kib, ledger_kib);
  return text;
}

boost::json::object Sample::json() const {
  return {{"minute", minute},           {"life", life},       {"age_s", age_s},
          {"rss_kib", rss_kib},         {"fds", descriptors}, {"threads", threads},
          {"spool_files", spool_files}, {"map_kib", map_kib}, {"queue_kib", queue_kib},
          {"ledger_kib", ledger_kib}};
}

std::optional<Sample> sample_of(const NodeProcess& node) {
  const auto proc = std::filesystem::path("/proc") / std::to_string(node.pid());
  std::ifstream in(proc / "status");
  Sample sample;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "VmRSS:") words >> sample.rss_kib;
    if (name == "Threads:") words >> sample.threads;
  }
  if (sample.rss_kib == 0) return std::nullopt;
  sample.descriptors = entries(proc / "fd", false, "");
  const auto state = node.directory() / "state";
  sample.spool_files = entries(state / "archive", true, ".dsg");
  sample.map_kib = kib_of(state / "identity" / "map.db");
  sample.queue_kib = kib_of(state / "archive" / "queue.db");
  sample.ledger_kib = kib_of(state / "ledger.db");
  return sample;
}

std::vector<Flatness> flatness(const std::vector<Sample>& samples) {
  if (samples.size() < kFewest) return {};
  const std::size_t quarter = samples.size() / 4;
  const auto compare = [&](const char* what, double slack,
                           const std::function<double(const Sample&)>& value) -> Flatness {
    std::vector<double> second, last;
    for (std::size_t i = 0; i < quarter; ++i) {
      second.push_back(value(samples[quarter + i]));
      last.push_back(value(samples[samples.size() - 1 - i]));
    }
    const double before = median(second), after = median(last);
    return {what, before, after, after <= std::max(before * kGrowth, before + slack)};
  };
  return {compare("VmRSS in MiB", 4, [](const Sample& s) { return s.rss_kib / 1024; }),
          // Up to 32 of files that wait for instances.
          compare("open descriptors", 36, [](const Sample& s) { return s.descriptors; })};
}

}  // namespace dosigate::testing
