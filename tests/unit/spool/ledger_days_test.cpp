// The book by days of UTC, the proof of a study and the end of its arrival.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"
#include "dosigate/store/database.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using namespace std::chrono_literals;

constexpr std::int64_t kDay = 20'000;
constexpr std::chrono::seconds kQuiet{300};

class LedgerDays : public ::testing::Test {
 protected:
  LedgerDays() { open(); }
  void open() {
    ledger_.reset();
    auto opened = Ledger::open(dir_.path / "ledger.db", [this] { return now_; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    ledger_ = std::move(*opened);
  }
  InstanceId queue(const std::string& study, const std::vector<std::string>& to) {
    const InstanceId id = random_id();
    ledger_->queued({id, study, to, "1.2", "2.25.9" + std::to_string(++sop_), Domain::Archive,
                     "DSG-XX-" + study.substr(5)});
    return id;
  }
  void deliver(const InstanceId& id, const std::string& to, std::uint16_t status = 0) {
    ledger_->changed({{id, to, DeliveryState::Delivered, status}});
  }
  /// Something of everything on the first day, and something on the second.
  void two_days() {
    for (int i = 0; i < 3; ++i) {
      const InstanceId id = queue("2.25.100", {"A", "B"});
      deliver(id, "A", i == 0 ? 0xB000 : 0);
      if (i < 2) deliver(id, "B");
    }
    deliver(queue("2.25.200", {"A"}), "A");
    ledger_->duplicate(random_id(), "2.25.100");
    ledger_->dropped(random_id(), "screen save");
    const InstanceId held = random_id();
    ledger_->quarantined(held, "burned-in");
    ledger_->discarded(random_id(), "discarded by an operator");
    ledger_->refused("no route");
    const InstanceId note = random_id();
    Ledger::Entry issued{note, "2.25.200", {"A"}, "1.2", "2.25.7"};
    issued.issued = true;
    ledger_->ordered({0, "2.25.200", "", "113001", "operator", 1}, note, {"A"});
    ledger_->queued(issued);
    deliver(note, "A");
    now_ += 24h;
    const InstanceId parked = queue("2.25.100", {"A"});
    ledger_->changed({{parked, "A", DeliveryState::Parked, 0xC000}});
  }
  /// Everything that must not change by a fold, in a form that compares.
  static auto comparable(const std::vector<Ledger::Day>& days) {
    std::vector<std::string> out;
    const auto put = [&](auto... parts) {
      std::string line;
      ((line += parts + " "), ...);
      out.push_back(line);
    };
    const auto text = [](auto number) { return std::to_string(static_cast<long long>(number)); };
    const auto all = [&](const std::string& of, const auto& destinations) {
      for (const auto& [name, t] : destinations)
        put(of, name, text(t.assigned), text(t.delivered), text(t.queued), text(t.parked),
            text(t.withdrawn));
    };
    for (const auto& day : days) {
      put(text(day.day), text(day.received), text(day.issued));
      for (const auto& [outcome, reasons] : day.outcomes)
        for (const auto& [reason, count] : reasons) put(text(outcome), reason, text(count));
      for (const auto& [reason, count] : day.refused) put(reason, text(count));
      all("day", day.destinations);
      for (const auto& study : day.studies) {
        put(study.study_uid, study.pseudonym, text(study.received));
        all("study", study.destinations);
      }
    }
    return out;
  }
  std::vector<std::string> announced() {
    std::vector<std::string> out;
    const auto quiet = ledger_->quiet_studies(kQuiet, 100);
    for (const auto& study : quiet) out.push_back(study.study_uid);
    ledger_->completed(quiet);
    return out;
  }

  TempDir dir_;
  WallTime now_ = WallTime(std::chrono::days(kDay) + 3h);
  std::unique_ptr<Ledger> ledger_;
  int sop_ = 0;
};

TEST_F(LedgerDays, EachDaySaysWhatCameAndWhatBecameOfIt) {
  two_days();

  const auto days = ledger_->days(kDay, kDay + 1);

  ASSERT_THAT(days, SizeIs(2));
  const auto& first = days[0];
  EXPECT_EQ(first.day, kDay);
  EXPECT_EQ(first.received, 8U);
  EXPECT_EQ(first.issued, 1U);
  EXPECT_EQ(first.count(Outcome::Delivered), 4U);  // the note is one of them
  EXPECT_EQ(first.count(Outcome::Queued), 1U);
  EXPECT_EQ(first.count(Outcome::Duplicate), 1U);
  EXPECT_EQ(first.outcomes.at(Outcome::Dropped).at("screen save"), 1U);
  EXPECT_EQ(first.outcomes.at(Outcome::Quarantined).at("burned-in"), 1U);
  EXPECT_EQ(first.count(Outcome::Discarded), 1U);
  EXPECT_EQ(first.refused.at("no route"), 1U);
  EXPECT_EQ(first.destinations.at("A").assigned, 5U);
  EXPECT_EQ(first.destinations.at("B").delivered, 2U);
  EXPECT_EQ(first.destinations.at("B").queued, 1U);
  ASSERT_THAT(first.studies, SizeIs(2));
  EXPECT_EQ(first.studies[0].received, 4U);  // three and the duplicate
  EXPECT_EQ(first.studies[0].destinations.at("B").delivered, 2U);
  EXPECT_EQ(first.studies[1].received, 1U);  // the note is not of the study
  EXPECT_EQ(first.studies[1].destinations.at("A").delivered, 1U);
  EXPECT_EQ(days[1].received, 1U);
  EXPECT_EQ(days[1].count(Outcome::Parked), 1U);
  for (const auto& day : days) EXPECT_THAT(day.faults(), IsEmpty());
}

TEST_F(LedgerDays, AFoldedDayGivesTheSameSums) {
  two_days();
  const auto before = comparable(ledger_->days(0, kDay + 100));
  now_ += 40 * 24h;

  ledger_->fold(30);

  const auto days = ledger_->days(0, kDay + 100);
  EXPECT_EQ(comparable(days), before);
  for (const auto& day : days) EXPECT_THAT(day.faults(), IsEmpty());
}

TEST_F(LedgerDays, ASumThatDoesNotAddUpIsSaidInWords) {
  two_days();
  ledger_.reset();
  {
    SQLite::Database book((dir_.path / "ledger.db").string(), SQLite::OPEN_READWRITE);
    book.exec("DELETE FROM assignment WHERE id IN (SELECT id FROM instance WHERE outcome = 1)");
    book.exec("DELETE FROM instance WHERE outcome = 1");
  }
  open();

  const auto days = ledger_->days(kDay, kDay);

  ASSERT_THAT(days, SizeIs(1));
  EXPECT_THAT(days[0].faults(),
              ElementsAre(HasSubstr("9 instances were received and issued, and what became of them "
                                    "is 8"),
                          HasSubstr("destination A"), HasSubstr("destination B")));
}

TEST_F(LedgerDays, TheProofOfAStudyIsTheSameAfterAFold) {
  two_days();
  const auto before = ledger_->proof("2.25.100");
  const auto other = ledger_->proof("2.25.200");
  now_ += 40 * 24h;

  ledger_->fold(30);

  const auto after = ledger_->proof("2.25.100");
  ASSERT_TRUE(before && after && other);
  EXPECT_EQ(before->folded, 0U);
  EXPECT_EQ(after->folded, 3U);  // one waits for B still, one is parked
  for (const auto* proof : {&*before, &*after}) {
    EXPECT_EQ(proof->received, 5U);
    EXPECT_EQ(proof->duplicate, 1U);
    EXPECT_EQ(proof->first_day, kDay);
    EXPECT_EQ(proof->last_day, kDay + 1);
    const auto& a = proof->destinations.at("A");
    EXPECT_EQ(a.delivered, 3U);
    EXPECT_EQ(a.acknowledged.at(0), 2U);
    EXPECT_EQ(a.acknowledged.at(0xB000), 1U);
    EXPECT_EQ(a.parked_with.at(0xC000), 1U);
    EXPECT_EQ(a.status_unknown, 0U);
    EXPECT_EQ(a.first, kDay * 86'400 + 3 * 3'600);
    EXPECT_EQ(proof->destinations.at("B").queued, 1U);
  }
  EXPECT_EQ(other->received, 1U);
  EXPECT_EQ(other->notes, 1U);
  const auto folded = ledger_->proof("2.25.200");
  EXPECT_EQ(folded->notes, 1U);
  EXPECT_EQ(folded->destinations.at("A").delivered, 1U);  // without the note
  EXPECT_FALSE(ledger_->proof("2.25.999"));
}

TEST_F(LedgerDays, AStudyIsCompleteAfterItsQuietTimeOncePerArrivalPeriod) {
  queue("2.25.100", {"A"});
  now_ += 299s;
  EXPECT_THAT(announced(), IsEmpty());
  queue("2.25.100", {"A"});
  now_ += 299s;
  EXPECT_THAT(announced(), IsEmpty());
  EXPECT_EQ(ledger_->arrivals().arriving, 1U);

  now_ += 1s;

  EXPECT_THAT(announced(), ElementsAre("2.25.100"));
  EXPECT_THAT(announced(), IsEmpty());
  EXPECT_EQ(ledger_->arrivals().arriving, 0U);
  EXPECT_EQ(ledger_->arrivals().complete_today, 1U);
  ledger_->duplicate(random_id(), "2.25.100");
  EXPECT_EQ(ledger_->arrival_of("2.25.100")->completed, 0);
  now_ += kQuiet;
  EXPECT_THAT(announced(), ElementsAre("2.25.100"));
}

TEST_F(LedgerDays, ARestartAnnouncesAStudyNeitherTwiceNorNever) {
  queue("2.25.100", {"A"});
  now_ += kQuiet;
  ASSERT_THAT(announced(), SizeIs(1));
  queue("2.25.200", {"A"});

  open();
  now_ += kQuiet;

  EXPECT_THAT(announced(), ElementsAre("2.25.200"));
  open();
  EXPECT_THAT(announced(), IsEmpty());
}

TEST_F(LedgerDays, WhatArrivesWhileItIsAnnouncedOpensThePeriodAgain) {
  queue("2.25.100", {"A"});
  now_ += kQuiet;
  const auto quiet = ledger_->quiet_studies(kQuiet, 100);
  queue("2.25.100", {"A"});

  ledger_->completed(quiet);

  EXPECT_EQ(ledger_->arrival_of("2.25.100")->completed, 0);
}

TEST_F(LedgerDays, AClockThatWasSetBackBeginsTheWaitAnew) {
  queue("2.25.100", {"A"});
  now_ -= 10 * 24h;
  EXPECT_THAT(announced(), IsEmpty());

  now_ += kQuiet;

  EXPECT_THAT(announced(), ElementsAre("2.25.100"));
}

TEST_F(LedgerDays, ANoteOfThisNodeAndAForgottenStudyDoNotArrive) {
  queue("2.25.100", {"A"});
  ledger_->forget({"2.25.100"});
  Ledger::Entry note{random_id(), "2.25.200", {"A"}, "1.2", "2.25.7"};
  note.issued = true;
  ledger_->queued(note);
  now_ += kQuiet;

  EXPECT_THAT(announced(), IsEmpty());
  EXPECT_EQ(ledger_->arrivals().arriving, 0U);
}

TEST_F(LedgerDays, ALedgerOfVersionThreeAddsUpAndSaysWhatItNoLongerKnows) {
  const auto file = dir_.path / "old.db";
  {
    auto old = open_database(file, kLedgerSchema.first(3), OpenMode::Create);
    ASSERT_TRUE(old);
    (*old)->exec(
        "INSERT INTO study (study_id, study_uid) VALUES (1, '2.25.1');"
        "INSERT INTO instance (id, domain, day, study_id, outcome, changed) VALUES (x'01', 0, "
        "20000, 1, 2, 1728000000), (x'02', 0, 20000, NULL, 5, 1728000000);"
        "INSERT INTO assignment VALUES (x'01', 'A', 1, 0, 1728000000);"
        "INSERT INTO day_total VALUES (0, 19000, 2, '', 4);"
        "INSERT INTO day_destination VALUES (0, 19000, 'A', 1, 4);"
        "INSERT INTO study_total VALUES (1, 'A', 1, 4, 1641600000, 1641600100);");
  }
  auto ledger = Ledger::open(file, [this] { return now_; });
  ASSERT_TRUE(ledger);

  const auto days = (*ledger)->days(0, 30'000);

  ASSERT_THAT(days, SizeIs(2));
  EXPECT_EQ(days[0].received, 4U);
  EXPECT_EQ(days[1].received, 2U);
  for (const auto& day : days) EXPECT_THAT(day.faults(), IsEmpty());
  const auto at = (*ledger)->proof("2.25.1")->destinations.at("A");
  EXPECT_EQ(at.delivered, 5U);
  EXPECT_EQ(at.status_unknown, 4U);
  EXPECT_EQ(at.first, 1'641'600'000);
  EXPECT_THAT((*ledger)->quiet_studies(kQuiet, 10), IsEmpty());  // long ago: nothing to announce
}

TEST_F(LedgerDays, AReportOfAHundredThousandInstancesIsQuickAndHoldsNoWriter) {
  {
    SQLite::Database book((dir_.path / "ledger.db").string(), SQLite::OPEN_READWRITE);
    book.exec(
        "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
        "INSERT INTO study (study_id, study_uid) SELECT i, '2.25.' || i FROM n;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT "
        "INTO instance (id, domain, day, study_id, outcome, changed) SELECT randomblob(16), 0, "
        "20000, 1 + i % 200, 2, 1728000000 FROM n;"
        "INSERT INTO assignment SELECT id, d.name, 1, 0, 1728000000 FROM instance, (SELECT 'A' AS "
        "name UNION SELECT 'B') d;"
        "INSERT INTO day_arrived VALUES (20000, 100000);"
        "INSERT INTO day_assigned VALUES (20000, 'A', 100000), (20000, 'B', 100000); COMMIT");
  }
  const auto began = std::chrono::steady_clock::now();

  const auto days = ledger_->days(kDay, kDay);

  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_THAT(days, SizeIs(1));
  EXPECT_THAT(days[0].faults(), IsEmpty());
  EXPECT_THAT(days[0].studies, SizeIs(200));
  EXPECT_LT(took, 10s);  // 1 s on two idle cores
  RecordProperty(
      "milliseconds",
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

TEST_F(LedgerDays, StudiesAreListedByTheirLatestArrivalPageByPage) {
  for (const char* study : {"2.25.100", "2.25.200", "2.25.300"}) {
    queue(study, {"A"});
    now_ += 1h;
  }
  queue("2.25.100", {"A"});  // more of it
  queue("2.25.400", {"A"});  // in the same second
  const auto uids = [&](const std::string& after, std::size_t max) {
    std::vector<std::string> out;
    for (const auto& study : ledger_->latest_studies(after, max)) out.push_back(study.study_uid);
    return out;
  };

  EXPECT_THAT(uids("", 10), ElementsAre("2.25.400", "2.25.100", "2.25.300", "2.25.200"));
  EXPECT_THAT(uids("", 2), ElementsAre("2.25.400", "2.25.100"));
  EXPECT_THAT(uids("2.25.100", 2), ElementsAre("2.25.300", "2.25.200"));
  EXPECT_THAT(uids("2.25.200", 2), IsEmpty());
  EXPECT_THAT(uids("2.25.999", 2), IsEmpty()) << "not a study of ours";
  EXPECT_EQ(ledger_->latest_studies("", 1).at(0).pseudonym, "DSG-XX-400");
}

}  // namespace
}  // namespace dosigate::testing
