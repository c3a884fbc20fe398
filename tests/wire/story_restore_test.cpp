// The machine is lost after the last backup: with backup, journal and recovery key everybody is who
// they were, nobody is split, and nobody forgotten comes back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kCarlos{
    .id = "55667788", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};
const PatientHeaders kTereza{
    .id = "44556677", .name = "FIGUEIREDO^TEREZA", .birth_date = "19720707"};

class StoryOfRestore : public ::testing::Test {
 protected:
  fs::path backup() {
    fs::create_directories(backups_);
    const Finished made = story_.node().dosigate({"backup", backups_.string()});
    EXPECT_EQ(made.code, 0) << made.output;
    for (const auto& entry : fs::directory_iterator(backups_)) return entry.path();
    throw std::runtime_error("no backup");
  }
  /// The disk of the machine dies with all that is on it, configuration and key included.
  void lose_the_machine(bool with_journal) {
    NodeProcess& node = story_.node();
    node.kill();
    for (const char* part : {"state", "master.key", "dosigate.toml", "profiles"})
      fs::remove_all(node.directory() / part);
    if (with_journal) {
      fs::remove_all(node.directory() / "journal");
      fs::create_directory(node.directory() / "journal");
    }
    fs::create_directory(node.directory() / "profiles");
  }
  Finished restore(const fs::path& folder, bool with_journal = true) {
    NodeProcess& node = story_.node();
    std::vector<std::string> arguments{"restore", folder.string()};
    if (with_journal)
      arguments.insert(arguments.end(), {"--journal", (node.directory() / "journal").string()});
    else
      arguments.emplace_back("--without-journal");
    return node.dosigate(arguments, node.recovery_key() + "\n");
  }

  Story story_;
  fs::path backups_ = story_.directory() / "backups";
};

TEST_F(StoryOfRestore, AStaleBackupAndTheJournalKnowWhatHappenedSince) {
  const auto before = story_.write({"Joana", kJoana, "PT", "1"});
  ASSERT_TRUE(story_.send(before));
  const fs::path folder = backup();
  // After the backup: a new patient, an alias, a study given to somebody else.
  const auto carlos = story_.write({"Carlos", kCarlos, "CT", "2"});
  ASSERT_TRUE(story_.send(carlos));
  PatientHeaders second_id = kJoana;
  second_id.id = "66554433";
  ASSERT_TRUE(
      story_.done({"map", "alias", story_.pseudonyms_of(kJoana.id).at(0), "--reason", "card"},
                  second_id.id + "\n"));
  const auto wrong = story_.write({"Tereza", kCarlos, "CT", "3"});
  ASSERT_TRUE(story_.send(wrong));
  const auto stale = story_.at_archive().of(wrong.mark).at(0);
  story_.is_stale({stale});
  ASSERT_TRUE(story_.done({"study", "reassign", stale.study_uid, "--reason", "wrong entry"},
                          kTereza.id + "\n"));
  const auto right =
      story_.edited(wrong, {"-m", "PatientID=" + kTereza.id, "-m", "PatientName=" + kTereza.name,
                            "-m", "PatientBirthDate=" + kTereza.birth_date});
  ASSERT_TRUE(story_.send_files({right}));
  const auto lain = story_.at_archive().sop_uids();

  lose_the_machine(false);
  const Finished restored = restore(folder);
  ASSERT_EQ(restored.code, 0) << restored.output;
  story_.node().start();

  // Everything that was ever sent comes again, and a further study of each.
  ASSERT_TRUE(story_.send_files({before.file, carlos.file, right}));
  EXPECT_EQ(story_.at_archive().sop_uids(), lain) << "the same pseudonyms, offsets and UIDs";
  ASSERT_TRUE(story_.send({"Joana", second_id, "PT", "4"}));
  ASSERT_TRUE(story_.send({"Carlos", kCarlos, "CT", "5"}));
  ASSERT_TRUE(story_.send({"Tereza", kTereza, "CT", "6"}));
  EXPECT_THAT(story_.held(), IsEmpty());
  EXPECT_THAT(story_.at_archive().pseudonyms(), SizeIs(3));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

TEST_F(StoryOfRestore, WhoWasForgottenAfterTheBackupStaysForgotten) {
  const auto first = story_.write({"Joana", kJoana, "PT", "1"});
  ASSERT_TRUE(story_.send(first));
  ASSERT_TRUE(story_.send({"Carlos", kCarlos, "CT", "2"}));
  const std::string pseudonym = story_.pseudonyms_of(kJoana.id).at(0);
  const fs::path folder = backup();
  story_.is_stale(story_.at_archive().of(first.mark));
  ASSERT_TRUE(story_.done({"map", "forget", pseudonym, "--yes", "--reason", "LGPD art. 18 VI"}));

  lose_the_machine(false);
  const Finished restored = restore(folder);
  ASSERT_EQ(restored.code, 0) << restored.output;
  story_.node().start();

  EXPECT_THAT(story_.pseudonyms_of(kJoana.id), IsEmpty());
  EXPECT_EQ(story_.node().dosigate({"map", "reveal", pseudonym, "--reason", "who?"}).code, 1);
  ASSERT_TRUE(story_.send(first));
  ASSERT_THAT(story_.held(), SizeIs(1));
  EXPECT_THAT(story_.held()[0].detail, HasSubstr("forgotten"));
  const auto later = story_.write(
      {.person = "Joana", .headers = kJoana, .modality = "PT", .study = "3", .date = "20250429"});
  ASSERT_TRUE(story_.send(later));
  EXPECT_NE(story_.at_archive().of(later.mark).at(0).pseudonym, pseudonym);
  ASSERT_TRUE(story_.send({"Carlos", kCarlos, "CT", "4"}));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

TEST_F(StoryOfRestore, ABackupOfBeforeAKeyRotationOpensWithTheSameRecoveryKeyAndTheJournalOfAfter) {
  const auto before = story_.write({"Joana", kJoana, "PT", "1"});
  ASSERT_TRUE(story_.send(before));
  const fs::path folder = backup();
  ASSERT_TRUE(story_.done({"key", "rotate", "--reason", "every year"}));
  ASSERT_TRUE(eventually([&] {
    return story_.node().dosigate({"key", "status", "--json"}).output.find("\"none\"") !=
           std::string::npos;
  }));
  const auto since = story_.write({"Carlos", kCarlos, "CT", "2"});
  ASSERT_TRUE(story_.send(since));
  const auto lain = story_.at_archive().sop_uids();

  lose_the_machine(false);
  const Finished restored = restore(folder);
  ASSERT_EQ(restored.code, 0) << restored.output;
  story_.node().start();

  ASSERT_TRUE(story_.send_files({before.file, since.file}));
  EXPECT_EQ(story_.at_archive().sop_uids(), lain);
  EXPECT_THAT(story_.held(), IsEmpty());
  EXPECT_THAT(story_.faults(), IsEmpty());
}

TEST_F(StoryOfRestore, WithoutAJournalWhoeverIsUnknownIsHeldUntilTheGapIsAccepted) {
  ASSERT_TRUE(story_.send({"Joana", kJoana, "PT", "1"}));
  const fs::path folder = backup();

  lose_the_machine(true);
  const Finished restored = restore(folder, false);
  ASSERT_EQ(restored.code, 0) << restored.output;
  story_.node().start();

  ASSERT_TRUE(story_.send({"Joana", kJoana, "PT", "2"}));
  EXPECT_THAT(story_.held(), IsEmpty()) << "she is in the backup";
  ASSERT_TRUE(story_.send({"Carlos", kCarlos, "CT", "3"}));
  ASSERT_THAT(story_.held(), SizeIs(1)) << "he may have come between backup and loss";
  ASSERT_TRUE(story_.done({"map", "accept-gap", "--reason", "nobody came that day"}));
  ASSERT_TRUE(story_.release_all());

  EXPECT_THAT(story_.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
