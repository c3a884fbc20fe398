#pragma once

#include <deque>
#include <map>

#include "dosigate/base/clock.h"
#include "dosigate/base/guarded.h"

namespace dosigate {

/// How often each user did something within the last hour; a window that slides, so that nobody
/// gets twice as much around a full hour. In memory: a restart, which root alone can do, forgets
/// it. Thread: any.
class RateLimit {
 public:
  /// One more of `uid`; false, and not counted, when there were `most` within the hour.
  bool take(unsigned uid, unsigned most, SteadyTime now = steady_now());

 private:
  Guarded<std::map<unsigned, std::deque<SteadyTime>>> taken_;
};

}  // namespace dosigate
