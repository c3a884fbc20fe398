#include "forward/shutter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

// Whether anything may be sent at all: hours and an operator's pause.

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// A clock on the wall that the test sets, by the minutes of a day in local time.
class WallOf {
 public:
  explicit WallOf(std::chrono::minutes of_day) { set(of_day); }
  void set(std::chrono::minutes of_day) {
    std::time_t begin = 1'768'435'200;  // a day in January 2026
    std::tm local{};
    ::localtime_r(&begin, &local);
    local.tm_hour = 0;
    local.tm_min = static_cast<int>(of_day.count());
    local.tm_sec = 0;
    unix_ = std::mktime(&local);
  }
  WallClock clock() {
    return [this] { return std::chrono::system_clock::from_time_t(unix_); };
  }

 private:
  std::atomic<std::time_t> unix_;
};

Hours night() { return *Hours::parse({"19:00-06:00"}); }
SteadyTime in(std::chrono::milliseconds time) { return steady_now() + time; }

TEST(Shutter, IsOpenWithoutHoursAndPause) {
  Shutter shutter({}, "", wall_now);

  EXPECT_TRUE(shutter.wait({}, in(0ms)));
  EXPECT_FALSE(shutter.closed());
  EXPECT_EQ(shutter.opened_unix(), 0);
}

TEST(Shutter, OutsideItsHoursItSaysWhenItOpens) {
  WallOf wall(8h + 20min);
  Shutter shutter(night(), "", wall.clock());

  EXPECT_FALSE(shutter.wait({}, in(0ms)));
  EXPECT_EQ(shutter.closed()->state, "waiting");
  EXPECT_EQ(shutter.closed()->words,
            "outside its hours (19:00-06:00): opens at 19:00, in 10 h 40 min");
}

TEST(Shutter, FollowsAClockThatIsSetForwardAndBack) {
  WallOf wall(18h);
  Shutter shutter(night(), "", wall.clock());
  EXPECT_FALSE(shutter.is_open());

  wall.set(19h);
  EXPECT_TRUE(shutter.is_open());
  wall.set(17h);
  EXPECT_FALSE(shutter.is_open());
  wall.set(3h);
  EXPECT_TRUE(shutter.is_open());
}

TEST(Shutter, WaitingSeesTheClockThatWasSet) {
  WallOf wall(18h);
  Shutter shutter(night(), "", wall.clock());
  std::jthread set([&] { wall.set(20h); });

  EXPECT_TRUE(shutter.wait({}, in(30s)));
}

TEST(Shutter, APauseEndsWithItsResumeAndNotWithTheHours) {
  WallOf wall(20h);
  Shutter shutter(night(), "paused by ana", wall.clock());
  EXPECT_FALSE(shutter.is_open());
  EXPECT_EQ(shutter.closed()->state, "paused");
  EXPECT_EQ(shutter.closed()->words, "paused by ana");

  shutter.resume();
  EXPECT_TRUE(shutter.is_open());
  EXPECT_GT(shutter.opened_unix(), 0) << "what waited has not failed for so long";
  shutter.pause("again");
  EXPECT_FALSE(shutter.is_open());
  wall.set(8h);
  shutter.resume();
  EXPECT_EQ(shutter.closed()->state, "waiting");
}

TEST(Shutter, AStopEndsTheWait) {
  Shutter shutter({}, "paused", wall_now);
  std::stop_source stop;
  std::jthread stopping([&] { stop.request_stop(); });

  EXPECT_FALSE(shutter.wait(stop.get_token(), in(24h)));
}

}  // namespace
}  // namespace dosigate
