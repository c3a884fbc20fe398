// Who has to be told that something is rejected, what the node issued itself, and what is left of a
// study whose person was forgotten.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr const char* kStudy = "2.25.100";
constexpr const char* kPerson = "DSG-T-0000-0000-000";

struct Book {
  explicit Book(std::filesystem::path where) : path(std::move(where)) { open(); }
  void open() {
    ledger.reset();
    auto opened = Ledger::open(path / "ledger.db", [this] { return now; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    ledger = std::move(*opened);
  }

  Ledger::Entry entry(const std::string& sop, std::vector<std::string> to = {"A"}) const {
    return {random_id(), kStudy, std::move(to), "1.2", sop, Domain::Archive, kPerson, "{}"};
  }
  InstanceId queue(const std::string& sop, std::vector<std::string> to = {"A"}) const {
    const auto one = entry(sop, std::move(to));
    ledger->queued(one);
    return one.id;
  }
  InstanceId queue_note(const InstanceId& id, std::vector<std::string> to) const {
    Ledger::Entry note = entry("2.25.777", std::move(to));
    note.id = id;
    note.facts.clear();
    note.issued = true;
    ledger->queued(note);
    return id;
  }
  void settle(const InstanceId& id, const std::string& destination,
              DeliveryState state = DeliveryState::Delivered) const {
    ledger->changed({{id, destination, state, 0}});
  }
  static Ledger::Withdrawal order(std::uint64_t objects = 1) {
    Ledger::Withdrawal out;
    out.study_uid = kStudy;
    out.pseudonym = kPerson;
    out.code = "113038";
    out.cause = "operator";
    out.objects = objects;
    return out;
  }
  bool adds_up() const {
    const auto t = ledger->totals();
    return t.received + t.issued == t.duplicate + t.delivered + t.queued + t.parked +
                                        t.quarantined + t.dropped + t.discarded;
  }
  bool holds(std::string_view text) const {
    for (const char* name : {"ledger.db", "ledger.db-wal"}) {
      std::ifstream in(path / name, std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(in), {}};
      if (content.find(text) != std::string::npos) return true;
    }
    return false;
  }

  std::filesystem::path path;
  WallTime now = WallTime(std::chrono::days(20'000));
  std::unique_ptr<Ledger> ledger;
};

TEST(LedgerIssued, ANoteIsIssuedAndNotReceivedHoweverOftenItIsRepeated) {
  TempDir dir;
  Book book(dir.path);
  book.queue("2.25.1");
  const InstanceId note = random_id();

  book.queue_note(note, {"A"});
  book.queue_note(note, {"A"});
  book.settle(note, "A");

  EXPECT_EQ(book.ledger->totals().received, 1U);
  EXPECT_EQ(book.ledger->totals().issued, 1U);
  EXPECT_EQ(book.ledger->totals().delivered, 1U);
  EXPECT_TRUE(book.adds_up());
  book.open();
  EXPECT_EQ(book.ledger->totals().received, 1U) << "after a restart";
  EXPECT_EQ(book.ledger->totals().issued, 1U);
}

TEST(LedgerIssued, StaysOutOfWhatWasReceivedWhenItsDayIsFolded) {
  TempDir dir;
  Book book(dir.path);
  book.settle(book.queue("2.25.1"), "A");
  book.settle(book.queue_note(random_id(), {"A"}), "A");
  book.now += std::chrono::days(40);

  book.ledger->fold(30);
  book.open();

  EXPECT_EQ(book.ledger->oldest_day(), std::nullopt);
  EXPECT_EQ(book.ledger->totals().received, 1U);
  EXPECT_EQ(book.ledger->totals().issued, 1U);
  EXPECT_TRUE(book.adds_up());
}

TEST(LedgerWithdrawal, ADestinationIsToldWhenItsNoteIsDelivered) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(3), note, {"A", "B"});
  book.queue_note(note, {"A", "B"});
  ASSERT_EQ(book.ledger->withdrawals_open(), 2U);

  book.now += std::chrono::hours(2);
  book.settle(note, "A");
  book.settle(note, "B", DeliveryState::Parked);

  EXPECT_EQ(book.ledger->withdrawals_open(), 1U) << "parked is not told";
  const auto all = book.ledger->withdrawals(kStudy, 10);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].code, "113038");
  EXPECT_EQ(all[0].objects, 3U);
  EXPECT_EQ(all[0].ordered, 20'000LL * 86'400);
  EXPECT_THAT(all[0].told, ElementsAre(Pair("A", 20'000LL * 86'400 + 7'200), Pair("B", 0)));
}

TEST(LedgerWithdrawal, ANoteThatWasGivenUpForADestinationIsNotWaitedFor) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(), note, {"A", "B"});
  book.queue_note(note, {"A", "B"});

  book.settle(note, "B", DeliveryState::Withdrawn);

  EXPECT_EQ(book.ledger->withdrawals_open(), 1U) << "only A is still to be told";
  EXPECT_THAT(book.ledger->withdrawals(kStudy, 1).at(0).told,
              ElementsAre(Pair("A", 0), Pair("B", 0)))
      << "B was not told";
  book.settle(note, "A");
  EXPECT_EQ(book.ledger->withdrawals_open(), 0U);
  EXPECT_THAT(book.ledger->told_and_not_recorded(10), SizeIs(1));
  EXPECT_THAT(book.ledger->unfinished_orders(), SizeIs(0));
}

TEST(LedgerWithdrawal, ThatADestinationWasToldOutlivesTheRowsOfTheNote) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(), note, {"A"});
  book.settle(book.queue_note(note, {"A"}), "A");
  book.now += std::chrono::days(40);

  book.ledger->fold(30);

  ASSERT_FALSE(book.ledger->outcome(note)) << "its row is still there";
  EXPECT_EQ(book.ledger->withdrawals(kStudy, 1).at(0).told.at("A"), 20'000LL * 86'400);
  EXPECT_EQ(book.ledger->withdrawals_open(), 0U);
  EXPECT_THAT(book.ledger->unfinished_orders(), IsEmpty());
}

TEST(LedgerWithdrawal, EachThatWasToldIsRecordedOnce) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(), note, {"A", "B"});
  book.queue_note(note, {"A", "B"});
  book.settle(note, "B");

  const auto told = book.ledger->told_and_not_recorded(10);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].destination, "B");
  EXPECT_EQ(told[0].study_uid, kStudy);
  EXPECT_EQ(told[0].cause, "operator");
  book.ledger->recorded(told);

  EXPECT_THAT(book.ledger->told_and_not_recorded(10), IsEmpty());
  EXPECT_EQ(book.ledger->withdrawals_open(), 1U);
}

TEST(LedgerWithdrawal, AnOrderRepeatedWithItsNoteChangesNothing) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = random_id();

  const auto first = book.ledger->ordered(Book::order(), note, {"A"}, {"2.25.1"});
  const auto second = book.ledger->ordered(Book::order(), note, {"A", "B"}, {"2.25.1"});

  EXPECT_EQ(first, second);
  EXPECT_THAT(book.ledger->withdrawals("", 10), SizeIs(1));
  EXPECT_EQ(book.ledger->withdrawals_open(), 1U);
}

TEST(LedgerWithdrawal, AnOrderWhoseNoteNeverCameIntoTheQueueIsUnfinished) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(2), note, {"A"}, {"2.25.1", "2.25.2"});
  book.ledger->ordered(Book::order(0), random_id(), {});  // nothing had left: nobody to be told

  const auto unfinished = book.ledger->unfinished_orders();
  ASSERT_THAT(unfinished, SizeIs(1));
  EXPECT_EQ(unfinished[0].note, note);
  EXPECT_THAT(unfinished[0].sop_uids, ElementsAre("2.25.1", "2.25.2"));
  EXPECT_THAT(unfinished[0].what.told, ElementsAre(Pair("A", 0)));
  book.queue_note(note, {"A"});

  EXPECT_THAT(book.ledger->unfinished_orders(), IsEmpty());
}

TEST(LedgerWithdrawal, AReceivedNoteMayRejectInTwoStudiesAndBeDeliveredAlready) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId note = book.queue("2.25.9", {"A"});
  book.settle(note, "A");
  auto what = Book::order();
  what.cause = "received";

  for (const char* study : {kStudy, "2.25.200", kStudy}) {
    what.study_uid = study;
    book.ledger->rejected(what, note, {"A"});
  }

  EXPECT_THAT(book.ledger->withdrawals("", 10), SizeIs(2));
  EXPECT_EQ(book.ledger->withdrawals_open(), 0U);
  EXPECT_THAT(book.ledger->told_and_not_recorded(10), SizeIs(2));
  EXPECT_EQ(book.ledger->totals().issued, 0U) << "it was received";
}

TEST(LedgerWithdrawal, OnlyOldOnesAreCountedWhenAskedFor) {
  TempDir dir;
  Book book(dir.path);
  book.ledger->ordered(Book::order(), random_id(), {"A"});
  book.now += std::chrono::hours(5);
  book.ledger->ordered(Book::order(), random_id(), {"A"});

  EXPECT_EQ(book.ledger->withdrawals_open(), 2U);
  EXPECT_EQ(book.ledger->withdrawals_open(to_unix(book.now) - 3'600), 1U);
}

TEST(LedgerWithdrawal, AnObjectThatIsSentAgainIsNoLongerRejected) {
  TempDir dir;
  Book book(dir.path);
  const auto one = book.entry("2.25.1");
  book.ledger->queued(one);
  book.settle(one.id, "A");
  book.ledger->ordered(Book::order(2), random_id(), {"A"}, {"2.25.1", "2.25.2"});
  book.ledger->queued(one);  // the same one, repeated from its spool file
  ASSERT_THAT(book.ledger->rejected_at(kStudy, "A"), ElementsAre("2.25.1", "2.25.2"));
  EXPECT_THAT(book.ledger->rejected_at(kStudy, "B"), IsEmpty());

  book.queue("2.25.1");

  EXPECT_THAT(book.ledger->rejected_at(kStudy, "A"), ElementsAre("2.25.2"));
}

TEST(LedgerWithdrawal, WhatWasTakenOutOfTheQueueEverywhereWasNeverSent) {
  TempDir dir;
  Book book(dir.path);
  const InstanceId nowhere = book.queue("2.25.1", {"A", "B"});
  book.settle(nowhere, "A", DeliveryState::Withdrawn);
  book.settle(nowhere, "B", DeliveryState::Withdrawn);
  const InstanceId somewhere = book.queue("2.25.2", {"A", "B"});
  book.settle(somewhere, "A");
  book.settle(somewhere, "B", DeliveryState::Withdrawn);
  book.settle(book.queue("2.25.3"), "A");  // and once more, withdrawn this time
  book.settle(book.queue("2.25.3"), "A", DeliveryState::Withdrawn);
  book.queue("2.25.4");

  EXPECT_THAT(book.ledger->never_sent(kStudy), ElementsAre("2.25.1"));
}

TEST(LedgerForget, NothingThatNamesThePersonIsLeftInTheDatabaseOrItsLog) {
  TempDir dir;
  Book book(dir.path);
  const std::string sop = "2.25.31415926535";
  Ledger::Entry one = book.entry(sop);
  one.facts = "{\"series\":\"2.25.2718281828\"}";
  book.ledger->queued(one);
  book.settle(one.id, "A");
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(), note, {"A"}, {sop});
  book.queue_note(note, {"A"});
  ASSERT_TRUE(book.holds(kPerson));
  const auto before = book.ledger->totals();

  book.ledger->forget({kStudy});

  EXPECT_FALSE(book.holds(kPerson));
  EXPECT_FALSE(book.holds(sop));
  EXPECT_FALSE(book.holds("2.25.2718281828"));
  EXPECT_TRUE(book.ledger->is_forgotten(kStudy));
  EXPECT_THAT(book.ledger->facts_of(kPerson), IsEmpty());
  EXPECT_EQ(book.ledger->pseudonym_of(kStudy), "");
  EXPECT_EQ(book.ledger->totals().delivered, before.delivered);
  EXPECT_TRUE(book.adds_up());
}

TEST(LedgerForget, WhatWasSentAndWhoIsToldStaysAccountedFor) {
  TempDir dir;
  Book book(dir.path);
  book.settle(book.queue("2.25.1"), "A");
  const InstanceId note = random_id();
  book.ledger->ordered(Book::order(), note, {"A"}, {"2.25.1"});
  book.queue_note(note, {"A"});

  book.ledger->forget({kStudy});
  book.queue_note(note, {"A"});  // as when the queue is rebuilt from its files
  book.settle(note, "A");
  book.queue_note(random_id(), {"A"});  // whatever else still says whose it was

  EXPECT_FALSE(book.holds(kPerson)) << "the files of the notes say it again";
  EXPECT_EQ(book.ledger->withdrawals_open(), 0U);
  const auto all = book.ledger->withdrawals(kStudy, 10);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].pseudonym, "");
  ASSERT_THAT(book.ledger->sent(kStudy), SizeIs(1));
  EXPECT_EQ(book.ledger->sent(kStudy)[0].delivered, 2U);
}

}  // namespace
}  // namespace dosigate::testing
