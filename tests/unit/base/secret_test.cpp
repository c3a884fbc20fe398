#include "dosigate/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <type_traits>

#include "dosigate/base/phi.h"

namespace dosigate {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>,
              "a key is never copied by accident");
static_assert(!Printable<Secret> && !Printable<Phi>,
              "neither a key nor an identity has a way into a stream");
static_assert(!std::is_convertible_v<Phi, std::string> &&
              !std::is_convertible_v<Phi, std::string_view>);
static_assert(Printable<std::string>, "the control");

const Bytes kKey(Secret::kSize, Byte{0xA5});

TEST(Secret, HoldsThirtyTwoBytesAndNothingElse) {
  EXPECT_TRUE(std::ranges::equal(Secret(kKey).reveal(), kKey));
  EXPECT_THROW(Secret(ByteView(kKey).first(31)), std::invalid_argument);
  EXPECT_THROW(Secret(Bytes(33)), std::invalid_argument);
}

TEST(Secret, MovesWithoutLeavingTheKeyBehind) {
  Secret first(kKey);

  const Secret second(std::move(first));

  EXPECT_TRUE(
      first.reveal().empty());  // NOLINT(bugprone-use-after-move): what is left is the question
  EXPECT_TRUE(std::ranges::equal(second.reveal(), kKey));
}

TEST(Secret, ACloneIsASecondOwner) {
  Secret first(kKey);
  const Secret copy = first.clone();

  first = Secret(Bytes(Secret::kSize, Byte{1}));

  EXPECT_TRUE(std::ranges::equal(copy.reveal(), kKey));
  EXPECT_EQ(first.reveal()[0], 1);
}

TEST(Wipe, LeavesZeros) {
  Bytes memory = kKey;

  wipe(memory.data(), memory.size());

  EXPECT_EQ(memory, Bytes(Secret::kSize));
}

}  // namespace
}  // namespace dosigate
