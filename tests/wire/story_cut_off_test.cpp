// A correction is cut off in the middle by a kill -9. The node comes back, the same command is
// given once more, and everything is as if nothing had happened.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kCarlos{
    .id = "55667788", .name = "MONTEIRO^CARLOS", .birth_date = "19550101", .sex = "M"};

class CutOff : public ::testing::TestWithParam<const char*> {
 protected:
  /// The command while the daemon dies at the fail point; then again with one that lives.
  void twice(const std::vector<std::string>& command, const std::string& input) {
    ASSERT_EQ(story_.node().stop(), 0);
    bool died = false;
    try {
      story_.node().start({std::string("DOSIGATE_FAIL_POINT=") + GetParam()});
      first_ = story_.node().dosigate(command, input);
      died = story_.node().ends_within(std::chrono::seconds(first_.code == 0 ? 1 : 10));
      if (!died) story_.node().stop();
    } catch (const std::runtime_error&) {
      died = true;
    }
    EXPECT_TRUE(died) << "this command does not pass " << GetParam();
    story_.node().start();
    again_ = story_.node().dosigate(command, input);
    ASSERT_TRUE(story_.node().settles());
  }

  Story story_;
  Finished first_, again_;
};

class ReassignCutOff : public CutOff {};

TEST_P(ReassignCutOff, IsFinishedByTheSameCommand) {
  ASSERT_TRUE(story_.send({"Joana", kJoana, "CT", "1"}));
  const auto scan = story_.write({"Carlos", kJoana, "CT", "2"});
  ASSERT_TRUE(story_.send(scan));
  const auto wrong = story_.at_archive().of(scan.mark).at(0);
  story_.is_stale({wrong});

  twice({"study", "reassign", wrong.study_uid, "--reason", "wrong worklist entry"}, kCarlos.id);

  EXPECT_EQ(again_.code, 0) << again_.output;
  ASSERT_TRUE(story_.send_files({story_.edited(
      scan, {"-m", "PatientID=" + kCarlos.id, "-m", "PatientName=" + kCarlos.name, "-m",
             "PatientBirthDate=" + kCarlos.birth_date, "-m", "PatientSex=M"})}));
  ASSERT_TRUE(story_.send({"Carlos", kCarlos, "CT", "3"}));
  EXPECT_THAT(story_.held(), IsEmpty());
  EXPECT_THAT(story_.at_archive().notes(), SizeIs(1)) << "an order says nothing twice";
  EXPECT_THAT(story_.at_archive().pseudonyms(), SizeIs(2));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

class MergeCutOff : public CutOff {};

TEST_P(MergeCutOff, IsFinishedByTheSameCommand) {
  PatientHeaders second_id = kJoana;
  second_id.id = "66554433";
  const auto first = story_.write({"Joana", kJoana, "NM", "1"});
  const auto second = story_.write({.person = "Joana",
                                    .headers = second_id,
                                    .modality = "NM",
                                    .study = "2",
                                    .date = "20250429"});
  ASSERT_TRUE(story_.send(first));
  ASSERT_TRUE(story_.send(second));
  const auto winner = story_.at_archive().of(first.mark).at(0);
  story_.is_stale(story_.at_archive().of(second.mark));

  twice({"map", "alias", winner.pseudonym, "--resend", "--reason", "asked her"}, second_id.id);

  EXPECT_EQ(again_.code, 0) << again_.output;
  ASSERT_TRUE(story_.send(second));
  EXPECT_THAT(story_.held(), IsEmpty());
  EXPECT_THAT(story_.at_archive().notes(), SizeIs(1));
  EXPECT_EQ(story_.at_archive().pseudonyms(), std::set{winner.pseudonym});
  EXPECT_THAT(story_.faults(), IsEmpty());
}

class ForgetCutOff : public CutOff {};

TEST_P(ForgetCutOff, IsFinishedByTheSameCommand) {
  const auto scan = story_.write({"Joana", kJoana, "CT", "1"});
  ASSERT_TRUE(story_.send(scan));
  ASSERT_TRUE(story_.send({"Carlos", kCarlos, "CT", "2"}));
  const std::string pseudonym = story_.at_archive().of(scan.mark).at(0).pseudonym;
  story_.is_stale(story_.at_archive().of(scan.mark));

  twice({"map", "forget", pseudonym, "--yes", "--reason", "LGPD art. 18 VI"}, "");

  // Done the first time: then nobody is there any more who could be forgotten.
  EXPECT_THAT(story_.pseudonyms_of(kJoana.id), IsEmpty()) << again_.output;
  EXPECT_THAT(story_.at_archive().notes(), SizeIs(1));
  ASSERT_TRUE(story_.send(scan));
  EXPECT_THAT(story_.held(), SizeIs(1));
  const auto later = story_.write(
      {.person = "Joana", .headers = kJoana, .modality = "CT", .study = "3", .date = "20250429"});
  ASSERT_TRUE(story_.send(later));
  EXPECT_NE(story_.at_archive().of(later.mark).at(0).pseudonym, pseudonym);
  EXPECT_THAT(story_.pseudonyms_of(kCarlos.id), SizeIs(1));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

SourceInstance weighing(const std::string& kilograms) {
  return {.person = "Joana", .headers = kJoana, .modality = "PT", .weight = kilograms};
}

class RevisionCutOff : public CutOff {};

TEST_P(RevisionCutOff, IsFinishedByTheSameCommand) {
  const auto wrong = story_.write(weighing("0"));
  const auto right = story_.write(weighing("72.5"));
  ASSERT_TRUE(story_.send(wrong));
  ASSERT_TRUE(story_.send(right));
  ASSERT_THAT(story_.held(), SizeIs(1));
  story_.is_stale(story_.at_archive().of(wrong.mark));

  twice({"revision", "send", story_.held()[0].id, "--reason", "weighed again"}, "");

  EXPECT_THAT(story_.held(), IsEmpty()) << again_.output;
  EXPECT_THAT(story_.at_archive().of(right.mark), SizeIs(1));
  EXPECT_THAT(story_.at_archive().notes(), SizeIs(1));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

class AutomaticRevisionCutOff : public ::testing::TestWithParam<const char*> {};

TEST_P(AutomaticRevisionCutOff, IsFinishedWhenTheSenderTriesAgain) {
  Story story({.node = {.route = "revisions = \"new-uid\""}});
  const auto wrong = story.write(weighing("0"));
  const auto right = story.write(weighing("72.5"));
  ASSERT_TRUE(story.send(wrong));
  story.is_stale(story.at_archive().of(wrong.mark));
  ASSERT_EQ(story.node().stop(), 0);
  story.node().start({std::string("DOSIGATE_FAIL_POINT=") + GetParam()});

  (void)run(storescu_arguments(story.node().port(), {right.file}));
  EXPECT_TRUE(story.node().ends_within(std::chrono::seconds(10)));
  story.node().start();
  ASSERT_TRUE(story.send(right));

  EXPECT_THAT(story.held(), IsEmpty());
  EXPECT_THAT(story.at_archive().of(right.mark), SizeIs(1));
  EXPECT_THAT(story.at_archive().notes(), SizeIs(1));
  EXPECT_THAT(story.faults(), IsEmpty());
}

std::string name_of(const ::testing::TestParamInfo<const char*>& point) {
  std::string name = point.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(At, RevisionCutOff,
                         ::testing::Values("spool.after-end", "spool.after-sync",
                                           "spool.after-sync:2", "spool.after-row",
                                           "spool.after-row:2", "spool.after-ledger-delivered"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(At, AutomaticRevisionCutOff,
                         ::testing::Values("receive.before-response", "spool.after-end",
                                           "spool.after-sync", "spool.after-sync:2",
                                           "spool.after-row", "spool.after-row:2"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(At, ReassignCutOff,
                         ::testing::Values("map.before-journal", "map.after-journal",
                                           "spool.after-end", "spool.after-sync", "spool.after-row",
                                           "spool.after-ledger-delivered"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(At, MergeCutOff,
                         ::testing::Values("map.before-journal", "map.after-journal",
                                           "spool.after-sync", "spool.after-row",
                                           "spool.after-row-delete"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(At, ForgetCutOff,
                         ::testing::Values("map.before-journal", "map.after-journal",
                                           "journal.before-rename", "journal.after-rename",
                                           "spool.after-sync", "spool.after-row"),
                         name_of);

class QueuedCutOff : public CutOff {};

TEST_P(QueuedCutOff, WithdrawalIsFinishedByTheSameCommandAndNothingLeaves) {
  ASSERT_TRUE(story_.send({"Joana", kJoana, "CT", "1"}));
  story_.archive().stop();
  const auto scan = story_.write({"Joana", kJoana, "CT", "1", "1", "2"});
  const auto more = story_.write({"Joana", kJoana, "CT", "1", "1", "3"});
  ASSERT_EQ(run(storescu_arguments(story_.node().port(), {scan.file, more.file})).code, 0);
  const std::string study = story_.at_archive().objects().at(0).study_uid;
  story_.is_stale(story_.at_archive().objects());

  ASSERT_EQ(story_.node().stop(), 0);
  story_.node().start({std::string("DOSIGATE_FAIL_POINT=") + GetParam()});
  const std::vector<std::string> command{"study",   "withdraw", study,  "--code",
                                         "quality", "--reason", "moved"};
  (void)story_.node().dosigate(command);
  EXPECT_TRUE(story_.node().ends_within(std::chrono::seconds(10)));
  story_.node().start();
  const Finished again = story_.node().dosigate(command);
  EXPECT_EQ(again.code, 0) << again.output;
  story_.archive().start();

  ASSERT_TRUE(story_.node().settles());
  EXPECT_THAT(story_.at_archive().unmarked(), IsEmpty());
  EXPECT_THAT(story_.at_archive().notes(), SizeIs(1));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(At, QueuedCutOff,
                         ::testing::Values("spool.after-ledger-withdrawn", "spool.after-row"),
                         name_of);

}  // namespace
}  // namespace dosigate::testing
