// Same patient, same pseudonym, for ever; doubt is held.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <thread>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "identity/matching.h"
#include "map_fixture.h"

namespace dosigate::testing {
namespace {

TEST(PseudonymMap, GivesTheSameSubjectAfterReopening) {
  Node node;
  Subject before;
  std::string uid_before;
  {
    const auto map = node.open();
    before = resolve(*map, Source());
    uid_before = map_uid(*before.salt, 0, "1.2.3.4");
  }

  const auto map = node.open();
  const Subject after = resolve(*map, Source());

  EXPECT_TRUE(is_pseudonym(before.pseudonym));
  EXPECT_EQ(before.pseudonym.substr(0, 7), "DSG-HA-");
  EXPECT_EQ(after.pseudonym, before.pseudonym);
  EXPECT_EQ(after.offset, before.offset);
  EXPECT_EQ(after.study_uid, before.study_uid);
  EXPECT_EQ(after.study, before.study);
  EXPECT_EQ(after.device_label, "CAM-01");
  EXPECT_EQ(map_uid(*after.salt, 0, "1.2.3.4"), uid_before);
  EXPECT_EQ(map_uid(*after.site_salt, 0, "1"), map_uid(*before.site_salt, 0, "1"));
}

TEST(PseudonymMap, ComputesTheStudyUidFromThePatientsSalt) {
  Node node;
  const auto map = node.open();

  const Subject subject = resolve(*map, Source());

  EXPECT_EQ(subject.study_uid,
            map_uid(*subject.salt, subject.uid_revision, Source().value.study_uid.reveal()));
}

TEST(PseudonymMap, GivesDifferentPatientsDifferentSecrets) {
  Node node;
  const auto map = node.open();
  std::set<std::string> pseudonyms;
  std::set<long long> offsets;

  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(1000 + i);
    const Subject subject = resolve(
        *map, Source().id("PID-" + n).study("1.2." + n).name("P" + n + "NAME").born("19700101"));
    pseudonyms.insert(subject.pseudonym);
    offsets.insert(subject.offset.count());
    EXPECT_LE(subject.offset.count(), -30);
    EXPECT_GE(subject.offset.count(), -3650);
  }

  EXPECT_EQ(pseudonyms.size(), 40U);
  EXPECT_GT(offsets.size(), 30U);
}

TEST(PseudonymMap, EightThreadsAtOnceMakeOnePatientAndOneStudy) {
  Node node;
  const auto map = node.open();

  for (int round = 0; round < 10; ++round) {
    const Source source =
        Source().id("PID-9" + std::to_string(round)).study("1.2.9." + std::to_string(round));
    std::vector<Result<Subject>> subjects(8, fail(Fault::NotFound, "the thread did not run"));
    {
      std::vector<std::jthread> threads;
      for (auto& subject : subjects) {
        threads.emplace_back([&] { subject = map->resolve(site_a(), source.value); });
      }
    }
    for (const auto& subject : subjects) {
      ASSERT_TRUE(subject.has_value()) << subject.error().detail;
      EXPECT_EQ(subject->pseudonym, subjects.front()->pseudonym);
      EXPECT_EQ(subject->study, subjects.front()->study);
    }
  }

  EXPECT_EQ(map->totals().patients, 10);
  EXPECT_EQ(map->totals().studies, 10);
  EXPECT_EQ(map->totals().devices, 1);
}

TEST(PseudonymMap, NeverDoubtsAPatientWhoIsJustBeingTakenIn) {
  Node node;
  const auto map = node.open();

  // Each thread meets the same new studies, somewhere in the time that another takes to write them.
  std::vector<std::string> doubts(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& doubt : doubts) {
      threads.emplace_back([&] {
        std::minstd_rand chance(static_cast<unsigned>(&doubt - doubts.data()) + 1U);
        for (int i = 0; i < 300 && doubt.empty(); ++i) {
          std::this_thread::sleep_for(std::chrono::microseconds(chance() % 6'000));
          const std::string n = std::to_string(i);
          const Source source =
              Source().id("PID-" + n).study("1.2.7." + n).name("P" + n + "NAME").born("19700101");
          if (const auto subject = map->resolve(site_a(), source.value); !subject)
            doubt = subject.error().detail;
        }
      });
    }
  }

  EXPECT_THAT(doubts, ::testing::Each(""));
}

TEST(PseudonymMap, TakesTheSitesOwnIssuerAndAnAbsentOneAsTheSame) {
  Node node;
  const auto map = node.open();

  const Subject without = resolve(*map, Source());
  const Subject with = resolve(*map, Source().issuer("HOSP-A"));
  const Subject other_case = resolve(*map, Source().issuer(" hosp-a"));

  EXPECT_EQ(with.pseudonym, without.pseudonym);
  EXPECT_EQ(other_case.pseudonym, without.pseudonym);
}

TEST(PseudonymMap, TakesAnotherIssuerAsItsOwnDomain) {
  Node node;
  const auto map = node.open();

  const Subject own = resolve(*map, Source());
  const Subject other = resolve(*map, Source().issuer("CLINIC-B").study("1.2.3.99"));

  EXPECT_NE(other.pseudonym, own.pseudonym);
}

TEST(PseudonymMap, KeepsSitesApart) {
  Node node;
  const auto map = node.open();

  const Subject a = must(map->resolve({"HA", {}, {}}, Source().value));
  const Subject b = must(map->resolve({"HB", {}, {}}, Source().value));

  EXPECT_NE(a.pseudonym, b.pseudonym);
  EXPECT_EQ(b.pseudonym.substr(0, 7), "DSG-HB-");
  EXPECT_EQ(b.device_label, "CAM-01");
}

TEST(PseudonymMap, TakesLeadingZerosAsSignificantUnlessTheSiteSaysOtherwise) {
  Node node;
  const auto map = node.open();
  const SitePolicy strict{"HS", {}, {}};
  const SitePolicy loose{"HL", {}, {.strip_leading_zeros = true}};
  const Source padded = Source().id("00045678").study("1.2.3.1");
  const Source bare = Source().id("45678").study("1.2.3.2");

  EXPECT_NE(must(map->resolve(strict, padded.value)).pseudonym,
            must(map->resolve(strict, bare.value)).pseudonym);
  EXPECT_EQ(must(map->resolve(loose, padded.value)).pseudonym,
            must(map->resolve(loose, bare.value)).pseudonym);
}

TEST(PseudonymMap, RefusesAnotherNormalisationOnceASiteHasPatients) {
  Node node;
  SitePolicy site{"HA", {}, {}};
  {
    const auto map = node.open();
    ASSERT_TRUE(map->declare_site(site).has_value());
    site.normalisation.upper = true;
    ASSERT_TRUE(map->declare_site(site).has_value()) << "no patient yet";
    must(map->resolve(site, Source().value));
  }
  const auto map = node.open();
  ASSERT_TRUE(map->declare_site(site).has_value());
  site.normalisation.upper = false;

  const auto declared = map->declare_site(site);
  const auto resolved = map->resolve(site, Source().id("PID-2").value);

  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().fault, Fault::Conflict);
  ASSERT_FALSE(resolved.has_value());
  EXPECT_EQ(resolved.error().fault, Fault::Conflict);
}

TEST(PseudonymMap, RefusesASiteCodeThatDoesNotFitIntoAPseudonym) {
  Node node;
  const auto map = node.open();

  for (const char* code : {"", "ABCDE", "ha", "H-"})
    EXPECT_EQ(map->declare_site({code, {}, {}}).error().fault, Fault::Invalid) << code;
}

TEST(PseudonymMap, HoldsBlankAndPlaceholderIds) {
  Node node;
  const auto map = node.open();

  for (const char* id : {"", "  ", "0", "0000", "9999", "TESTE", "anon", "N/A", "Sem ID"}) {
    EXPECT_EQ(fault_of(*map, Source().id(id)), Fault::Uncertain) << id;
  }
  EXPECT_EQ(fault_of(*map, Source().study("")), Fault::Uncertain);
  EXPECT_EQ(map->totals().patients, 0);
}

TEST(PseudonymMap, HoldsWhatItHasGivenOutItself) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  std::string lower_case = subject.pseudonym;
  std::ranges::transform(lower_case, lower_case.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string of_another_node = make_pseudonym("XYZ");

  for (const auto& id : {subject.pseudonym, " " + lower_case + " ", of_another_node})
    EXPECT_EQ(fault_of(*map, Source().id(id).study("1.2.3.9")), Fault::Uncertain) << id;
  EXPECT_EQ(fault_of(*map, Source().id("4711").study(subject.study_uid)), Fault::Uncertain)
      << "under another PatientID, as one who works with results may give it";

  EXPECT_EQ(map->totals().patients, 1);
  EXPECT_EQ(map->totals().studies, 1);
}

TEST(PseudonymMap, HoldsOneIdWithTwoPersons) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());

  const auto other =
      map->resolve(site_a(), Source().name("COSTA^ANA").born("19800101").study("1.2.3.2").value);

  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().fault, Fault::Uncertain);
  EXPECT_EQ(other.error().detail.find("COSTA"), std::string::npos);
  EXPECT_EQ(map->totals().studies, 1);
}

TEST(PseudonymMap, HoldsTheSecondPersonWithinAKnownStudyToo) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());

  EXPECT_EQ(fault_of(*map, Source().name("COSTA^ANA").born("19800101")), Fault::Uncertain);
}

TEST(PseudonymMap, AcceptsAnotherSpellingAndANameChangedByMarriage) {
  Node node;
  const auto map = node.open();
  const Subject first = resolve(*map, Source().name("CONCEIÇÃO SOUSA^MARIA DA"));

  const Subject spelled =
      resolve(*map, Source().name("Maria Conceicao Souza").born("19610503").study("1.2.3.2"));
  const Subject married = resolve(*map, Source().name("PEREIRA^MARIA").study("1.2.3.3"));

  EXPECT_EQ(spelled.pseudonym, first.pseudonym);
  EXPECT_EQ(married.pseudonym, first.pseudonym);
}

TEST(PseudonymMap, HoldsAStudyThatReturnsUnderAnotherPatient) {
  Node node;
  const auto map = node.open();
  const Subject owner = resolve(*map, Source());
  resolve(*map, Source().id("PID-2").study("1.2.3.2"));

  EXPECT_EQ(fault_of(*map, Source().id("PID-2")), Fault::Uncertain);
  EXPECT_EQ(fault_of(*map, Source().id("PID-3")), Fault::Uncertain);
  EXPECT_EQ(resolve(*map, Source()).study, owner.study);
  EXPECT_EQ(map->totals().patients, 2) << "a held instance makes nobody";
}

TEST(PseudonymMap, RaisesAnAlarmForTwoIdsOfOnePersonAndDoesNotJoinThem) {
  Node node;
  {
    const auto map = node.open();
    const Subject first = resolve(*map, Source());
    EXPECT_EQ(map->alarms(), 0);

    const Subject second =
        resolve(*map, Source().id("PID-2").study("1.2.3.2").name("Maria Markername"));

    EXPECT_NE(second.pseudonym, first.pseudonym);
    EXPECT_EQ(map->alarms(), 1);
    resolve(*map, Source().id("PID-2").study("1.2.3.3").name("Maria Markername"));
    EXPECT_EQ(map->alarms(), 1) << "one alarm per pair of patients";
  }
  EXPECT_EQ(node.open()->alarms(), 1) << "kept over a restart";
}

TEST(PseudonymMap, RaisesAnAlarmForOneCpfOrCnsUnderTwoIds) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source().id("529.982.247-25"));

  resolve(*map, Source()
                    .id("PID-2")
                    .study("1.2.3.2")
                    .name("COSTA^ANA")
                    .other_id("52998224725")
                    .other_id("8980 0000 0043 208"));
  EXPECT_EQ(map->alarms(), 1);
  resolve(*map,
          Source().id("PID-3").study("1.2.3.3").name("LIMA^EVA").other_id("X-1\\898000000043208"));
  EXPECT_EQ(map->alarms(), 2);
}

TEST(PseudonymMap, NumbersCamerasPerSiteAndKeepsTheirEpochs) {
  Node node;
  const auto map = node.open();

  EXPECT_EQ(resolve(*map, Source()).device_label, "CAM-01");
  EXPECT_EQ(resolve(*map, Source().serial("SN-2")).device_label, "CAM-02");
  EXPECT_EQ(resolve(*map, Source().software("VB22A")).device_label, "CAM-01");
  Source none;
  none.value.manufacturer = none.value.model = none.value.serial_number = none.value.station_name =
      Phi();
  EXPECT_EQ(resolve(*map, none).device_label, "");

  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM device").getInt(), 2);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM device_epoch").getInt(), 3);
}

struct Kept {
  bool person, study_source, pairs;
  friend bool operator==(const Kept&, const Kept&) = default;
};
/// What a node with that setting holds of a patient, a study and one pair of UIDs.
Kept kept_under(KeepOriginals setting) {
  Node node;
  node.settings.keep_originals = setting;
  Kept out{};
  {
    const auto map = node.open();
    const Subject subject = resolve(*map, Source());
    EXPECT_EQ(subject.study_uid, resolve(*map, Source()).study_uid);
    const InstanceId id{7};
    const std::string sop = map_uid(*subject.salt, 0, "1.2.3");
    const PairBatch batch{subject.study, sop, {}, {{Phi("1.2.3"), sop}}};
    EXPECT_TRUE(map->absorb({{id, map->seal_pairs(id, batch)}}));
    EXPECT_EQ(map->seen(subject.study, sop).size(), 1U) << "the fingerprint names nobody";
    const auto revealed = map->reveal(subject.pseudonym);
    out.person = revealed.has_value() && revealed->name.reveal() == "MARKERNAME^MARIA";
    if (!out.person) {
      EXPECT_EQ(revealed.error().fault, Fault::NotFound);
      EXPECT_THAT(revealed.error().detail, ::testing::HasSubstr("nothing was kept"));
    }
    out.pairs = map->totals().uid_pairs != 0;
  }
  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  out.study_source =
      database.execAndGet("SELECT sealed_source IS NOT NULL FROM study").getInt() != 0;
  // A sealed empty value is the shortest there is.
  const int sealed_uid = database.execAndGet("SELECT length(sealed_uid) FROM study").getInt();
  const int sealed_id = database.execAndGet("SELECT length(sealed_id) FROM patient_key").getInt();
  const int sealed_offset =
      database.execAndGet("SELECT length(sealed_offset) FROM patient").getInt();
  EXPECT_EQ(sealed_uid >= sealed_offset, setting == KeepOriginals::Study);
  EXPECT_EQ(sealed_id > sealed_offset, setting != KeepOriginals::None);
  return out;
}

TEST(PseudonymMap, KeepsPersonStudyAndUidsForTheWayBack) {
  EXPECT_EQ(kept_under(KeepOriginals::Study), (Kept{true, true, true}));
}
TEST(PseudonymMap, KeepsOnlyThePersonWhereOnlyTheIdentityIsWanted) {
  EXPECT_EQ(kept_under(KeepOriginals::Identity), (Kept{true, false, false}));
}
TEST(PseudonymMap, KeepsNobodyWhereNothingIsWanted) {
  EXPECT_EQ(kept_under(KeepOriginals::None), (Kept{false, false, false}));
}

TEST(PseudonymMap, LooksUpAPatientByIdWhateverItsIssuer) {
  Node node;
  const auto map = node.open();
  const Subject own = resolve(*map, Source());
  const Subject foreign = resolve(*map, Source().issuer("CLINIC-B").study("1.2.3.2"));

  const auto found = map->lookup(Phi(" PID-778812 "));

  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].pseudonym, own.pseudonym);
  EXPECT_EQ(found[0].site_code, "HA");
  EXPECT_EQ(found[0].study_uids, std::vector<std::string>{own.study_uid});
  EXPECT_EQ(found[1].pseudonym, foreign.pseudonym);
  EXPECT_TRUE(map->lookup(Phi("PID-77881")).empty());
}

TEST(PseudonymMap, RevealsThePersonOfAPseudonym) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());

  const auto revealed = map->reveal(subject.pseudonym);
  std::string mistyped = subject.pseudonym;
  mistyped[8] = mistyped[8] == 'A' ? 'B' : 'A';

  ASSERT_TRUE(revealed.has_value());
  EXPECT_EQ(revealed->patient_id.reveal(), "PID-778812");
  EXPECT_EQ(revealed->name.reveal(), "MARKERNAME^MARIA");
  EXPECT_EQ(revealed->birth_date.reveal(), "19610305");
  EXPECT_EQ(revealed->sex.reveal(), "F");
  EXPECT_EQ(map->reveal(mistyped).error().fault, Fault::Invalid);
  EXPECT_EQ(map->reveal(make_pseudonym("HA")).error().fault, Fault::NotFound);
}

}  // namespace
}  // namespace dosigate::testing
