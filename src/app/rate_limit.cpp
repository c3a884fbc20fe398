#include "rate_limit.h"

#include <algorithm>
#include <cmath>

namespace dosigate {
namespace {

/// Different ones that are counted each for itself: addresses cost a stranger nothing.
constexpr std::size_t kMostKnown = 4096;

}  // namespace

bool RateLimit::take(const std::string& who, unsigned most, SteadyTime now) {
  const auto over = [&](const auto& times) {
    return times.empty() || now - times.back() >= std::chrono::hours(1);
  };
  return taken_.with([&](auto& all) {
    if (all.size() >= kMostKnown && !all.contains(who)) {
      std::erase_if(all, [&](const auto& one) { return over(one.second); });
      if (all.size() >= kMostKnown) return false;
    }
    auto& times = all[who];
    while (!times.empty() && now - times.front() >= std::chrono::hours(1)) times.pop_front();
    if (times.size() >= most) return false;
    times.push_back(now);
    return true;
  });
}

std::optional<std::chrono::seconds> RequestRate::take(const std::string& who, unsigned per_minute,
                                                      SteadyTime now) {
  const double most = per_minute, per_second = most / 60;
  const auto filled = [&](const Bucket& bucket) {
    const double passed = std::chrono::duration<double>(now - bucket.filled).count();
    return std::min(most, bucket.left + passed * per_second);
  };
  return buckets_.with([&](auto& all) -> std::optional<std::chrono::seconds> {
    std::string key = who;
    if (all.size() >= kMostKnown && !all.contains(key)) {
      std::erase_if(all, [&](const auto& one) { return filled(one.second) >= most; });
      if (all.size() >= kMostKnown) key = "others";  // together, so that memory stays bounded
    }
    const auto [at, fresh] = all.try_emplace(key, Bucket{most, now});
    Bucket& bucket = at->second;
    bucket.left = filled(bucket);
    bucket.filled = now;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return std::nullopt;
    }
    return std::chrono::seconds(
        std::max(1L, std::lround(std::ceil((1 - bucket.left) / per_second))));
  });
}

}  // namespace dosigate
