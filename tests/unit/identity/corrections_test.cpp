// What a person decides: another id, one person under two, somebody else's study, a withdrawal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "map_rows_text.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = PseudonymMap::StudyInfo::State;

Source first() { return Source(); }
Source second() { return Source().id("PID-2").study("1.2.3.2").name("COSTA^ANA").born("19800101"); }

/// What `first` sends once a person has said that its study is of `second`.
Source first_of_second() { return second().study(first().value.study_uid.reveal()); }

TEST(AddKey, LetsAnotherIdLeadToThePatient) {
  Node node;
  const auto map = node.open();
  const Subject patient = resolve(*map, first());

  must(map->add_key(site_a(), patient.pseudonym, Phi("PID-9"), Phi("CLINIC-B")));

  const Subject other = resolve(*map, first().id("PID-9").issuer("CLINIC-B").study("1.2.3.9"));
  EXPECT_EQ(other.pseudonym, patient.pseudonym);
  EXPECT_EQ(other.offset, patient.offset);
  EXPECT_EQ(map->lookup(Phi("PID-9")).at(0).pseudonym, patient.pseudonym);
  EXPECT_EQ(map->totals().patients, 1);
}

TEST(AddKey, LetsTheSameStudyComeUnderEitherId) {
  Node node;
  const auto map = node.open();
  const Subject patient = resolve(*map, first());
  ASSERT_EQ(fault_of(*map, first().id("PID-9")), Fault::Uncertain);

  must(map->add_key(site_a(), patient.pseudonym, Phi("PID-9"), Phi()));

  EXPECT_EQ(resolve(*map, first().id("PID-9")).study_uid, patient.study_uid);
}

TEST(AddKey, AgainChangesNothing) {
  Node node;
  const auto map = node.open();
  const Subject patient = resolve(*map, first());
  must(map->add_key(site_a(), patient.pseudonym, Phi("PID-9"), Phi()));
  const auto journal = std::filesystem::file_size(node.journal());

  must(map->add_key(site_a(), patient.pseudonym, Phi("PID-9"), Phi()));

  EXPECT_EQ(std::filesystem::file_size(node.journal()), journal);
}

TEST(AddKey, RefusesTheIdOfAnotherPatientAndNamesThatOne) {
  Node node;
  const auto map = node.open();
  const Subject a = resolve(*map, first());
  const Subject b = resolve(*map, second());

  const auto refused = map->add_key(site_a(), a.pseudonym, Phi("PID-2"), Phi());

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, Fault::Conflict);
  EXPECT_THAT(refused.error().detail, HasSubstr(b.pseudonym));
}

TEST(AddKey, RefusesAPlaceholderAnUnknownPseudonymAndAnotherSite) {
  Node node;
  const auto map = node.open();
  const Subject patient = resolve(*map, first());
  must(map->declare_site({"HB", {}, {}}));
  const auto fault = [&](const SitePolicy& site, const std::string& whom, const char* id) {
    return map->add_key(site, whom, Phi(id), Phi()).error().fault;
  };

  EXPECT_EQ(fault(site_a(), patient.pseudonym, "SEM ID"), Fault::Invalid);
  EXPECT_EQ(fault(site_a(), make_pseudonym("HA"), "PID-9"), Fault::NotFound);
  EXPECT_EQ(fault({"HB", {}, {}}, patient.pseudonym, "PID-9"), Fault::Invalid);
}

TEST(AddKey, TakesAnotherNameUnderTheNewIdAndNoOtherOne) {
  Node node;
  const auto map = node.open();
  const Subject patient = resolve(*map, first());
  must(map->add_key(site_a(), patient.pseudonym, Phi("PID-9"), Phi()));

  // Under the old id another person is another person, before the alias was ever seen.
  EXPECT_EQ(fault_of(*map, first().study("1.2.3.8").name("LIMA^EVA").born("19990909")),
            Fault::Uncertain);
  const Subject renamed =
      resolve(*map, first().id("PID-9").study("1.2.3.9").name("COSTA^ANA").born("19800101"));
  EXPECT_EQ(renamed.pseudonym, patient.pseudonym);
  EXPECT_EQ(fault_of(*map, first().id("PID-9").study("1.2.3.8").name("LIMA^EVA").born("19990909")),
            Fault::Uncertain);
}

TEST(Join, GivesTheWinnersPseudonymOffsetAndUidsToWhatReturns) {
  Node node;
  const auto map = node.open();
  const Subject winner = resolve(*map, first());
  const Subject loser = resolve(*map, second());

  const auto given = must_be(map->join(winner.pseudonym, loser.pseudonym));

  EXPECT_THAT(given, ElementsAre(loser.study_uid));
  for (const Source& source : {second(), second().id(first().value.patient_id.reveal())}) {
    const Subject back = resolve(*map, source);
    EXPECT_EQ(back.pseudonym, winner.pseudonym);
    EXPECT_EQ(back.offset, winner.offset);
    EXPECT_EQ(back.study_uid,
              map_uid(*winner.salt, back.uid_revision, second().value.study_uid.reveal()));
  }
  EXPECT_EQ(resolve(*map, first()).study_uid, winner.study_uid);
}

TEST(Join, IsKnownToWhoeverAsksForEitherPseudonym) {
  Node node;
  const auto map = node.open();
  const Subject winner = resolve(*map, first());
  const Subject loser = resolve(*map, second());
  must_be(map->join(winner.pseudonym, loser.pseudonym));

  const auto before = must_be(map->study_info(loser.study_uid));
  const Subject back = resolve(*map, second());
  const auto after = must_be(map->study_info(loser.study_uid));

  EXPECT_EQ(before.state, State::GivenAway);
  EXPECT_EQ(before.pseudonym, loser.pseudonym);
  EXPECT_EQ(before.replaced_by, "");
  EXPECT_EQ(after.replaced_by, back.study_uid);
  for (const std::string& pseudonym : {winner.pseudonym, loser.pseudonym})
    EXPECT_EQ(must_be(map->studies_of(pseudonym)).size(), 3U);
  EXPECT_EQ(map->lookup(Phi("PID-2")).at(0).pseudonym, winner.pseudonym);
  EXPECT_EQ(map->reveal(loser.pseudonym)->name.reveal(), "COSTA^ANA");
  EXPECT_EQ(map->totals().patients, 1);
}

TEST(Join, LeadsThroughAnotherJoin) {
  Node node;
  const auto map = node.open();
  const Subject a = resolve(*map, first());
  const Subject b = resolve(*map, second());
  const Subject c = resolve(*map, second().id("PID-3").study("1.2.3.3").name("LIMA^EVA"));
  must_be(map->join(b.pseudonym, c.pseudonym));

  must_be(map->join(a.pseudonym, b.pseudonym));

  EXPECT_EQ(resolve(*map, second().id("PID-3").study("1.2.3.3").name("LIMA^EVA")).pseudonym,
            a.pseudonym);
  EXPECT_EQ(must_be(map->studies_of(a.pseudonym)).size(), 4U);
  EXPECT_EQ(map->join(c.pseudonym, a.pseudonym).error().fault, Fault::Invalid) << "one already";
}

TEST(Join, RefusesTheSamePatientTwoSitesAndUnknownPseudonyms) {
  Node node;
  const auto map = node.open();
  const std::string a = resolve(*map, first()).pseudonym;
  const std::string elsewhere = must(map->resolve({"HB", {}, {}}, second().value)).pseudonym;

  EXPECT_EQ(map->join(a, a).error().fault, Fault::Invalid);
  EXPECT_EQ(map->join(a, elsewhere).error().fault, Fault::Invalid);
  EXPECT_EQ(map->join(a, make_pseudonym("HA")).error().fault, Fault::NotFound);
  EXPECT_EQ(map->join(a, "forgotten/1").error().fault, Fault::NotFound);
}

TEST(Reassign, GivesAStudyToAKnownPatient) {
  Node node;
  const auto map = node.open();
  const Subject from = resolve(*map, first());
  const Subject to = resolve(*map, second());

  const auto moved = must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));

  EXPECT_EQ(moved.from, from.pseudonym);
  EXPECT_EQ(moved.to, to.pseudonym);
  EXPECT_EQ(moved.old_study_uid, from.study_uid);
  const Subject back = resolve(*map, first_of_second());
  EXPECT_EQ(back.pseudonym, to.pseudonym);
  EXPECT_EQ(back.offset, to.offset);
  EXPECT_EQ(back.study_uid, moved.new_study_uid);
  EXPECT_NE(back.study_uid, from.study_uid);
  EXPECT_EQ(must_be(map->study_info(from.study_uid)).replaced_by, moved.new_study_uid);
}

TEST(Reassign, HoldsWhatStillArrivesUnderTheOldId) {
  Node node;
  const auto map = node.open();
  const Subject from = resolve(*map, first());
  must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));

  EXPECT_EQ(fault_of(*map, first()), Fault::Uncertain);
}

TEST(Reassign, MakesAPatientWhoseNameTheFirstInstanceTells) {
  Node node;
  const auto map = node.open();
  const Subject from = resolve(*map, first());

  const auto moved = must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));

  EXPECT_TRUE(is_pseudonym(moved.to));
  EXPECT_EQ(map->reveal(moved.to)->patient_id.reveal(), "PID-2");
  EXPECT_EQ(map->reveal(moved.to)->name.reveal(), "");
  EXPECT_EQ(resolve(*map, first_of_second()).pseudonym, moved.to);
  EXPECT_EQ(map->reveal(moved.to)->name.reveal(), "COSTA^ANA");
  EXPECT_EQ(fault_of(*map, second().name("LIMA^EVA").born("19990909")), Fault::Uncertain)
      << "known by name from then on";
}

TEST(Reassign, NeverMakesOneUidTwiceHoweverOftenAStudyGoesToAndFro) {
  Node node;
  const auto map = node.open();
  const Subject a = resolve(*map, first());
  const Subject b = resolve(*map, second());
  std::set<std::string> uids{a.study_uid};
  std::string present = a.study_uid;

  for (int i = 0; i < 4; ++i) {
    const char* to = i % 2 == 0 ? "PID-2" : "PID-778812";
    present = must_be(map->reassign(site_a(), present, Phi(to), Phi())).new_study_uid;
    EXPECT_TRUE(uids.insert(present).second) << i;
  }

  const Subject back = resolve(*map, first());
  EXPECT_EQ(back.study_uid, present);
  EXPECT_EQ(back.uid_revision, 2U);
  EXPECT_EQ(back.pseudonym, a.pseudonym);
  EXPECT_EQ(map_uid(*back.salt, 2, first().value.study_uid.reveal()), present);
}

TEST(Reassign, RefusesItsOwnPatientPlaceholdersAndWhatWasGivenAway) {
  Node node;
  const auto map = node.open();
  const Subject from = resolve(*map, first());
  const auto fault = [&](const std::string& study, const char* id) {
    return map->reassign(site_a(), study, Phi(id), Phi()).error().fault;
  };

  EXPECT_EQ(fault(from.study_uid, "PID-778812"), Fault::Conflict);
  EXPECT_EQ(fault(from.study_uid, "0000"), Fault::Invalid);
  EXPECT_EQ(fault("2.25.1", "PID-2"), Fault::NotFound);
  must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));
  EXPECT_EQ(fault(from.study_uid, "PID-3"), Fault::Conflict);
  EXPECT_EQ(map->totals().patients, 2);
}

TEST(Reassign, WorksWhereNoOriginalUidIsKept) {
  Node node;
  node.settings.keep_originals = KeepOriginals::Identity;
  const auto map = node.open();
  const Subject from = resolve(*map, first());
  const Subject to = resolve(*map, second());

  const auto moved = must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));

  EXPECT_EQ(moved.new_study_uid, "") << "known with the first instance";
  const Subject back = resolve(*map, first_of_second());
  EXPECT_EQ(back.pseudonym, to.pseudonym);
  EXPECT_EQ(back.study_uid, map_uid(*to.salt, 0, first().value.study_uid.reveal()));
  EXPECT_EQ(must_be(map->study_info(from.study_uid)).replaced_by, back.study_uid);
}

TEST(Reassign, HoldsUnderTheOldIdAlsoWhereTheNewUidIsNotKnownYet) {
  Node node;
  node.settings.keep_originals = KeepOriginals::Identity;
  const auto map = node.open();
  const Subject from = resolve(*map, first());
  must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));

  EXPECT_EQ(fault_of(*map, first()), Fault::Uncertain);
  EXPECT_NE(resolve(*map, first_of_second()).pseudonym, from.pseudonym);
}

TEST(Withdrawn, StudiesAreHeldUntilTheyAreAdmitted) {
  Node node;
  std::string study;
  {
    const auto map = node.open();
    study = resolve(*map, first()).study_uid;
    must(map->set_withdrawn(study, true));
    must(map->set_withdrawn(study, true));

    const auto held = map->resolve(site_a(), first().value);
    ASSERT_FALSE(held.has_value());
    EXPECT_EQ(held.error().fault, Fault::Uncertain);
    EXPECT_THAT(held.error().detail, HasSubstr("withdrawn"));
  }
  const auto map = node.open();
  EXPECT_EQ(must_be(map->study_info(study)).state, State::Withdrawn);
  EXPECT_EQ(fault_of(*map, first()), Fault::Uncertain) << "kept over a restart";

  must(map->set_withdrawn(study, false));

  EXPECT_EQ(resolve(*map, first()).study_uid, study);
}

TEST(Withdrawn, IsNothingThatAStudyGivenAwayCanBe) {
  Node node;
  const auto map = node.open();
  const Subject from = resolve(*map, first());
  must_be(map->reassign(site_a(), from.study_uid, Phi("PID-2"), Phi()));

  EXPECT_EQ(map->set_withdrawn(from.study_uid, true).error().fault, Fault::Conflict);
  EXPECT_EQ(map->set_withdrawn("2.25.1", true).error().fault, Fault::NotFound);
  EXPECT_EQ(map->study_info("2.25.1").error().fault, Fault::NotFound);
}

TEST(Corrections, AreSeenByEverybodyOnceTheyReturn) {
  Node node;
  const auto map = node.open();
  const std::string study = resolve(*map, first()).study_uid;
  std::atomic<bool> stop{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      while (!stop) static_cast<void>(map->resolve(site_a(), first().value));
    });

  // A resolve that read before the correction must not put its answer into the cache after it.
  for (int i = 0; i < 60; ++i) {
    const bool withdrawn = i % 2 == 0;
    must(map->set_withdrawn(study, withdrawn));
    for (int again = 0; again < 5; ++again)
      ASSERT_EQ(map->resolve(site_a(), first().value).has_value(), !withdrawn) << i;
  }
  stop = true;
}

}  // namespace
}  // namespace dosigate::testing
