// Destinations that an operator has paused, and what is not late because of it.

#include <gtest/gtest.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

std::unique_ptr<Ledger> open(const TempDir& dir, std::int64_t unix_time = 1'000'000) {
  auto opened = Ledger::open(dir.path / "ledger.db",
                             [unix_time] { return WallTime(std::chrono::seconds(unix_time)); });
  if (!opened) throw std::runtime_error(opened.error().detail);
  return std::move(*opened);
}

TEST(LedgerPause, IsKeptOverARestartUntilItIsResumed) {
  TempDir dir;
  EXPECT_TRUE(open(dir)->pause({"A", "root", "the line is mended"}));

  const auto ledger = open(dir, 2'000'000);

  const auto pauses = ledger->pauses();
  ASSERT_EQ(pauses.size(), 1U);
  EXPECT_EQ(pauses.at("A").actor, "root");
  EXPECT_EQ(pauses.at("A").reason, "the line is mended");
  EXPECT_EQ(pauses.at("A").since, 1'000'000);
  EXPECT_TRUE(ledger->resume("A"));
  EXPECT_TRUE(ledger->pauses().empty());
  EXPECT_TRUE(open(dir)->pauses().empty());
}

TEST(LedgerPause, TheFirstOfTwoStays) {
  TempDir dir;
  const auto ledger = open(dir);
  EXPECT_TRUE(ledger->pause({"A", "ana", "one"}));

  EXPECT_FALSE(ledger->pause({"A", "bia", "two"}));

  EXPECT_EQ(ledger->pauses().at("A").reason, "one");
  EXPECT_FALSE(ledger->resume("B"));
}

TEST(LedgerPause, ANoteForAClosedDestinationIsNotLate) {
  TempDir dir;
  const auto ledger = open(dir);
  Ledger::Withdrawal what;
  what.study_uid = "2.25.100";
  what.code = "113001";
  what.cause = "operator";
  what.objects = 1;
  ledger->ordered(what, random_id(), {"A", "B"});

  EXPECT_EQ(ledger->withdrawals_open(), 2U);
  EXPECT_EQ(ledger->withdrawals_open(1'000'000, {"A"}), 1U);
  EXPECT_EQ(ledger->withdrawals_open(1'000'000, {"A", "B"}), 0U);
  EXPECT_EQ(ledger->withdrawals_open(999'999), 0U);
}

}  // namespace
}  // namespace dosigate::testing
