// The same instance comes again, from whoever has it, in whatever dress: it is the same object at
// the archive.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};

/// What a PACS makes of a header by itself.
const std::vector<std::string> kCoerced{
    "-m", "PatientName=Silveira^Joana^^Sra", "-m", "AccessionNumber=RIS0099881",
    "-m", "StudyDescription=PET/CT CORPO",   "-i", "InstitutionName=HOSPITAL CENTRAL",
    "-m", "ReferringPhysicianName=DR^COSTA"};

TEST(StoryOfAgain, WhatTheArchiveLostComesAgainUnderTheSameUids) {
  Story story;
  const std::vector<std::filesystem::path> files{story.write({"Joana", kJoana, "CT", "1"}).file,
                                                 story.write({"Joana", kJoana, "PT", "2"}).file,
                                                 story.write({"Joana", kJoana, "NM", "3"}).file};
  ASSERT_TRUE(story.send_files(files));
  const auto before = story.at_archive().sop_uids();
  ASSERT_THAT(before, SizeIs(3));
  story.archive().lose_everything();

  ASSERT_TRUE(story.send_files(files));

  EXPECT_EQ(story.at_archive().sop_uids(), before);
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfAgain, ModalityAndPacsSendTheSameWhileItIsQueuedAndOneObjectArrives) {
  Story story;
  const auto scan = story.write({"Joana", kJoana, "PT", "1"});
  const auto copy = story.edited(scan, kCoerced);
  story.archive().stop();
  ASSERT_EQ(run(storescu_arguments(story.node().port(), {scan.file})).code, 0);

  ASSERT_EQ(run(storescu_arguments(story.node().port(), {copy})).code, 0);

  EXPECT_EQ(story.node().totals().duplicate, 1U);
  EXPECT_EQ(story.node().totals().queued, 1U);
  story.archive().start();
  ASSERT_TRUE(story.node().settles());
  EXPECT_THAT(story.at_archive().objects(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfAgain, ModalityAndPacsSendTheSameAfterDeliveryAndItStaysOneObject) {
  Story story;
  const auto scan = story.write({"Joana", kJoana, "PT", "1"});
  ASSERT_TRUE(story.send(scan));
  const auto before = story.at_archive().sop_uids();

  ASSERT_TRUE(story.send_files({story.edited(scan, kCoerced)}));

  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_EQ(story.at_archive().sop_uids(), before);
  EXPECT_THAT(story.faults(), IsEmpty());
}

/// One lossless syntax after another: how to make it of the file of the modality, with the program
/// and its arguments before the two file names.
struct Dress {
  const char* name;
  std::vector<std::string> made_by;
  friend std::ostream& operator<<(std::ostream& out, const Dress& dress) {
    return out << dress.name;
  }
};

class InAnotherDress : public ::testing::TestWithParam<Dress> {};

TEST_P(InAnotherDress, AnInstanceIsTheSame) {
  Story story;
  const auto scan = story.write({"Joana", kJoana, "PT", "1"});
  ASSERT_TRUE(story.send(scan));
  const auto before = story.at_archive().sop_uids();
  const auto copy = story.directory() / "sent" / "copy.dcm";
  auto argv = GetParam().made_by;
  argv.insert(argv.end(), {scan.file.string(), copy.string()});
  ASSERT_EQ(run(argv).code, 0);

  // dcmsend proposes the syntax that the file has.
  const Finished sent = run({"dcmsend", "-dn", "-v", "-aec", "DOSIGATE", "127.0.0.1",
                             story.node().port_text(), copy.string()});
  ASSERT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(story.node().settles());

  EXPECT_EQ(story.node().totals().received, 2U);
  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_EQ(story.at_archive().sop_uids(), before);
  EXPECT_THAT(story.faults(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Every, InAnotherDress,
                         ::testing::Values(Dress{"ImplicitLittleEndian", {"dcmconv", "+ti"}},
                                           Dress{"ExplicitBigEndian", {"dcmconv", "+tb"}},
                                           Dress{"Deflated", {"dcmconv", "+td"}},
                                           Dress{"Rle", {"dcmcrle", "+un"}},
                                           Dress{"JpegLs", {"dcmcjpls", "+el", "+un"}},
                                           Dress{"JpegLossless", {"dcmcjpeg", "+e1", "+un"}}),
                         [](const auto& dress) { return std::string(dress.param.name); });

TEST(StoryOfAgain, AProfileUpgradeBetweenTwoSendsKeepsPseudonymUidsAndOffset) {
  Story story({.node = {.route = "profile = \"basic\""}});
  const auto first = story.write({"Joana", kJoana, "PT", "1"});
  const auto second = story.write({"Joana", kJoana, "PT", "1", "1", "2"});
  ASSERT_TRUE(story.send_files({first.file, second.file}));
  const auto before = story.at_archive();
  ASSERT_TRUE(story.reconfigure("profile = \"basic\"", "profile = \"dosimetry\""));

  ASSERT_TRUE(story.send_files({first.file, second.file}));
  const auto third = story.write({"Joana", kJoana, "PT", "1", "1", "3"});
  const auto other = story.write(
      {.person = "Joana", .headers = kJoana, .modality = "PT", .study = "2", .date = "20250429"});
  ASSERT_TRUE(story.send_files({third.file, other.file}));

  const auto after = story.at_archive();
  EXPECT_EQ(after.pseudonyms(), before.pseudonyms());
  ASSERT_THAT(after.of(first.mark), SizeIs(1));
  EXPECT_EQ(after.of(first.mark)[0].sop_uid, before.of(first.mark)[0].sop_uid);
  EXPECT_EQ(after.of(third.mark)[0].study_uid, before.of(first.mark)[0].study_uid);
  EXPECT_EQ(after.of(third.mark)[0].series_uid, before.of(first.mark)[0].series_uid);
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
