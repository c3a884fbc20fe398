#include "dosigate/dosimetry/instants.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

using namespace std::chrono_literals;

std::string at(std::string_view dt) {
  const auto parsed = parse_date_time(dt);
  return parsed ? instant_text(parsed->at) : "none";
}

TEST(Instants, KeepTheFractionAndSortAsText) {
  EXPECT_EQ(at("20250304091500.25"), "20250304091500.250000");
  EXPECT_EQ(at("2025030409"), "20250304090000.000000");
  EXPECT_LT(at("20241231235959.999999"), at("20250101000000"));
}

TEST(Instants, AValueWithoutAMomentIsNone) {
  for (const char* dt : {"", "2025", "202503", "20250304", "20250230101010", "20250304250000",
                         "19000101101010", "2025030409151", "20250304091500+2500"})
    EXPECT_EQ(at(dt), "none") << dt;
}

TEST(Instants, TheTimeZoneIsRead) {
  EXPECT_EQ(parse_date_time("20250304091500-0300")->zone, -180min);
  EXPECT_FALSE(parse_date_time("20250304091500")->zone);
  EXPECT_EQ(parse_zone("+0530"), 330min);
  EXPECT_FALSE(parse_zone("0300"));
}

TEST(Instants, ATimeIsWhatItsVrSays) {
  EXPECT_EQ(parse_time("0915"), 9h + 15min);
  EXPECT_EQ(parse_time("09:15:00"), 9h + 15min);
  EXPECT_EQ(parse_time("091500.5 "), 9h + 15min + 500ms);
  for (const char* tm : {"", "9", "778812", "0915.5", "091500."})
    EXPECT_FALSE(parse_time(tm)) << tm;
}

}  // namespace
}  // namespace dosigate
