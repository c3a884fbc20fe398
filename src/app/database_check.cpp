#include "dosigate/app/database_check.h"

#include <pthread.h>
#include <sched.h>
#include <spdlog/spdlog.h>

#include <cstring>

#include "dosigate/store/database.h"

namespace dosigate {
namespace {

/// For this thread alone: reading gigabytes would take a processor from the instances that come
/// meanwhile. SCHED_IDLE, not only a low priority: it gives way the moment another thread wakes up.
void stand_back() {
  const sched_param none{};
  if (const int error = ::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none); error != 0)
    spdlog::warn("the check of the databases is not put behind other work, which it slows: {}",
                 std::strerror(error));
}

}  // namespace

DatabaseCheck::DatabaseCheck(const std::vector<std::filesystem::path>& files) {
  std::vector<std::filesystem::path> large;
  for (const auto& file : files)
    if (check_later(file)) large.push_back(file);
  if (!large.empty())
    thread_ = std::jthread([this, large = std::move(large)](const std::stop_token& stop) {
      stand_back();
      read(large, stop);
    });
}

std::string DatabaseCheck::damage() const {
  return damage_.with([](const std::string& known) { return known; });
}

void DatabaseCheck::read(const std::vector<std::filesystem::path>& files,
                         const std::stop_token& stop) {
  for (const auto& file : files) {
    std::string found;
    try {
      if (const auto checked = quick_check(file, stop); !checked) found = checked.error().detail;
    } catch (const std::exception& broken) {
      found = "the database " + file.string() + " cannot be read as a whole (" + broken.what() +
              "): check the disk";
    }
    if (found.empty()) continue;
    spdlog::error("nothing is taken any more: {}", found);
    damage_.with([&](std::string& known) { known += (known.empty() ? "" : "; ") + found; });
  }
}

}  // namespace dosigate
