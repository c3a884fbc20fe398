#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "dosigate/store/database.h"
#include "support/disk_layer.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

constexpr Migration kSchema[] = {{1, "CREATE TABLE t (x INTEGER PRIMARY KEY)"}};

std::unique_ptr<SQLite::Database> open(const std::filesystem::path& file) {
  auto database = open_database(file, kSchema, OpenMode::Create);
  if (!database) throw std::runtime_error(database.error().detail);
  return std::move(*database);
}

DatabaseWriter::Job insert(int x) {
  return [x](SQLite::Database& database) {
    database.exec("INSERT INTO t VALUES (" + std::to_string(x) + ")");
  };
}

int count(const std::filesystem::path& file) {
  return open_reader(file)->execAndGet("SELECT count(*) FROM t").getInt();
}

/// Runs the jobs as one batch: the writer is held in a first job until all of them wait.
std::vector<std::exception_ptr> run_together(DatabaseWriter& writer,
                                             const std::vector<DatabaseWriter::Job>& jobs) {
  std::latch entered(1);
  std::latch go_on(1);
  std::thread holder([&] {
    writer.run(
        [&](SQLite::Database&) {
          entered.count_down();
          go_on.wait();
        },
        Durability::Normal);
  });
  entered.wait();
  std::vector<std::exception_ptr> outcomes(jobs.size());
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    callers.emplace_back([&, i] {
      try {
        writer.run(jobs[i], Durability::Full);
      } catch (...) {
        outcomes[i] = std::current_exception();
      }
    });
    // One after the other, so that the order in the queue is the order of `jobs`.
    while (writer.waiting() <= i) std::this_thread::yield();
  }
  go_on.count_down();
  holder.join();
  for (auto& caller : callers) caller.join();
  return outcomes;
}

TEST(DatabaseWriter, HasCommittedWhenRunReturns) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));

  writer.run(insert(1), Durability::Full);
  EXPECT_EQ(count(dir.path / "d.db"), 1);
  writer.run(insert(2), Durability::Normal);
  EXPECT_EQ(count(dir.path / "d.db"), 2);
}

TEST(DatabaseWriter, AThrowingJobLosesItsOwnChangesOnly) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));

  const auto outcomes = run_together(writer, {insert(1),
                                              [](SQLite::Database& database) {
                                                database.exec("INSERT INTO t VALUES (100)");
                                                throw std::runtime_error("mine");
                                              },
                                              insert(1),  // a conflict that SQLite itself reports
                                              insert(3)});

  EXPECT_FALSE(outcomes[0]);
  EXPECT_THROW(std::rethrow_exception(outcomes[1]), std::runtime_error);
  EXPECT_THROW(std::rethrow_exception(outcomes[2]), SQLite::Exception);
  EXPECT_FALSE(outcomes[3]);
  EXPECT_EQ(open_reader(dir.path / "d.db")->execAndGet("SELECT group_concat(x) FROM t").getString(),
            "1,3");
}

TEST(DatabaseWriter, AThrowingJobThatIsAloneInItsBatchLeavesNothing) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));

  EXPECT_THROW(writer.run(
                   [](SQLite::Database& database) {
                     insert(1)(database);
                     throw std::runtime_error("mine");
                   },
                   Durability::Full),
               std::runtime_error);
  EXPECT_THROW(
      writer.run([](SQLite::Database& database) { database.exec("COMMIT"); }, Durability::Full),
      std::logic_error);
  writer.run(insert(2), Durability::Full);

  EXPECT_EQ(open_reader(dir.path / "d.db")->execAndGet("SELECT group_concat(x) FROM t").getString(),
            "2");
}

TEST(DatabaseWriter, CommitsWhatWaitsTogether) {
  const TempDir dir;
  auto database = open(dir.path / "d.db");
  std::atomic<int> commits{0};
  sqlite3_commit_hook(
      database->getHandle(),
      [](void* counter) { return ++*static_cast<std::atomic<int>*>(counter), 0; }, &commits);
  DatabaseWriter writer(std::move(database));
  std::vector<DatabaseWriter::Job> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(insert(i));

  run_together(writer, jobs);

  EXPECT_EQ(commits, 2) << "one for the job that held the writer, one for the twenty";
  EXPECT_EQ(count(dir.path / "d.db"), 20);
}

TEST(DatabaseWriter, ABatchWithOneFullJobIsCommittedFull) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));
  const auto synchronous_in_job = [&writer](Durability durability) {
    int value = -1;
    writer.run(
        [&value](SQLite::Database& database) {
          value = database.execAndGet("PRAGMA synchronous").getInt();
        },
        durability);
    return value;
  };

  EXPECT_EQ(synchronous_in_job(Durability::Normal), 1);
  EXPECT_EQ(synchronous_in_job(Durability::Full), 2);
  EXPECT_EQ(synchronous_in_job(Durability::Normal), 1);
}

// Temporary files are not where the databases are: whatever a row holds would lie about in
// /var/tmp.
TEST(DatabaseWriter, WhatABatchCouldRollBackIsKeptInMemory) {
  TempDir dir, temporary;
  DatabaseWriter writer(open(dir.path / "t.db"));
  writer.run(
      [](SQLite::Database& database) {
        database.exec("CREATE TABLE wide (y BLOB)");
        for (int i = 0; i < 100; ++i) database.exec("INSERT INTO wide VALUES (randomblob(3000))");
      },
      Durability::Full);
  const DatabaseWriter::Job change = [](SQLite::Database& database) {
    database.exec("UPDATE wide SET y = randomblob(3000)");
  };
  sqlite3_temp_directory = sqlite3_mprintf("%s", temporary.path.c_str());
  {
    const testing::DiskRecording recording(temporary.path);

    run_together(writer, {change, change});

    EXPECT_TRUE(testing::DiskRecording::steps().empty());
  }
  sqlite3_free(sqlite3_temp_directory);
  sqlite3_temp_directory = nullptr;
}

TEST(DatabaseWriter, WhenTheCommitFailsEveryCallerOfTheBatchHearsIt) {
  const TempDir dir;
  auto database = open(dir.path / "d.db");
  std::atomic<bool> refuse{false};
  sqlite3_commit_hook(
      database->getHandle(),
      [](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load() ? 1 : 0; }, &refuse);
  DatabaseWriter writer(std::move(database));

  const auto outcomes = run_together(writer, {insert(1), [&refuse](SQLite::Database& in) {
                                                insert(2)(in);
                                                refuse = true;
                                              }});

  EXPECT_TRUE(outcomes[0]);
  EXPECT_TRUE(outcomes[1]);
  EXPECT_EQ(count(dir.path / "d.db"), 0);
  refuse = false;
  writer.run(insert(3), Durability::Full);
  EXPECT_EQ(count(dir.path / "d.db"), 1) << "the writer did not recover";
}

TEST(DatabaseWriter, AJobThatEndsTheTransactionFailsItsBatchNotTheWriter) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));

  const auto outcomes = run_together(
      writer, {insert(1), [](SQLite::Database& database) { database.exec("ROLLBACK"); }});

  EXPECT_TRUE(outcomes[0]) << "its row is gone";
  EXPECT_TRUE(outcomes[1]);
  EXPECT_EQ(count(dir.path / "d.db"), 0);
  writer.run(insert(2), Durability::Full);
  EXPECT_EQ(count(dir.path / "d.db"), 1);
}

TEST(DatabaseWriter, AJobThatRunsAJobIsRefusedInsteadOfWaitingForItself) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));

  EXPECT_THROW(writer.run([&writer](SQLite::Database&) { writer.run(insert(1), Durability::Full); },
                          Durability::Full),
               std::logic_error);
}

TEST(DatabaseWriter, RunsAJobAloneOutsideATransactionBetweenTheOthers) {
  TempDir dir;
  const auto file = dir.path / "t.db";
  DatabaseWriter writer(open(file));
  std::atomic<bool> stop{false};
  std::thread others([&] {
    for (int x = 1; !stop; ++x) writer.run(insert(x), Durability::Normal);
  });

  for (int i = 0; i < 20; ++i) {
    writer.run_alone([](SQLite::Database& database) {
      EXPECT_NE(sqlite3_get_autocommit(database.getHandle()), 0);
      database.exec("VACUUM");
      empty_wal(database);
    });
  }
  stop = true;
  others.join();

  EXPECT_EQ(open_reader(file)->execAndGet("PRAGMA quick_check").getString(), "ok");
}

TEST(DatabaseWriter, GoesOnAfterAJobAloneThatFailed) {
  TempDir dir;
  const auto file = dir.path / "t.db";
  DatabaseWriter writer(open(file));

  EXPECT_THROW(writer.run_alone([](SQLite::Database& database) {
    database.exec("BEGIN");
    throw std::runtime_error("in the middle");
  }),
               std::runtime_error);
  writer.run(insert(1), Durability::Full);

  EXPECT_EQ(count(file), 1);
}

TEST(DatabaseWriter, TakesJobsFromManyThreadsAtOnce) {
  const TempDir dir;
  DatabaseWriter writer(open(dir.path / "d.db"));

  std::vector<std::thread> callers;
  for (int t = 0; t < 8; ++t)
    callers.emplace_back([&writer, t] {
      for (int i = 0; i < 50; ++i)
        writer.run(insert(t * 1'000 + i), i % 2 == 0 ? Durability::Full : Durability::Normal);
    });
  for (auto& caller : callers) caller.join();

  EXPECT_EQ(count(dir.path / "d.db"), 400);
}

#ifdef DOSIGATE_FAIL_POINTS
/// Inserts one row in a process of its own (store_main.cpp) that dies at the fail point; true when
/// it died there.
bool dies_at(const char* fail_point, const std::filesystem::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    // A fresh program: the fail point is read once per process, and this one has passed some.
    ::setenv("DOSIGATE_FAIL_POINT", fail_point, 1);
    ::execl("/proc/self/exe", "unit_store", "insert-one-row", file.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST(DatabaseWriter, KilledBeforeTheCommitNothingIsThereAfterItEverythingIs) {
  const TempDir dir;
  open(dir.path / "d.db");

  ASSERT_TRUE(dies_at("db.before-commit", dir.path / "d.db"));
  EXPECT_EQ(count(dir.path / "d.db"), 0);
  ASSERT_TRUE(dies_at("db.after-commit", dir.path / "d.db"));
  EXPECT_EQ(count(dir.path / "d.db"), 1);
}
#endif

}  // namespace
}  // namespace dosigate
