// A failed fsync is never retried as good.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "dosigate/store/database.h"
#include "support/disk_layer.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

constexpr Migration kSchema[] = {{1, "CREATE TABLE t (x INTEGER PRIMARY KEY, y BLOB)"}};

class FailedSync : public ::testing::Test {
 protected:
  std::unique_ptr<DatabaseWriter> writer() const {
    auto database = open_database(file(), kSchema, OpenMode::Create);
    if (!database) throw std::runtime_error(database.error().detail);
    return std::make_unique<DatabaseWriter>(std::move(*database));
  }
  std::filesystem::path file() const { return dir_.path / "t.db"; }
  static void insert(DatabaseWriter& writer, int x, Durability durability) {
    writer.run(
        [x](SQLite::Database& database) {
          database.exec("INSERT INTO t VALUES (" + std::to_string(x) + ", zeroblob(100000))");
        },
        durability);
  }
  int count() const { return open_reader(file())->execAndGet("SELECT count(*) FROM t").getInt(); }
  DiskFault::Plan once(const char* path) const {
    DiskFault::Plan plan;
    plan.root = dir_.path;
    plan.error = EIO;
    plan.path = path;
    plan.kind = DiskStep::Kind::Sync;
    return plan;
  }

  TempDir dir_;
};

TEST_F(FailedSync, OfACommitFailsItAndEveryLaterOneUntilTheNextStart) {
  auto writer = this->writer();
  insert(*writer, 1, Durability::Full);
  {
    const DiskFault fault(once("t.db-wal"));
    EXPECT_THROW(insert(*writer, 2, Durability::Full), SQLite::Exception);
    ASSERT_EQ(DiskFault::failed(), 1U);
  }

  try {
    insert(*writer, 3, Durability::Full);
    FAIL() << "a sync after a failed one is no proof of what is on the disk";
  } catch (const std::runtime_error& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("restart dosigated"));
  }
  EXPECT_THAT(writer->trouble(), HasSubstr("t.db"));

  writer.reset();
  writer = this->writer();
  EXPECT_EQ(writer->trouble(), "");
  insert(*writer, 4, Durability::Full);
  EXPECT_EQ(count(), 2);
}

TEST_F(FailedSync, OfACheckpointStopsTheWriterToo) {
  auto writer = this->writer();
  {
    const DiskFault fault(once("t.db-wal"));
    // Not synced themselves; together long enough for a checkpoint, which syncs the WAL first.
    for (int x = 0; x < 60 && DiskFault::failed() == 0; ++x) {
      try {
        insert(*writer, x, Durability::Normal);
      } catch (const std::runtime_error&) {
        break;  // the checkpoint ran after the commit before
      }
    }
    ASSERT_EQ(DiskFault::failed(), 1U);
  }

  EXPECT_THROW(insert(*writer, 100, Durability::Normal), std::runtime_error);
}

TEST_F(FailedSync, WhatWasNotSyncedIsWrittenAnewAtTheNextStart) {
  {
    auto writer = this->writer();
    insert(*writer, 1, Durability::Normal);
    std::filesystem::copy(dir_.path, dir_.path / "killed");  // as a kill would leave it
  }
  const auto killed = dir_.path / "killed" / "t.db";
  const DiskRecording recording(dir_.path);

  ASSERT_TRUE(open_database(killed, kSchema, OpenMode::MustExist));

  bool written = false, synced = false;
  for (const DiskStep& step : DiskRecording::steps()) {
    if (step.path != killed) continue;
    written = written || step.kind == DiskStep::Kind::Write;
    synced = synced || (written && step.kind == DiskStep::Kind::Sync);
  }
  EXPECT_TRUE(synced) << "the rows are in the kernel's cache of the WAL only";
}

TEST_F(FailedSync, OfTheDirectoryKeepsTheDatabaseFromOpening) {
  { auto made = this->writer(); }
  DiskFault::Plan plan = once("");
  plan.kind = DiskStep::Kind::SyncDirectory;
  plan.lasting = true;
  const DiskFault fault(plan);

  EXPECT_THROW((void)open_database(file(), kSchema, OpenMode::MustExist), std::system_error);
}

}  // namespace
}  // namespace dosigate::testing
