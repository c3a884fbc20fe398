#include "dosigate/app/database_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "dosigate/store/database.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

constexpr Migration kSchema[] = {{1, "CREATE TABLE t (x BLOB)"}};

void make_database(const std::filesystem::path& file, int megabytes) {
  const auto database = open_database(file, kSchema, OpenMode::Create);
  for (int i = 0; i < megabytes; ++i) (*database)->exec("INSERT INTO t VALUES (zeroblob(1048576))");
}

void damage(const std::filesystem::path& file) {
  Bytes content = read_file(file, 256U << 20U);
  for (std::size_t i = 4'096 + 8; i < 4'096 + 200; ++i) content[i] ^= 0x55;
  replace_file(file, content);
}

TEST(DatabaseCheck, FindsDamageInALargeDatabaseWhileTheNodeServes) {
  const TempDir dir;
  make_database(dir.path / "sound.db", 70);
  make_database(dir.path / "ledger.db", 70);
  damage(dir.path / "ledger.db");

  const DatabaseCheck check({dir.path / "sound.db", dir.path / "ledger.db"});

  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (check.damage().empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_THAT(check.damage(), HasSubstr("ledger.db is damaged"));
}

/// Threads of this process that run only when nothing else wants to.
int idle_threads() {
  int idle = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    idle += ::sched_getscheduler(std::stoi(task.path().filename().string())) == SCHED_IDLE;
  return idle;
}

TEST(DatabaseCheck, StandsBackBehindTheInstancesThatCome) {
  const TempDir dir;
  make_database(dir.path / "map.db", 140);
  ASSERT_EQ(idle_threads(), 0) << "the test itself is of lowest priority";

  const DatabaseCheck check({dir.path / "map.db"});

  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  int seen = 0;
  while (seen == 0 && std::chrono::steady_clock::now() < until) seen = idle_threads();
  EXPECT_EQ(seen, 1);
}

TEST(DatabaseCheck, LeavesOutWhatWasReadWhenItWasOpened) {
  const TempDir dir;
  make_database(dir.path / "small.db", 1);
  damage(dir.path / "small.db");

  EXPECT_EQ(DatabaseCheck({dir.path / "small.db"}).damage(), "");
}

}  // namespace
}  // namespace dosigate::testing
