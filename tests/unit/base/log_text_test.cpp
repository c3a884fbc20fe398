#include "dosigate/base/log_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dosigate {
namespace {

using namespace std::chrono_literals;

TEST(LogText, AnOrdinaryTitleStaysAsItIs) {
  EXPECT_EQ(log_text("PET-CT_1"), "PET-CT_1");
  EXPECT_EQ(log_text("fe80::1"), "fe80::1");
}

TEST(LogText, WhatCouldEndTheValueOrTheLineIsQuotedAndEscaped) {
  EXPECT_EQ(log_text(""), R"("")");
  EXPECT_EQ(log_text("TWO WORDS"), R"("TWO WORDS")");
  EXPECT_EQ(log_text("X why=\"ok\""), R"("X why=\"ok\"")");
  EXPECT_EQ(log_text("A\\B"), R"("A\\B")");
  EXPECT_EQ(log_text("A\nB\r\t"), R"("A\x0aB\x0d\x09")");
  EXPECT_EQ(log_text(std::string("A\0B", 3)), R"("A\x00B")");
  EXPECT_EQ(log_text("\x1B[2J"), R"("\x1b[2J")");
  EXPECT_EQ(log_text("JOS\xC3\x89"), R"("JOS\xc3\x89")");
  EXPECT_EQ(log_text("%s%n{}{0}"), R"("%s%n{}{0}")");
}

TEST(LogText, EveryByteGivesOneLineOfPrintableAscii) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string out = log_text(std::string(3, static_cast<char>(byte)));
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](char c) { return c >= 0x20 && c <= 0x7E; }))
        << byte;
  }
}

TEST(LogBudget, LeavesOutWhatIsTooMuchAndSaysLaterHowMuchThatWas) {
  SteadyTime now{};
  LogBudget budget(3, 1, [&] { return now; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.spend(), 0U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(budget.spend(), std::nullopt);

  now += 1s;
  EXPECT_EQ(budget.spend(), 50U);
  EXPECT_EQ(budget.spend(), std::nullopt);

  now += 1h;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.spend(), i == 0 ? 1U : 0U) << i;
  EXPECT_EQ(budget.spend(), std::nullopt) << "an hour of rest does not save up more";
}

}  // namespace
}  // namespace dosigate
