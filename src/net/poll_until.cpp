#include "poll_until.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace dosigate {

bool poll_until(int fd, short events, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now()).count();
    pollfd entry{fd, events, 0};
    const int ready =
        ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, 3'600'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (steady_now() >= deadline) {
      errno = ETIMEDOUT;
      return false;
    }
  }
}

}  // namespace dosigate
