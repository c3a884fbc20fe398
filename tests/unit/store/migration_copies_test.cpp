// A database that an upgrade has changed has to have a way back: a copy of what it was, made first.
// For every version that the map and the ledger ever had.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dosigate/store/database.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using testing::TempDir;
using Schema = std::span<const Migration>;

std::vector<std::string> column(SQLite::Database& database, const std::string& sql) {
  std::vector<std::string> out;
  SQLite::Statement rows(database, sql);
  while (rows.executeStep()) out.push_back(rows.getColumn(0).getString());
  return out;
}

std::vector<std::string> tables(SQLite::Database& database) {
  return column(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
}

/// One row in every table, whatever its columns are.
void fill(SQLite::Database& database) {
  database.exec("PRAGMA foreign_keys=OFF");
  for (const auto& table : tables(database)) {
    std::string values;
    for (const auto& type :
         column(database, "SELECT type FROM pragma_table_info('" + table + "') ORDER BY cid"))
      values += (values.empty() ? "" : ", ") + std::string(type == "INTEGER" ? "1"
                                                           : type == "BLOB"  ? "x'00ff10'"
                                                                             : "'text'");
    database.exec("INSERT OR REPLACE INTO " + table + " VALUES (" + values + ")");
  }
}

/// Everything in it: schema and rows, byte for byte.
std::string dump(SQLite::Database& database) {
  std::string out;
  for (const auto& sql :
       column(database, "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name"))
    out += sql + "\n";
  for (const auto& table : tables(database)) {
    SQLite::Statement rows(database, "SELECT * FROM " + table);
    while (rows.executeStep()) {
      out += table;
      for (int i = 0; i < rows.getColumnCount(); ++i)
        out += "|" + std::to_string(rows.getColumn(i).getType()) + rows.getColumn(i).getString();
      out += "\n";
    }
  }
  return out;
}

struct Case {
  const char* name;
  Schema schema;
  std::size_t version;
};
std::ostream& operator<<(std::ostream& out, const Case& from) {
  return out << from.name << " of version " << from.version;
}

std::vector<Case> every_older_version() {
  std::vector<Case> out;
  for (std::size_t v = 1; v < kIdentitySchema.size(); ++v)
    out.push_back({"map", kIdentitySchema, v});
  for (std::size_t v = 1; v < kLedgerSchema.size(); ++v)
    out.push_back({"ledger", kLedgerSchema, v});
  return out;
}

class MigrationCopies : public ::testing::TestWithParam<Case> {
 protected:
  Schema old_schema() const { return GetParam().schema.first(GetParam().version); }
  std::string open_and_dump(const std::filesystem::path& file, Schema schema) {
    const auto database = open_database(file, schema, OpenMode::MustExist);
    EXPECT_TRUE(database) << database.error().detail;
    return database ? dump(**database) : std::string();
  }

  void SetUp() override {
    {
      const auto database = open_database(file_, old_schema(), OpenMode::Create);
      ASSERT_TRUE(database);
      fill(**database);
      before_ = dump(**database);
    }
    const auto upgraded = open_database(file_, GetParam().schema, OpenMode::MustExist);
    ASSERT_TRUE(upgraded) << upgraded.error().detail;
  }

  TempDir dir_;
  std::filesystem::path file_ = dir_.path / "d.db";
  std::filesystem::path copy_ = file_.string() + ".v" + std::to_string(GetParam().version);
  std::string before_;
};

TEST_P(MigrationCopies, HoldWhatWasThereAndOpenWithTheOlderSchema) {
  ASSERT_TRUE(std::filesystem::exists(copy_));

  EXPECT_EQ(open_and_dump(copy_, old_schema()), before_);
}

TEST_P(MigrationCopies, AreWhatTheOlderProgramAsksForWhenItMeetsTheNewerDatabase) {
  const auto refused = open_database(file_, old_schema(), OpenMode::MustExist);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::Conflict);
  EXPECT_THAT(refused.error().detail, HasSubstr(copy_.string()));
}

TEST_P(MigrationCopies, PutBackInPlaceAreTheDatabaseOfTheOlderProgramAndCanBeUpgradedAgain) {
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + part);
  std::filesystem::copy_file(copy_, file_);

  EXPECT_EQ(open_and_dump(file_, old_schema()), before_);
  EXPECT_TRUE(open_database(file_, GetParam().schema, OpenMode::MustExist));
}

INSTANTIATE_TEST_SUITE_P(EveryVersion, MigrationCopies, ::testing::ValuesIn(every_older_version()),
                         [](const auto& of) {
                           return std::string(of.param.name) + "_" +
                                  std::to_string(of.param.version);
                         });

}  // namespace
}  // namespace dosigate
