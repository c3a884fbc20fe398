// docs/retention.md is the one table of what is kept where: it names what `status --retention`
// shows.

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "audit_span.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/durable_file.h"
#include "retention.h"
#include "support/paths.h"
#include "support/temp_dir.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

std::vector<std::vector<std::string>> table_rows() {
  std::ifstream in(DOSIGATE_SOURCE_DIR "/docs/retention.md");
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) {
      const auto first = cell.find_first_not_of(' ');
      const auto last = cell.find_last_not_of(' ');
      cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
    }
    out.push_back(cells);
  }
  return out;
}

TEST(RetentionDocument, HasARowForEachStoreThatStatusShowsAndNoOther) {
  std::vector<std::string> shown, documented;
  for (const auto& store : retention_stores()) shown.push_back("`" + std::string(store.name) + "`");
  for (const auto& row : table_rows()) documented.push_back(row.at(0));

  EXPECT_EQ(documented, shown);
}

TEST(RetentionDocument, SaysOfEachStoreContentSealHowLongReadersAndErasure) {
  for (const auto& row : table_rows()) {
    ASSERT_EQ(row.size(), 6U) << row.at(0);
    for (const auto& cell : row) EXPECT_FALSE(cell.empty()) << row.at(0);
  }
}

TEST(RetentionDocument, KeepsEachStoreAsLongAsStatusSays) {
  const auto rows = table_rows();
  ASSERT_EQ(rows.size(), retention_stores().size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(rows[i][3], retention_stores()[i].kept) << rows[i][0];
}

TEST(AuditSpan, EndsWithTheLastWholeLineAndSaysItsNumberAndChain) {
  const testing::Keys keys;
  const testing::TempDir home;
  WallTime time{std::chrono::seconds(1'795'861'800)};
  const auto file = home.path / "audit.jsonl";
  {
    auto log = AuditLog::open(home.path, keys.keyring, [&] { return time; });
    ASSERT_TRUE(log);
    (*log)->record("start", "dosigated", {});
    time += std::chrono::hours(1);
    (*log)->record("stop", "dosigated", {});
  }
  const std::string whole(as_text(read_file(file)));
  replace_file(file, as_bytes(whole + "{\"n\":3,\"time"));

  const auto span = audit_span(file);

  ASSERT_TRUE(span) << span.error().detail;
  EXPECT_EQ(span->bytes, whole.size());
  EXPECT_EQ(span->lines, 2U);
  EXPECT_EQ(span->first_unix, 1'795'861'800);
  EXPECT_NE(whole.find("\"chain\":\"" + span->head + "\"}\n"), std::string::npos);
  EXPECT_TRUE(whole.ends_with(span->head + "\"}\n"));
}

TEST(AuditSpan, OfAnEmptyRecordIsEmpty) {
  const testing::TempDir home;
  replace_file(home.path / "audit.jsonl", {});

  const auto span = audit_span(home.path / "audit.jsonl");

  ASSERT_TRUE(span);
  EXPECT_EQ(span->bytes, 0U);
  EXPECT_EQ(span->head, "");
}

}  // namespace
}  // namespace dosigate
