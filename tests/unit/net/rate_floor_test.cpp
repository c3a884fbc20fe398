#include "dosigate/net/rate_floor.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

using namespace std::chrono_literals;

TEST(RateFloor, AByteASecondIsTooSlowWhenTheWindowEnds) {
  SteadyTime now{};
  RateFloor floor(100, 10s, [&] { return now; });
  for (int second = 0; second < 9; ++second) {
    now += 1s;
    EXPECT_TRUE(floor.keeps_up(1)) << second;
  }
  now += 1s;

  EXPECT_FALSE(floor.keeps_up(1));
}

TEST(RateFloor, APauseAndABurstAreAsGoodAsASteadyStream) {
  SteadyTime now{};
  RateFloor floor(100, 10s, [&] { return now; });
  for (int window = 0; window < 5; ++window) {
    now += 9s;
    EXPECT_TRUE(floor.keeps_up(1000)) << window;
    now += 1s;
    EXPECT_TRUE(floor.keeps_up(0)) << window;
  }
}

TEST(RateFloor, EachWindowHasToBringItsOwn) {
  SteadyTime now{};
  RateFloor floor(100, 10s, [&] { return now; });
  EXPECT_TRUE(floor.keeps_up(1'000'000));
  now += 10s;
  EXPECT_TRUE(floor.keeps_up(1));
  now += 10s;

  EXPECT_FALSE(floor.keeps_up(1)) << "what came before is spent";
}

TEST(RateFloor, TimeBetweenMessagesDoesNotCount) {
  SteadyTime now{};
  RateFloor floor(100, 10s, [&] { return now; });
  now += 300s;
  floor.restart();

  EXPECT_TRUE(floor.keeps_up(1));
}

}  // namespace
}  // namespace dosigate
