#include "dosigate/app/disk_rate.h"

namespace dosigate {
namespace {

constexpr std::chrono::seconds kWindow{3600};
constexpr std::chrono::seconds kNeeds{60};

}  // namespace

void DiskRate::add(SteadyTime at, std::uint64_t used_bytes) {
  samples_.push_back({at, used_bytes});
  while (at - samples_.front().at > kWindow) samples_.pop_front();
}

std::optional<std::uint64_t> DiskRate::bytes_per_hour(SteadyTime now,
                                                      std::uint64_t used_bytes) const {
  if (samples_.empty()) return std::nullopt;
  const std::chrono::duration<double> watched = now - samples_.front().at;
  if (watched < kNeeds) return std::nullopt;
  const std::uint64_t before = samples_.front().used;
  if (used_bytes <= before) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(used_bytes - before) * 3600.0 /
                                    watched.count());
}

std::optional<double> DiskRate::hours_left(SteadyTime now, std::uint64_t used_bytes,
                                           std::uint64_t free_bytes,
                                           std::uint64_t floor_bytes) const {
  const auto rate = bytes_per_hour(now, used_bytes);
  if (!rate || *rate == 0) return std::nullopt;
  const std::uint64_t room = free_bytes > floor_bytes ? free_bytes - floor_bytes : 0;
  return static_cast<double>(room) / static_cast<double>(*rate);
}

}  // namespace dosigate
