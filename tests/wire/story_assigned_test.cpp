// A hospital comes with pseudonyms that were assigned elsewhere: whoever has one keeps it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kCarlos{
    .id = "55667788", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

TEST(StoryOfAssigned, APseudonymFromElsewhereIsThePatientsWithItsOffset) {
  Story story;
  ASSERT_TRUE(story.done({"map", "import", "-", "--reason", "from the registry"},
                         "site,patient_id,issuer,pseudonym,offset_days\n"
                         "TEST,77881234,,REG-0017,-400\nTEST,44556677,,REG-0018,\n"));

  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "1"}));
  ASSERT_TRUE(story.send({"Carlos", kCarlos, "CT", "2"}));

  const Census census = story.at_archive();
  ASSERT_THAT(census.objects(), SizeIs(2));
  EXPECT_EQ(census.of(1).at(0).pseudonym, "REG-0017");
  EXPECT_EQ(census.of(1).at(0).study_date, "20240129") << "400 days before 2025-03-04";
  EXPECT_THAT(census.of(2).at(0).pseudonym, HasSubstr("DSG-TEST-"));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfAssigned, OneConflictRefusesAllRowsAndNamesNobody) {
  Story story;
  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "1"}));

  const Finished refused =
      story.node().dosigate({"map", "import", "-", "--reason", "from the registry"},
                            "site,patient_id,issuer,pseudonym,offset_days\n"
                            "TEST,55667788,,REG-0019,-400\nTEST,77881234,,REG-0017,-400\n");

  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.output, HasSubstr("2"));
  EXPECT_THAT(refused.output, Not(HasSubstr("77881234")));
  EXPECT_THAT(story.pseudonyms_of(kCarlos.id), IsEmpty());
  ASSERT_TRUE(story.send({"Carlos", kCarlos, "CT", "2"}));
  EXPECT_THAT(story.at_archive().of(2).at(0).pseudonym, HasSubstr("DSG-TEST-"));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfAssigned, AnExportIsSealedAndOpensWithTheRecoveryKeyAlone) {
  Story story;
  ASSERT_TRUE(story.send({"Joana", kJoana, "PT", "1"}));
  const auto folder = story.directory() / "exports";
  std::filesystem::create_directories(folder);

  ASSERT_TRUE(story.done({"map", "export", folder.string(), "--reason", "for the registry"}));

  const auto made = std::filesystem::directory_iterator(folder)->path();
  const Finished opened = story.node().dosigate({"map", "open-export", made.string()},
                                                story.node().recovery_key() + "\n");
  EXPECT_EQ(opened.code, 0) << opened.output;
  EXPECT_THAT(opened.output, HasSubstr("77881234"));
  EXPECT_THAT(opened.output, HasSubstr(*story.at_archive().pseudonyms().begin()));
  EXPECT_THAT(story.faults(), IsEmpty()) << "nothing of it lies open on the disk";
}

}  // namespace
}  // namespace dosigate::testing
