#include "crash.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

#include "support/spool_home.h"

namespace dosigate {
namespace testing {
namespace {

constexpr int kInstances = 24;

void say(int log, const std::string& word, const std::string& sop) {
  const std::string line = word + " " + sop + "\n";
  if (::write(log, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
}

}  // namespace

int live_until_killed(const char* path) {
  SpoolHome home(path);
  const int log =
      ::open((std::string(path) + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  for (int i = 0; i < kInstances; ++i) {
    const std::string sop = "2.25.100" + std::to_string(i);
    home.put(sop, {"A"}, i % 2 == 0 ? 16 : 0);
    say(log, "ACK", sop);
    if (i % 3 != 0) continue;
    auto claimed = home.spool->claim("A", 2);
    for (const auto& one : claimed) {
      home.spool->sending(one);
      say(log, "SENT", one.sop_instance_uid());
    }
    home.spool->delivered(std::move(claimed), 0);
    std::vector<InstanceId> moved;
    for (const auto& [id, pairs] : home.spool->pairs_to_move(1)) moved.push_back(id);
    home.spool->pairs_moved(moved);
  }
  return 0;
}

namespace {

/// Runs the life above in a new process with a fail point; true when it was killed there.
bool is_killed_at(const std::string& fail_point, const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("DOSIGATE_FAIL_POINT", fail_point.c_str(), 1);
    ::setenv("DOSIGATE_TEST_CRASH_IN", path.c_str(), 1);
    ::execl("/proc/self/exe", "unit_spool", static_cast<char*>(nullptr));
    std::_Exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

struct Log {
  std::set<std::string> acknowledged;
  std::multiset<std::string> sent;
};

Log read_log(const std::filesystem::path& path) {
  Log out;
  std::ifstream in(path / "log");
  std::string word, sop;
  while (in >> word >> sop) {
    if (word == "ACK") out.acknowledged.insert(sop);
    if (word == "SENT") out.sent.insert(sop);
  }
  return out;
}

class KilledAt : public ::testing::TestWithParam<std::string> {};

// Kill -9 between each two steps. Afterwards: everything acknowledged was sent or is still in the
// queue, nothing else is, and the ledger is exact.
TEST_P(KilledAt, NothingAcknowledgedIsLostAndNothingIsForged) {
  TempDir dir;
  ASSERT_TRUE(is_killed_at(GetParam(), dir.path)) << "the fail point was not reached";
  Log log = read_log(dir.path);

  SpoolHome home(dir.path);

  EXPECT_TRUE(home.ledger_adds_up());
  const auto in_queue = home.spool->claim("A", 1'000).size();
  const auto totals = home.ledger->totals();
  EXPECT_EQ(totals.queued, in_queue);
  EXPECT_EQ(totals.received, totals.queued + totals.delivered);
  // One more than acknowledged at most: the one that was being put when the kill came.
  EXPECT_GE(totals.received, log.acknowledged.size());
  EXPECT_LE(totals.received, log.acknowledged.size() + 1);
  const std::string in_hand = "2.25.100" + std::to_string(log.acknowledged.size());

  auto rest = home.spool->claim("A", 1'000);
  for (const auto& one : rest) {
    EXPECT_TRUE(one.read([](ByteView) { return true; })) << "whole";
    log.sent.insert(one.sop_instance_uid());
  }
  home.spool->delivered(std::move(rest), 0);
  for (const std::string& sop : log.acknowledged) EXPECT_GE(log.sent.count(sop), 1U) << sop;
  for (const std::string& sop : log.sent)
    EXPECT_TRUE(log.acknowledged.contains(sop) || sop == in_hand) << sop;
  std::vector<InstanceId> moved;
  for (const auto& [id, pairs] : home.spool->pairs_to_move(1'000)) {
    EXPECT_EQ(pairs, Bytes(16, 'p'));
    moved.push_back(id);
  }
  home.spool->pairs_moved(moved);
  EXPECT_EQ(home.spool->files(), 0U);
  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_EQ(home.ledger->totals().delivered, totals.received);
}

INSTANTIATE_TEST_SUITE_P(EachStep, KilledAt,
                         ::testing::Values("spool.after-sync", "spool.after-sync:9",
                                           "spool.after-row", "spool.after-row:8",
                                           "spool.after-ledger-delivered",
                                           "spool.after-ledger-delivered:3",
                                           "spool.after-row-delete", "spool.after-row-delete:4"));

}  // namespace
}  // namespace testing
}  // namespace dosigate
