// Somebody says that an image must not be used: every archive that has it is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/json.hpp>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};

Story::Settings two_archives() {
  Story::Settings out;
  out.orthanc = true;
  return out;
}

boost::json::value json_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
}

/// study.json beside the object says `withdrawn`, with this code.
bool becomes_marked(Story& story, const ArchivedObject& lies, const std::string& code) {
  const auto card = story.node().arrived() / lies.pseudonym / lies.study_uid / "study.json";
  return eventually([&] {
    if (!std::filesystem::exists(card)) return false;  // it comes a moment after the files
    const auto study = json_of(card);
    const auto* withdrawn = study.as_object().if_contains("withdrawn");
    return withdrawn != nullptr &&
           boost::json::serialize(*withdrawn).find(code) != std::string::npos;
  });
}

class Received : public ::testing::TestWithParam<const char*> {};

TEST_P(Received, RejectionNoteIsMappedForwardedAndTheStudyIsMarked) {
  Story story(two_archives());
  const SourceInstance blurred{"Joana", kJoana, "NM", "1", "1", "1"};
  const auto bad = story.write(blurred);
  const auto good = story.write({"Joana", kJoana, "NM", "1", "1", "2"});
  ASSERT_TRUE(story.send_files({bad.file, good.file}));
  story.is_stale(story.at_archive().of(bad.mark));
  const std::string study = story.at_archive().of(bad.mark).at(0).study_uid;

  const auto note = story.directory() / "sent" / "note.dcm";
  write_rejection_note(note, {blurred}, GetParam());
  ASSERT_TRUE(story.send_files({note}));

  EXPECT_THAT(story.held(), IsEmpty());
  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    ASSERT_THAT(census.notes(), SizeIs(1));
    EXPECT_EQ(census.notes()[0].code, GetParam());
    EXPECT_THAT(census.notes()[0].rejected, SizeIs(1));
    EXPECT_TRUE(census.is_marked(census.of(bad.mark).at(0)));
    EXPECT_FALSE(census.is_marked(census.of(good.mark).at(0)));
  }
  EXPECT_THAT(story.node().dosigate({"study", "withdrawals", study}).output, HasSubstr("received"));
  EXPECT_THAT(story.node().dosigate({"study", study}).output,
              HasSubstr(std::string("WITHDRAWN ") + GetParam()));
  EXPECT_THAT(story.faults(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Every, Received, ::testing::Values("113001", "113037", "113038", "113039"),
                         [](const auto& code) { return "Code" + std::string(code.param); });

TEST(StoryOfWithdrawal, AStudyIsWithdrawnHeldWhenItReturnsAndAdmittedAgain) {
  Story story(two_archives());
  const auto scan = story.write({"Joana", kJoana, "PT", "1"});
  ASSERT_TRUE(story.send(scan));
  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "2"}));
  story.is_stale(story.at_archive().of(scan.mark));
  const std::string study = story.at_archive().of(scan.mark).at(0).study_uid;

  ASSERT_TRUE(
      story.done({"study", "withdraw", study, "--code", "quality", "--reason", "patient moved"}));

  for (const Census& census : {story.at_archive(), story.at_orthanc()}) {
    ASSERT_THAT(census.notes(), SizeIs(1));
    EXPECT_EQ(census.notes()[0].code, "113001");
  }
  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "1", "1", "2"}));
  EXPECT_THAT(story.held(), SizeIs(1));
  ASSERT_TRUE(story.done({"study", "admit", study, "--reason", "looked at it again"}));
  ASSERT_TRUE(story.release_all());
  EXPECT_THAT(story.at_archive().unmarked(), SizeIs(2));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfWithdrawal, AFolderIsToldByANoteAndInStudyJson) {
  Story::Settings settings;
  settings.folder = true;
  Story story(settings);
  const auto scan = story.write({"Joana", kJoana, "NM", "1"});
  ASSERT_TRUE(story.send(scan));
  const auto lies = story.at_archive().of(scan.mark).at(0);
  story.is_stale({lies});

  ASSERT_TRUE(story.done(
      {"study", "withdraw", lies.study_uid, "--code", "worklist", "--reason", "other patient"}));

  EXPECT_TRUE(becomes_marked(story, lies, "113038"));
  EXPECT_THAT(story.at_archive().notes(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfWithdrawal, AFolderIsMarkedByANoteOfThePacsToo) {
  Story::Settings settings;
  settings.folder = true;
  Story story(settings);
  const SourceInstance blurred{"Joana", kJoana, "NM", "1"};
  const auto scan = story.write(blurred);
  ASSERT_TRUE(story.send(scan));
  const auto lies = story.at_archive().of(scan.mark).at(0);
  story.is_stale({lies});

  const auto note = story.directory() / "sent" / "note.dcm";
  write_rejection_note(note, {blurred}, "113037");
  ASSERT_TRUE(story.send_files({note}));

  EXPECT_TRUE(becomes_marked(story, lies, "113037"));
  EXPECT_THAT(story.at_archive().notes(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfWithdrawal, WhatHasNotLeftYetNeverLeaves) {
  Story story;
  story.archive().stop();
  const auto scan = story.write({"Joana", kJoana, "PT", "1"});
  EXPECT_EQ(run(storescu_arguments(story.node().port(), {scan.file})).code, 0);
  const std::string study = story.studies_of(kJoana.id).at(0);

  ASSERT_TRUE(story.done({"study", "withdraw", study, "--code", "safety", "--reason", "not his"}));

  story.archive().start();
  EXPECT_EQ(story.node().totals().queued, 0U);
  EXPECT_THAT(story.at_archive().objects(), IsEmpty());
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
