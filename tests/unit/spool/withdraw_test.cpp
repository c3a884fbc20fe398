// Taking something out of the queue again: never sent afterwards, and the ledger exact.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "crash.h"
#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

const std::string kStudy = SpoolHome::instance("2.25.1").study_instance_uid();

std::uint64_t withdrawn_at(const SpoolHome& home, const std::string& destination) {
  return home.ledger->by_destination().at(destination).withdrawn;
}

TEST(Withdraw, WhatWaitsOrIsParkedIsNeverSentAtAnyDestination) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A", "B"});
  home.put("2.25.2", {"A"});
  home.spool->park(std::move(home.spool->claim("B", 1).at(0)), 0xA900, "A900");

  const auto done = home.spool->withdraw(kStudy, {});

  EXPECT_EQ(done.withdrawn, 3U);
  EXPECT_THAT(done.in_flight, IsEmpty());
  EXPECT_THAT(home.spool->claim("A", 10), IsEmpty());
  EXPECT_EQ(home.spool->requeue("", std::nullopt), 0U);
  EXPECT_EQ(withdrawn_at(home, "A"), 2U);
  EXPECT_EQ(withdrawn_at(home, "B"), 1U);
  EXPECT_EQ(home.ledger->destinations(id).at("B"), DeliveryState::Withdrawn);
  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Withdraw, WhatIsDeliveredStaysDelivered) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A", "B"});
  home.spool->delivered(home.spool->claim("A", 1), 0);

  EXPECT_EQ(home.spool->withdraw(kStudy, {}).withdrawn, 1U);

  EXPECT_EQ(home.ledger->destinations(id).at("A"), DeliveryState::Delivered);
  EXPECT_EQ(home.ledger->destinations(id).at("B"), DeliveryState::Withdrawn);
}

TEST(Withdraw, OnlyTheInstancesNamed) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");
  home.put("2.25.2");

  EXPECT_EQ(home.spool->withdraw(kStudy, {"2.25.2", "2.25.3"}).withdrawn, 1U);

  const auto left = home.spool->claim("A", 10);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].sop_instance_uid(), "2.25.1");
}

TEST(Withdraw, AnotherStudyIsNotTouched) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");

  EXPECT_EQ(home.spool->withdraw("2.25.99999", {}).withdrawn, 0U);

  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
}

TEST(Withdraw, AFileWhosePairsAreNotMovedWaitsForThat) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A"}, 50);

  home.spool->withdraw(kStudy, {});

  ASSERT_TRUE(std::filesystem::exists(home.file_of(id)));
  ASSERT_EQ(home.spool->pairs_to_move(10).size(), 1U);
  home.spool->pairs_moved({id});
  EXPECT_FALSE(std::filesystem::exists(home.file_of(id)));
}

TEST(Withdraw, ASecondCallChangesNothing) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1", {"A", "B"}, 50);
  home.spool->withdraw(kStudy, {});
  const auto before = home.ledger->totals();

  EXPECT_EQ(home.spool->withdraw(kStudy, {}).withdrawn, 0U);

  EXPECT_EQ(home.ledger->totals().delivered, before.delivered);
  EXPECT_EQ(withdrawn_at(home, "A"), 1U);
}

TEST(Withdraw, TheSameInstanceCanBeQueuedAgainAfterwards) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1", {"A"}, 50);
  home.spool->withdraw(kStudy, {});

  home.put("2.25.1", {"A"}, 50);

  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Withdraw, ANoteOfTheStudyStaysInTheQueue) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId note = random_id();
  Ledger::Withdrawal order;
  order.study_uid = kStudy;
  home.ledger->ordered(order, note, {"A"});
  home.offer(SpoolHome::instance("2.25.8"), {"A"}, note);
  home.put("2.25.1");

  EXPECT_EQ(home.spool->withdraw(kStudy, {}).withdrawn, 1U);

  const auto left = home.spool->claim("A", 10);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].id(), note);
}

TEST(Withdraw, WhatAWorkerHoldsButHasNotBegunIsTakenOutOfItsHand) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId first = home.put("2.25.1");
  const InstanceId second = home.put("2.25.2");
  auto batch = home.spool->claim("A", 2);

  const auto done = home.spool->withdraw(kStudy, {}, 0ms);

  EXPECT_EQ(done.withdrawn, 2U);
  EXPECT_THAT(done.in_flight, IsEmpty());
  EXPECT_FALSE(home.spool->begin(batch[0]));
  home.spool->park(std::move(batch[0]), 0xC000, "must not bring it back");
  home.spool->retry(std::move(batch[1]), 0ms, 0xA700, "nor this");
  batch.clear();
  EXPECT_EQ(home.ledger->destinations(first).at("A"), DeliveryState::Withdrawn);
  EXPECT_EQ(home.ledger->destinations(second).at("A"), DeliveryState::Withdrawn);
  EXPECT_THAT(home.spool->claim("A", 10), IsEmpty());
  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

/// Withdraws in another thread; returns when everything but what is on its way is withdrawn.
std::future<SpoolWithdrawn> withdraw_beside(const SpoolHome& home,
                                            std::chrono::milliseconds patience) {
  auto out = std::async(std::launch::async,
                        [&, patience] { return home.spool->withdraw(kStudy, {}, patience); });
  const auto until = steady_now() + 10s;
  while (withdrawn_at(home, "A") == 0 && steady_now() < until) std::this_thread::sleep_for(1ms);
  return out;
}

TEST(Withdraw, WhatIsOnItsWayIsWaitedForAndStaysDelivered) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1");
  home.put("2.25.2");
  auto batch = home.spool->claim("A", 2);
  ASSERT_TRUE(home.spool->begin(batch[0]));

  auto withdrawal = withdraw_beside(home, 20s);
  batch.pop_back();
  home.spool->delivered(std::move(batch), 0);

  const auto done = withdrawal.get();
  EXPECT_EQ(done.withdrawn, 1U);
  EXPECT_THAT(done.in_flight, IsEmpty());
  EXPECT_EQ(home.ledger->destinations(id).at("A"), DeliveryState::Delivered);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Withdraw, WhatIsOnItsWayAndFailsMeanwhileIsWithdrawnToo) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");
  home.put("2.25.2");
  auto batch = home.spool->claim("A", 2);
  ASSERT_TRUE(home.spool->begin(batch[0]));

  auto withdrawal = withdraw_beside(home, 20s);
  home.spool->retry(std::move(batch[0]), 1h, 0, "connection lost");
  batch.clear();

  EXPECT_EQ(withdrawal.get().withdrawn, 2U);
  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST(Withdraw, WhatIsStillOnItsWayIsSaidAndIsWithdrawnWhenItComesBack) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId comes_back = home.put("2.25.1");
  const InstanceId arrives = home.put("2.25.2");
  auto batch = home.spool->claim("A", 2);
  ASSERT_TRUE(home.spool->begin(batch[0]) && home.spool->begin(batch[1]));

  const auto done = home.spool->withdraw(kStudy, {}, 10ms);
  EXPECT_EQ(home.spool->withdraw(kStudy, {}, 10ms).in_flight, done.in_flight) << "asked again";

  EXPECT_EQ(done.withdrawn, 0U);
  EXPECT_THAT(done.in_flight, ElementsAre("A"));
  home.spool->retry(std::move(batch[0]), 0ms, 0, "connection lost");
  batch.erase(batch.begin());
  home.spool->delivered(std::move(batch), 0);
  EXPECT_EQ(home.ledger->destinations(comes_back).at("A"), DeliveryState::Withdrawn);
  EXPECT_EQ(home.ledger->destinations(arrives).at("A"), DeliveryState::Delivered);
  EXPECT_THAT(home.spool->claim("A", 10), IsEmpty());
  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Withdraw, ASpoolFileOfAForgottenStudyThatAPowerCutBroughtBackIsRemoved) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A"}, 50);
  std::filesystem::copy(home.file_of(id), dir.path / "kept");
  home.spool->withdraw(kStudy, {});
  home.spool->pairs_moved({id});
  home.ledger->forget({kStudy});
  home.close();
  std::filesystem::copy(dir.path / "kept", home.file_of(id));

  home.open();

  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_THAT(home.spool->pairs_to_move(10), IsEmpty());
  EXPECT_TRUE(home.ledger_adds_up());
}

}  // namespace

int withdraw_until_killed(const char* path) {
  const SpoolHome home(path);
  for (int i = 0; i < 4; ++i)
    home.put("2.25.1" + std::to_string(i), {"A", "B"}, i % 2 == 0 ? 16 : 0);
  home.spool->delivered(home.spool->claim("A", 1), 0);
  home.spool->withdraw(kStudy, {});
  return 0;
}

namespace {

bool is_killed_at(const std::string& fail_point, const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("DOSIGATE_FAIL_POINT", fail_point.c_str(), 1);
    ::setenv("DOSIGATE_TEST_WITHDRAW_IN", path.c_str(), 1);
    ::execl("/proc/self/exe", "unit_spool", static_cast<char*>(nullptr));
    std::_Exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

// Killed between the ledger's word and the rows: the ledger is right.
TEST(Withdraw, AKillBetweenLedgerAndRowLosesNothingAndSendsNothing) {
  TempDir dir;
  ASSERT_TRUE(is_killed_at("spool.after-ledger-withdrawn", dir.path));

  const SpoolHome home(dir.path);

  EXPECT_THAT(home.spool->claim("A", 10), IsEmpty());
  EXPECT_THAT(home.spool->claim("B", 10), IsEmpty());
  EXPECT_EQ(withdrawn_at(home, "A"), 3U);
  EXPECT_EQ(withdrawn_at(home, "B"), 4U);
  EXPECT_EQ(home.ledger->totals().received, 4U);
  EXPECT_TRUE(home.ledger_adds_up());
  EXPECT_EQ(home.spool->withdraw(kStudy, {}).withdrawn, 0U) << "repeated by the operator";
  std::vector<InstanceId> moved;
  for (const auto& [id, pairs] : home.spool->pairs_to_move(10)) moved.push_back(id);
  EXPECT_EQ(moved.size(), 2U);
  home.spool->pairs_moved(moved);
  EXPECT_EQ(home.files_on_disk(), 0U);
}

}  // namespace
}  // namespace dosigate::testing
