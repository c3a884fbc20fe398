// What a person may ask of the hospital: what was sent of me, and forget me.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/arrival.h"
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

TEST(StoryOfRights, AReportSaysWhatWasSentWhenToWhomAndWhy) {
  Story::Settings settings;
  settings.orthanc = true;
  Story story(settings);
  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "1"}));
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "2"}));
  ASSERT_TRUE(story.send({"Carlos", kCarlos, "CT", "3"}));

  const Finished report =
      story.node().dosigate({"map", "report", "--reason", "she asks"}, kJoana.id + "\n");

  EXPECT_EQ(report.code, 0) << report.output;
  EXPECT_THAT(report.output, HasSubstr("2 studies"));
  EXPECT_THAT(report.output, HasSubstr(*story.pseudonyms_of(kJoana.id).begin()));
  for (const char* word : {"archive", "second", "purpose test", "legal basis synthetic data"})
    EXPECT_THAT(report.output, HasSubstr(word));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRights, WhoIsForgottenIsHeldWhenTheOldStudyReturnsAndNewWhenANewOneComes) {
  Story::Settings settings;
  settings.orthanc = true;
  Story story(settings);
  const auto first = story.write({"Joana", kJoana, "PT", "1"});
  const auto second = story.write({"Joana", kJoana, "NM", "2"});
  ASSERT_TRUE(story.send_files({first.file, second.file}));
  ASSERT_TRUE(story.send({"Carlos", kCarlos, "CT", "3"}));
  // One original of hers waits for somebody to look at its pixels.
  const auto unclear = story.write({"Joana", kJoana, "CT", "1", "2"});
  ASSERT_TRUE(story.send_files({story.edited(unclear, {"-i", "BurnedInAnnotation=YES"})}));
  ASSERT_THAT(story.held(), SizeIs(1));
  // Seen at the archive, not asked of the map: whoever asks is in the audit log with the answer.
  const std::string pseudonym = story.at_archive().of(first.mark).at(0).pseudonym;
  story.is_stale(story.at_archive().of(first.mark));
  story.is_stale(story.at_archive().of(second.mark));

  ASSERT_TRUE(story.done({"map", "forget", pseudonym, "--yes", "--reason", "LGPD art. 18 VI"}));

  EXPECT_THAT(story.held(), IsEmpty()) << "originals are destroyed";
  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    EXPECT_THAT(census.notes(), SizeIs(2));
    EXPECT_THAT(census.notes(), Each(Field(&ArchivedObject::code, "113039")));
  }
  EXPECT_THAT(story.pseudonyms_of(kCarlos.id), SizeIs(1));

  // The PACS knows nothing of it and sends the study again.
  ASSERT_TRUE(story.send(first));
  ASSERT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.held()[0].detail, HasSubstr("forgotten"));
  // A new treatment is a new patient.
  const auto later = story.write(
      {.person = "Joana", .headers = kJoana, .modality = "PT", .study = "4", .date = "20250429"});
  ASSERT_TRUE(story.send(later));
  ASSERT_THAT(story.at_archive().of(later.mark), SizeIs(1));
  EXPECT_NE(story.at_archive().of(later.mark)[0].pseudonym, pseudonym);
  EXPECT_EQ(story.node().dosigate({"audit", "verify"}).code, 0);
  EXPECT_THAT(story.faults(), IsEmpty());

  // Nothing in the node's own files leads to the old pseudonym, once it has ended as well.
  ASSERT_EQ(story.node().stop(), 0);
  for (const char* part : {"state", "journal"})
    EXPECT_THAT(leak_lines(story.node().directory() / part, {{"pseudonym", pseudonym}}, {}),
                IsEmpty());
}

TEST(StoryOfRights, WhatIsQueuedOfAForgottenPersonNeverLeaves) {
  Story story;
  ASSERT_TRUE(story.send({"Carlos", kCarlos, "CT", "2"}));
  story.archive().stop();
  const auto scan = story.write({"Joana", kJoana, "PT", "1"});
  ASSERT_EQ(run(storescu_arguments(story.node().port(), {scan.file})).code, 0);

  ASSERT_TRUE(
      story.done({"map", "forget", "--yes", "--reason", "LGPD art. 18 VI"}, kJoana.id + "\n"));

  story.archive().start();
  EXPECT_EQ(story.node().totals().queued, 0U);
  EXPECT_THAT(story.at_archive().of(scan.mark), IsEmpty());
  EXPECT_THAT(story.at_archive().notes(), IsEmpty()) << "nobody has anything of hers";
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
