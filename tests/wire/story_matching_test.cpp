// Who is who when headers are spelt in every way a hospital knows: one person keeps one pseudonym,
// two persons never share one, and what is in doubt waits for somebody.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};

TEST(StoryOfMatching, CycleTwoEightWeeksLaterFromACameraWithoutIssuerIsTheSamePatient) {
  Story story({.node = {.site = "issuers = [\"HUPE\"]"}});
  PatientHeaders with_issuer = kJoana;
  with_issuer.issuer = "HUPE";
  const auto first = story.write({"Joana", with_issuer, "NM", "1"});
  const auto second = story.write({.person = "Joana",
                                   .headers = kJoana,
                                   .modality = "NM",
                                   .study = "2",
                                   .date = "20250429",
                                   .serial = "SN-990011",
                                   .station = "HOSPNM02"});

  ASSERT_TRUE(story.send(first));
  ASSERT_TRUE(story.send(second));

  const Census census = story.at_archive();
  EXPECT_THAT(census.objects(), SizeIs(2));
  EXPECT_THAT(census.pseudonyms(), SizeIs(1));
  EXPECT_THAT(story.node().dosigate({"devices"}).output, HasSubstr("CAM-02"));
  EXPECT_THAT(story.faults(), IsEmpty()) << "the 56 days between the cycles are 56 days";
}

TEST(StoryOfMatching, AnotherHospitalsNumberIsAnotherPatient) {
  Story story({.node = {.site = "issuers = [\"HUPE\"]"}});
  PatientHeaders elsewhere{.id = "77881234",
                           .name = "MONTEIRO^CARLOS",
                           .birth_date = "19550101",
                           .sex = "M",
                           .issuer = "OUTRO HOSPITAL"};

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Carlos", elsewhere, "CT", "2"}));

  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, LeadingZerosOfAnIdAreNothingWhereTheSiteSaysSo) {
  Story story({.node = {.site = "normalise = [\"strip-leading-zeros\"]"}});
  PatientHeaders padded = kJoana;
  padded.id = "0000077881234";

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Joana", padded, "CT", "2"}));

  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(1));
  EXPECT_EQ(story.pseudonyms_of("0077881234"), story.pseudonyms_of("77881234"));
  EXPECT_EQ(story.alarms(), 0);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, LeadingZerosOfAnIdAreAnotherPatientElsewhereAndRaiseAnAlarm) {
  Story story;
  PatientHeaders padded = kJoana;
  padded.id = "0000077881234";

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Joana", padded, "CT", "2"}));

  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_EQ(story.alarms(), 1);
  story.stays_apart("Joana");
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, LeadingZerosInUidsOfAnOldCameraNameOtherObjectsAndBecomeValid) {
  Story story;

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "7", "1", "1"}));
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "007", "01", "0001"}));

  const Census census = story.at_archive();
  EXPECT_THAT(census.sop_uids(), SizeIs(2));
  for (const ArchivedObject& object : census.objects())
    for (const std::string& uid : {object.sop_uid, object.series_uid, object.study_uid})
      EXPECT_THAT(uid, ::testing::MatchesRegex("2\\.25\\.[1-9][0-9]*"));
  EXPECT_THAT(story.faults(), IsEmpty());
}

class Placeholder : public ::testing::TestWithParam<const char*> {};

TEST_P(Placeholder, IdIsHeldAndNeverMergesTwoPeople) {
  Story story;
  PatientHeaders nobody = kJoana;
  nobody.id = GetParam();
  PatientHeaders other{
      .id = GetParam(), .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

  ASSERT_TRUE(story.send({"Joana", nobody, "CT", "1"}));
  ASSERT_TRUE(story.send({"Carlos", other, "CT", "2"}));
  EXPECT_THAT(story.at_archive().objects(), IsEmpty());
  ASSERT_THAT(story.held(), SizeIs(2));
  for (const auto& held : story.held()) {
    EXPECT_THAT(held.detail, HasSubstr("placeholder"));
    EXPECT_NE(
        story.node().dosigate({"quarantine", "release", held.id, "--reason", "is she known?"}).code,
        0)
        << "nobody's word makes an id of a placeholder";
  }

  // The PACS puts both right and sends them again.
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  other.id = "55667788";
  ASSERT_TRUE(story.send({"Carlos", other, "CT", "2"}));

  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_THAT(story.faults(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Every, Placeholder, ::testing::Values("0", "TESTE", ""),
                         [](const auto& id) {
                           return std::string(id.param).empty() ? "Blank"
                                                                : "Id" + std::string(id.param);
                         });

TEST(StoryOfMatching, AWomanWhoMarriesStaysThePatientSheWas) {
  Story story;
  PatientHeaders married = kJoana;
  married.name = "MONTEIRO^JOANA SILVEIRA";
  PatientHeaders all_new = kJoana;
  all_new.name = "MONTEIRO^J";

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Joana", married, "CT", "2"}));
  ASSERT_TRUE(story.send({"Joana", all_new, "CT", "3"})) << "no word in common, but born that day";

  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.at_archive().objects(), SizeIs(3));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, ANewbornUnderItsMothersNumberIsHeldAndUnderItsOwnIsItself) {
  Story story;
  const PatientHeaders maria{.id = "77881234", .name = "SILVEIRA^MARIA"};
  PatientHeaders child{
      .id = "77881234", .name = "RN DE MARIA SILVEIRA", .birth_date = "20250301", .sex = "M"};

  ASSERT_TRUE(story.send({"Maria", maria, "CT", "1"}));
  ASSERT_TRUE(story.send({"child", child, "CT", "2"}));
  ASSERT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.held()[0].detail, HasSubstr("two persons"));
  child.id = "90001000";
  ASSERT_TRUE(story.send({"child", child, "CT", "2"}));
  child.name = "SILVEIRA^PEDRO HENRIQUE";
  ASSERT_TRUE(story.send({"child", child, "CT", "3"})) << "named since";

  EXPECT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_EQ(story.alarms(), 0);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, AccentsCaseAndParticlesMakeNobodyElse) {
  Story story;
  ASSERT_TRUE(
      story.send({"Conceição", {.id = "77881234", .name = "Conceição^João da"}, "CT", "1"}));

  for (const auto& [study, name] :
       {std::pair{"2", "CONCEICAO^JOAO"}, {"3", "conceição^joão"}, {"4", "JOAO DE CONCEICAO"}})
    ASSERT_TRUE(story.send({"Conceição", {.id = "77881234", .name = name}, "CT", study}));

  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.at_archive().objects(), SizeIs(4));
  EXPECT_EQ(story.alarms(), 0);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, OneIdWithTwoPersonsIsHeldAndTheFirstGoesOn) {
  Story story;
  const PatientHeaders carlos{
      .id = "77881234", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Carlos", carlos, "CT", "2"}));
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "3"}));

  ASSERT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.held()[0].detail, HasSubstr("one id, two persons"));
  EXPECT_EQ(story.node().dosigate({"check"}).code, 1);
  EXPECT_THAT(story.at_archive().objects(), SizeIs(2));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, TwoIdsOfOnePersonRaiseAnAlarmAndAreNotJoined) {
  Story story;
  PatientHeaders typed = kJoana;
  typed.id = "66554433";
  typed.name = "Joana Silveira";

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Joana", typed, "CT", "2"}));

  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_EQ(story.alarms(), 1);
  EXPECT_THAT(story.node().dosigate({"status"}).output, HasSubstr("two ids of one person"));
  story.stays_apart("Joana");
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, OneCpfUnderTwoIdsRaisesAnAlarmWhateverTheNames) {
  Story story;
  PatientHeaders with_cpf = kJoana;
  with_cpf.other_ids = {"319.504.286-05"};
  PatientHeaders elsewhere{
      .id = "66554433", .name = "S^J", .birth_date = "", .other_ids = {"31950428605"}};

  ASSERT_TRUE(story.send({"Joana", with_cpf, "CT", "1"}));
  ASSERT_TRUE(story.send({"Joana", elsewhere, "CT", "2"}));

  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_EQ(story.alarms(), 1);
  story.stays_apart("Joana");
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfMatching, AStudyThatReturnsUnderAnotherIdIsHeld) {
  Story story;
  const PatientHeaders carlos{
      .id = "55667788", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Joana", carlos, "CT", "1", "1", "2"}));

  ASSERT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.held()[0].detail, HasSubstr("known under another PatientID"));
  EXPECT_THAT(story.at_archive().objects(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
