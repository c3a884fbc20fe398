// The named suite: every case is one decision of a reader or of the state machine, over a real
// socket against the real daemon. After each one the daemon answers an honest C-ECHO.

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dosigate/net/association_request.h"
#include "receive/command.h"
#include "support/sanitized.h"
#include "support/temp_dir.h"
#include "wire/hostile_case.h"
#include "wire/memory_of.h"
#include "wire/node_process.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

// Under a sanitizer memory is not what it is in a hospital.
constexpr std::size_t kLargestResidentMib = kSanitized ? 4000 : 400;

std::vector<HostileCase> all_cases() {
  std::vector<HostileCase> all;
  for (const auto& table :
       {hostile_requests, hostile_user_items, hostile_pdus, hostile_commands, hostile_identities,
        hostile_data_sets, hostile_encodings, hostile_amounts}) {
    for (auto& one : table()) all.push_back(std::move(one));
  }
  return all;
}

Answer honest_echo(std::uint16_t port) {
  RawScu scu(port);
  const auto answer =
      scu.associate("DOSIGATE", "HONEST", {{1, kVerificationClass, {kImplicitSyntax}}});
  if (!answer || answer->type != 2) return {Answer::Kind::Other};
  scu.send(RawScu::p_data(1, true, true, RawScu::plain_command(0x0030, kVerificationClass)));
  const Answer echo = Attack::next(scu);
  return scu.release() ? echo : Answer{Answer::Kind::Other};
}

/// One daemon for all cases: what one of them breaks, the next one meets.
class Hostile : public ::testing::TestWithParam<HostileCase> {
 protected:
  static void SetUpTestSuite() {
    dir = std::make_unique<TempDir>();
    node = std::make_unique<NodeProcess>(
        dir->path / "node",
        NodeProcess::Settings{.route = "called_ae = [\"DOSIGATE\"]",
                              .node = "max_instance_mb = " + std::to_string(kLargestMib)});
    node->start();
    pid = node->pid();
  }
  /// What is left when every case has been there.
  static void TearDownTestSuite() {
    if (!node) return;  // it did not start, which has been said
    EXPECT_EQ(honest_echo(node->port()), status(0));
    EXPECT_LT(resident_mib(node->pid()), kLargestResidentMib);
    std::cout << "resident after all cases: " << resident_mib(node->pid()) << " MiB, at most "
              << resident_mib(node->pid(), "VmHWM:") << " MiB\n";
    EXPECT_TRUE(node->totals().add_up());
    EXPECT_EQ(node->stop(), 0);
    // No peer's string became a file, a command, or part of a log line.
    const std::string log = node->log();
    for (const char* const sent : {"forged", "/etc/passwd", "DROP", "owned", "<script>"})
      EXPECT_EQ(log.find(sent), std::string::npos) << sent;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir->path)) {
      const std::string name = entry.path().filename().string();
      for (const char* const sent : {"owned", "passwd", "1143.77"})
        EXPECT_EQ(name.find(sent), std::string::npos) << entry.path();
    }
    node.reset();
    dir.reset();
  }
  static std::unique_ptr<TempDir> dir;
  static std::unique_ptr<NodeProcess> node;
  static pid_t pid;
};
std::unique_ptr<TempDir> Hostile::dir;
std::unique_ptr<NodeProcess> Hostile::node;
pid_t Hostile::pid = 0;

TEST_P(Hostile, IsAnsweredAndTheNodeGoesOn) {
  const HostileCase& hostile = GetParam();
  const std::size_t log_before = node->log().size();

  const Answer answer = hostile.play(Attack(node->port()));

  EXPECT_EQ(answer, hostile.expected) << hostile.section;
  // Associations of a case may take a moment to be noticed as gone.
  EXPECT_TRUE(eventually([&] { return honest_echo(node->port()) == status(0); }))
      << "the node answers no honest C-ECHO";
  ASSERT_TRUE(node->running()) << node->log().substr(log_before);
  EXPECT_EQ(node->pid(), pid);
  // The decision that the case is named for, and no other one.
  if (*hostile.why == '\0') return;
  if (!hostile.request.empty()) {
    const auto read = read_association_request(hostile.request);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().detail, HasSubstr(hostile.why));
  } else if (!hostile.command.empty()) {
    const auto read = read_command(hostile.command);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().detail, HasSubstr(hostile.why));
  } else {
    EXPECT_THAT(node->log().substr(log_before), HasSubstr(hostile.why));
  }
}

INSTANTIATE_TEST_SUITE_P(Suite, Hostile, ::testing::ValuesIn(all_cases()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(HostileSuite, HasAtLeast150CasesOfDistinctNames) {
  const auto all = all_cases();
  std::set<std::string> names;
  for (const auto& one : all) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_TRUE(std::string_view(one.section).starts_with("PS3.")) << one.name;
  }

  EXPECT_GE(names.size(), 150U);
  RecordProperty("cases", std::to_string(names.size()));
}

}  // namespace
}  // namespace dosigate::testing
