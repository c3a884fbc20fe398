// The three databases, each locked, corrupt, missing, empty or newer: the daemon refuses to serve
// and says what to do, and never begins anew over what is broken.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <SQLiteCpp/SQLiteCpp.h>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/custody.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/store_scp.h"

namespace dosigate::testing {
namespace {

constexpr auto kPrivate = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Database {
  std::string name, path, instruction;  ///< below state; what the refusal of a broken one says
};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A node that has taken in some instances, of which some are delivered and some wait, and stopped.
class Node : public ::testing::Test {
 protected:
  void SetUp() override {
    book_.sent(phantom_, 1);
    node_.start();
    ASSERT_EQ(send(0, 4), 0);
    ASSERT_TRUE(node_.settles());
    archive_.stop();
    ASSERT_EQ(send(4, phantom_.files.size()), 0);
    before_ = node_.totals();
    ASSERT_GT(before_.queued, 0U);
    ASSERT_EQ(node_.stop(), 0);
  }

  std::optional<int> send(std::size_t from, std::size_t to) {
    std::vector<std::filesystem::path> files;
    for (std::size_t i = from; i < to; ++i) files.push_back(phantom_.files[i].path);
    auto argv = storescu_arguments(node_.port(), files);
    argv.insert(argv.begin() + 1, "-d");
    const Finished sent = run(argv, std::chrono::seconds(60));
    book_.acknowledged(acknowledged_uids(sent.output));
    return sent.code;
  }

  std::filesystem::path file(const Database& database) const {
    return node_.directory() / "state" / database.path;
  }

  /// What the daemon says when it does not start; empty when it does.
  std::string refusal() {
    const auto said = node_.log().size();
    node_.launch();
    if (!node_.ends_within(std::chrono::seconds(20))) return "";
    const std::string log = node_.log();
    return log.substr(std::min(said, log.size())) + "\nexit code " +
           std::to_string(node_.exit_code().value_or(-1));
  }
  void expect_refused(const std::string& instruction, const std::filesystem::path& database) {
    const std::string why = refusal();
    EXPECT_THAT(why, HasSubstr(database.string()));
    EXPECT_THAT(why, HasSubstr(instruction));
    EXPECT_THAT(why, HasSubstr("exit code 1"));
  }

  /// After whatever was done was undone: as before, and to the end.
  void expect_as_before() {
    node_.start();
    const auto totals = node_.totals();
    EXPECT_EQ(totals.received, before_.received);
    EXPECT_EQ(totals.delivered, before_.delivered);
    EXPECT_EQ(totals.queued, before_.queued);
    expect_all_arrives();
  }
  void expect_all_arrives() {
    archive_.start();
    (void)node_.dosigate({"queue", "retry", "--all"});
    ASSERT_TRUE(node_.settles());
    ArchiveCensus census(book_);
    for (const auto& path : archive_.files()) (void)census.look_at(path);
    EXPECT_THAT(census.faults(), IsEmpty());
    EXPECT_TRUE(node_.totals().add_up());
  }

  TempDir dir_;
  CustodyBook book_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 3});
  StoreScp archive_{dir_.path / "archive"};
  NodeProcess node_{dir_.path / "node", {.archive_port = archive_.port()}};
  NodeProcess::Totals before_{};
};

class EachDatabase : public Node, public ::testing::WithParamInterface<Database> {};

TEST_P(EachDatabase, LockedByAnotherProgramIsRefusedAndTakenWhenItIsFree) {
  {
    SQLite::Database other(file(GetParam()).string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN EXCLUSIVE");
    expect_refused("is locked by another program", file(GetParam()));
    other.exec("ROLLBACK");
  }
  expect_as_before();
}

TEST_P(EachDatabase, LockedWhileServingRefusesWhatNeedsItAndGoesOnAfterwards) {
  node_.start();
  const auto queued = node_.totals();
  const Phantom more = write_phantom(
      {.directory = dir_.path / "more", .patient = 2, .seed = 2, .ct_slices = 2, .ct_only = true});
  book_.sent(more, 2);
  const auto send = [&](std::size_t number) {
    return run(storescu_arguments(node_.port(), {more.files[number].path}),
               std::chrono::seconds(60));
  };
  {
    SQLite::Database other(file(GetParam()).string(), SQLite::OPEN_READWRITE, 10'000);
    other.exec("BEGIN IMMEDIATE");
    // Queue and ledger are told after the answer, and when they cannot be nothing more is taken.
    const bool is_map = GetParam().name == "map";
    const Finished first = send(0);
    EXPECT_EQ(first.code == 0, !is_map) << first.output;
    if (first.code == 0) book_.acknowledged({more.files[0].sop_instance_uid});
    const auto says = AllOf(HasSubstr("cannot-store"),
                            HasSubstr(is_map ? "0xA700" : "1 instances that were acknowledged"));
    std::string output;
    eventually([&] {
      output = node_.dosigate({"check"}).output;
      return ::testing::Matches(says)(output);
    });
    EXPECT_THAT(output, says);
    const Finished second = send(1);
    EXPECT_NE(second.code, 0) << second.output;
    EXPECT_EQ(node_.totals().received, queued.received);
    other.exec("ROLLBACK");
  }
  for (const std::size_t number : {0U, 1U}) {
    EXPECT_EQ(send(number).code, 0);
    book_.acknowledged({more.files[number].sop_instance_uid});
  }
  expect_all_arrives();
}

TEST_P(EachDatabase, BytesFlippedInTheHeaderAreRefused) {
  const std::string whole = content_of(file(GetParam()));
  std::string broken = whole;
  for (std::size_t i = 0; i < 16; ++i) broken[i] = static_cast<char>(broken[i] ^ 0x55);
  std::ofstream(file(GetParam()), std::ios::binary) << broken;
  expect_refused(GetParam().instruction, file(GetParam()));
  EXPECT_EQ(content_of(file(GetParam())), broken) << "it is evidence: nobody touches it";

  std::ofstream(file(GetParam()), std::ios::binary) << whole;
  expect_as_before();
}

TEST_P(EachDatabase, BytesFlippedInTheMiddleAreRefused) {
  const std::string whole = content_of(file(GetParam()));
  std::string broken = whole;
  // Every page but the first: its kind and its cell pointers.
  for (std::size_t page = 4'096; page < broken.size(); page += 4'096)
    for (std::size_t i = page; i < page + 64; ++i) broken[i] = static_cast<char>(broken[i] ^ 0x55);
  std::ofstream(file(GetParam()), std::ios::binary) << broken;
  expect_refused(GetParam().instruction, file(GetParam()));

  std::ofstream(file(GetParam()), std::ios::binary) << whole;
  expect_as_before();
}

TEST_P(EachDatabase, ANewerSchemaIsRefused) {
  SQLite::Database database(file(GetParam()).string(), SQLite::OPEN_READWRITE);
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  database.exec("PRAGMA user_version=99");
  expect_refused("install the dosigate that wrote it or a newer one", file(GetParam()));
  database.exec("PRAGMA user_version=" + std::to_string(version));
  expect_as_before();
}

INSTANTIATE_TEST_SUITE_P(
    Of, EachDatabase,
    ::testing::Values(Database{"map", "identity/map.db", "restore it from a backup"},
                      Database{"ledger", "ledger.db", "restore it from a backup"},
                      Database{"queue", "archive/queue.db", "rebuilt from the spool files"}),
    [](const auto& database) { return database.param.name; });

TEST_F(Node, AMissingMapWithASpoolIsRefusedAndNoneIsMade) {
  const auto map = node_.directory() / "state" / "identity" / "map.db";
  std::filesystem::rename(map, dir_.path / "map.db");
  expect_refused("restore it from the backup", map);
  EXPECT_FALSE(std::filesystem::exists(map));

  std::ofstream(map).close();  // empty is no map either
  std::filesystem::permissions(map, kPrivate);
  expect_refused("restore it from a backup", map);

  std::filesystem::remove(map);
  std::filesystem::rename(dir_.path / "map.db", map);
  expect_as_before();
}

TEST_F(Node, AMissingLedgerIsRefusedAndBegunAnewOnlyByAPerson) {
  const auto ledger = node_.directory() / "state" / "ledger.db";
  std::filesystem::rename(ledger, dir_.path / "ledger.db");
  expect_refused("dosigate init --new-ledger", ledger);
  EXPECT_FALSE(std::filesystem::exists(ledger));
  std::ofstream(ledger).close();
  std::filesystem::permissions(ledger, kPrivate);
  expect_refused("dosigate init --new-ledger", ledger);
  EXPECT_NE(node_.dosigate({"init"}).code, 0) << "this is no new node";

  const Finished begun = node_.dosigate({"init", "--new-ledger"});
  EXPECT_EQ(begun.code, 0) << begun.output;
  EXPECT_NE(node_.dosigate({"init", "--new-ledger"}).code, 0) << "there is one now";

  // What waits is taken into the new book and arrives; what was delivered is not known any more.
  node_.start();
  EXPECT_NE(node_.dosigate({"init", "--new-ledger"}).code, 0);
  EXPECT_EQ(node_.totals().queued, before_.queued);
  EXPECT_THAT(content_of(node_.directory() / "state" / "audit" / "audit.jsonl"),
              HasSubstr("ledger.begun"));
  expect_all_arrives();
}

TEST_F(Node, AMissingQueueIsRebuiltFromTheSpoolFilesAndTheLedgerIsUntouched) {
  for (const char* part : {"queue.db", "queue.db-wal", "queue.db-shm"})
    std::filesystem::remove(node_.directory() / "state" / "archive" / part);
  expect_as_before();
}

}  // namespace
}  // namespace dosigate::testing
