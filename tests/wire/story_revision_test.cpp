// The weight was wrong and is sent again: another version of the same instance, never a silent
// second truth.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "support/phantom_compare.h"
#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};

SourceInstance weighing(const std::string& kilograms) {
  return {.person = "Joana", .headers = kJoana, .modality = "PT", .weight = kilograms};
}

/// SOP Instance UIDs that an object names as its earlier version.
std::string predecessor_of(const ArchivedObject& object) {
  LoadedFile file;
  if (file.format.loadFile(object.file.c_str()).bad()) return "unreadable";
  DcmItem* item = nullptr;
  if (file.data().findAndGetSequenceItem(DCM_ReferencedImageSequence, item).bad()) return "";
  return value_of(*item, DCM_ReferencedSOPInstanceUID);
}

std::string weight_of(const ArchivedObject& object) {
  LoadedFile file;
  if (file.format.loadFile(object.file.c_str()).bad()) return "unreadable";
  return value_of(file.data(), DCM_PatientWeight);
}

std::string revision_id(Story& story) {
  const Finished list = story.node().dosigate({"revision", "list", "--json"});
  const auto body = boost::json::parse(list.output);
  return std::string(body.at("items").at(0).at("id").as_string());
}

/// The new version lies at the archive beside the old one, which a note rejects.
void expect_revised(Story& story, const Story::Written& wrong, const Story::Written& right) {
  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    ASSERT_THAT(census.of(right.mark), SizeIs(1));
    ASSERT_THAT(census.of(wrong.mark), SizeIs(1));
    const ArchivedObject before = census.of(wrong.mark)[0];
    const ArchivedObject after = census.of(right.mark)[0];
    EXPECT_TRUE(census.is_marked(before));
    EXPECT_FALSE(census.is_marked(after));
    EXPECT_EQ(weight_of(after), "72.5");
    EXPECT_EQ(after.study_uid, before.study_uid);
    EXPECT_EQ(after.pseudonym, before.pseudonym);
    EXPECT_NE(after.sop_uid, before.sop_uid);
    EXPECT_EQ(predecessor_of(after), before.sop_uid);
    EXPECT_THAT(census.notes(), SizeIs(1));
  }
}

Story::Settings two_archives(const std::string& route = "") {
  Story::Settings out;
  out.orthanc = true;
  out.node.route = route;
  return out;
}

TEST(StoryOfRevisions, ACorrectedWeightIsHeldShownAndSentUnderAUidOfItsOwn) {
  Story story(two_archives());
  const auto wrong = story.write(weighing("0"));
  ASSERT_TRUE(story.send(wrong));
  const auto right = story.write(weighing("72.5"));
  ASSERT_TRUE(story.send(right));
  ASSERT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.at_archive().objects(), SizeIs(1));
  story.is_stale(story.at_archive().of(wrong.mark));
  const std::string study = story.at_archive().of(wrong.mark).at(0).study_uid;
  EXPECT_THAT(story.node().dosigate({"study", study}).output, HasSubstr("weight-zero"));

  const std::string id = revision_id(story);
  EXPECT_EQ(story.node().dosigate({"revision", "show", id}).code, 0);
  ASSERT_TRUE(story.done({"revision", "send", id, "--reason", "weighed again"}));

  EXPECT_THAT(story.held(), IsEmpty());
  expect_revised(story, wrong, right);
  EXPECT_THAT(story.node().dosigate({"study", study}).output, Not(HasSubstr("weight-")))
      << "only the version that holds is judged";
  // The corrected one is the one that is known: it may come again, as often as it likes.
  ASSERT_TRUE(story.send(right));
  EXPECT_THAT(story.held(), IsEmpty());
  expect_revised(story, wrong, right);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRevisions, ARouteSendsThemByItself) {
  Story story(two_archives("revisions = \"new-uid\""));
  const auto wrong = story.write(weighing("0"));
  ASSERT_TRUE(story.send(wrong));
  story.is_stale(story.at_archive().of(wrong.mark));
  const auto right = story.write(weighing("72.5"));

  ASSERT_TRUE(story.send(right));

  EXPECT_THAT(story.held(), IsEmpty());
  expect_revised(story, wrong, right);
  // The modality does not know of the correction and sends what it has: nobody but a person can say
  // which of the two is right.
  ASSERT_TRUE(story.send(wrong));
  EXPECT_THAT(story.held(), SizeIs(1));
  expect_revised(story, wrong, right);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRevisions, AVersionThatHasNotLeftIsOvertakenByTheCorrectedOne) {
  Story story({.node = {.route = "revisions = \"new-uid\""}});
  story.archive().stop();
  const auto wrong = story.write(weighing("0"));
  const auto right = story.write(weighing("72.5"));
  for (const auto& version : {wrong, right})
    ASSERT_EQ(run(storescu_arguments(story.node().port(), {version.file})).code, 0);

  story.archive().start();

  ASSERT_TRUE(story.node().settles());
  ASSERT_THAT(story.at_archive().unmarked(), SizeIs(1));
  EXPECT_EQ(weight_of(story.at_archive().unmarked()[0]), "72.5");
  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRevisions, WhatTheArchiveLostComesAgainAsTheVersionThatHolds) {
  Story story({.node = {.route = "revisions = \"new-uid\""}});
  const auto wrong = story.write(weighing("0"));
  const auto right = story.write(weighing("72.5"));
  ASSERT_TRUE(story.send(wrong));
  ASSERT_TRUE(story.send(right));
  const auto before = story.at_archive().of(right.mark);
  story.archive().lose_everything();

  ASSERT_TRUE(story.send(right));

  ASSERT_THAT(story.at_archive().objects(), SizeIs(1));
  EXPECT_EQ(story.at_archive().objects()[0].sop_uid, before.at(0).sop_uid);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRevisions, AVersionThatIsDroppedNeverArrives) {
  Story story;
  const auto right = story.write(weighing("72.5"));
  ASSERT_TRUE(story.send(right));
  const auto wrong = story.write(weighing("725"));
  ASSERT_TRUE(story.send(wrong));

  ASSERT_TRUE(story.done({"revision", "drop", revision_id(story), "--reason", "typing error"}));

  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.at_archive().objects(), SizeIs(1));
  EXPECT_EQ(weight_of(story.at_archive().objects()[0]), "72.5");
  EXPECT_EQ(story.node().totals().discarded, 1U);
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
