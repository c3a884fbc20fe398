#include "forward/command_set.h"

#include <gtest/gtest.h>

#include "support/pdu_bytes.h"

namespace dosigate {
namespace {

using testing::append;

Bytes element(Byte number_low, Byte number_high, ByteView value) {
  Bytes out{0, 0, number_low, number_high};
  testing::little_endian(out, value.size(), 4);
  append(out, value);
  return out;
}

TEST(CommandSet, OfTwoStatusesNoneCounts) {
  const Bytes success = element(0x00, 0x09, Bytes{0, 0}),
              refused = element(0x00, 0x09, Bytes{0, 0xA7});
  Bytes both = success;
  append(both, refused);

  EXPECT_EQ(CommandSet::read(success)->number(kStatus), 0x0000);
  EXPECT_FALSE(CommandSet::read(both));
}

TEST(CommandSet, ElementsOutOfOrderAreNone) {
  Bytes turned = element(0x00, 0x09, Bytes{0, 0});
  append(turned, element(0x20, 0x01, Bytes{1, 0}));
  Bytes straight = element(0x20, 0x01, Bytes{1, 0});
  append(straight, element(0x00, 0x09, Bytes{0, 0}));

  EXPECT_FALSE(CommandSet::read(turned));
  EXPECT_TRUE(CommandSet::read(straight));
}

}  // namespace
}  // namespace dosigate
