#include <gtest/gtest.h>

#include "dosigate/deid/dates.h"

namespace dosigate {
namespace {

using std::chrono::days;

std::string date(std::string_view value, int offset) {
  const auto moved = shift_date(value, days(offset));
  return moved ? *moved : "invalid";
}
std::string date_time(std::string_view value, int offset) {
  const auto moved = shift_date_time(value, days(offset));
  return moved ? *moved : "invalid";
}

TEST(ShiftDate, MovesOnTheCivilCalendarOverMonthYearAndLeapDay) {
  EXPECT_EQ(date("20240301", -1), "20240229");
  EXPECT_EQ(date("20230301", -1), "20230228");
  EXPECT_EQ(date("20240229", -366), "20230228");
  EXPECT_EQ(date("20250101", -1), "20241231");
  EXPECT_EQ(date("20000301", -1), "20000229");
  EXPECT_EQ(date("21000301", -1), "21000228");
  EXPECT_EQ(date("20250304", -417), "20240112");
}

TEST(ShiftDate, KeepsTheDotsOfTheLegacyForm) { EXPECT_EQ(date("2025.03.04", -417), "2024.01.12"); }

TEST(ShiftDate, TrimsPaddingAndLeavesEmptyEmpty) {
  EXPECT_EQ(date("20250304 ", -1), "20250303");
  EXPECT_EQ(date("", -1), "");
  EXPECT_EQ(date("   ", -1), "");
}

TEST(ShiftDate, LeavesSentinelsUntouched) {
  for (const auto* value : {"19000101", "00010101", "99991231", "1900.01.01"})
    EXPECT_EQ(date(value, -30), value);
  EXPECT_EQ(date("19000102", -30), "18991203") << "the day after is a date like any other";
  EXPECT_EQ(date("00000000", -30), "invalid");
}

TEST(ShiftDate, RefusesWhatIsNoDate) {
  for (const auto* value :
       {"20250229", "20251301", "20250100", "202503", "2025", "20250304-20250305",
        "20250304\\20250305", "SILVA", "2025-03-04", "20250304120000", "2025.3.4", "-0250304"}) {
    EXPECT_EQ(date(value, -30), "invalid") << value;
  }
}

TEST(ShiftDate, RefusesToLeaveTheCalendar) {
  EXPECT_EQ(date("00010203", -400), "invalid");
  EXPECT_EQ(date("99991201", 400), "invalid");
}

TEST(ShiftDateTime, ChangesTheDatePartAndNothingElse) {
  EXPECT_EQ(date_time("20240301000100.000001-0300", -1), "20240229000100.000001-0300");
  EXPECT_EQ(date_time("20250304235959.999999", -417), "20240112235959.999999");
  EXPECT_EQ(date_time("2025030423", -1), "2025030323");
  EXPECT_EQ(date_time("202503042359+0530", -1), "202503032359+0530");
  EXPECT_EQ(date_time("20250304", -1), "20250303");
}

TEST(ShiftDateTime, KeepsThePrecisionOfAPartialValue) {
  EXPECT_EQ(date_time("2025", -400), "2023");
  EXPECT_EQ(date_time("202503", -400), "202401");
  EXPECT_EQ(date_time("202503-0300", -60), "202412-0300");
}

TEST(ShiftDateTime, LeavesSentinelsUntouched) {
  EXPECT_EQ(date_time("19000101000000", -30), "19000101000000");
  EXPECT_EQ(date_time("99991231235959.5-0300", -30), "99991231235959.5-0300");
  EXPECT_EQ(date_time("1900", -30), "1899") << "a partial value is no sentinel";
  EXPECT_EQ(date_time("19000101 JOSE", -30), "invalid");
}

TEST(ShiftDateTime, RefusesWhatIsNoDateTime) {
  for (const auto* value :
       {"00000000000000", "20250230120000", "20250304T120000", "2025030412000", "20250304120000.",
        "20250304120000.1234567", "20250304120000-3", "20250", "NOW", "20250304120000 JOSE",
        "20250304-20250305", "20250304.5"}) {
    EXPECT_EQ(date_time(value, -30), "invalid") << value;
  }
}

TEST(AgeAt, CountsDaysThenMonthsThenYears) {
  EXPECT_EQ(age_at("20250301", "20250304"), "003D");
  EXPECT_EQ(age_at("20250204", "20250303"), "027D");
  EXPECT_EQ(age_at("20250204", "20250304"), "001M");
  EXPECT_EQ(age_at("20230305", "20250304"), "023M");
  EXPECT_EQ(age_at("20230304", "20250304"), "002Y");
  EXPECT_EQ(age_at("19610503", "20250502"), "063Y");
  EXPECT_EQ(age_at("19610503", "20250503"), "064Y");
  EXPECT_EQ(age_at("20240229", "20250228"), "011M");
}

TEST(AgeAt, IsEmptyWhereADateIsMissingOrTurnedRound) {
  EXPECT_EQ(age_at("", "20250304"), "");
  EXPECT_EQ(age_at("19610503", ""), "");
  EXPECT_EQ(age_at("20250305", "20250304"), "");
  EXPECT_EQ(age_at("19000101", "20250304"), "");
}

}  // namespace
}  // namespace dosigate
