// Giving up what can never be delivered: in the ledger as withdrawn, and gone from the disk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"
#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;

DeliveryState at(const SpoolHome& home, const InstanceId& id, const std::string& destination) {
  return home.ledger->destinations(id).at(destination);
}

TEST(Abandon, TakesWhatIsQueuedOrParkedForTheDestinationOnly) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId both = home.put("2.25.1", {"A", "B"});
  const InstanceId queued = home.put("2.25.2", {"B"});
  const InstanceId parked = home.put("2.25.3", {"B"});
  auto claimed = home.spool->claim("B", 3);
  for (auto& one : claimed)
    if (one.id() == parked) home.spool->park(std::move(one), 0xA900, "A900");
  claimed.clear();

  EXPECT_EQ(home.spool->abandon("B"), 3U);

  EXPECT_EQ(at(home, both, "A"), DeliveryState::Queued);
  EXPECT_EQ(at(home, both, "B"), DeliveryState::Withdrawn);
  EXPECT_EQ(at(home, queued, "B"), DeliveryState::Withdrawn);
  EXPECT_EQ(at(home, parked, "B"), DeliveryState::Withdrawn);
  EXPECT_EQ(home.files_on_disk(), 1U) << "the one that A still waits for";
  EXPECT_EQ(home.spool->requeue("B", std::nullopt), 0U);
  EXPECT_EQ(home.spool->claim("A", 9).size(), 1U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Abandon, KeepsTheFileUntilItsPairsAreMoved) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"B"}, 40);

  EXPECT_EQ(home.spool->abandon("B"), 1U);
  EXPECT_EQ(home.files_on_disk(), 1U);

  home.spool->pairs_moved({id});
  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST(Abandon, OneParkedInstanceWhereItIsParkedAndNowhereElse) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"A", "B", "C"});
  home.spool->park(std::move(home.spool->claim("B", 1).at(0)), 0xA900, "A900");
  home.spool->park(std::move(home.spool->claim("C", 1).at(0)), 0xA900, "A900");

  EXPECT_EQ(home.spool->abandon(id), 2U);

  EXPECT_EQ(at(home, id, "A"), DeliveryState::Queued);
  EXPECT_EQ(at(home, id, "B"), DeliveryState::Withdrawn);
  EXPECT_EQ(at(home, id, "C"), DeliveryState::Withdrawn);
  EXPECT_EQ(home.spool->abandon(id), 0U) << "again without effect";
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Abandon, OneWhoseFileIsMissing) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.1", {"B"}, 40);
  home.close();
  std::filesystem::remove(home.file_of(id));
  home.open();
  ASSERT_EQ(home.spool->recovered().rows_without_file, 1U);
  ASSERT_EQ(at(home, id, "B"), DeliveryState::Parked);

  EXPECT_EQ(home.spool->abandon(id), 1U);
  EXPECT_EQ(at(home, id, "B"), DeliveryState::Withdrawn);
  EXPECT_FALSE(home.spool->pairs_waiting()) << "pairs that nobody can read are waited for";

  home.restart();
  EXPECT_EQ(home.spool->recovered().rows_without_file, 0U);
  EXPECT_THAT(home.spool->list(9), IsEmpty());
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(Abandon, WhatTheLedgerCallsLost) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId one = home.put("2.25.1", {"A", "B"});
  const InstanceId other = home.put("2.25.2", {"B"});
  home.close();
  for (const auto* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(home.path / "archive" / ("queue.db" + std::string(suffix)));
  std::filesystem::remove(home.file_of(one));
  std::filesystem::remove(home.file_of(other));
  home.open();
  ASSERT_EQ(home.spool->recovered().lost, 2U);

  EXPECT_EQ(home.spool->abandon("B"), 2U);
  EXPECT_EQ(at(home, other, "B"), DeliveryState::Withdrawn);
  EXPECT_EQ(at(home, one, "B"), DeliveryState::Withdrawn);
  EXPECT_EQ(at(home, one, "A"), DeliveryState::Parked);
  EXPECT_EQ(home.spool->abandon(one), 1U);
  EXPECT_EQ(home.ledger->totals().parked, 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

}  // namespace
}  // namespace dosigate::testing
