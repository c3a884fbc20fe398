// A person decides while the modality is still sending: no instance slips through between the two.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr unsigned kInstances = 80;

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kCarlos{
    .id = "55667788", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

class StoryOfARush : public ::testing::Test {
 protected:
  /// Instances of one study, and a sender that is in the middle of it.
  void sends(const std::string& person, const PatientHeaders& headers, const std::string& study) {
    for (unsigned i = 1; i <= kInstances; ++i) {
      written_.push_back(story_.write({.person = person,
                                       .headers = headers,
                                       .study = study,
                                       .instance = std::to_string(i),
                                       .pixels = i}));
      files_.push_back(written_.back().file);
    }
    auto argv = storescu_arguments(story_.node().port(), files_);
    argv.insert(argv.begin() + 1, "-v");
    sender_ = std::make_unique<Process>(argv, story_.directory() / "sent" / "sender");
    ASSERT_TRUE(eventually([&] { return acknowledged(sender_->output()).size() >= 3; }));
  }
  void has_sent_all() {
    EXPECT_EQ(sender_->wait(std::chrono::seconds(60)), 0) << sender_->output();
    EXPECT_TRUE(story_.node().settles());
  }
  /// Everything that lies at the archive under the pseudonym.
  std::vector<ArchivedObject> under(const std::string& pseudonym) const {
    std::vector<ArchivedObject> out;
    const Census census = story_.at_archive();
    for (const ArchivedObject& object : census.objects())
      if (object.pseudonym == pseudonym && object.code.empty()) out.push_back(object);
    return out;
  }

  Story story_;
  std::vector<Story::Written> written_;
  std::vector<std::filesystem::path> files_;
  std::unique_ptr<Process> sender_;
};

TEST_F(StoryOfARush, WhoIsForgottenWhileASeriesArrivesHasNothingUnmarkedAtTheArchive) {
  sends("Joana", kJoana, "1");
  const std::string pseudonym = story_.pseudonyms_of(kJoana.id).at(0);

  const Finished forgotten =
      story_.node().dosigate({"map", "forget", pseudonym, "--yes", "--reason", "LGPD art. 18 VI"});

  EXPECT_EQ(forgotten.code, 0) << forgotten.output;
  has_sent_all();
  story_.is_stale(under(pseudonym));
  EXPECT_THAT(story_.at_archive().unmarked(), IsEmpty());
  EXPECT_THAT(story_.pseudonyms_of(kJoana.id), IsEmpty()) << "a forgotten study makes nobody anew";
  EXPECT_THAT(story_.faults(), IsEmpty());
}

TEST_F(StoryOfARush, AStudyThatIsReassignedWhileItArrivesLeavesNothingUnmarkedBehind) {
  ASSERT_TRUE(story_.send({"Joana", kJoana, "CT", "2"}));
  const std::string wrong_pseudonym = *story_.at_archive().pseudonyms().begin();
  const std::string own_study = story_.at_archive().objects().at(0).study_uid;
  sends("Carlos", kJoana, "1");
  const std::string wrong = story_.studies_of(kJoana.id, own_study).at(0);

  const Finished done = story_.node().dosigate(
      {"study", "reassign", wrong, "--reason", "wrong worklist entry"}, kCarlos.id);

  EXPECT_EQ(done.code, 0) << done.output;
  has_sent_all();
  for (const ArchivedObject& object : under(wrong_pseudonym))
    if (object.study_uid == wrong) story_.is_stale({object});
  std::vector<std::filesystem::path> corrected;
  for (const auto& one : written_)
    corrected.push_back(
        story_.edited(one, {"-m", "PatientID=" + kCarlos.id, "-m", "PatientName=" + kCarlos.name,
                            "-m", "PatientBirthDate=" + kCarlos.birth_date, "-m", "PatientSex=M"}));
  ASSERT_TRUE(story_.send_files(corrected));
  EXPECT_THAT(story_.at_archive().unmarked(), SizeIs(kInstances + 1));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

TEST_F(StoryOfARush, TwoIdsThatAreMergedWhileTheSecondOneArrivesAreOnePerson) {
  PatientHeaders second_id = kJoana;
  second_id.id = "66554433";
  ASSERT_TRUE(story_.send({"Joana", kJoana, "CT", "2"}));
  const std::string winner = *story_.at_archive().pseudonyms().begin();
  sends("Joana", second_id, "1");
  const std::string loser = story_.pseudonyms_of(second_id.id).at(0);

  const Finished merged = story_.node().dosigate(
      {"map", "alias", winner, "--resend", "--reason", "asked her"}, second_id.id);

  EXPECT_EQ(merged.code, 0) << merged.output;
  has_sent_all();
  story_.is_stale(under(loser));
  ASSERT_TRUE(story_.send_files(files_));
  EXPECT_THAT(story_.held(), IsEmpty());
  EXPECT_EQ(story_.at_archive().pseudonyms(), std::set{winner});
  EXPECT_THAT(story_.at_archive().unmarked(), SizeIs(kInstances + 1));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
