// `report` says in words and by its exit code when a sum does not add up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command.h"
#include "scripted_daemon.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kShort =
    R"({"adds_up":false,"days":[{"day":"2026-11-28","received":3,"issued":0,"delivered":2,)"
    R"("reasons":{"dropped":{"screen save":1}},"destinations":[],"studies":[],)"
    R"("faults":["3 instances were received and issued, and what became of them is 2"]}]})";

TEST(CliDayReport, ASumThatDoesNotAddUpIsSaidAndIsNotDone) {
  const ScriptedDaemon daemon{std::string(kShort)};

  Command report(daemon.arguments({"report", "--day", "2026-11-28"}));

  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(report.out(), HasSubstr("DOES NOT ADD UP: 3 instances were received"));
  EXPECT_THAT(report.out(), HasSubstr("screen save 1"));
  EXPECT_THAT(report.out(), Not(HasSubstr("the sums add up")));
  EXPECT_THAT(report.err(), HasSubstr("does not add up"));
}

TEST(CliDayReport, AsksForTheDaysThatWereNamedAndForNothingElse) {
  const ScriptedDaemon daemon(R"({"adds_up":true,"days":[]})");

  EXPECT_EQ(Command(daemon.arguments({"report"})).exit_code(), 0);
  EXPECT_EQ(Command(daemon.arguments({"report", "--day"})).exit_code(), 0);
  EXPECT_EQ(Command(daemon.arguments({"report", "--from", "2026-02-27", "--to", "2026-03-01"}))
                .exit_code(),
            0);
  EXPECT_EQ(Command(daemon.arguments({"report", "--from", "2026-02-27"})).exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments({"report", "--day", "2026-02-29"})).exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments({"study", "proof", "2.25.7"})).exit_code(), 0);
  EXPECT_EQ(Command(daemon.arguments({"study", "proof", "DOE^JANE"})).exit_code(), 2);

  const auto asked = daemon.asked();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(asked[0].path, "/api/v1/report");
  EXPECT_EQ(asked[2].query.size(), 2U);
}

}  // namespace
}  // namespace dosigate::testing
