#include "dosigate/spool/ledger.h"

#include <gtest/gtest.h>

#include "dosigate/crypto/hash.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

std::unique_ptr<Ledger> open_ledger(const TempDir& dir, WallClock clock = wall_now) {
  auto opened = Ledger::open(dir.path / "ledger.db", std::move(clock));
  EXPECT_TRUE(opened);
  return std::move(*opened);
}

std::vector<std::uint64_t> as_list(const Ledger::Totals& t) {
  return {t.received,    t.duplicate, t.delivered, t.queued, t.parked,
          t.quarantined, t.dropped,   t.discarded, t.refused};
}

TEST(Ledger, OutcomeFollowsFromTheDestinations) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const InstanceId id = random_id();
  ledger->queued({id, "2.25.1", {"A", "B"}});

  ledger->changed({{id, "A", DeliveryState::Parked, 0xC000}});
  EXPECT_EQ(ledger->outcome(id), Outcome::Queued) << "B is still pending";
  ledger->changed({{id, "B", DeliveryState::Delivered, 0}});
  EXPECT_EQ(ledger->outcome(id), Outcome::Parked);
  ledger->changed({{id, "A", DeliveryState::Withdrawn, 0}});
  EXPECT_EQ(ledger->outcome(id), Outcome::Delivered);

  const auto per = ledger->by_destination();
  EXPECT_EQ(per.at("A").assigned, 1U);
  EXPECT_EQ(per.at("A").withdrawn, 1U);
  EXPECT_EQ(per.at("B").delivered, 1U);
}

TEST(Ledger, EveryCallCanBeRepeatedWithoutCountingTwice) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const std::vector<InstanceId> ids = {random_id(), random_id(), random_id(), random_id(),
                                       random_id()};
  for (int round = 0; round < 2; ++round) {
    ledger->queued({ids[0], "2.25.1", {"A", "A"}});
    ledger->quarantined(ids[1], "burned_in");
    ledger->dropped(ids[2], "screen saves");
    ledger->duplicate(ids[3], "2.25.1");
    ledger->quarantined(ids[4], "leak");
    ledger->discarded(ids[4], "by the operator");
    ledger->changed({{ids[0], "A", DeliveryState::Delivered, 0xB000}});
  }

  EXPECT_EQ(as_list(ledger->totals()), (std::vector<std::uint64_t>{5, 1, 1, 0, 0, 1, 1, 1, 0}));
}

TEST(Ledger, CountersAfterARestartAreThoseBefore) {
  TempDir dir;
  auto ledger = open_ledger(dir);
  for (int i = 0; i < 20; ++i) {
    const InstanceId id = random_id();
    ledger->queued({id, "2.25.1", {"A", "B"}});
    if (i % 2 == 0)
      ledger->changed(
          {{id, "A", DeliveryState::Delivered, 0}, {id, "B", DeliveryState::Delivered, 0}});
    if (i % 5 == 0) ledger->refused("over the memory budget");
  }
  const auto before = as_list(ledger->totals());
  ledger.reset();

  ledger = open_ledger(dir);

  EXPECT_EQ(as_list(ledger->totals()), before);
  EXPECT_EQ(before, (std::vector<std::uint64_t>{20, 0, 10, 10, 0, 0, 0, 0, 4}));
}

TEST(Ledger, AReleasedInstanceMovesFromQuarantineIntoTheQueue) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const InstanceId id = random_id();
  ledger->quarantined(id, "secondary_capture");

  ledger->queued({id, "2.25.1", {"A"}});

  EXPECT_EQ(as_list(ledger->totals()), (std::vector<std::uint64_t>{1, 0, 0, 1, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(ledger->reasons(Outcome::Quarantined).empty());
}

TEST(Ledger, WhatIsClosedCannotBeQueuedAgain) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const InstanceId id = random_id();
  ledger->dropped(id, "rule");

  EXPECT_THROW(ledger->queued({id, "2.25.1", {"A"}}), std::logic_error);

  EXPECT_EQ(ledger->outcome(id), Outcome::Dropped);
  EXPECT_EQ(ledger->totals().queued, 0U);
}

TEST(Ledger, ABatchWithAnUnknownInstanceChangesNothing) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const InstanceId id = random_id();
  ledger->queued({id, "2.25.1", {"A"}});

  EXPECT_THROW(ledger->changed({{id, "A", DeliveryState::Delivered, 0},
                                {random_id(), "A", DeliveryState::Delivered, 0}}),
               std::logic_error);

  EXPECT_EQ(ledger->outcome(id), Outcome::Queued);
  EXPECT_EQ(ledger->totals().delivered, 0U);
}

TEST(Ledger, FoldingKeepsTotalsDestinationsAndReasons) {
  TempDir dir;
  WallTime now = WallTime(std::chrono::days(20'000));
  auto ledger = open_ledger(dir, [&] { return now; });
  const InstanceId waiting = random_id();
  const InstanceId delivered = random_id();
  ledger->queued({waiting, "2.25.1", {"A"}});
  ledger->queued({delivered, "2.25.1", {"A", "B"}});
  ledger->changed({{delivered, "A", DeliveryState::Delivered, 0},
                   {delivered, "B", DeliveryState::Delivered, 0}});
  ledger->dropped(random_id(), "screen saves");
  ledger->duplicate(random_id(), "2.25.1");
  const auto before = as_list(ledger->totals());
  now += std::chrono::days(40);

  ledger->fold(30);

  EXPECT_EQ(as_list(ledger->totals()), before);
  EXPECT_FALSE(ledger->outcome(delivered)) << "its row is gone";
  EXPECT_EQ(ledger->outcome(waiting), Outcome::Queued) << "what is not final stays";
  ledger.reset();
  ledger = open_ledger(dir);
  EXPECT_EQ(as_list(ledger->totals()), before);
  EXPECT_EQ(ledger->by_destination().at("B").delivered, 1U);
  EXPECT_EQ(ledger->reasons(Outcome::Dropped).at("screen saves"), 1U);
}

TEST(Ledger, RefusalsStandOutsideAndAreCountedByReason) {
  TempDir dir;
  const auto ledger = open_ledger(dir);

  ledger->refused("no memory");
  ledger->refused("no memory");
  ledger->refused("not DICOM");

  EXPECT_EQ(ledger->totals().received, 0U);
  EXPECT_EQ(ledger->totals().refused, 3U);
  EXPECT_EQ(ledger->refusals(),
            (std::map<std::string, std::uint64_t>{{"no memory", 2}, {"not DICOM", 1}}));
}

}  // namespace
}  // namespace dosigate
