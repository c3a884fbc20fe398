// What a report of everything that was sent asks the ledger for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kStudy = "2.25.100";
constexpr std::int64_t kDay = 86'400;

struct Book {
  explicit Book(const TempDir& dir) {
    auto opened = Ledger::open(dir.path / "ledger.db", [this] { return now; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    ledger = std::move(*opened);
  }
  void send(const std::string& destination, DeliveryState state) const {
    const InstanceId id = random_id();
    ledger->queued({id, kStudy, {destination}, "1.2", "2.25.1"});
    if (state != DeliveryState::Queued) ledger->changed({{id, destination, state, 0}});
  }
  std::vector<std::string> purposes(std::int64_t from, std::int64_t to) const {
    std::vector<std::string> out;
    for (const auto& one : ledger->legal_during("A", from, to)) out.push_back(one.purpose);
    return out;
  }

  WallTime now = WallTime(std::chrono::days(20'000));
  std::unique_ptr<Ledger> ledger;
};

TEST(LedgerSent, CountsFoldedAndLiveRowsOfAStudyByDestination) {
  TempDir dir;
  Book book(dir);
  book.send("A", DeliveryState::Delivered);
  book.send("A", DeliveryState::Withdrawn);
  book.now += std::chrono::days(40);
  book.ledger->fold(30);
  book.send("A", DeliveryState::Delivered);
  book.send("A", DeliveryState::Parked);
  book.send("B", DeliveryState::Queued);

  const auto sent = book.ledger->sent(kStudy);

  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].destination, "A");
  EXPECT_EQ(sent[0].delivered, 2U);
  EXPECT_EQ(sent[0].waiting, 1U);
  EXPECT_EQ(sent[0].withdrawn, 1U);
  EXPECT_EQ(sent[0].first, 20'000 * kDay);
  EXPECT_EQ(sent[0].last, 20'040 * kDay);
  EXPECT_EQ(sent[1].destination, "B");
  EXPECT_EQ(sent[1].delivered, 0U);
  EXPECT_EQ(sent[1].waiting, 1U);
  EXPECT_EQ(sent[1].first, 0);
  EXPECT_THAT(book.ledger->sent("2.25.999"), IsEmpty());
}

TEST(LedgerLegal, SaysWhatHeldAtATime) {
  TempDir dir;
  Book book(dir);
  for (const char* purpose : {"dosimetry", "dosimetry", "research", "teaching"}) {
    book.ledger->legal({"A", purpose, "consent", "hospital", "BR"});
    book.now += std::chrono::days(10);
  }

  EXPECT_THAT(book.purposes(0, 19'999 * kDay), IsEmpty());
  EXPECT_THAT(book.purposes(0, 20'100 * kDay), ElementsAre("dosimetry", "research", "teaching"))
      << "an unchanged one is not written again";
  EXPECT_THAT(book.purposes(20'005 * kDay, 20'006 * kDay), ElementsAre("dosimetry"));
  EXPECT_THAT(book.purposes(20'015 * kDay, 20'025 * kDay), ElementsAre("dosimetry", "research"));
  EXPECT_THAT(book.purposes(20'020 * kDay, 20'020 * kDay), ElementsAre("research"));
  EXPECT_THAT(book.purposes(20'050 * kDay, 20'060 * kDay), ElementsAre("teaching"));
  EXPECT_THAT(book.ledger->legal_during("B", 0, 20'100 * kDay), IsEmpty());
}

TEST(LedgerLegal, KeepsItsOrderWhenTheClockIsSetBack) {
  TempDir dir;
  Book book(dir);
  book.ledger->legal({"A", "dosimetry", "consent", "hospital", "BR"});
  book.now -= std::chrono::days(100);

  book.ledger->legal({"A", "research", "consent", "hospital", "BR"});

  EXPECT_THAT(book.purposes(20'001 * kDay, 20'002 * kDay), ElementsAre("research"));
}

TEST(LedgerMilestone, TheLastOneCountsAndOneThatNeverWasIsZero) {
  TempDir dir;
  Book book(dir);
  book.ledger->milestone("backup", 5);
  book.ledger->milestone("backup", 9);

  EXPECT_EQ(book.ledger->milestone("backup"), 9);
  EXPECT_EQ(book.ledger->milestone("recovery-verified"), 0);
}

TEST(LedgerAge, TheOldestDayIsThatOfTheOldestRowThatIsLeft) {
  TempDir dir;
  Book book(dir);
  EXPECT_EQ(book.ledger->oldest_day(), std::nullopt);
  book.send("A", DeliveryState::Delivered);
  book.now += std::chrono::days(40);
  book.send("A", DeliveryState::Delivered);
  EXPECT_EQ(book.ledger->oldest_day(), 20'000);

  book.ledger->fold(30);

  EXPECT_EQ(book.ledger->oldest_day(), 20'040);
}

TEST(LedgerCopy, IsALedgerOfItsOwn) {
  TempDir dir;
  Book book(dir);
  book.send("A", DeliveryState::Delivered);

  ASSERT_TRUE(book.ledger->copy_to(dir.path / "copy.db"));

  const auto copy = Ledger::open(dir.path / "copy.db");
  ASSERT_TRUE(copy);
  EXPECT_EQ((*copy)->totals().delivered, 1U);
  EXPECT_EQ(book.ledger->copy_to(dir.path / "copy.db").error().fault, Fault::Conflict);
}

}  // namespace
}  // namespace dosigate::testing
