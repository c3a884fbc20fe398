// Drain mode, the low-water mark, trouble with storing, the clock: without a daemon.

#include <gtest/gtest.h>

#include <string>
#include <system_error>

#include "dosigate/app/clock_watch.h"
#include "dosigate/app/custody_trouble.h"
#include "dosigate/app/disk_watch.h"
#include "dosigate/app/drain.h"

namespace dosigate {
namespace {

using std::chrono::milliseconds;

TEST(Drain, WhatIsOnItsWayIsCountedBeforeTheModeIsAskedFor) {
  Drain drain;
  const Drain::Passage before(drain);
  EXPECT_TRUE(before.open());
  EXPECT_TRUE(drain.begin(wall_now()));
  EXPECT_FALSE(drain.begin(wall_now())) << "it is on already";
  EXPECT_EQ(drain.in_hand(), 1U);
  {
    const Drain::Passage after(drain);
    EXPECT_FALSE(after.open());
    EXPECT_EQ(drain.in_hand(), 2U);
  }
  EXPECT_EQ(drain.in_hand(), 1U);
  EXPECT_GT(drain.since(), 0);
  EXPECT_TRUE(drain.end());
  EXPECT_FALSE(drain.end());
  EXPECT_EQ(drain.since(), 0);
}

TEST(DiskWatch, IsLowBelowTheMarkAndRecoversByItself) {
  SteadyTime now = steady_now();
  std::uint64_t free = 100;
  int asked = 0;
  DiskWatch watch(
      [&] {
        ++asked;
        return free;
      },
      50, [&] { return now; });

  EXPECT_FALSE(watch.low());
  free = 49;
  EXPECT_FALSE(watch.low()) << "asked a moment ago";
  EXPECT_EQ(asked, 1);
  now += milliseconds(250);
  EXPECT_TRUE(watch.low());
  free = 50;
  now += milliseconds(250);
  EXPECT_FALSE(watch.low());
}

TEST(DiskWatch, ADiskThatCannotBeAskedIsLow) {
  DiskWatch watch(
      []() -> std::uint64_t { throw std::system_error(EIO, std::generic_category(), "statvfs"); },
      0, steady_now);
  EXPECT_TRUE(watch.low());
}

TEST(CustodyTrouble, HoldsUntilSomethingIsStoredOrNothingWasTriedForFiveMinutes) {
  SteadyTime now = steady_now();
  CustodyTrouble trouble([&] { return now; });
  EXPECT_FALSE(trouble.present());

  trouble.failed("no space");
  trouble.failed("database or disk is full");
  ASSERT_TRUE(trouble.present());
  EXPECT_EQ(trouble.present()->refused, 2U);
  EXPECT_EQ(trouble.present()->why, "database or disk is full");
  trouble.stored();
  EXPECT_FALSE(trouble.present());

  trouble.failed("no space");
  EXPECT_EQ(trouble.present()->refused, 1U);
  now += std::chrono::minutes(6);
  EXPECT_FALSE(trouble.present());
}

TEST(ClockWatch, WarnsOfAnUnsynchronisedClockAndOfNothingThatTheKernelDoesNotSay) {
  const auto says = [](std::optional<bool> synchronised) {
    const char* warning = clock_warning([&] { return synchronised; });
    return std::string(warning == nullptr ? "" : warning);
  };
  EXPECT_EQ(says(true), "");
  EXPECT_EQ(says(std::nullopt), "");
  EXPECT_NE(says(false).find("warn_unsynchronised_clock"), std::string::npos);
}

}  // namespace
}  // namespace dosigate
