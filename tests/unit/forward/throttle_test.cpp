#include "forward/throttle.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

// The bandwidth that the associations of a destination share, on a clock of the test's own.

namespace dosigate {
namespace {

using namespace std::chrono_literals;

/// Sleeping moves the clock.
struct Clock {
  SteadyTime now{std::chrono::hours(5)};
  std::vector<std::chrono::nanoseconds> slept{};
  Throttle throttle(std::uint64_t bits_per_second) {
    return Throttle(
        bits_per_second, [this] { return now; },
        [this](const std::stop_token&, SteadyTime until) {
          slept.push_back(until - now);
          now = std::max(now, until);
        });
  }
};

TEST(Throttle, WithoutALimitNothingWaits) {
  Clock clock;
  Throttle throttle = clock.throttle(0);

  throttle.take(1'000'000, {});

  EXPECT_TRUE(clock.slept.empty());
}

TEST(Throttle, TheMeanRateIsTheLimit) {
  Clock clock;
  const SteadyTime begun = clock.now;
  Throttle throttle = clock.throttle(2'000'000);

  for (int i = 0; i < 100; ++i) throttle.take(25'000, {});

  EXPECT_EQ(clock.now - begun, 10s) << "2.5 MB at 250 kB/s";
}

TEST(Throttle, AnIdleLinkSavesNothingUp) {
  Clock clock;
  Throttle throttle = clock.throttle(800'000);
  throttle.take(100'000, {});
  clock.now += 1h;
  const SteadyTime begun = clock.now;

  throttle.take(100'000, {});
  throttle.take(100'000, {});

  EXPECT_EQ(clock.now - begun, 2s);
}

TEST(Throttle, WhatTheSenderDidMeanwhileCounts) {
  Clock clock;
  Throttle throttle = clock.throttle(800'000);
  throttle.take(100'000, {});
  clock.now += 10s;  // the archive thought about it

  throttle.take(50'000, {});

  EXPECT_EQ(clock.slept.back(), 500ms) << "no debt, and no credit";
}

TEST(Throttle, AStopEndsTheWaitingForAllThatFollows) {
  std::stop_source stop;
  Throttle throttle(1'000);
  std::jthread sending([&] {
    for (int i = 0; i < 1'000; ++i) throttle.take(1'000'000, stop.get_token());
  });

  stop.request_stop();

  sending.join();  // not after weeks
}

TEST(Throttle, PiecesAreOfAboutHalfASecondAndEven) {
  EXPECT_EQ(Throttle(64'000).largest_piece(), 4'096U);
  EXPECT_EQ(Throttle(2'000'000).largest_piece(), 125'000U);
  EXPECT_EQ(Throttle(100'008).largest_piece() % 2, 0U);
}

}  // namespace
}  // namespace dosigate
