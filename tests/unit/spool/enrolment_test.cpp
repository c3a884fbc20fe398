// Rows that come after the answer.

#include "enrolment.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <thread>

#include "claims.h"
#include "dosigate/base/clock.h"
#include "dosigate/store/database.h"
#include "support/disk_layer.h"
#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

constexpr std::chrono::hours kLong{1};

Enrolment::Instance one(Byte number) {
  return {
      .id = {number}, .card = {}, .bytes = 0, .length = 0, .pairs_moved = true, .announced = {}};
}

/// What was entered, in order; fails as often as it is told.
class Book {
 public:
  Enrolment::Enter enter() {
    return [this](const Enrolment::Instances& instances) {
      ++calls;
      if (failures.load() > 0) {
        --failures;
        throw std::runtime_error("the disk is full");
      }
      for (const auto& instance : instances) numbers.push_back(instance.id[0]);
    };
  }

  std::atomic<int> calls{0}, failures{0};
  std::vector<Byte> numbers;  ///< to be read when the enrolment waited for it or is gone
};

TEST(Enrolment, EntersAtOnceWhenNothingWasDoneForAWhile) {
  Book book;
  Enrolment enrolment(book.enter(), kLong);

  enrolment.add(one(1));
  while (book.calls == 0) std::this_thread::yield();

  EXPECT_FALSE(enrolment.wait());
  EXPECT_EQ(book.numbers, (std::vector<Byte>{1}));
}

TEST(Enrolment, WhatComesDuringTheRestIsEnteredTogether) {
  Book book;
  {
    Enrolment enrolment(book.enter(), kLong);
    enrolment.add(one(1));
    while (book.calls == 0) std::this_thread::yield();
    ASSERT_FALSE(enrolment.wait());
    for (Byte number = 2; number < 30; ++number) enrolment.add(one(number));

    EXPECT_FALSE(enrolment.wait()) << "who waits does not wait for the end of the rest";
    EXPECT_EQ(book.calls, 2);
    enrolment.add(one(30));
  }

  EXPECT_EQ(book.calls, 3) << "the end does not wait either";
  ASSERT_EQ(book.numbers.size(), 30U);
  EXPECT_TRUE(std::ranges::is_sorted(book.numbers));
}

TEST(Enrolment, KeepsWhatCouldNotBeEnteredAndRefusesNewOnesUntilItIs) {
  Book book;
  book.failures = 1'000'000;
  Enrolment enrolment(book.enter());
  EXPECT_NO_THROW(enrolment.check());
  enrolment.add(one(1));
  EXPECT_TRUE(enrolment.wait());

  EXPECT_THROW(enrolment.check(), std::runtime_error);
  EXPECT_NE(enrolment.trouble().find("1 instances that were acknowledged"), std::string::npos)
      << enrolment.trouble();
  EXPECT_NE(enrolment.trouble().find("the disk is full"), std::string::npos);
  book.failures = 0;

  EXPECT_NO_THROW(enrolment.check()) << "whoever comes next tries once more";
  EXPECT_EQ(enrolment.trouble(), "");
  EXPECT_FALSE(enrolment.wait());
  EXPECT_EQ(book.numbers, (std::vector<Byte>{1}));
}

TEST(Enrolment, TriesAgainByItself) {
  Book book;
  book.failures = 2;
  Enrolment enrolment(book.enter());

  enrolment.add(one(1));

  while (book.calls < 3) std::this_thread::yield();
}

TEST(Enrolment, LeavesWhatCannotBeEnteredToTheNextStart) {
  Book book;
  book.failures = 1'000'000;
  {
    Enrolment enrolment(book.enter());
    enrolment.add(one(1));
  }
  EXPECT_TRUE(book.numbers.empty());
}

TEST(Claims, PutsOfOneSopInstanceFollowEachOther) {
  using Turn = Claims::Turn;
  const auto soon = [] { return steady_now() + std::chrono::milliseconds(20); };
  const auto late = steady_now() + std::chrono::minutes(1);
  Claims claims;
  ASSERT_EQ(claims.begin_put({1}, "2.25.1", late), Turn::AtOnce);
  EXPECT_EQ(claims.begin_put({2}, "2.25.2", late), Turn::AtOnce) << "another one";
  EXPECT_EQ(claims.begin_put({3}, "2.25.1", soon()), Turn::TooLate);
  EXPECT_EQ(claims.begin_put({1}, "2.25.3", soon()), Turn::TooLate) << "the same id";

  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // so that it is waited for by then
    claims.end_put({1});
  });

  EXPECT_EQ(claims.begin_put({3}, "2.25.1", late), Turn::AfterAnother);
}

/// A spool whose instances go into places.
class SpoolEnrols : public ::testing::Test {
 protected:
  Result<SpoolPut> put(const std::string& sop, Byte fingerprint = 1, std::size_t pairs = 0) const {
    auto place = home.spool->place();
    const CleanInstance instance = SpoolHome::instance(sop);
    const Bytes print(32, fingerprint), sealed_pairs(pairs, 'p');
    return home.spool->put({.id = place.id(),
                            .instance = instance,
                            .fingerprint = print,
                            .sealed_pairs = sealed_pairs,
                            .destinations = {"A", "B"},
                            .place = &place});
  }
  DiskFault::Plan full(const std::string& database) const {
    return {.root = home.path,
            .error = ENOSPC,
            .lasting = true,
            .path = database,
            .kind = DiskStep::Kind::Write};
  }

  TempDir dir;
  SpoolHome home{dir.path};
};

TEST_F(SpoolEnrols, WhoeverLooksAfterAPutSeesIt) {
  for (int i = 1; i <= 20; ++i) {
    const auto now = static_cast<std::uint64_t>(i);
    ASSERT_EQ(*put("2.25." + std::to_string(i), 1, 10), SpoolPut::Queued);
    switch (i % 5) {
      case 0:
        EXPECT_EQ(home.ledger->totals().queued, now);
        break;
      case 1:
        EXPECT_EQ(home.spool->destinations().at("B").queued, now);
        break;
      case 2:
        EXPECT_EQ(home.spool->list(100).size(), 2 * now);
        break;
      case 3: {
        EXPECT_TRUE(home.spool->pairs_waiting());
        const auto pairs = home.spool->pairs_to_move(100);
        for (const auto& [id, sealed] : pairs) home.spool->pairs_moved({id});
        EXPECT_FALSE(home.spool->pairs_waiting());
        break;
      }
      default:
        EXPECT_TRUE(home.spool->pairs_waiting());
    }
  }
}

TEST_F(SpoolEnrols, EqualOnesThatFollowAtOnceAreDuplicatesOthersRevisions) {
  ASSERT_EQ(*put("2.25.1"), SpoolPut::Queued);
  for (int i = 2; i < 12; ++i) {
    const std::string sop = "2.25." + std::to_string(i);
    ASSERT_EQ(*put(sop), SpoolPut::Queued);
    EXPECT_EQ(*put(sop, i % 2 == 0 ? 1 : 2), i % 2 == 0 ? SpoolPut::Duplicate : SpoolPut::Revision);
  }

  EXPECT_EQ(home.spool->files(), 11U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(SpoolEnrols, WhatIsWithdrawnAtOnceIsNeverGivenOut) {
  ASSERT_EQ(*put("2.25.1"), SpoolPut::Queued);
  ASSERT_EQ(*put("2.25.2"), SpoolPut::Queued);

  const auto study = SpoolHome::instance("2.25.1").study_instance_uid();
  EXPECT_EQ(home.spool->withdraw(study, {}).withdrawn, 4U);

  EXPECT_TRUE(home.spool->claim("A", 10).empty());
  EXPECT_EQ(home.ledger->by_destination().at("A").withdrawn, 2U);
}

class SpoolEnrolsInto : public SpoolEnrols, public ::testing::WithParamInterface<const char*> {};

TEST_P(SpoolEnrolsInto, AFullDatabaseWhichLosesNothingAndTakesNothingNew) {
  {
    const DiskFault fault(full(GetParam()));
    ASSERT_EQ(*put("2.25.1"), SpoolPut::Queued) << "its file is durable";
    (void)home.spool->files();  // waits for the try
    EXPECT_NE(home.spool->not_entered(), "");
    EXPECT_THROW((void)put("2.25.2"), SQLite::Exception);
    EXPECT_THROW((void)home.spool->pairs_waiting(), SQLite::Exception)
        << "nobody may conclude from what is not known";
    EXPECT_TRUE(home.spool->claim("A", 10).empty());
  }

  ASSERT_EQ(*put("2.25.2"), SpoolPut::Queued);

  EXPECT_EQ(home.ledger->totals().queued, 2U);
  EXPECT_EQ(home.spool->not_entered(), "");
  EXPECT_EQ(home.spool->claim("A", 10).size(), 2U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_P(SpoolEnrolsInto, AFullDatabaseAndTheNextStartTakesItIn) {
  {
    const DiskFault fault(full(GetParam()));
    ASSERT_EQ(*put("2.25.1"), SpoolPut::Queued);
    home.spool.reset();
  }

  home.restart();

  EXPECT_EQ(home.ledger->totals().queued, 1U);
  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
  EXPECT_EQ(home.spool->claim("B", 10).size(), 1U);
  EXPECT_TRUE(home.ledger_adds_up());
}

INSTANTIATE_TEST_SUITE_P(Each, SpoolEnrolsInto, ::testing::Values("queue.db-wal", "ledger.db-wal"),
                         [](const auto& database) {
                           return std::string(database.param).substr(0, 5);
                         });

}  // namespace
}  // namespace dosigate::testing
