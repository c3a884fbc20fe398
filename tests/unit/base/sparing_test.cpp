#include "dosigate/base/sparing.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

void work(std::chrono::milliseconds time) {
  timespec begun{}, now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
  do {
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  } while ((now.tv_sec - begun.tv_sec) * 1'000'000'000L + now.tv_nsec - begun.tv_nsec <
           std::chrono::nanoseconds(time).count());
}

TEST(Sparing, AQuickQuestionIsAskedEachTime) {
  Sparing<int> count;
  int asked = 0;

  for (int i = 1; i <= 10; ++i) EXPECT_EQ(count.get([&] { return ++asked; }), i);
}

TEST(Sparing, ASlowOneIsNotAskedAgainAtOnceButLater) {
  Sparing<int> count;
  int asked = 0;
  const auto slow = [&] {
    work(std::chrono::milliseconds(10));
    return ++asked;
  };

  EXPECT_EQ(count.get(slow), 1);
  EXPECT_EQ(count.get(slow), 1);

  const auto deadline = steady_now() + std::chrono::seconds(20);
  while (count.get(slow) == 1 && steady_now() < deadline) {
  }
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace dosigate
