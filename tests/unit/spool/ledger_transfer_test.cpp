// Deliveries on their way into the audit log.

#include <gtest/gtest.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using std::chrono::seconds;

struct Transfers : ::testing::Test {
  testing::TempDir dir;
  WallTime now{seconds(1'790'000'000)};
  std::unique_ptr<Ledger> ledger = open();

  std::unique_ptr<Ledger> open() {
    auto opened = Ledger::open(dir.path / "ledger.db", [this] { return now; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
  }
  void deliver(const std::string& study, const std::vector<std::string>& destinations) {
    const InstanceId id = random_id();
    Ledger::Entry entry{id, study, destinations};
    entry.pseudonym = "DSG-T-1";
    ledger->queued(entry);
    for (const auto& to : destinations) ledger->changed({{id, to, DeliveryState::Delivered, 0}});
  }
};

TEST_F(Transfers, ComeOutOncePerStudyAndDestinationWhenTheyRest) {
  deliver("2.25.1", {"a", "b"});
  now += seconds(3);
  deliver("2.25.1", {"a"});

  EXPECT_TRUE(ledger->transfers_to_record(seconds(4), 9).empty());
  now += seconds(4);
  const auto due = ledger->transfers_to_record(seconds(4), 9);

  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].destination, "b");
  EXPECT_EQ(due[0].count, 1U);
  EXPECT_EQ(due[1].destination, "a");
  EXPECT_EQ(due[1].count, 2U);
  EXPECT_EQ(due[1].study_uid, "2.25.1");
  EXPECT_EQ(due[1].pseudonym, "DSG-T-1");
  EXPECT_EQ(due[1].last - due[1].first, 3);
}

TEST_F(Transfers, AreToldAgainUntilTheyAreRecordedAlsoAfterARestart) {
  deliver("2.25.1", {"a"});
  ledger.reset();
  ledger = open();

  const auto due = ledger->transfers_to_record(seconds(0), 9);
  ASSERT_EQ(due.size(), 1U);
  deliver("2.25.1", {"a"});
  ledger->transfers_recorded(due);

  const auto later = ledger->transfers_to_record(seconds(0), 9);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].count, 1U) << "what was delivered in between is not lost and not told twice";
  ledger->transfers_recorded(later);
  EXPECT_TRUE(ledger->transfers_to_record(seconds(0), 9).empty());
}

TEST_F(Transfers, OnlyDeliveriesCountAndARepeatedOneDoesNot) {
  const InstanceId id = random_id();
  ledger->queued({id, "2.25.1", {"a", "b"}});
  ledger->changed(
      {{id, "a", DeliveryState::Parked, 0xA900}, {id, "b", DeliveryState::Delivered, 0}});
  ledger->changed({{id, "b", DeliveryState::Delivered, 0}});

  const auto due = ledger->transfers_to_record(seconds(0), 9);

  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].destination, "b");
  EXPECT_EQ(due[0].count, 1U);
}

TEST_F(Transfers, AClockThatWasSetBackDoesNotKeepThemBack) {
  deliver("2.25.1", {"a"});
  now -= seconds(3600);

  EXPECT_EQ(ledger->transfers_to_record(seconds(300), 9).size(), 1U);
}

}  // namespace
}  // namespace dosigate
