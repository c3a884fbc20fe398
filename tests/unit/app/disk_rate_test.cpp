#include "dosigate/app/disk_rate.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

constexpr std::uint64_t kGb = 1'000'000'000;
const SteadyTime kStart{std::chrono::hours(100)};

SteadyTime after(int seconds) { return kStart + std::chrono::seconds(seconds); }

TEST(DiskRate, SaysNothingBeforeAMinuteWasWatched) {
  DiskRate rate;
  EXPECT_FALSE(rate.bytes_per_hour(kStart, 0));

  rate.add(kStart, 0);

  EXPECT_FALSE(rate.bytes_per_hour(after(59), kGb));
  EXPECT_TRUE(rate.bytes_per_hour(after(60), kGb));
}

TEST(DiskRate, TheArchiveAwayFillsTheDiskInTheHoursThatItSays) {
  DiskRate rate;
  rate.add(kStart, 10 * kGb);

  EXPECT_EQ(rate.bytes_per_hour(after(1800), 12 * kGb), 4 * kGb);
  EXPECT_EQ(rate.hours_left(after(1800), 12 * kGb, 101 * kGb, 1 * kGb), 25.0);
  EXPECT_EQ(rate.hours_left(after(1800), 12 * kGb, 1 * kGb, 1 * kGb), 0.0);
}

TEST(DiskRate, ASpoolThatEmptiesHasNoEnd) {
  DiskRate rate;
  rate.add(kStart, 10 * kGb);

  EXPECT_EQ(rate.bytes_per_hour(after(600), 9 * kGb), 0U);
  EXPECT_FALSE(rate.hours_left(after(600), 9 * kGb, 100 * kGb, kGb));
}

TEST(DiskRate, TheBurstOfAnHourAgoIsForgotten) {
  DiskRate rate;
  rate.add(kStart, 0);
  rate.add(after(10), 50 * kGb);
  rate.add(after(3700), 50 * kGb);

  EXPECT_EQ(rate.bytes_per_hour(after(3800), 50 * kGb), 0U);
}

}  // namespace
}  // namespace dosigate
