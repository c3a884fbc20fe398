// A large study does not keep a small one waiting, and what waits stays on the disk.

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

constexpr std::size_t kBatch = 16;

class Turns : public ::testing::Test {
 protected:
  /// Instances of one study, put one after the other.
  void put_study(const std::string& study, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const CleanInstance instance =
          Deidentifier::make({.sop_instance_uid = study + "." + std::to_string(i + 1),
                              .study_instance_uid = study,
                              .header = Bytes(30, 'h')});
      ASSERT_TRUE(home_.offer(instance));
    }
  }
  /// Claims of one worker until everything of `study` is sent; how many others went before.
  std::size_t others_before(const std::string& study, std::size_t count) {
    std::size_t others = 0, own = 0;
    while (own < count) {
      auto claimed = home_.spool->claim("A", kBatch);
      if (claimed.empty()) return others;
      for (const auto& one : claimed) ++(one.study_instance_uid() == study ? own : others);
      home_.spool->delivered(std::move(claimed), 0);
    }
    return others;
  }

  TempDir dir_;
  SpoolHome home_{dir_.path};
};

TEST_F(Turns, AStudyOfThirtyIsSentAfterAsManyOfTheLargeOneAndNotAfterAllOfIt) {
  put_study("2.25.1", 400);
  put_study("2.25.2", 30);

  // 30 in batches of 16 are two turns, with at most as many of the other's between them.
  EXPECT_LE(others_before("2.25.2", 30), 3 * kBatch);
}

TEST_F(Turns, ManySmallStudiesFillABatch) {
  for (int study = 10; study < 40; ++study) put_study("2.25." + std::to_string(study), 1);

  const auto claimed = home_.spool->claim("A", kBatch);

  EXPECT_EQ(claimed.size(), kBatch);
  std::set<std::string> studies;
  for (const auto& one : claimed) studies.insert(one.study_instance_uid());
  EXPECT_EQ(studies.size(), kBatch);
}

TEST_F(Turns, AClaimGivesAllThatIsDueWhenAskedForIt) {
  for (int study = 100; study < 200; ++study) put_study("2.25." + std::to_string(study), 2);

  EXPECT_EQ(home_.spool->claim("A", 1'000).size(), 200U);
}

TEST_F(Turns, TwoWorkersGetDifferentStudies) {
  put_study("2.25.1", 40);
  put_study("2.25.2", 40);

  const auto one = home_.spool->claim("A", kBatch), two = home_.spool->claim("A", kBatch);

  EXPECT_NE(one.front().study_instance_uid(), two.front().study_instance_uid());
}

TEST_F(Turns, OfOneStudyTheOldestComesFirstAndWhatIsRetriedLast) {
  put_study("2.25.1", 3);
  auto first = home_.spool->claim("A", 1);
  home_.spool->retry(std::move(first.front()), std::chrono::milliseconds(20), 0, "no answer");
  first.clear();

  std::vector<std::string> order;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (order.size() < 3 && std::chrono::steady_clock::now() < until) {
    order.clear();
    for (const auto& one : home_.spool->claim("A", 3)) order.push_back(one.sop_instance_uid());
  }

  EXPECT_EQ(order, (std::vector<std::string>{"2.25.1.2", "2.25.1.3", "2.25.1.1"}));
}

TEST_F(Turns, AStudyThatWaitsForItsRetryDoesNotStopTheOthers) {
  put_study("2.25.1", 5);
  for (auto& one : home_.spool->claim("A", 5))
    home_.spool->retry(std::move(one), std::chrono::minutes(1), 0xA700, "come again");
  put_study("2.25.2", 5);

  const auto claimed = home_.spool->claim("A", kBatch);

  ASSERT_EQ(claimed.size(), 5U);
  EXPECT_EQ(claimed.front().study_instance_uid(), "2.25.2");
}

TEST_F(Turns, ManyStudiesThatWaitForTheirRetryDoNotHideOneThatIsDue) {
  constexpr std::size_t kWaiting = 200;
  for (std::size_t study = 0; study < kWaiting; ++study)
    put_study("2.25.1" + std::to_string(study), 1);
  for (std::size_t given = 0; given < kWaiting;) {
    auto claimed = home_.spool->claim("A", kBatch);
    ASSERT_FALSE(claimed.empty());
    given += claimed.size();
    for (auto& one : claimed)
      home_.spool->retry(std::move(one), std::chrono::minutes(1), 0xA700, "come again");
  }

  // Wherever its turn comes.
  for (int study = 0; study < 10; ++study) {
    put_study("2.25.2" + std::to_string(study), 1);
    auto claimed = home_.spool->claim("A", kBatch);
    ASSERT_EQ(claimed.size(), 1U);
    home_.spool->delivered(std::move(claimed), 0);
  }
}

}  // namespace
}  // namespace dosigate::testing
