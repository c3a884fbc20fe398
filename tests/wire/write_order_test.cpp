// The order on the way to the acknowledgement (design 3.5), of the real program, as the kernel
// sees it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

/// What strace wrote, as steps of custody in the order in which the calls ended; an answer counts
/// from its beginning.
class Trace {
 public:
  Trace(std::filesystem::path file, std::uint16_t port)
      : file_(std::move(file)), answer_("TCP:[127.0.0.1:" + std::to_string(port) + "->") {}

  /// Steps since the last call; repetitions in a row are one.
  std::vector<std::string> steps() {
    std::ifstream in(file_);
    in.seekg(read_);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) {
      if (in.eof()) break;  // half a line: it is read the next time
      read_ = in.tellg();
      const std::string step = step_of(line);
      if (!step.empty() && (out.empty() || out.back() != step)) out.push_back(step);
    }
    return out;
  }

 private:
  /// "PID call(FD</path>, ... = result", or in two lines: "PID call(FD</path>, ... <unfinished
  /// ...>" (a blank after the path when that is all) and "PID <... call resumed> ... = result".
  std::string step_of(const std::string& line) {
    static const std::regex begun(R"(^(\d+) +(\w+)\(\d+<(.*?)>[,) ])"),
        resumed(R"(^(\d+) +<\.\.\. (\w+) resumed>)");
    std::smatch found;
    if (std::regex_search(line, found, begun)) {
      const std::string call = found[2], path = found[3];
      if (call == "sendmsg") return path.starts_with(answer_) ? "answered" : "";
      if (line.ends_with("<unfinished ...>")) {
        unfinished_[found[1]] = {call, path};
        return "";
      }
      return meaning(call, path);
    }
    if (!std::regex_search(line, found, resumed)) return "";
    const auto before = unfinished_.find(found[1]);
    if (before == unfinished_.end() || before->second.first != found[2]) return "";
    const auto [call, path] = before->second;
    unfinished_.erase(before);
    return meaning(call, path);
  }

  static std::string meaning(const std::string& call, const std::string& path) {
    const auto of = [&](const char* part) { return path.find(part) != std::string::npos; };
    const bool is_write = call == "write" || call == "pwrite64";
    const bool is_sync = call == "fsync" || call == "fdatasync";
    if (of("identity.journal") && is_sync) return "journal synced";
    if (of("map.db-wal") && is_sync) return "map synced";
    if (path.ends_with(".dsg") && is_write) return "file written";
    if (path.ends_with(".dsg") && is_sync) return "file synced";
    if (of("archive/spool/") && is_sync) return "entry synced";
    if (of("queue.db-wal") && is_write) return "row written";
    return "";
  }

  std::filesystem::path file_;
  std::string answer_;
  std::streamoff read_ = 0;
  std::map<std::string, std::pair<std::string, std::string>> unfinished_;  ///< by thread
};

class WriteOrder : public ::testing::Test {
 protected:
  WriteOrder() {
    // Nobody listens at the destination: what is taken stays, and no delivery mixes its steps in.
    NodeProcess::Settings settings;
    settings.archive_port = free_port();
    std::ofstream(script_) << "#!/bin/sh\nexec strace -D -f -yy -o " << trace_file_.string()
                           << " -e trace=write,pwrite64,fsync,fdatasync,sendmsg "
                           << DOSIGATED_BINARY << " \"$@\"\n";
    std::filesystem::permissions(script_, std::filesystem::perms::owner_all);
    ::setenv("DOSIGATED_BINARY", script_.c_str(), 1);
    node_ = std::make_unique<NodeProcess>(dir_.path / "node", settings);
  }
  ~WriteOrder() override { ::unsetenv("DOSIGATED_BINARY"); }

  /// False when processes may not be watched here, as in some containers.
  bool watches() const {
    return run({"strace", "-f", "-yy", "-o", "/dev/null", "/bin/true"}).code == 0;
  }
  void send(const PhantomFile& file) {
    const auto sent = run(storescu_arguments(node_->port(), {file.path}));
    ASSERT_EQ(sent.code, 0) << sent.output;
  }

  TempDir dir_;
  std::filesystem::path script_ = dir_.path / "traced", trace_file_ = dir_.path / "trace";
  std::unique_ptr<NodeProcess> node_;
};

/// Whether the steps up to the first answer hold these in this order; others may stand between
/// them: the forwarder and the pair mover write, too.
bool answered_after(const std::vector<std::string>& steps, const std::vector<std::string>& wanted) {
  auto next = wanted.begin();
  for (const std::string& step : steps) {
    if (step == "answered") return next == wanted.end();
    if (next != wanted.end() && step == *next) ++next;
  }
  return false;
}

TEST_F(WriteOrder, MapBeforeEntryBeforeFileBeforeTheAnswer) {
  if (!watches()) GTEST_SKIP() << "strace may not watch processes on this machine";
  const Phantom phantom = write_phantom({.directory = dir_.path / "sent", .ct_slices = 3});
  std::vector<PhantomFile> slices;
  std::ranges::copy_if(phantom.files, std::back_inserter(slices), [&](const PhantomFile& file) {
    return file.sop_class_uid == "1.2.840.10008.5.1.4.1.1.2" &&
           file.study == phantom.files.front().study;
  });
  ASSERT_GE(slices.size(), 2U);
  node_->start();
  Trace trace(trace_file_, node_->port());
  const std::vector<std::string> of_a_known_study{"file written", "file synced"};
  // The first one has no file at hand.
  std::vector<std::string> of_a_new_one{"journal synced", "map synced", "entry synced"};
  of_a_new_one.insert(of_a_new_one.end(), of_a_known_study.begin(), of_a_known_study.end());

  send(slices[0]);
  auto steps = trace.steps();
  // The first answer accepts the association; what counts is the next one.
  const auto accepted = std::ranges::find(steps, "answered");
  ASSERT_NE(accepted, steps.end());
  EXPECT_TRUE(answered_after({accepted + 1, steps.end()}, of_a_new_one))
      << "a new patient: " << ::testing::PrintToString(steps);

  (void)trace.steps();
  send(slices[1]);
  steps = trace.steps();
  const auto again = std::ranges::find(steps, "answered");
  ASSERT_NE(again, steps.end());
  EXPECT_TRUE(answered_after({again + 1, steps.end()}, of_a_known_study))
      << "a known study: " << ::testing::PrintToString(steps);
  EXPECT_EQ(node_->totals().queued, 2U);  // waits for its row
  const auto later = trace.steps();
  steps.insert(steps.end(), later.begin(), later.end());
  const auto synced = std::ranges::find(steps, "file synced");
  EXPECT_NE(std::find(synced, steps.end(), "row written"), steps.end())
      << ::testing::PrintToString(steps);
  EXPECT_EQ(node_->stop(), 0);
}

}  // namespace
}  // namespace dosigate::testing
