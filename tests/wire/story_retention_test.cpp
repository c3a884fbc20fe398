// What the map keeps of a person, and of whom there is nothing to keep.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/paths.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kCarlos{
    .id = "77881234", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

TEST(StoryOfRetention, WithOriginalsKeptAPseudonymIsAPersonForWhoeverMayAsk) {
  Story story;
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));

  const Finished asked = story.node().dosigate(
      {"map", "reveal", *story.at_archive().pseudonyms().begin(), "--reason", "dose report"});

  EXPECT_EQ(asked.code, 0);
  EXPECT_THAT(asked.output, HasSubstr("SILVEIRA"));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRetention, WithTheIdentityKeptTheSameHoldsAndTwoPersonsAreStillNoticed) {
  Story story({.node = {.node = "keep_originals = \"identity\""}});
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story.send({"Carlos", kCarlos, "CT", "2"}));

  const Finished asked = story.node().dosigate(
      {"map", "reveal", *story.at_archive().pseudonyms().begin(), "--reason", "dose report"});

  EXPECT_THAT(asked.output, HasSubstr("SILVEIRA"));
  EXPECT_THAT(story.held(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfRetention, WithNothingKeptNobodyIsRevealedAndThePatientIsStillOne) {
  Story story({.node = {.node = "keep_originals = \"none\""}});
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_EQ(story.node().stop(), 0);
  story.node().start();
  ASSERT_TRUE(story.send({"Joana", kJoana, "CT", "2"}));
  const auto pseudonyms = story.at_archive().pseudonyms();
  ASSERT_THAT(pseudonyms, SizeIs(1));

  const Finished asked =
      story.node().dosigate({"map", "reveal", *pseudonyms.begin(), "--reason", "dose report"});

  EXPECT_NE(asked.code, 0);
  EXPECT_THAT(asked.output, Not(HasSubstr("SILVEIRA")));
  EXPECT_THAT(story.pseudonyms_of("77881234"), SizeIs(1)) << "who asks with the id still finds it";
  EXPECT_THAT(story.faults(), IsEmpty());
}

TEST(StoryOfSubjects, APhantomKeepsItsTrueDatesAndPatientsDoNot) {
  Story story;
  const auto shipped = std::filesystem::path(DOSIGATE_SOURCE_DIR) / "conf/profiles/dosimetry.toml";
  std::ifstream in(shipped);
  const std::string profile((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::ofstream(story.node().directory() / "profiles" / "dosimetry.toml")
      << profile << "\n[[subject]]\nname = \"phantoms\"\npatient_id = \"QC-*\"\ndates = \"keep\"\n";
  ASSERT_EQ(story.node().dosigate({"reload"}).code, 0);
  const auto phantom = story.write(
      {.person = "phantom",
       .headers = {.id = "QC-NEMA01", .name = "NEMA^CILINDRO", .birth_date = "", .sex = "O"},
       .modality = "NM"});
  const auto patient = story.write({"Joana", kJoana, "NM", "2"});

  ASSERT_TRUE(story.send_files({phantom.file, patient.file}));

  const Census census = story.at_archive();
  ASSERT_THAT(census.objects(), SizeIs(2));
  EXPECT_EQ(census.of(phantom.mark).at(0).study_date, "20250304");
  EXPECT_NE(census.of(patient.mark).at(0).study_date, "20250304");
  EXPECT_THAT(story.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
