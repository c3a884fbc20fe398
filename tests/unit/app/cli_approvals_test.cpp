// What the command says of requests that wait for a second person, and of rights.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command.h"
#include "scripted_daemon.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFiled =
    R"({"approval": "0a1b2c3d", "what": "forget the person of DSG-X", "until": 1700000000})";

TEST(CliApprovals, ARequestThatWaitsIsNotDoneAndSaysWhatComesNext) {
  const ScriptedDaemon daemon(kFiled);

  Command forget(daemon.arguments({"map", "forget", "--yes", "--reason", "x"}), "7788123\n");
  Command out(daemon.arguments({"map", "export", "/tmp", "--reason", "x", "--json"}));

  for (auto* command : {&forget, &out}) {
    EXPECT_EQ(command->exit_code(), 1);
    EXPECT_THAT(command->err(),
                AllOf(HasSubstr("not done yet"), HasSubstr("dosigate approvals approve 0a1b2c3d")));
    EXPECT_THAT(command->out(), Not(HasSubstr("forgotten")));
  }
}

TEST(CliApprovals, AreListedWithWhoAskedForWhatAndUntilWhen) {
  const ScriptedDaemon daemon(
      R"({"items": [{"id": "0a1b2c3d", "endpoint": "/api/v1/map/export", "what": "export it",
          "reason": "a move", "by": "ana", "filed": 1600000000, "until": 1700000000}]})");

  Command list(daemon.arguments({"approvals"}));

  EXPECT_EQ(list.exit_code(), 0) << list.err();
  for (const char* word : {"0a1b2c3d", "ana", "export it", "a move", "2023-11-1"})
    EXPECT_THAT(list.out(), HasSubstr(word));
  const ScriptedDaemon nothing(R"({"items": []})");
  EXPECT_THAT(Command(nothing.arguments({"approvals"})).out(), HasSubstr("nothing waits"));
}

TEST(CliApprovals, ApprovingSaysWhatWasDone) {
  const ScriptedDaemon daemon(
      R"({"approval": "0a1b2c3d", "what": "export it", "answer": {"folder": "/mnt/x", "rows": 12}})");

  Command approve(daemon.arguments({"approvals", "approve", "0a1b2c3d"}));

  EXPECT_EQ(approve.exit_code(), 0) << approve.err();
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/approvals/0a1b2c3d/approve");
  EXPECT_THAT(approve.out(),
              AllOf(HasSubstr("done: export it"), HasSubstr("/mnt/x"), HasSubstr("12")));
}

TEST(CliApprovals, TakeAnIdAndNothingElseAndAReason) {
  const ScriptedDaemon daemon("{}");

  EXPECT_EQ(Command(daemon.arguments({"approvals", "approve", "../reload"})).exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments({"approvals", "reject", "0a1b2c3d"})).exit_code(), 2);
  EXPECT_TRUE(daemon.asked().empty());
}

TEST(CliApprovals, AWrongPseudonymIsTakenForAPatientIdAndNotRepeated) {
  const ScriptedDaemon daemon("{}");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"map", "reveal", "MARKER-4711", "--reason", "x"},
           {"map", "forget", "MARKER-4711", "--yes", "--reason", "x"},
           {"map", "report", "MARKER-4711", "--reason", "x"},
           {"map", "alias", "MARKER-4711", "--reason", "x"},
           {"map", "alias", "DSG-HEX-AAAA-AAAA-AAA", "--with", "MARKER-4711", "--reason", "x"},
           {"map", "lookup", "MARKER-4711", "--reason", "x"}}) {
    Command command(daemon.arguments(words));
    EXPECT_EQ(command.exit_code(), 2) << words[1];
    EXPECT_THAT(command.err(), AllOf(HasSubstr("overwritten"), Not(HasSubstr("MARKER"))));
  }
  EXPECT_TRUE(daemon.asked().empty());
}

}  // namespace
}  // namespace dosigate::testing
