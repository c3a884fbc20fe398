#include "dosigate/spool/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <type_traits>

#include "dosigate/base/durable_file.h"
#include "support/spool_home.h"

namespace dosigate {
namespace {

using testing::SpoolHome;
using testing::TempDir;

// What is spooled for one domain compiles into nothing of the other.
static_assert(!std::is_convertible_v<Claimed<Domain::Archive>, Claimed<Domain::Hospital>>);
static_assert(!std::is_constructible_v<Claimed<Domain::Hospital>, Claimed<Domain::Archive>&&>);
static_assert(!std::is_convertible_v<ArchiveSpool&, HospitalSpool&>);
static_assert(!std::is_invocable_v<decltype(&HospitalSpool::sending), HospitalSpool&,
                                   const Claimed<Domain::Archive>&>);
static_assert(!std::is_default_constructible_v<Claimed<Domain::Archive>> &&
              !std::is_copy_constructible_v<Claimed<Domain::Archive>>);

Bytes content_of(const Claimed<Domain::Archive>& claimed) {
  Bytes out;
  EXPECT_TRUE(claimed.read([&](ByteView chunk) {
    out.insert(out.end(), chunk.begin(), chunk.end());
    return true;
  }));
  return out;
}

TEST(Spool, GivesBackExactlyWhatWasPut) {
  TempDir dir;
  SpoolHome home(dir.path);
  const CleanInstance instance = SpoolHome::instance("2.25.1", 200'000);
  ASSERT_TRUE(home.offer(instance));

  auto claimed = home.spool->claim("A", 10);

  ASSERT_EQ(claimed.size(), 1U);
  Bytes whole = instance.header().empty()
                    ? Bytes()
                    : Bytes(instance.header().begin(), instance.header().end());
  whole.insert(whole.end(), instance.body().begin(), instance.body().end());
  whole.insert(whole.end(), instance.trailer().begin(), instance.trailer().end());
  EXPECT_EQ(content_of(claimed[0]), whole);
  EXPECT_EQ(claimed[0].data_set_bytes(), whole.size());
  EXPECT_EQ(claimed[0].sop_instance_uid(), "2.25.1");
  EXPECT_EQ(claimed[0].sop_class_uid(), instance.sop_class_uid());
  EXPECT_EQ(claimed[0].study_instance_uid(), instance.study_instance_uid());
  EXPECT_EQ(claimed[0].transfer_syntax_uid(), instance.transfer_syntax_uid());
  EXPECT_EQ(claimed[0].pseudonym(), instance.pseudonym());
}

TEST(Spool, AClaimIsExclusiveAndComesBackWhenItIsDropped) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");

  {
    const auto first = home.spool->claim("A", 10);
    EXPECT_EQ(first.size(), 1U);
    EXPECT_TRUE(home.spool->claim("A", 10).empty());
  }

  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
}

TEST(Spool, EachDestinationHasItsOwnStateAndTheFileGoesWithTheLast) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A", "B"});

  home.spool->delivered(home.spool->claim("A", 1), 0);
  EXPECT_TRUE(std::filesystem::exists(home.file_of(id)));
  EXPECT_TRUE(home.spool->claim("A", 1).empty());
  home.spool->delivered(home.spool->claim("B", 1), 0);

  EXPECT_FALSE(std::filesystem::exists(home.file_of(id)));
  EXPECT_EQ(home.spool->files(), 0U);
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Delivered);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Spool, AFileIsErasedOnlyWhenItsPairsAreMoved) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A"}, 50);

  home.spool->delivered(home.spool->claim("A", 1), 0);
  ASSERT_TRUE(std::filesystem::exists(home.file_of(id)));
  const auto pairs = home.spool->pairs_to_move(10);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].second, Bytes(50, 'p'));
  home.spool->pairs_moved({id});

  EXPECT_FALSE(std::filesystem::exists(home.file_of(id)));
  EXPECT_TRUE(home.spool->pairs_to_move(10).empty());
  EXPECT_EQ(home.spool->files(), 0U);
}

TEST(Spool, AnInstanceSentAgainAfterDeliveryIsQueuedAgainEvenWhileItsPairsWait) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1", {"A"}, 50);
  home.spool->delivered(home.spool->claim("A", 1), 0);

  EXPECT_EQ(*home.offer(SpoolHome::instance("2.25.1")), SpoolPut::Queued);

  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
  home.restart();
  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
}

TEST(Spool, ARevisionOfWhatWasDeliveredIsToldAlsoWhileItsPairsWait) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1", {"A"}, 50);
  home.spool->delivered(home.spool->claim("A", 1), 0);

  EXPECT_EQ(*home.offer(SpoolHome::instance("2.25.1"), {"A"}, random_id(), 2), SpoolPut::Revision);

  EXPECT_TRUE(home.spool->claim("A", 10).empty());
}

TEST(Spool, TheSameInstanceInTheQueueIsADuplicateAndAnotherFingerprintARevision) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");

  EXPECT_EQ(*home.offer(SpoolHome::instance("2.25.1"), {"A"}, random_id(), 1), SpoolPut::Duplicate);
  EXPECT_EQ(*home.offer(SpoolHome::instance("2.25.1"), {"A"}, random_id(), 2), SpoolPut::Revision);

  EXPECT_EQ(home.files_on_disk(), 1U);
  EXPECT_EQ(home.ledger->totals().received, 1U);
}

TEST(Spool, OfEightParallelPutsOfOneInstanceExactlyOneIsKept) {
  TempDir dir;
  SpoolHome home(dir.path);
  std::atomic<int> queued{0}, duplicates{0}, revisions{0}, others{0};

  for (int round = 0; round < 10; ++round) {
    const std::string sop = "2.25.9" + std::to_string(round);
    std::vector<std::jthread> senders;
    for (int i = 0; i < 8; ++i) {
      senders.emplace_back([&, i] {
        const auto put = home.offer(SpoolHome::instance(sop), {"A"}, random_id(), i < 4 ? 1 : 2);
        ++(!put                          ? others
           : *put == SpoolPut::Queued    ? queued
           : *put == SpoolPut::Duplicate ? duplicates
                                         : revisions);
      });
    }
  }

  EXPECT_EQ(others, 0);
  EXPECT_EQ(queued, 10);
  EXPECT_EQ(duplicates, 30) << "three of the four with the fingerprint that won";
  EXPECT_EQ(revisions, 40);
  EXPECT_EQ(home.files_on_disk(), 10U);
  EXPECT_EQ(home.ledger->totals().queued, 10U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Spool, TakesNothingNewBelowTheLowWaterMark) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.close();
  home.min_free_bytes = std::uint64_t{1} << 62U;
  home.open();

  const auto put = home.offer(SpoolHome::instance("2.25.1"));

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().fault, Fault::Busy);
  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST(Spool, AFailedWriteKeepsNothing) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = random_id();
  std::filesystem::remove(home.file_of(id).parent_path());  // the directory cannot be written

  EXPECT_THROW((void)home.offer(SpoolHome::instance("2.25.1"), {"A"}, id), std::system_error);

  EXPECT_EQ(home.spool->files(), 0U);
  EXPECT_EQ(home.ledger->totals().received, 0U);
  std::filesystem::create_directory(home.file_of(id).parent_path());
  EXPECT_EQ(*home.offer(SpoolHome::instance("2.25.1"), {"A"}, id), SpoolPut::Queued)
      << "nothing of the failed one is in the way";
}

TEST(Spool, ARetryGoesToTheTailAndNotBeforeItsDelay) {
  TempDir dir;
  WallTime now = wall_now();
  SpoolHome home(dir.path);
  home.close();
  home.clock = [&] { return now; };
  home.open();
  home.put("2.25.1");
  now += std::chrono::milliseconds(5);
  home.put("2.25.2");

  auto first = home.spool->claim("A", 1);
  ASSERT_EQ(first[0].sop_instance_uid(), "2.25.1");
  home.spool->retry(std::move(first[0]), std::chrono::seconds(10), 0xA700, "out of resources");
  first.clear();

  auto due = home.spool->claim("A", 10);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].sop_instance_uid(), "2.25.2");
  now += std::chrono::seconds(11);
  auto later = home.spool->claim("A", 10);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].attempts(), 1U);
  EXPECT_FALSE(later[0].sent_once()) << "its answer was heard";
}

TEST(Spool, AClockSetBackDoesNotStopARetry) {
  TempDir dir;
  WallTime now = wall_now();
  SpoolHome home(dir.path);
  home.close();
  home.clock = [&] { return now; };
  home.open();
  home.put("2.25.1");

  now -= std::chrono::hours(24);

  EXPECT_EQ(home.spool->claim("A", 1).size(), 1U);
}

TEST(Spool, AClockThatJumpsDelaysARetryByTheLongestDelayAtMost) {
  using std::chrono::seconds;
  for (const auto delay : {seconds(1), seconds(100), seconds(300)}) {
    for (const long jump : {-36'000L, -3'600L, -290L, -150L, -1L, 0L, 1L, 150L, 3'600L, 36'000L}) {
      TempDir dir;
      WallTime now = wall_now();
      SpoolHome home(dir.path);
      home.close();
      home.clock = [&] { return now; };
      home.open();
      home.put("2.25.1");
      auto claimed = home.spool->claim("A", 1);
      home.spool->retry(std::move(claimed.at(0)), delay, 0xA700, "out of resources");
      claimed.clear();

      now += seconds(jump);
      now += delay + seconds(300);  // SpoolSettings::longest_delay more than was planned

      EXPECT_EQ(home.spool->claim("A", 1).size(), 1U)
          << "delay " << delay.count() << " s, jump " << jump << " s";
    }
  }
}

TEST(Spool, OnlyAnAttemptWithoutAnAnswerIsRemembered) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");
  const auto attempt = [&](bool sending, std::uint16_t status) {
    auto claimed = home.spool->claim("A", 1);
    if (sending) home.spool->sending(claimed.at(0));
    home.spool->retry(std::move(claimed.at(0)), std::chrono::milliseconds(0), status, "x");
  };

  attempt(false, 0);
  EXPECT_FALSE(home.spool->claim("A", 1).at(0).sent_once());
  attempt(true, 0xA700);
  EXPECT_FALSE(home.spool->claim("A", 1).at(0).sent_once());
  attempt(true, 0);

  home.restart();
  EXPECT_TRUE(home.spool->claim("A", 1).at(0).sent_once());
}

TEST(Spool, WhatWasParkedIsShownAndComesBackByHand) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1");
  auto claimed = home.spool->claim("A", 1);

  home.spool->park(std::move(claimed[0]), 0xC000, "C000 cannot understand");
  claimed.clear();

  EXPECT_TRUE(home.spool->claim("A", 1).empty());
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Parked);
  ASSERT_EQ(home.spool->list(10).size(), 1U);
  EXPECT_EQ(home.spool->list(10)[0].reason, "C000 cannot understand");
  EXPECT_EQ(home.spool->list(10)[0].status, 0xC000);
  EXPECT_EQ(home.spool->destinations().at("A").parked, 1U);
  home.restart();
  EXPECT_TRUE(home.spool->claim("A", 1).empty()) << "still parked";
  EXPECT_EQ(home.spool->requeue("B", std::nullopt), 0U);
  EXPECT_EQ(home.spool->requeue("A", id), 1U);
  EXPECT_EQ(home.spool->claim("A", 1).size(), 1U);
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Queued);
}

TEST(Spool, RequeueMakesWaitingOnesDueToo) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");
  home.spool->retry(std::move(home.spool->claim("A", 1).at(0)), std::chrono::minutes(4), 0,
                    "timeout");
  ASSERT_TRUE(home.spool->claim("A", 1).empty());

  EXPECT_EQ(home.spool->requeue("", std::nullopt), 1U);

  EXPECT_EQ(home.spool->claim("A", 1).size(), 1U);
}

TEST(Spool, PuttingBackCountsNoAttemptAndShowsTheReason) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.put("2.25.1");
  home.put("2.25.2");

  home.spool->put_back(home.spool->claim("A", 2), "connection refused");

  EXPECT_EQ(home.spool->list(10)[1].reason, "connection refused");
  EXPECT_EQ(home.spool->claim("A", 2).at(0).attempts(), 0U);
}

TEST(Spool, WaitEndsWhenSomethingIsPutAndAtItsDeadline) {
  TempDir dir;
  SpoolHome home(dir.path);
  const auto start = steady_now();
  home.spool->wait("A", {}, start + std::chrono::milliseconds(50));
  EXPECT_GE(steady_now() - start, std::chrono::milliseconds(50));

  std::jthread later([&] { home.put("2.25.1"); });
  home.spool->wait("A", {}, steady_now() + std::chrono::seconds(20));

  EXPECT_EQ(home.spool->claim("A", 1).size(), 1U);
  EXPECT_LT(steady_now() - start, std::chrono::seconds(10));
}

TEST(Spool, NothingOfTheDataSetStandsInAFileNameOrByteOnDisk) {
  TempDir dir;
  SpoolHome home(dir.path);
  const std::string marker = "MARKER^PLANTED";
  const ByteView bytes = as_bytes(marker);
  const CleanInstance instance = Deidentifier::make({.sop_instance_uid = "2.25.1",
                                                     .header = {bytes.begin(), bytes.end()},
                                                     .body = {bytes.begin(), bytes.end()}});
  const InstanceId id = random_id();
  ASSERT_TRUE(home.spool->put({id, instance, Bytes(32, 1), bytes, {"A"}}));
  home.spool->park(std::move(home.spool->claim("A", 1).at(0)), 0xC000, "C000");
  home.close();

  std::size_t searched = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.path)) {
    EXPECT_EQ(entry.path().string().find(marker), std::string::npos);
    if (!entry.is_regular_file()) continue;
    const Bytes content = read_file(entry.path());
    EXPECT_EQ(as_text(content).find(marker), std::string_view::npos) << entry.path();
    ++searched;
  }
  EXPECT_GE(searched, 4U) << "keyring, ledger, queue and the file";
}

}  // namespace
}  // namespace dosigate
