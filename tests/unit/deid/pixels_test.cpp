#include <gtest/gtest.h>

#include "../../../src/deid/proof.h"

namespace dosigate {
namespace {

TEST(SamePixels, AnyOtherByteOrLengthIsADifference) {
  const Bytes three{1, 2, 3}, padded{1, 2, 3, 0}, changed{1, 2, 4}, longer{1, 2, 3, 9}, none;

  EXPECT_TRUE(same_pixels(three, three));
  EXPECT_TRUE(same_pixels(three, padded));  // odd length gets the byte that makes it even
  EXPECT_TRUE(same_pixels(none, none));
  EXPECT_FALSE(same_pixels(three, changed));
  EXPECT_FALSE(same_pixels(three, longer));
  EXPECT_FALSE(same_pixels(padded, three));
  EXPECT_FALSE(same_pixels(three, none));
}

}  // namespace
}  // namespace dosigate
