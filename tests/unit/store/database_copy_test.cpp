#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dosigate/base/durable_file.h"
#include "dosigate/store/database.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

constexpr Migration kSchema[] = {{1, "CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL)"}};

bool holds(const std::filesystem::path& file, std::string_view text) {
  if (!std::filesystem::exists(file)) return false;
  const Bytes content = read_file(file, 1U << 24U);
  return as_text(content).find(text) != std::string_view::npos;
}

TEST(DatabaseCopy, HasWhatIsOnlyInTheWalAndOpensAlone) {
  const TempDir dir;
  auto database = open_database(dir.path / "d.db", kSchema, OpenMode::Create);
  ASSERT_TRUE(database);
  (*database)->exec("INSERT INTO a VALUES (1, 'one')");

  ASSERT_TRUE(copy_database(dir.path / "d.db", dir.path / "copy.db"));

  struct stat info {};
  ASSERT_EQ(::stat((dir.path / "copy.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(dir.path / "copy.db-wal"));
  const auto copy = open_database(dir.path / "copy.db", kSchema, OpenMode::MustExist);
  ASSERT_TRUE(copy);
  EXPECT_EQ((*copy)->execAndGet("SELECT y FROM a").getString(), "one");
}

TEST(DatabaseCopy, IsNeverMadeOverAFileThatIsThere) {
  const TempDir dir;
  auto database = open_database(dir.path / "d.db", kSchema, OpenMode::Create);
  ASSERT_TRUE(database);
  replace_file(dir.path / "kept", as_bytes(std::string_view("kept")));

  const auto copied = copy_database(dir.path / "d.db", dir.path / "kept");

  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().fault, Fault::Conflict);
  EXPECT_TRUE(holds(dir.path / "kept", "kept"));
}

TEST(EmptyWal, LeavesNothingOfWhatWasDeleted) {
  const TempDir dir;
  auto database = open_database(dir.path / "d.db", kSchema, OpenMode::Create);
  ASSERT_TRUE(database);
  (*database)->exec("INSERT INTO a VALUES (1, 'SECRETWORD')");
  (*database)->exec("DELETE FROM a");
  ASSERT_TRUE(holds(dir.path / "d.db-wal", "SECRETWORD"));

  empty_wal(dir.path / "d.db");

  EXPECT_FALSE(holds(dir.path / "d.db-wal", "SECRETWORD"));
  EXPECT_FALSE(holds(dir.path / "d.db", "SECRETWORD"));
}

}  // namespace
}  // namespace dosigate
