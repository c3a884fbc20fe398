#include "dosigate/base/backoff.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMost = 0xFFFFFFFF;

TEST(Backoff, DoublesUntilItsLongest) {
  const Backoff backoff{milliseconds(1'000), milliseconds(300'000)};

  EXPECT_EQ(backoff.delay(1, kMost), milliseconds(1'000));
  EXPECT_EQ(backoff.delay(2, kMost), milliseconds(2'000));
  EXPECT_EQ(backoff.delay(5, kMost), milliseconds(16'000));
  EXPECT_EQ(backoff.delay(10, kMost), milliseconds(300'000));
  EXPECT_EQ(backoff.delay(4'000'000'000, kMost), milliseconds(300'000));
}

TEST(Backoff, SpreadsBetweenHalfAndTheWhole) {
  const Backoff backoff{milliseconds(1'000), milliseconds(300'000)};

  EXPECT_EQ(backoff.delay(3, 0), milliseconds(2'000));
  EXPECT_EQ(backoff.delay(3, kMost), milliseconds(4'000));
  EXPECT_NEAR(static_cast<double>(backoff.delay(3, kMost / 2).count()), 3'000, 1);
}

}  // namespace
}  // namespace dosigate
