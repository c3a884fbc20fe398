#include "dosigate/app/disk_watch.h"

#include <spdlog/spdlog.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <system_error>

namespace dosigate {
namespace {

constexpr std::chrono::milliseconds kFresh{250};

}  // namespace

std::uint64_t free_bytes(const std::filesystem::path& directory) {
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0)
    throw std::system_error(errno, std::generic_category(), "statvfs " + directory.string());
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

DiskWatch::DiskWatch(const std::filesystem::path& directory, std::uint64_t min_free_bytes)
    : DiskWatch([directory] { return free_bytes(directory); }, min_free_bytes, steady_now) {}

DiskWatch::DiskWatch(Ask ask, std::uint64_t min_free_bytes, SteadyClock clock)
    : ask_(std::move(ask)), min_free_bytes_(min_free_bytes), clock_(std::move(clock)) {}

bool DiskWatch::low() noexcept try {
  const SteadyTime now = clock_();
  const Last last = last_.with([](const Last& known) { return known; });
  if (last.any && now - last.asked < kFresh) return last.low;
  const bool low = ask_() < min_free_bytes_;
  last_.with([&](Last& known) { known = {now, true, low}; });
  return low;
} catch (const std::exception& unknown) {
  spdlog::error("cannot ask for the free disk: nothing is taken error={}", unknown.what());
  return true;
}

}  // namespace dosigate
