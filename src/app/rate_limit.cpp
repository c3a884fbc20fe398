#include "rate_limit.h"

namespace dosigate {

bool RateLimit::take(unsigned uid, unsigned most, SteadyTime now) {
  return taken_.with([&](auto& all) {
    auto& times = all[uid];
    while (!times.empty() && now - times.front() >= std::chrono::hours(1)) times.pop_front();
    if (times.size() >= most) return false;
    times.push_back(now);
    return true;
  });
}

}  // namespace dosigate
