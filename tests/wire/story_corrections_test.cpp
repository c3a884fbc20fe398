// A person corrects who is who: the study comes to the right patient with UIDs of its own, and
// every archive is told which copies are not true any more.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kCarlos{
    .id = "55667788", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

Story::Settings two_archives() {
  Story::Settings out;
  out.orthanc = true;
  return out;
}

/// The one copy that no note names.
ArchivedObject present(const Census& census, unsigned mark) {
  for (const ArchivedObject& object : census.of(mark))
    if (!census.is_marked(object)) return object;
  throw std::runtime_error("no unmarked copy");
}

TEST(StoryOfCorrections, AStudyUnderTheWrongWorklistEntryIsCorrectedInThePacs) {
  Story story(two_archives());
  // Carlos lies on the table, the worklist entry is Joana's.
  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "1"}));
  const auto scan = story.write({"Carlos", kJoana, "PT", "2"});
  const auto more = story.write({"Carlos", kJoana, "PT", "2", "1", "2"});
  ASSERT_TRUE(story.send_files({scan.file, more.file}));
  const auto wrong = story.at_archive().of(scan.mark).at(0);
  story.is_stale(story.at_archive().of(scan.mark));
  story.is_stale(story.at_archive().of(more.mark));

  // The PACS is corrected and sends the study again.
  const std::vector<std::string> corrected{"-m", "PatientID=" + kCarlos.id,
                                           "-m", "PatientName=" + kCarlos.name,
                                           "-m", "PatientBirthDate=" + kCarlos.birth_date,
                                           "-m", "PatientSex=M"};
  ASSERT_TRUE(story.send_files({story.edited(scan, corrected), story.edited(more, corrected)}));
  ASSERT_THAT(story.held(), SizeIs(2));
  ASSERT_TRUE(story.done({"study", "reassign", wrong.study_uid, "--reason", "wrong worklist entry"},
                         kCarlos.id + "\n"));
  ASSERT_TRUE(story.release_all());

  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    const auto right = present(census, scan.mark);
    EXPECT_NE(right.pseudonym, wrong.pseudonym);
    EXPECT_NE(right.study_uid, wrong.study_uid);
    EXPECT_NE(right.series_uid, wrong.series_uid);
    EXPECT_THAT(census.notes(), SizeIs(1));
    EXPECT_THAT(census.notes(), Each(Field(&ArchivedObject::code, "113038")));
    EXPECT_THAT(census.pseudonyms(), SizeIs(2));
  }
  EXPECT_THAT(story.node().dosigate({"study", "withdrawals"}).output, HasSubstr("second"));
  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfCorrections, AStudyTakenAwayAndGivenBackHasUidsThatNothingHadBefore) {
  Story story;
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  const auto scan = story.write({"Joana", kJoana, "CT", "2"});
  ASSERT_TRUE(story.send(scan));
  const auto first = present(story.at_archive(), scan.mark);
  story.is_stale({first});

  ASSERT_TRUE(story.done({"study", "reassign", first.study_uid, "--reason", "thought his"},
                         kCarlos.id + "\n"));
  ASSERT_TRUE(story.send_files(
      {story.edited(scan, {"-m", "PatientID=" + kCarlos.id, "-m", "PatientName=" + kCarlos.name,
                           "-m", "PatientBirthDate=" + kCarlos.birth_date})}));
  ASSERT_THAT(story.held(), IsEmpty());
  const auto second = present(story.at_archive(), scan.mark);
  story.is_stale({second});
  ASSERT_TRUE(story.done({"study", "reassign", second.study_uid, "--reason", "hers after all"},
                         kJoana.id + "\n"));
  ASSERT_TRUE(story.send(scan));

  const auto third = present(story.at_archive(), scan.mark);
  EXPECT_EQ(third.pseudonym, first.pseudonym);
  EXPECT_NE(third.sop_uid, first.sop_uid);
  EXPECT_NE(third.study_uid, first.study_uid);
  EXPECT_EQ(third.study_date, first.study_date) << "the patient's offset is the patient's";
  EXPECT_THAT(story.at_archive().notes(), SizeIs(2));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfCorrections, TwoIdsOfOnePersonAreMergedAndTheLosersStudiesComeAgain) {
  Story story(two_archives());
  PatientHeaders second_id = kJoana;
  second_id.id = "66554433";
  const auto first = story.write({"Joana", kJoana, "NM", "1"});
  const auto second = story.write({.person = "Joana",
                                   .headers = second_id,
                                   .modality = "NM",
                                   .study = "2",
                                   .date = "20250429"});
  ASSERT_TRUE(story.send(first));
  ASSERT_TRUE(story.send(second));
  ASSERT_EQ(story.alarms(), 1);
  const auto winner = present(story.at_archive(), first.mark);
  const auto loser = present(story.at_archive(), second.mark);
  story.is_stale({loser});

  const Finished refused = story.node().dosigate(
      {"map", "alias", winner.pseudonym, "--reason", "asked her"}, second_id.id + "\n");
  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.output, HasSubstr("--resend"));
  EXPECT_THAT(story.at_archive().notes(), IsEmpty());
  const Finished merged = story.node().dosigate(
      {"map", "alias", winner.pseudonym, "--resend", "--reason", "asked her"}, second_id.id + "\n");
  ASSERT_EQ(merged.code, 0) << merged.output;
  EXPECT_THAT(merged.output, HasSubstr(loser.study_uid)) << "what the PACS has to send again";
  ASSERT_TRUE(story.node().settles());
  ASSERT_TRUE(story.send(second));

  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    EXPECT_EQ(present(census, second.mark).pseudonym, winner.pseudonym);
    EXPECT_NE(present(census, second.mark).study_uid, loser.study_uid);
    EXPECT_THAT(census.notes(), SizeIs(1));
    EXPECT_THAT(census.pseudonyms(), SizeIs(1));
  }
  EXPECT_EQ(story.pseudonyms_of(second_id.id), std::vector{winner.pseudonym});
  EXPECT_EQ(story.alarms(), 0);
  EXPECT_THAT(story.faults(), IsEmpty()) << "56 days between the two, as they were";
}

TEST(StoryOfCorrections, AnUnknownIdBecomesAKnownPersonsAndNothingHasToComeAgain) {
  Story story;
  PatientHeaders second_id = kJoana;
  second_id.id = "66554433";
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  const std::string pseudonym = *story.at_archive().pseudonyms().begin();

  ASSERT_TRUE(story.done({"map", "alias", pseudonym, "--reason", "new card"}, second_id.id + "\n"));
  ASSERT_TRUE(story.send({"Joana", second_id, "CT", "2"}));

  EXPECT_THAT(story.at_archive().pseudonyms(), SizeIs(1));
  EXPECT_THAT(story.at_archive().notes(), IsEmpty());
  EXPECT_EQ(story.alarms(), 0);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfCorrections, AStudyThatReturnsUnderAnIdOfTheSamePersonIsReleasedByTheAlias) {
  Story story;
  PatientHeaders second_id = kJoana;
  second_id.id = "66554433";
  const auto scan = story.write({"Joana", kJoana, "CT", "1"});
  ASSERT_TRUE(story.send(scan));
  const auto before = story.at_archive();
  ASSERT_TRUE(story.send_files({story.edited(scan, {"-m", "PatientID=" + second_id.id})}));
  ASSERT_THAT(story.held(), SizeIs(1));

  ASSERT_TRUE(story.done({"map", "alias", *before.pseudonyms().begin(), "--reason", "new card"},
                         second_id.id + "\n"));
  ASSERT_TRUE(story.release_all());

  EXPECT_EQ(story.at_archive().sop_uids(), before.sop_uids());
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfCorrections, TwoPersonsUnderOneIdAreSplitAndWhatComesLaterGoesToEach) {
  Story story(two_archives());
  // Father and son, one card: the names share a word, so nobody noticed.
  const PatientHeaders father{
      .id = "77881234", .name = "BARCELLOS^ANTONIO", .birth_date = "19400101", .sex = "M"};
  PatientHeaders son = father;
  son.name = "BARCELLOS^ANTONIO FILHO";
  ASSERT_TRUE(story.send({"father", father, "NM", "1"}));
  const auto scan = story.write({"son", son, "NM", "2"});
  ASSERT_TRUE(story.send(scan));
  const auto wrong = present(story.at_archive(), scan.mark);
  story.is_stale({wrong});

  son.id = "90001000";
  ASSERT_TRUE(
      story.done({"study", "reassign", wrong.study_uid, "--reason", "his son's"}, son.id + "\n"));
  ASSERT_TRUE(story.send_files({story.edited(scan, {"-m", "PatientID=" + son.id})}));
  ASSERT_TRUE(story.send(
      {.person = "son", .headers = son, .modality = "NM", .study = "3", .date = "20250429"}));
  ASSERT_TRUE(story.send({"father", father, "NM", "4"}));

  EXPECT_THAT(story.held(), IsEmpty());
  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    EXPECT_THAT(census.pseudonyms(), SizeIs(2));
    EXPECT_NE(present(census, scan.mark).pseudonym, wrong.pseudonym);
  }
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfCorrections, WhatWaitsOfAReassignedStudyNeverLeavesUnderTheWrongName) {
  Story story;
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  story.archive().stop();
  const auto scan = story.write({"Carlos", kJoana, "CT", "2"});
  ASSERT_EQ(run(storescu_arguments(story.node().port(), {scan.file})).code, 0);
  const std::string wrong =
      story.studies_of(kJoana.id, story.at_archive().objects().at(0).study_uid).at(0);

  ASSERT_TRUE(story.done({"study", "reassign", wrong, "--reason", "wrong worklist entry"},
                         kCarlos.id + "\n"));
  const auto right =
      story.edited(scan, {"-m", "PatientID=" + kCarlos.id, "-m", "PatientName=" + kCarlos.name,
                          "-m", "PatientBirthDate=" + kCarlos.birth_date, "-m", "PatientSex=M"});
  ASSERT_EQ(run(storescu_arguments(story.node().port(), {right})).code, 0);
  story.archive().start();

  ASSERT_TRUE(story.node().settles());
  ASSERT_THAT(story.at_archive().of(scan.mark), SizeIs(1));
  EXPECT_NE(story.at_archive().of(scan.mark)[0].study_uid, wrong);
  EXPECT_THAT(story.at_archive().notes(), IsEmpty()) << "nobody has anything to reject";
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfCorrections, ATypedIdStandsInNoAuditLine) {
  Story story;
  const auto scan = story.write({"Joana", kJoana, "CT", "1"});
  ASSERT_TRUE(story.send(scan));
  ASSERT_TRUE(story.done({"study", "reassign", present(story.at_archive(), scan.mark).study_uid,
                          "--reason", "wrong worklist entry"},
                         kCarlos.id + "\n"));

  EXPECT_EQ(story.node().dosigate({"audit", "verify"}).code, 0);
  story.is_truly("1", "Carlos");
  story.is_stale(story.at_archive().of(scan.mark));
  // The planted ids of the story do not hold Carlos's yet: he is sent now.
  ASSERT_TRUE(story.send_files({story.write({"Carlos", kCarlos, "CT", "1"}).file}));
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
