#include "dosigate/audit/audit_log.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>
#include <sstream>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using testing::Keys;

struct Record {
  Keys keys;
  std::filesystem::path directory = keys.dir.path / "audit";
  std::filesystem::path file = directory / "audit.jsonl";

  std::unique_ptr<AuditLog> open() const {
    auto log = AuditLog::open(directory, keys.keyring, [] {
      return WallTime(std::chrono::milliseconds(1'790'000'000'123));
    });
    if (!log) throw std::runtime_error(log.error().detail);
    return std::move(*log);
  }
  void fill(int count) const {
    const auto log = open();
    for (int i = 0; i < count; ++i)
      log->record("map.lookup", "operator", {{"reason", "call " + std::to_string(i)}});
  }
  std::vector<std::string> lines() const {
    std::istringstream in{std::string(as_text(read_file(file)))};
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  void put(const std::vector<std::string>& lines) const {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    replace_file(file, as_bytes(all));
  }
  Error refusal() const {
    auto log = AuditLog::open(directory, keys.keyring);
    EXPECT_FALSE(log);
    return log ? fail(Fault::NotFound, "") : log.error();
  }
};

TEST(AuditLog, WritesOneReadableLinePerEvent) {
  const Record record;
  record.open()->record("quarantine.discard", "uid 1000",
                        {{"id", "abc"}, {"reason", "a \"test\"\nwith a line end"}});

  const auto lines = record.lines();

  ASSERT_EQ(lines.size(), 1U);
  const auto line = boost::json::parse(lines[0]).as_object();
  EXPECT_EQ(line.at("n"), 1);
  EXPECT_EQ(line.at("time"), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(line.at("event"), "quarantine.discard");
  EXPECT_EQ(line.at("actor"), "uid 1000");
  EXPECT_EQ(line.at("fields").at("reason"), "a \"test\"\nwith a line end");
}

TEST(AuditLog, ContinuesItsChainAfterARestart) {
  const Record record;
  record.fill(3);
  record.fill(2);

  const auto verified = record.open()->verify();

  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->number, 5U);
}

TEST(AuditLog, NoticesEveryEditedByte) {
  const Record record;
  record.fill(3);
  const Bytes good = read_file(record.file);

  for (std::size_t i = 0; i + 1 < good.size();
       ++i) {  // without its last line end the last line counts as cut off
    Bytes bad = good;
    bad[i] ^= 0x02;
    replace_file(record.file, bad);
    ASSERT_EQ(record.refusal().fault, Fault::Corrupt) << "byte " << i;
  }
}

TEST(AuditLog, NamesTheFirstLineThatDoesNotHold) {
  const Record record;
  record.fill(5);
  auto lines = record.lines();
  const auto at = lines[2].find("call 2");
  lines[2].replace(at, 6, "call 9");
  record.put(lines);

  EXPECT_NE(record.refusal().detail.find("line 3 "), std::string::npos);
}

TEST(AuditLog, NoticesARemovedASwappedAndARepeatedLine) {
  const Record record;
  record.fill(5);
  const auto good = record.lines();

  auto removed = good;
  removed.erase(removed.begin() + 1);
  record.put(removed);
  EXPECT_EQ(record.refusal().fault, Fault::Corrupt);

  auto first_removed = good;
  first_removed.erase(first_removed.begin());
  record.put(first_removed);
  EXPECT_EQ(record.refusal().fault, Fault::Corrupt);

  auto swapped = good;
  std::swap(swapped[1], swapped[2]);
  record.put(swapped);
  EXPECT_EQ(record.refusal().fault, Fault::Corrupt);

  auto repeated = good;
  repeated.insert(repeated.begin() + 2, good[1]);
  record.put(repeated);
  EXPECT_EQ(record.refusal().fault, Fault::Corrupt);

  record.put(good);
  EXPECT_TRUE(record.open()->verify()) << "the control";
}

TEST(AuditLog, ALineOfAnotherHistoryUnderTheSameKeyDoesNotFit) {
  const Record record;
  record.fill(2);
  const auto common = record.lines();
  record.fill(2);
  const auto first = record.lines();
  record.put(common);
  record.open()->record("map.reveal", "operator", {});
  const auto second = record.lines();

  record.put({first[0], first[1], second[2], first[3]});

  EXPECT_EQ(record.refusal().fault, Fault::Corrupt);
}

TEST(AuditLog, ARunningNodeNoticesThatLinesWereCutOffBehindItsBack) {
  const Record record;
  record.fill(2);
  const auto log = record.open();
  log->record("map.reveal", "operator", {});
  const std::size_t shorter = record.lines()[0].size() + 1;

  ASSERT_EQ(::truncate(record.file.c_str(), static_cast<off_t>(shorter)), 0);

  ASSERT_FALSE(log->verify());
  EXPECT_EQ(log->verify().error().fault, Fault::Corrupt);
}

TEST(AuditLog, OfAnotherKeyringDoesNotHold) {
  const Record record;
  const Keys others;
  record.fill(1);

  const auto log = AuditLog::open(record.directory, others.keyring);

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().fault, Fault::Corrupt);
}

TEST(AuditLog, ALineCutOffByACrashIsRemovedAndTheCutRecorded) {
  const Record record;
  record.fill(3);
  const Bytes good = read_file(record.file);
  const std::size_t third = record.lines()[0].size() + record.lines()[1].size() + 2;

  for (std::size_t length = third + 1; length < good.size(); ++length) {
    replace_file(record.file, ByteView(good).first(length));
    record.open()->record("after", "operator", {});

    const auto lines = record.lines();
    ASSERT_EQ(lines.size(), 4U) << length;
    EXPECT_NE(lines[2].find("audit.cut-line-removed"), std::string::npos);
    EXPECT_NE(lines[2].find("\"" + std::to_string(length - third) + "\""), std::string::npos);
    ASSERT_TRUE(record.open()->verify());
  }
}

TEST(AuditLog, TakesEventsFromManyThreads) {
  const Record record;
  const auto log = record.open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&log] {
      for (int i = 0; i < 25; ++i) log->record("e", "a", {});
    });
  for (auto& thread : threads) thread.join();

  const auto verified = log->verify();
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->number, 100U);
}

TEST(AuditLog, HasOneWriterAtATime) {
  const Record record;
  const auto log = record.open();

  EXPECT_EQ(record.refusal().fault, Fault::Busy);
}

TEST(AuditLog, StaysReadableWhenANameIsNotUtf8) {
  const Record record;
  record.open()->record("e", "Jos\xE9", {{"name", "Jos\xC3\xA9"}});

  EXPECT_EQ(boost::json::parse(record.lines()[0]).at("actor"), "Jos?");
  EXPECT_EQ(boost::json::parse(record.lines()[0]).at("fields").at("name"), "Jos\xC3\xA9");
  EXPECT_TRUE(record.open()->verify());
}

/// RLIMIT_FSIZE gives EFBIG in the middle of a line as a full disk gives ENOSPC. Ends the process
/// with 0 when all is as promised.
[[noreturn]] void fill_up(const Record& record) {
  const auto log = record.open();
  log->record("e", "a", {});
  const auto before = std::filesystem::file_size(record.file);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{before + 50, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &tight);
  bool thrown = false;
  try {
    log->record("e", "a", {});
  } catch (const std::system_error&) {
    thrown = true;
  }
  const bool whole = std::filesystem::file_size(record.file) == before;
  const rlimit wide{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &wide);
  log->record("e", "a", {});
  const auto verified = log->verify();
  _exit(thrown && whole && verified && verified->number == 2 ? 0 : 1);
}

TEST(AuditLog, AFullDiskLeavesNoHalfALine) {
  const Record record;

  EXPECT_EXIT(fill_up(record), ::testing::ExitedWithCode(0), "");
}

TEST(AuditLog, IsForItsOwnerOnly) {
  const Record record;
  record.fill(1);

  struct stat info {};
  ASSERT_EQ(::stat(record.file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(record.directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

}  // namespace
}  // namespace dosigate
