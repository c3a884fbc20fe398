#include "dosigate/forward/hours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

// Windows of hours: arithmetic on the clock on the wall.

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Hours hours(const std::vector<std::string>& windows) {
  auto parsed = Hours::parse(windows);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().detail);
  return parsed ? *parsed : Hours();
}

TEST(Hours, NoneMeanAlways) {
  EXPECT_TRUE(Hours().is_open(0min));
  EXPECT_TRUE(Hours().is_open(1439min));
  EXPECT_EQ(Hours().opens_in(700min), 0min);
  EXPECT_EQ(Hours().text(), "");
}

TEST(Hours, AWindowHasItsFirstMinuteAndNotItsLast) {
  const Hours noon = hours({"12:00-13:00"});

  EXPECT_FALSE(noon.is_open(11h + 59min));
  EXPECT_TRUE(noon.is_open(12h));
  EXPECT_TRUE(noon.is_open(12h + 59min));
  EXPECT_FALSE(noon.is_open(13h));
  EXPECT_EQ(noon.opens_in(11h + 59min), 1min);
  EXPECT_EQ(noon.opens_in(13h), 23h);
  EXPECT_EQ(noon.opens_in(12h + 30min), 0min);
}

TEST(Hours, AWindowMaySpanMidnight) {
  const Hours night = hours({"19:00-06:00"});

  EXPECT_TRUE(night.is_open(19h));
  EXPECT_TRUE(night.is_open(23h + 59min));
  EXPECT_TRUE(night.is_open(0min));
  EXPECT_TRUE(night.is_open(5h + 59min));
  EXPECT_FALSE(night.is_open(6h));
  EXPECT_FALSE(night.is_open(18h + 59min));
  EXPECT_EQ(night.opens_in(6h), 13h);
}

TEST(Hours, TheNextOfSeveralWindowsIsTheOneThatOpens) {
  const Hours both = hours({"19:00-06:00", "12:00-13:00"});

  EXPECT_EQ(both.opens_in(8h), 4h);
  EXPECT_EQ(both.opens_in(14h), 5h);
  EXPECT_TRUE(both.is_open(12h + 5min));
  EXPECT_TRUE(both.is_open(3h));
  EXPECT_EQ(both.text(), "19:00-06:00, 12:00-13:00");
}

TEST(Hours, AWindowMayEndAtMidnightAndBeTheWholeDay) {
  EXPECT_TRUE(hours({"20:00-24:00"}).is_open(23h + 59min));
  EXPECT_FALSE(hours({"20:00-24:00"}).is_open(0min));
  EXPECT_FALSE(hours({"20:00-00:00"}).is_open(0min));
  EXPECT_TRUE(hours({"00:00-24:00"}).is_open(0min));
  EXPECT_TRUE(hours({"00:00-24:00"}).is_open(1439min));
}

TEST(Hours, WhatIsNoWindowIsSaidInWords) {
  for (const char* wrong : {"", "19-06", "19:00", "19:00-06:60", "25:00-06:00", "24:00-06:00",
                            "19:00 - 06:00", "19:00-6:00", "-9:00-06:00", "19:00-06:0x"}) {
    const auto parsed = Hours::parse({"12:00-13:00", wrong});
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_THAT(parsed.error().detail, HasSubstr("as in \"19:00-06:00\""));
  }
  EXPECT_THAT(Hours::parse({"06:00-06:00"}).error().detail, HasSubstr("has no length"));
  EXPECT_THAT(Hours::parse({}).error().detail, HasSubstr("has no window"));
}

/// The rules of Central Europe, without the time zone database of the machine.
class LocalTime : public ::testing::Test {
 protected:
  LocalTime() {
    if (const char* present = std::getenv("TZ")) before_ = present;
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  ~LocalTime() override {
    before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }
  static WallTime utc(int month, int day, int hour, int minute) {
    const std::chrono::sys_days date{std::chrono::year(2026) / month / day};
    return date + std::chrono::hours(hour) + std::chrono::minutes(minute);
  }

 private:
  std::string before_;
};

TEST_F(LocalTime, IsThatOfTheMachineInSummerAndWinter) {
  EXPECT_EQ(local_minute(utc(1, 15, 18, 30)), 19h + 30min);
  EXPECT_EQ(local_minute(utc(7, 15, 18, 30)), 20h + 30min);
  EXPECT_EQ(local_minute(utc(12, 31, 23, 30)), 30min);
}

TEST_F(LocalTime, AWindowFollowsTheClockOnTheWallWhenItIsMoved) {
  const Hours night = hours({"01:30-03:30"});
  const auto open_minutes = [&](int month, int day) {
    int open = 0;
    for (int minute = 0; minute < 6 * 60; ++minute) {
      const auto at = utc(month, day, 0, 0) - std::chrono::hours(1) + std::chrono::minutes(minute);
      open += night.is_open(local_minute(at)) ? 1 : 0;
    }
    return open;
  };

  EXPECT_EQ(open_minutes(3, 28), 120);
  EXPECT_EQ(open_minutes(3, 29), 60) << "from 02:00 to 03:00 the clock is put forward";
  EXPECT_EQ(open_minutes(10, 25), 180) << "from 03:00 to 02:00 it is put back";
}

}  // namespace
}  // namespace dosigate
