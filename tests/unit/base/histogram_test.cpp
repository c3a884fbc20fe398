#include "dosigate/base/histogram.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace dosigate {
namespace {

using std::chrono::milliseconds;

TEST(Histogram, CountsEachTimeInItsBucketAndInAllLargerOnes) {
  Histogram histogram;
  histogram.add(milliseconds(1));  // a bound belongs to its own bucket
  histogram.add(milliseconds(30));
  histogram.add(std::chrono::hours(1));  // beyond the last bound

  const auto reading = histogram.read();

  EXPECT_EQ(reading.at_most.front(), 1U);
  EXPECT_EQ(reading.at_most.at(4), 1U) << "25 ms";
  EXPECT_EQ(reading.at_most.at(5), 2U) << "50 ms";
  EXPECT_EQ(reading.at_most.at(Histogram::kBounds.size() - 1), 2U) << "300 s";
  EXPECT_EQ(reading.count(), 3U);
  EXPECT_NEAR(reading.seconds, 3600.031, 1e-6);
}

TEST(Histogram, LosesNothingWhenManyThreadsAddAtOnce) {
  Histogram histogram;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) histogram.add(milliseconds(i % 40));
      });
  }

  EXPECT_EQ(histogram.read().count(), 40'000U);
  EXPECT_NEAR(histogram.read().seconds, 4 * 250 * 0.78, 1e-6);
}

TEST(Histogram, TakesAClockThatStandsStill) {
  Histogram histogram;

  histogram.add({});
  histogram.add(milliseconds(-5));

  EXPECT_EQ(histogram.read().at_most.front(), 2U);
  EXPECT_EQ(histogram.read().seconds, 0);
}

}  // namespace
}  // namespace dosigate
