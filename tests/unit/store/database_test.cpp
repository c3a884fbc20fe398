#include "dosigate/store/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dosigate/base/durable_file.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

constexpr Migration kVersions[] = {{1, "CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL)"},
                                   {2,
                                    "ALTER TABLE a ADD COLUMN z INTEGER NOT NULL DEFAULT 5; CREATE "
                                    "TABLE b (x INTEGER REFERENCES a)"},
                                   {3, "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1)"}};
const std::span kOne = std::span(kVersions).first(1);
const std::span kTwo = std::span(kVersions).first(2);
const std::span kBroken = std::span(kVersions).first(3);

unsigned mode_of(const std::filesystem::path& file) {
  struct stat info {};
  EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
  return info.st_mode & 07777U;
}

void damage_second_page(const std::filesystem::path& file) {
  Bytes content = read_file(file, 256U << 20U);
  for (std::size_t i = 4'096 + 8; i < 4'096 + 200; ++i) content[i] ^= 0x55;
  replace_file(file, content);
}

TEST(Database, IsMadeWhereItIsMissingAndMayBe) {
  const TempDir dir;

  const auto database = open_database(dir.path / "d.db", kTwo, OpenMode::Create);

  ASSERT_TRUE(database);
  EXPECT_EQ((*database)->execAndGet("PRAGMA user_version").getInt(), 2);
  EXPECT_EQ((*database)->execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ((*database)->execAndGet("PRAGMA foreign_keys").getInt(), 1);
  EXPECT_EQ((*database)->execAndGet("PRAGMA secure_delete").getInt(), 1);
  EXPECT_EQ((*database)->execAndGet("PRAGMA synchronous").getInt(), 2);
}

TEST(Database, IsNeverMadeWhereOneShouldBe) {
  const TempDir dir;

  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::MustExist);

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().fault, Fault::NotFound);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path));
}

TEST(Database, ThatIsEmptyIsNotTakenForTheOneThatShouldBeThere) {
  const TempDir dir;
  replace_file(dir.path / "d.db", {});

  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::MustExist);

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().fault, Fault::NotFound);
}

TEST(Database, FilesAreForTheirOwnerOnlyWhateverTheUmask) {
  const TempDir dir;
  const mode_t before = ::umask(0);
  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::Create);
  ::umask(before);
  ASSERT_TRUE(database);
  (*database)->exec("INSERT INTO a VALUES (1, 'one')");

  EXPECT_EQ(mode_of(dir.path / "d.db"), 0600U);
  EXPECT_EQ(mode_of(dir.path / "d.db-wal"), 0600U);
  EXPECT_EQ(mode_of(dir.path / "d.db-shm"), 0600U);
}

TEST(Database, KeepsItsRowsWhenTheSchemaGrowsAndLeavesACopyOfTheOldOne) {
  const TempDir dir;
  (*open_database(dir.path / "d.db", kOne, OpenMode::Create))
      ->exec("INSERT INTO a VALUES (1, 'one')");

  const auto grown = open_database(dir.path / "d.db", kTwo, OpenMode::MustExist);

  ASSERT_TRUE(grown);
  EXPECT_EQ((*grown)->execAndGet("SELECT y || z FROM a").getString(), "one5");
  EXPECT_EQ(mode_of(dir.path / "d.db.v1"), 0600U);
  const auto old = open_database(dir.path / "d.db.v1", kOne, OpenMode::MustExist);
  ASSERT_TRUE(old);
  EXPECT_EQ((*old)->execAndGet("SELECT y FROM a").getString(), "one");
}

TEST(Database, MakesNoCopyWhenNothingChanges) {
  const TempDir dir;
  ASSERT_TRUE(open_database(dir.path / "d.db", kOne, OpenMode::Create));
  ASSERT_TRUE(open_database(dir.path / "d.db", kOne, OpenMode::MustExist));

  EXPECT_FALSE(std::filesystem::exists(dir.path / "d.db.v1"));
}

TEST(Database, AMigrationThatFailsChangesNothing) {
  const TempDir dir;
  ASSERT_TRUE(open_database(dir.path / "d.db", kTwo, OpenMode::Create));

  EXPECT_THROW((void)open_database(dir.path / "d.db", kBroken, OpenMode::MustExist),
               SQLite::Exception);

  const auto database = open_database(dir.path / "d.db", kTwo, OpenMode::MustExist);
  ASSERT_TRUE(database);
  EXPECT_FALSE((*database)->tableExists("c"));
}

TEST(Database, OfANewerProgramIsRefusedWithBothVersionsInWords) {
  const TempDir dir;
  ASSERT_TRUE(open_database(dir.path / "d.db", kTwo, OpenMode::Create));
  const Bytes before = read_file(dir.path / "d.db");

  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::Create);

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().fault, Fault::Conflict);
  EXPECT_NE(database.error().detail.find("version 2"), std::string::npos);
  EXPECT_NE(database.error().detail.find("up to 1"), std::string::npos);
  EXPECT_EQ(read_file(dir.path / "d.db"), before);
}

TEST(Database, ThatIsNoDatabaseIsCorrupt) {
  const TempDir dir;
  replace_file(dir.path / "d.db", Bytes(5'000, Byte{'x'}));

  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::Create);

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().fault, Fault::Corrupt);
}

TEST(Database, WithADamagedPageIsCorrupt) {
  const TempDir dir;
  {
    const auto database = open_database(dir.path / "d.db", kOne, OpenMode::Create);
    for (int i = 0; i < 500; ++i)
      (*database)->exec("INSERT INTO a (y) VALUES (hex(randomblob(50)))");
  }
  damage_second_page(dir.path / "d.db");

  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::MustExist);

  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().fault, Fault::Corrupt);
}

TEST(Database, ThatIsLargeOpensAtOnceAndItsDamageIsFoundAfterwards) {
  const TempDir dir;
  const auto file = dir.path / "d.db";
  {
    const auto database = open_database(file, kTwo, OpenMode::Create);
    for (int x = 1; x <= 70; ++x)
      (*database)->exec("INSERT INTO a VALUES (" + std::to_string(x) + ", zeroblob(1048576), 5)");
  }
  ASSERT_TRUE(check_later(file));
  EXPECT_TRUE(quick_check(file, {}));
  damage_second_page(file);

  EXPECT_TRUE(open_database(file, kTwo, OpenMode::MustExist));
  const auto found = quick_check(file, {});

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::Corrupt);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(quick_check(file, stop.get_token())) << "an end was asked for, nothing was found";
}

TEST(Database, AReaderSeesWhatIsCommittedAndCannotWrite) {
  const TempDir dir;
  const auto database = open_database(dir.path / "d.db", kOne, OpenMode::Create);
  ASSERT_TRUE(database);
  const auto reader = open_reader(dir.path / "d.db");

  (*database)->exec("INSERT INTO a VALUES (1, 'one')");

  EXPECT_EQ(reader->execAndGet("SELECT y FROM a").getString(), "one");
  EXPECT_THROW(reader->exec("DELETE FROM a"), SQLite::Exception);
}

TEST(Database, EverySchemaOfTheProgramComesUp) {
  const TempDir dir;

  EXPECT_TRUE(open_database(dir.path / "identity.db", kIdentitySchema, OpenMode::Create));
  EXPECT_TRUE(open_database(dir.path / "queue.db", kQueueSchema, OpenMode::Create));
  EXPECT_TRUE(open_database(dir.path / "ledger.db", kLedgerSchema, OpenMode::Create));
}

}  // namespace
}  // namespace dosigate
