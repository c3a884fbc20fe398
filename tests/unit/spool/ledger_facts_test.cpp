// What the ledger keeps of the instances of a study: counted once each, and for ever.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dosigate/base/durable_file.h"
#include "dosigate/store/database.h"
#include "spool/card.h"
#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kPerson = "DSG-T-0000-0000-000";

std::unique_ptr<Ledger> open_ledger(const TempDir& dir, WallClock clock = wall_now) {
  auto opened = Ledger::open(dir.path / "ledger.db", std::move(clock));
  if (!opened) throw std::runtime_error(opened.error().detail);
  return std::move(*opened);
}

Ledger::Entry entry(const std::string& sop, const std::string& facts,
                    const std::string& study = "2.25.100") {
  return {random_id(), study, {"A"}, "1.2", sop, Domain::Archive, kPerson, facts};
}

TEST(LedgerFacts, TheSlicesOfASeriesAreOneRowWithACountAndTheirTimes) {
  TempDir dir;
  const auto ledger = open_ledger(dir);

  ledger->queued(entry("2.25.1", "{\"a\":1}\n20250304101900.000000"));
  ledger->queued(entry("2.25.2", "{\"a\":1}"));
  ledger->queued(entry("2.25.3", "{\"a\":1}\n20250304101600.000000"));
  ledger->queued(entry("2.25.4", "{\"a\":2}"));

  const auto facts = ledger->facts_of(kPerson);
  ASSERT_THAT(facts, SizeIs(2));
  EXPECT_EQ(facts[0].facts, "{\"a\":1}");
  EXPECT_EQ(facts[0].instances, 3U);
  EXPECT_EQ(facts[0].first_acquired, "20250304101600.000000");
  EXPECT_EQ(facts[0].last_acquired, "20250304101900.000000");
  EXPECT_EQ(facts[1].instances, 1U);
  EXPECT_EQ(facts[1].first_acquired, "");
}

TEST(LedgerFacts, AnInstanceThatIsSentAgainCountsOnce) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const Ledger::Entry first = entry("2.25.1", "{}");
  ledger->queued(first);
  ledger->changed({{first.id, "A", DeliveryState::Delivered, 0}});

  ledger->queued(first);                  // repeated from the spool file
  ledger->queued(entry("2.25.1", "{}"));  // sent again, another id
  ledger->duplicate(random_id(), "2.25.100");

  ASSERT_THAT(ledger->facts_of(kPerson), SizeIs(1));
  EXPECT_EQ(ledger->facts_of(kPerson)[0].instances, 1U);
}

TEST(LedgerFacts, WhatARevisionReplacesCountsNoLonger) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const Ledger::Entry released = entry("2.25.3", "{\"weight\":0}");
  ledger->queued(entry("2.25.1", "{\"weight\":0}"));
  ledger->queued(entry("2.25.2", "{\"weight\":0}"));
  ledger->quarantined(released.id, "burned-in");
  ledger->queued(released);
  ledger->queued(entry("2.25.11", "{\"weight\":72}"));

  ledger->replaced("2.25.100", "2.25.1");
  ledger->replaced("2.25.100", "2.25.1");
  ledger->replaced("2.25.200", "2.25.2");  // of another study
  ASSERT_THAT(ledger->facts_of(kPerson), SizeIs(2));
  EXPECT_EQ(ledger->facts_of(kPerson)[0].instances, 2U);

  ledger->replaced("2.25.100", "2.25.2");
  ledger->replaced("2.25.100", "2.25.3");
  ASSERT_THAT(ledger->facts_of(kPerson), SizeIs(1));
  EXPECT_EQ(ledger->facts_of(kPerson)[0].facts, "{\"weight\":72}");
}
TEST(LedgerFacts, AReleasedInstanceCounts) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  const Ledger::Entry one = entry("2.25.1", "{}");
  ledger->quarantined(one.id, "burned-in");

  ledger->queued(one);

  EXPECT_THAT(ledger->facts_of(kPerson), SizeIs(1));
}

TEST(LedgerFacts, OutliveTheFoldingOfTheRowsThatMadeThem) {
  TempDir dir;
  WallTime now = WallTime(std::chrono::days(20'000));
  const auto ledger = open_ledger(dir, [&] { return now; });
  const Ledger::Entry one = entry("2.25.1", "{}");
  ledger->queued(one);
  ledger->changed({{one.id, "A", DeliveryState::Delivered, 0}});
  now += std::chrono::days(40);

  ledger->fold(30);

  ASSERT_FALSE(ledger->outcome(one.id)) << "its row is still there";
  const auto facts = ledger->facts_of(kPerson);
  ASSERT_THAT(facts, SizeIs(1));
  EXPECT_EQ(facts[0].first_day, 20'000);
}

TEST(LedgerFacts, StudiesAreFoundByPseudonymAndThePseudonymByStudy) {
  TempDir dir;
  const auto ledger = open_ledger(dir);
  ledger->queued(entry("2.25.1", "{}", "2.25.100"));
  ledger->queued(entry("2.25.2", "", "2.25.200"));

  EXPECT_THAT(ledger->studies_of(kPerson), ElementsAre("2.25.100", "2.25.200"));
  EXPECT_EQ(ledger->pseudonym_of("2.25.200"), kPerson);
  EXPECT_EQ(ledger->pseudonym_of("2.25.300"), "");
  EXPECT_THAT(ledger->studies_of(""), IsEmpty());
}

TEST(LedgerFacts, ALedgerOfVersionOneKeepsItsRowsAndTakesFacts) {
  TempDir dir;
  const InstanceId old = random_id();
  {
    auto database = open_database(dir.path / "ledger.db", kLedgerSchema.first(1), OpenMode::Create);
    ASSERT_TRUE(database);
    (*database)->exec("INSERT INTO study VALUES (1, '2.25.100')");
    SQLite::Statement insert(**database,
                             "INSERT INTO instance (id, domain, day, study_id, sop_class, sop_uid, "
                             "outcome, changed) VALUES (?, 0, 20000, 1, '1.2', '2.25.1', 2, 5)");
    insert.bind(1, old.data(), static_cast<int>(old.size()));
    insert.exec();
    (*database)->exec("INSERT INTO study_total VALUES (1, 'A', 1, 7, 5, 6)");
  }

  const auto ledger = open_ledger(dir);
  ledger->queued(entry("2.25.2", "{}"));

  EXPECT_EQ(ledger->outcome(old), Outcome::Delivered);
  EXPECT_EQ(ledger->totals().received, 2U);
  EXPECT_EQ(ledger->pseudonym_of("2.25.100"), kPerson) << "learned with the next instance";
  EXPECT_EQ(ledger->facts_of(kPerson).at(0).instances, 1U);
  EXPECT_TRUE(std::filesystem::exists(dir.path / "ledger.db.v1")) << "no copy of the old one";
}

CleanInstance with_facts(const std::string& sop, const std::string& facts) {
  return Deidentifier::make({.sop_instance_uid = sop, .header = Bytes(300, 'h'), .facts = facts});
}

TEST(LedgerFacts, APutWritesThemAndARepeatedOneDoesNotCountAgain) {
  TempDir dir;
  const SpoolHome home(dir.path);

  ASSERT_TRUE(home.offer(with_facts("2.25.1", "{}")));
  const auto again = home.offer(with_facts("2.25.1", "{}"));
  const Bytes print(32, 1);
  const CleanInstance known = with_facts("2.25.2", "{}");
  ASSERT_TRUE(home.spool->put({random_id(), known, print, {}, {"A"}, true}));

  ASSERT_TRUE(again);
  EXPECT_EQ(*again, SpoolPut::Duplicate);
  ASSERT_THAT(home.ledger->facts_of(kPerson), SizeIs(1));
  EXPECT_EQ(home.ledger->facts_of(kPerson)[0].instances, 1U);
}

TEST(LedgerFacts, AreWrittenAgainFromTheSpoolFilesWhenThePowerCutTookThem) {
  TempDir dir;
  SpoolHome home(dir.path);
  ASSERT_TRUE(home.offer(with_facts("2.25.1", "{}\n20250304101600.000000")));
  home.close();
  for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm"})
    std::filesystem::remove(dir.path / name);

  home.open();

  ASSERT_THAT(home.ledger->facts_of(kPerson), SizeIs(1));
  EXPECT_EQ(home.ledger->facts_of(kPerson)[0].first_acquired, "20250304101600.000000");
}

TEST(LedgerFacts, ACardOfVersionOneIsReadAndHasNone) {
  SpoolCard card{"1.2", "2.25.1", "2.25.100", "1.2.1", kPerson, Bytes(34, 1), {"A"}, 7, ""};
  Bytes old = pack_card(card);
  old[0] = 1;
  old.resize(old.size() - 5);  // the length of the empty facts, and `issued`

  const auto read = unpack_card(old);

  ASSERT_TRUE(read);
  EXPECT_EQ(read->pseudonym, kPerson);
  EXPECT_EQ(read->facts, "");
  card.facts = "{}";
  EXPECT_EQ(unpack_card(pack_card(card))->facts, "{}");
}

TEST(LedgerIssued, ACardSaysSoSinceVersionThree) {
  SpoolCard card{"1.2", "2.25.1", "2.25.100", "1.2.1", kPerson, Bytes(34, 1), {"A"}, 7, "{}", true};
  EXPECT_TRUE(unpack_card(pack_card(card))->issued);
  Bytes old = pack_card(card);
  old[0] = 2;
  old.pop_back();

  const auto read = unpack_card(old);

  ASSERT_TRUE(read);
  EXPECT_EQ(read->facts, "{}");
  EXPECT_FALSE(read->issued);
}

TEST(LedgerIssued, IsWrittenAgainFromTheSpoolFilesWhenThePowerCutTookIt) {
  TempDir dir;
  SpoolHome home(dir.path);
  const CleanInstance note = SpoolHome::instance("2.25.1");
  ASSERT_TRUE(home.spool->put({random_id(), note, Bytes(32, 0), {}, {"A"}, false, true}));
  ASSERT_EQ(home.ledger->totals().issued, 1U);
  home.close();
  for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm"})
    std::filesystem::remove(dir.path / name);

  home.open();

  EXPECT_EQ(home.ledger->totals().issued, 1U);
  EXPECT_EQ(home.ledger->totals().received, 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

}  // namespace
}  // namespace dosigate::testing
