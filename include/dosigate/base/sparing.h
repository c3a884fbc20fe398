#pragma once

#include <time.h>

#include <chrono>

#include "dosigate/base/clock.h"
#include "dosigate/base/guarded.h"

namespace dosigate {

/// The answer to a question that costs more the more there is to count, and that somebody asks
/// every few seconds. Asked anew each time while that is quick; once it takes more than 5 ms of
/// processor time the answer may be thirty times as old as that, so that asking never takes more
/// than a thirtieth of a core. Thread: any; one asks, the others wait for its answer.
template <class T>
class Sparing {
 public:
  template <class Ask>
  T get(const Ask& ask) {
    return known_.with([&](Known& known) {
      if (steady_now() < known.until) return known.answer;
      const auto begun = processor_time();
      known.answer = ask();
      const auto took = processor_time() - begun;
      known.until = took < kQuick ? SteadyTime{} : steady_now() + kRest * took;
      return known.answer;
    });
  }

 private:
  static constexpr std::chrono::milliseconds kQuick{5};
  static constexpr int kRest = 30;

  /// Of this thread: on a busy machine a quick look must not count as a long one.
  static std::chrono::nanoseconds processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  struct Known {
    T answer{};
    SteadyTime until{};
  };
  Guarded<Known> known_;
};

}  // namespace dosigate
