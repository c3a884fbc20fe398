#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "command.h"
#include "scripted_daemon.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using testing::Command;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedDaemon;

const std::string kDone = R"({
  "pseudonym": "DSG-HEX-AAAA-AAAA-AAA", "study_uid": "2.25.22", "stale_studies": ["2.25.11"], "send_again": ["2.25.11"],
  "told": ["archive", "folder"], "objects": 412, "unlisted": 3, "withdrawn_from_queue": 7, "originals_destroyed": 2,
  "originals_unread": 1, "then": "dosigate quarantine list"})";

std::string sent_body(const ScriptedDaemon& daemon) {
  return boost::json::serialize(daemon.asked().at(0).body);
}

TEST(CliCorrections, AliasReadsThePatientIdFromStandardInputAndSaysWhatHasToBeSentAgain) {
  const ScriptedDaemon daemon(kDone);

  Command alias(daemon.arguments({"map", "alias", "dsg-hex-aaaa-aaaa-aaa", "--resend"}),
                "7788123\nsame person, checked in the HIS\n");

  EXPECT_EQ(alias.exit_code(), 0);
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/map/alias");
  EXPECT_EQ(sent_body(daemon),
            R"({"pseudonym":"DSG-HEX-AAAA-AAAA-AAA","resend":true,"patient_id":"7788123",)"
            R"("issuer":"","reason":"same person, checked in the HIS"})");
  EXPECT_THAT(alias.out(), AllOf(HasSubstr("DSG-HEX-AAAA-AAAA-AAA is the pseudonym from now on"),
                                 HasSubstr("taken out of the queue       7"),
                                 HasSubstr("withdrawn at the destinations\n  2.25.11"),
                                 HasSubstr("archive, folder (412 objects named)"),
                                 HasSubstr("cannot be named in the note  3"),
                                 HasSubstr("to be sent once more by the PACS\n  2.25.11"),
                                 HasSubstr("then: dosigate quarantine list")));
}

TEST(CliCorrections, AliasWithAnotherPseudonymAsksForNoPatientId) {
  const ScriptedDaemon daemon(kDone);

  Command alias(daemon.arguments({"map", "alias", "DSG-HEX-AAAA-AAAA-AAA", "--with",
                                  "dsg-hex-bbbb-bbbb-bbb", "--reason", "alarm"}));

  EXPECT_EQ(alias.exit_code(), 0);
  EXPECT_THAT(sent_body(daemon),
              AllOf(HasSubstr(R"("loser":"DSG-HEX-BBBB-BBBB-BBB")"), Not(HasSubstr("patient_id"))));
}

TEST(CliCorrections, APatientIdAsAnArgumentIsRefusedAndNeverRepeated) {
  const ScriptedDaemon daemon(kDone);
  const std::vector<std::vector<std::string>> commands{
      {"map", "alias", "DSG-HEX-AAAA-AAAA-AAA", "7788123"},
      {"map", "report", "DSG-HEX-AAAA-AAAA-AAA", "7788123"},
      {"map", "forget", "DSG-HEX-AAAA-AAAA-AAA", "7788123"},
      {"study", "reassign", "2.25.11", "7788123"},
      {"study", "7788123", "reassign", "2.25.11"}};

  for (const auto& words : commands) {
    Command command(daemon.arguments(words), "x\ny\n");
    EXPECT_EQ(command.exit_code(), 2);
    EXPECT_THAT(command.err(), HasSubstr(words[0] == "map" ? words[0] + " " + words[1]
                                                           : std::string("study reassign")));
    EXPECT_THAT(command.err(),
                AllOf(HasSubstr("takes no PatientID as an argument"), Not(HasSubstr("7788123"))));
    EXPECT_EQ(command.out(), "");
  }
  EXPECT_TRUE(daemon.asked().empty());
}

TEST(CliCorrections, NothingIsAskedOfTheDaemonWithoutAPatientIdOrAReason) {
  const ScriptedDaemon daemon(kDone);

  EXPECT_EQ(Command(daemon.arguments({"map", "alias", "DSG-HEX-AAAA-AAAA-AAA"})).exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments({"map", "report"}), "7788123\n").exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments({"study", "admit", "2.25.11"})).exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments(
                        {"map", "distinct", "DSG-HEX-AAAA-AAAA-AAA", "DSG-HEX-BBBB-BBBB-BBB"}))
                .exit_code(),
            2);

  EXPECT_TRUE(daemon.asked().empty());
}

TEST(CliCorrections, ForgettingWithoutATerminalNeedsTheWordThatItIsMeant) {
  const ScriptedDaemon daemon(kDone);

  Command without(daemon.arguments({"map", "forget", "--reason", "asked in writing"}), "7788123\n");
  EXPECT_EQ(without.exit_code(), 2);
  EXPECT_THAT(without.err(), HasSubstr("--yes"));
  EXPECT_TRUE(daemon.asked().empty());

  Command with(daemon.arguments({"map", "forget", "--yes", "--reason", "asked in writing"}),
               "7788123\n");
  EXPECT_EQ(with.exit_code(), 0);
  EXPECT_EQ(sent_body(daemon), R"({"patient_id":"7788123","reason":"asked in writing"})");
}

TEST(CliCorrections, ForgettingSaysWhatBreaksAndWhatStaysLinkable) {
  auto body = boost::json::parse(kDone).as_object();
  body["send_again"] = boost::json::array();
  const ScriptedDaemon daemon(boost::json::serialize(body));

  Command forget(daemon.arguments(
      {"map", "forget", "DSG-HEX-AAAA-AAAA-AAA", "--yes", "--reason", "asked in writing"}));

  EXPECT_THAT(forget.out(), AllOf(HasSubstr("find no way back"), HasSubstr("no later time point"),
                                  HasSubstr("can link them"), HasSubstr("Backups"),
                                  HasSubstr("originals destroyed          2"),
                                  HasSubstr("originals not judged         1"),
                                  Not(HasSubstr("to be sent once more"))));
}

TEST(CliCorrections, AStudyIsReassignedByItsUidAndAnIdFromStandardInput) {
  const ScriptedDaemon daemon(kDone);

  Command reassign(daemon.arguments({"study", "reassign", "2.25.11", "--issuer", "HIS"}),
                   "7788123\nwrong worklist entry\n");

  EXPECT_EQ(reassign.exit_code(), 0);
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/study/2.25.11/reassign");
  EXPECT_EQ(sent_body(daemon),
            R"({"patient_id":"7788123","issuer":"HIS","reason":"wrong worklist entry"})");
  EXPECT_THAT(reassign.out(),
              HasSubstr("the study is of DSG-HEX-AAAA-AAAA-AAA from now on, as 2.25.22"));
}

TEST(CliCorrections, WithdrawalsAreNamedByWords) {
  const std::pair<const char*, const char*> codes[] = {
      {"quality", "113001"}, {"safety", "113037"}, {"worklist", "113038"}, {"retention", "113039"}};
  for (const auto& [word, code] : codes) {
    const ScriptedDaemon daemon(kDone);
    Command withdraw(
        daemon.arguments({"study", "withdraw", "2.25.11", "--code", word, "--reason", "moved"}));
    EXPECT_EQ(withdraw.exit_code(), 0);
    EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/study/2.25.11/withdraw");
    EXPECT_EQ(sent_body(daemon), std::string(R"({"code":")") + code + R"(","reason":"moved"})");
  }
  const ScriptedDaemon daemon(kDone);
  Command wrong(
      daemon.arguments({"study", "withdraw", "2.25.11", "--code", "113001", "--reason", "moved"}));
  EXPECT_EQ(wrong.exit_code(), 2);
  EXPECT_TRUE(daemon.asked().empty());
}

TEST(CliCorrections, NothingButAUidBecomesPartOfARequest) {
  const ScriptedDaemon daemon(kDone);

  Command admit(daemon.arguments({"study", "admit", "../map/MARKER", "--reason", "x"}));

  EXPECT_EQ(admit.exit_code(), 2);
  EXPECT_THAT(admit.err(), Not(HasSubstr("MARKER")));
  EXPECT_TRUE(daemon.asked().empty());
}

TEST(CliCorrections, StudyWithANameStillShowsTheStudy) {
  const ScriptedDaemon daemon(R"({"pseudonym": "DSG-HEX-AAAA-AAAA-AAA", "studies": []})");

  Command study(daemon.arguments({"study", "DSG-HEX-AAAA-AAAA-AAA", "--tolerance", "5"}));
  Command nothing(daemon.arguments({"study"}));

  EXPECT_EQ(study.exit_code(), 0);
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/study/DSG-HEX-AAAA-AAAA-AAA");
  EXPECT_EQ(nothing.exit_code(), 2);
  EXPECT_THAT(nothing.err(), HasSubstr("NAME is required"));
}

TEST(CliCorrections, WithdrawalsShowPerDestinationWhenItWasTold) {
  const ScriptedDaemon daemon(R"({"items": [
    {"study_uid": "2.25.11", "cause": "joined", "code": "113038", "meaning": "Incorrect Modality Worklist Entry", "objects": 12,
     "whole_study": true, "ordered": 1700000000, "told": {"archive": 1700000100, "folder": 0}}]})");

  Command list(daemon.arguments({"study", "withdrawals", "2.25.11"}));

  EXPECT_EQ(list.exit_code(), 0);
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/withdrawals");
  EXPECT_THAT(list.out(), AllOf(HasSubstr("joined"), HasSubstr("Incorrect Modality Worklist Entry"),
                                HasSubstr("archive"), HasSubstr("folder"), HasSubstr("not yet")));
}

const std::string kReport =
    R"({"pseudonym": "DSG-HEX-AAAA-AAAA-AAA", "made": 1700000000, "studies": [
  {"study_uid": "2.25.11", "pseudonym": "DSG-HEX-BBBB-BBBB-BBB", "state": "given-away", "replaced_by": "2.25.22",
   "sent": [{"destination": "archive", "delivered": 412, "waiting": 1, "withdrawn": 2, "first": 1700000000, "last": 1700000100,
             "legal": [{"since": 1600000000, "purpose": "dosimetry", "legal_basis": "LGPD art. 11 II f", "operator": "Dosimagem", "country": "BR"}]},
            {"destination": "old", "delivered": 5, "waiting": 0, "withdrawn": 0, "first": 1700000000, "last": 1700000100, "legal": []}],
   "withdrawals": [{"study_uid": "2.25.11", "cause": "joined", "meaning": "Incorrect Modality Worklist Entry", "objects": 412,
                    "whole_study": true, "ordered": 1700000000, "told": {"archive": 1700000100}}]},
  {"study_uid": "2.25.22", "pseudonym": "DSG-HEX-AAAA-AAAA-AAA", "state": "active", "replaced_by": "", "sent": [], "withdrawals": []}]})";

TEST(CliCorrections, TheReportSaysWhenToWhomForWhatAndHowMany) {
  const ScriptedDaemon daemon(kReport);

  Command report(daemon.arguments({"map", "report"}), "7788123\nasked by the patient\n");

  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(sent_body(daemon), R"({"patient_id":"7788123","reason":"asked by the patient"})");
  EXPECT_THAT(report.out(),
              AllOf(HasSubstr("DSG-HEX-AAAA-AAAA-AAA, 2 studies"),
                    HasSubstr("study 2.25.11, given-away, now 2.25.22, under DSG-HEX-BBBB"),
                    HasSubstr("412"), HasSubstr("purpose dosimetry; legal basis LGPD art. 11 II f"),
                    HasSubstr("old: purpose and legal basis were not recorded at that time"),
                    HasSubstr("joined"), HasSubstr("nothing of it was sent")));
  EXPECT_THAT(report.out() + report.err(), Not(HasSubstr("7788123")));
}

TEST(CliCorrections, TheReportAsJsonIsTheDaemonsAnswer) {
  const ScriptedDaemon daemon(kReport);

  Command report(
      daemon.arguments({"map", "report", "DSG-HEX-AAAA-AAAA-AAA", "--json", "--reason", "x"}));

  EXPECT_EQ(boost::json::parse(report.out()), boost::json::parse(kReport));
}

TEST(CliCorrections, AlarmsSayInWhatTwoAreAlikeAndWhatToDo) {
  const ScriptedDaemon some(
      R"({"all": 2, "items": [{"a": "DSG-HEX-AAAA-AAAA-AAA", "b": "DSG-HEX-BBBB-BBBB-BBB", "why": "CPF"}]})");
  const ScriptedDaemon none(R"({"all": 0, "items": []})");

  EXPECT_THAT(Command(some.arguments({"map", "alarms"})).out(),
              AllOf(HasSubstr("CPF"), HasSubstr("of 2 alarms the oldest are shown"),
                    HasSubstr("map alias"), HasSubstr("map distinct")));
  EXPECT_THAT(Command(none.arguments({"map", "alarms"})).out(), HasSubstr("no two ids"));
}

TEST(CliCorrections, ACameraIsAcceptedByItsLabel) {
  const ScriptedDaemon daemon(R"({"site": "HEX", "label": "CAM-02"})");

  Command accept(daemon.arguments({"devices", "accept", "cam-02", "--reason", "new camera"}));

  EXPECT_EQ(accept.exit_code(), 0);
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/devices/accept");
  EXPECT_EQ(sent_body(daemon), R"({"label":"CAM-02","site":"","reason":"new camera"})");
  EXPECT_THAT(accept.out(), HasSubstr("CAM-02 of site HEX is accepted"));
}

}  // namespace
}  // namespace dosigate
