#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "dosigate/base/clock.h"
#include "dosigate/base/guarded.h"

namespace dosigate {

/// How often each user or token did something within the last hour; a window that slides, so that
/// nobody gets twice as much around a full hour. In memory: a restart, which root alone can do,
/// forgets it. Thread: any.
class RateLimit {
 public:
  /// One more of `who`; false, and not counted, when there were `most` within the hour, or too many
  /// different ones.
  bool take(const std::string& who, unsigned most, SteadyTime now = steady_now());

 private:
  Guarded<std::map<std::string, std::deque<SteadyTime>>> taken_;
};

/// Requests a minute of each who asks over TCP: a bucket that holds a minute's worth and fills
/// steadily. Thread: any.
class RequestRate {
 public:
  /// Nothing when the request may pass, else how long to wait, at least a second.
  std::optional<std::chrono::seconds> take(const std::string& who, unsigned per_minute,
                                           SteadyTime now = steady_now());

 private:
  struct Bucket {
    double left = 0;
    SteadyTime filled{};
  };
  Guarded<std::map<std::string, Bucket>> buckets_;
};

}  // namespace dosigate
