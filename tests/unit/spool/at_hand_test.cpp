// A forwarder that keeps up finds the newest in memory. It must find the same as in the database.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

class AtHand : public ::testing::Test {
 protected:
  /// As a worker does who finds nothing more: from here on the newest are at hand.
  void catch_up() {
    home_.spool->wait("A", {}, std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
  }
  void put_study(const std::string& study, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const CleanInstance instance =
          Deidentifier::make({.sop_instance_uid = study + "." + std::to_string(i + 1),
                              .study_instance_uid = study,
                              .header = Bytes(30, 'h')});
      ASSERT_TRUE(home_.offer(instance));
    }
  }
  std::vector<std::string> claim_and_deliver(std::size_t max) {
    std::vector<std::string> out;
    auto claimed = home_.spool->claim("A", max);
    for (const auto& one : claimed) out.push_back(one.sop_instance_uid());
    home_.spool->delivered(std::move(claimed), 0);
    return out;
  }

  TempDir dir_;
  SpoolHome home_{dir_.path};
};

TEST_F(AtHand, StudiesTakeTurnsAndTheOldestOfEachComesFirst) {
  catch_up();
  put_study("2.25.1", 20);
  put_study("2.25.2", 3);

  std::vector<std::string> first = claim_and_deliver(16), second = claim_and_deliver(16);

  first.insert(first.end(), second.begin(), second.end());
  EXPECT_EQ(first.size(), 23U);
  EXPECT_LT(std::find(first.begin(), first.end(), "2.25.2.1") - first.begin(), 17)
      << "the small study waited for the large one";
  EXPECT_LT(std::find(first.begin(), first.end(), "2.25.1.1"),
            std::find(first.begin(), first.end(), "2.25.1.20"));
}

TEST_F(AtHand, MoreThanFitsInMemoryIsFoundInTheDatabase) {
  catch_up();
  put_study("2.25.1", 600);

  std::set<std::string> given;
  for (auto some = claim_and_deliver(16); !some.empty(); some = claim_and_deliver(16))
    given.insert(some.begin(), some.end());

  EXPECT_EQ(given.size(), 600U);
  EXPECT_EQ(home_.ledger->totals().delivered, 600U);
}

TEST_F(AtHand, WhatWasWithdrawnMeanwhileIsNotGiven) {
  catch_up();
  put_study("2.25.1", 3);
  put_study("2.25.2", 2);

  EXPECT_EQ(home_.spool->withdraw("2.25.1", {}).withdrawn, 3U);

  EXPECT_EQ(claim_and_deliver(16), (std::vector<std::string>{"2.25.2.1", "2.25.2.2"}));
}

TEST_F(AtHand, WhatGoesBackIsGivenAgain) {
  catch_up();
  put_study("2.25.1", 3);
  auto claimed = home_.spool->claim("A", 16);
  ASSERT_EQ(claimed.size(), 3U);

  home_.spool->park(std::move(claimed[0]), 0xC000, "no");
  home_.spool->retry(std::move(claimed[1]), std::chrono::milliseconds(0), 0, "no answer");
  claimed.clear();  // the third without a verdict

  auto again = claim_and_deliver(16);
  std::ranges::sort(again);
  EXPECT_EQ(again, (std::vector<std::string>{"2.25.1.2", "2.25.1.3"}));
  EXPECT_EQ(home_.spool->requeue("A", std::nullopt), 1U);
  EXPECT_EQ(claim_and_deliver(16), (std::vector<std::string>{"2.25.1.1"}));
}

TEST_F(AtHand, ARetryThatWaitsIsNotForgotten) {
  catch_up();
  put_study("2.25.1", 1);
  auto claimed = home_.spool->claim("A", 16);
  home_.spool->retry(std::move(claimed.at(0)), std::chrono::milliseconds(50), 0, "no answer");
  claimed.clear();

  home_.spool->wait("A", {}, std::chrono::steady_clock::now() + std::chrono::seconds(20));

  EXPECT_EQ(claim_and_deliver(16).size(), 1U);
}

TEST_F(AtHand, ARetryThatBecomesDueWhileItIsLookedForIsNotForgotten) {
  WallTime now = wall_now();
  std::chrono::milliseconds step(0);
  home_.close();
  home_.clock = [&] { return now += step; };
  home_.open();
  put_study("2.25.1", 1);
  auto claimed = home_.spool->claim("A", 16);
  home_.spool->retry(std::move(claimed.at(0)), std::chrono::milliseconds(15), 0, "no answer");
  claimed.clear();

  step = std::chrono::milliseconds(10);  // with every look at the clock
  catch_up();
  catch_up();

  EXPECT_EQ(claim_and_deliver(16).size(), 1U);
}

TEST_F(AtHand, APutThatFailedIsNotGiven) {
  catch_up();
  put_study("2.25.1", 1);
  EXPECT_EQ(*home_.offer(Deidentifier::make({.sop_instance_uid = "2.25.1.1",
                                             .study_instance_uid = "2.25.1",
                                             .header = Bytes(30, 'h')})),
            SpoolPut::Duplicate);

  EXPECT_EQ(claim_and_deliver(16).size(), 1U);
}

}  // namespace
}  // namespace dosigate::testing
