#include "dosigate/base/outstanding.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace dosigate {
namespace {

constexpr std::chrono::milliseconds kShort{20};
constexpr std::chrono::minutes kLong{1};

TEST(Outstanding, NothingIsWaitedForWhenThereIsNothing) {
  const Outstanding all;

  EXPECT_TRUE(all.wait(std::chrono::milliseconds(0)));
}

TEST(Outstanding, WhatIsThereIsWaitedFor) {
  Outstanding all;
  std::optional<Outstanding::Mark> mark(all.add());

  EXPECT_FALSE(all.wait(kShort));
  std::jthread other([&] {
    std::this_thread::sleep_for(kShort);
    mark.reset();
  });

  EXPECT_TRUE(all.wait(kLong));
}

TEST(Outstanding, WhatComesLaterIsNotWaitedFor) {
  Outstanding all;
  std::optional<Outstanding::Mark> first(all.add());
  std::optional<Outstanding::Mark> later;
  std::jthread other([&] {
    std::this_thread::sleep_for(kShort);  // so that the other one waits by then
    later.emplace(all.add());
    first.reset();
  });

  EXPECT_TRUE(all.wait(kLong));
  EXPECT_FALSE(all.wait(kShort)) << "now it was there before";
}

TEST(Outstanding, AMarkThatIsMovedCountsOnce) {
  Outstanding all;
  {
    Outstanding::Mark one = all.add();
    Outstanding::Mark moved(std::move(one));
    Outstanding::Mark assigned;
    assigned = std::move(moved);
    EXPECT_FALSE(all.wait(std::chrono::milliseconds(0)));
  }

  EXPECT_TRUE(all.wait(std::chrono::milliseconds(0)));
}

}  // namespace
}  // namespace dosigate
