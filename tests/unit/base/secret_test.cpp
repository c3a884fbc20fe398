#include "dosigate/base/secret.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include "dosigate/base/locked_memory.h"
#include "dosigate/base/phi.h"
#include "support/memory_scan.h"
#include "support/sanitized.h"

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

/// 32 bytes that stand nowhere else.
Bytes random_looking(unsigned which) {
  Bytes out(Secret::kSize);
  unsigned value = 0x9E3779B9U * (which + 1);
  for (Byte& byte : out)
    byte = static_cast<Byte>((value = value * 1'664'525U + 1'013'904'223U) >> 24U);
  return out;
}

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

TEST(Secret, LiesOnPagesThatAreNeitherSwappedNorDumped) {
  if (testing::kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  const Bytes key{random_looking(1)};
  const testing::Sought sought{ByteView(key)};
  const Secret secret(key);

  const auto found = testing::find_in_memory(getpid(), sought);

  EXPECT_TRUE(secrets_are_locked()) << "ulimit -l";
  EXPECT_GT(testing::kilobytes_of(getpid(), "VmLck"), 0U);
  // The other one is `key` of this test, which shows that the search looks at the heap.
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(testing::unlocked(found).size(), 1U);
  for (const auto& place : found) EXPECT_NE(place.locked, place.dumped);
}

TEST(Secret, IsWipedWhenItGoes) {
  auto secret = std::make_unique<Secret>(kKey);
  const Byte* const memory = secret->reveal().data();

  secret.reset();

  // Its place stays a place of keys.
  EXPECT_TRUE(std::all_of(memory, memory + Secret::kSize, [](Byte byte) { return byte == 0; }));
}

TEST(Secret, TakesTheRoomOfAKeyAndNotOfAPage) {
  if (testing::kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  const std::size_t before = testing::kilobytes_of(getpid(), "VmLck");
  std::vector<Secret> many;

  for (int i = 0; i < 10'000; ++i) many.emplace_back(kKey);

  EXPECT_LT(testing::kilobytes_of(getpid(), "VmLck"), before + 400);
}

TEST(Secret, CanBeMadeAndDroppedInManyThreads) {
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([t] {
        const Bytes key(Secret::kSize, static_cast<Byte>(t + 1));
        for (int i = 0; i < 2'000; ++i) {
          const Secret one(key), other = one.clone();
          ASSERT_TRUE(std::ranges::equal(other.reveal(), key));
        }
      });
  }
  SUCCEED();
}

TEST(Packer, LeavesNoCopyBehindWhenItGrows) {
  if (testing::kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  const Secret salt(random_looking(2));
  const testing::Sought sought(salt.reveal());
  Packer packer;
  for (int i = 0; i < 40; ++i) packer.bytes(salt.reveal());
  Bytes packed = packer.take();

  EXPECT_EQ(testing::unlocked(testing::find_in_memory(getpid(), sought)).size(), 40U);
  wipe(packed.data(), packed.size());
  EXPECT_TRUE(testing::unlocked(testing::find_in_memory(getpid(), sought)).empty());
}

TEST(Wipe, LeavesZeros) {
  Bytes memory = kKey;

  wipe(memory.data(), memory.size());

  EXPECT_EQ(memory, Bytes(Secret::kSize));
}

}  // namespace
}  // namespace dosigate
