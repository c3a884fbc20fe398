#include "assigned_csv.h"

#include <gmock/gmock.h>

#include "csv.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(std::string_view text) {
  CsvReader reader(text);
  Rows out;
  std::vector<std::string> fields;
  for (;;) {
    const auto more = reader.next(fields);
    EXPECT_TRUE(more) << more.error().detail;
    if (!more || !*more) return out;
    out.push_back(fields);
  }
}

std::string complaint(std::string_view csv) {
  const auto rows = read_assigned(csv);
  EXPECT_FALSE(rows);
  return rows ? "" : rows.error().detail;
}

TEST(Csv, ReadsFieldsRowsQuotesAndLineEndsOfEveryKind) {
  EXPECT_EQ(rows_of("a,b\r\nc,\nd,e"), (Rows{{"a", "b"}, {"c", ""}, {"d", "e"}}));
  EXPECT_EQ(rows_of("\"a,b\",\"say \"\"x\"\"\"\r\n\"two\r\nlines\",\"\""),
            (Rows{{"a,b", "say \"x\""}, {"two\r\nlines", ""}}));
  EXPECT_EQ(rows_of("\xEF\xBB\xBF"
                    "a\r\n\r\nb\r\n"),
            (Rows{{"a"}, {"b"}}));
  EXPECT_EQ(rows_of(""), Rows{});
}

TEST(Csv, BrokenQuotesAreRefused) {
  for (const char* text : {"a\nb\"c,d\n", "a\n\"b\n", "a\n\"b\"c,d\n"}) {
    CsvReader reader(text);
    std::vector<std::string> fields;
    ASSERT_TRUE(reader.next(fields));

    EXPECT_FALSE(reader.next(fields)) << text;
  }
}

TEST(Csv, WritesWhatItReads) {
  const std::vector<std::string> fields{"plain", "", "a,b", "say \"x\"", "two\r\nlines", " space "};

  EXPECT_EQ(rows_of(csv_row(fields)), Rows{fields});
}

TEST(AssignedCsv, IsReadInAnyOrderOfColumns) {
  const auto rows = read_assigned("pseudonym,site,patient_id\nSTUDY-7,HEX,\"12,3\"\n");

  ASSERT_TRUE(rows) << rows.error().detail;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().site_code, "HEX");
  EXPECT_EQ(rows->front().patient_id.reveal(), "12,3");
  EXPECT_TRUE(rows->front().issuer.empty());
  EXPECT_EQ(rows->front().pseudonym, "STUDY-7");
  EXPECT_EQ(rows->front().offset_days, std::nullopt);
}

TEST(AssignedCsv, OfAnExportIsAnImport) {
  PseudonymMap::Assigned one{"HEX", Phi("0012"), Phi("HOSP,A"), "DSG-HEX-1", -4000};

  const auto rows = read_assigned(assigned_header() + assigned_row(one));

  ASSERT_TRUE(rows) << rows.error().detail;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().patient_id, one.patient_id);
  EXPECT_EQ(rows->front().issuer, one.issuer);
  EXPECT_EQ(rows->front().pseudonym, one.pseudonym);
  EXPECT_EQ(rows->front().offset_days, one.offset_days);
}

TEST(AssignedCsv, EveryWrongRowIsNamedAndNoValueIsShown) {
  const std::string all = complaint(
      "site,patient_id,issuer,pseudonym,offset_days\n"
      ",MARKERID1,,P1,\n"
      "HEX,,,MARKERP,\n"
      "HEX,MARKERID2,,,\n"
      "HEX,MARKERID3,,P4,12\n"
      "HEX,MARKERID4,,P5,-x\n"
      "HEX,MARKERID5\n"
      "HEX,MARKER\xFF,,P7,\n"
      "HEX,MARKERID8,,P8,-9\n");

  EXPECT_THAT(all, AllOf(HasSubstr("row 1 has no site"), HasSubstr("row 2 has no patient_id"),
                         HasSubstr("row 3 has no pseudonym"), HasSubstr("row 4 has an offset_days"),
                         HasSubstr("row 5 has an offset_days"), HasSubstr("row 6 has 2 fields"),
                         HasSubstr("row 7 is not UTF-8"), Not(HasSubstr("row 8")),
                         Not(HasSubstr("MARKER"))));
}

TEST(AssignedCsv, ABrokenQuoteIsNamedByItsRow) {
  EXPECT_THAT(complaint("site,patient_id,pseudonym\nHEX,1,P\nHEX,\"MARKER,P\n"),
              AllOf(HasSubstr("row 2: "), Not(HasSubstr("MARKER"))));
}

TEST(AssignedCsv, ManyWrongRowsAreCounted) {
  std::string csv = "site,patient_id,pseudonym\n";
  for (int i = 0; i < 25; ++i) csv += "HEX,,P\n";

  EXPECT_THAT(complaint(csv),
              AllOf(HasSubstr("row 10 "), Not(HasSubstr("row 11 ")), HasSubstr("and 15 more")));
}

TEST(AssignedCsv, WithoutAHeaderOrWithAnotherOneIsRefusedWithoutShowingIt) {
  EXPECT_THAT(complaint(""), HasSubstr("header"));
  EXPECT_THAT(complaint("HEX,MARKERID,P\n"), AllOf(HasSubstr("header"), Not(HasSubstr("MARKER"))));
  EXPECT_THAT(complaint("site,patient_id\n"), HasSubstr("column pseudonym is missing"));
  EXPECT_THAT(complaint("site,site,patient_id,pseudonym\n"), HasSubstr("stands twice"));
}

}  // namespace
}  // namespace dosigate
