// New keys while the node works: nothing that anybody sees of a patient changes, wherever the node
// or the command dies, and what the old keys opened is gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "dosigate/base/durable_file.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::filesystem::path> paths_of(const Phantom& phantom, std::size_t part,
                                            std::size_t of) {
  std::vector<std::filesystem::path> out;
  for (std::size_t i = part; i < phantom.files.size(); i += of)
    out.push_back(phantom.files[i].path);
  return out;
}

class KeysOfANode : public ::testing::Test {
 protected:
  KeysOfANode()
      : phantom_(write_phantom({.directory = dir_.path / "sent", .ct_slices = 12})),
        node_(dir_.path / "node", {}) {}

  std::filesystem::path file(const char* name) const { return node_.directory() / name; }

  Finished rotate() { return node_.dosigate({"key", "rotate", "--reason", "test"}); }
  /// The command in an environment in which it dies at a step of its own; true when it did.
  bool rotate_killed_at(const std::string& point) {
    Process command({DOSIGATE_BINARY, "--config", file("dosigate.toml").string(), "key", "rotate",
                     "--reason", "test"},
                    dir_.path / "killed-command", {"DOSIGATE_FAIL_POINT=" + point});
    return command.wait(std::chrono::seconds(30)) == 128 + SIGKILL;
  }
  std::string state() {
    const Finished answer = node_.dosigate({"key", "status", "--json"});
    return answer.output;
  }
  bool finishes() {
    return eventually([&] { return state().find(R"("state":"none")") != std::string::npos; },
                      std::chrono::seconds(60));
  }
  void send(std::size_t part, std::size_t of) {
    const Finished sent = run(storescu_arguments(node_.port(), paths_of(phantom_, part, of)));
    EXPECT_EQ(sent.code, 0) << sent.output;
    EXPECT_TRUE(node_.settles());
  }
  /// What the operator and the archive see of the patient.
  std::string seen() {
    std::string patient_id;
    for (const Planted& planted : phantom_.planted)
      if (planted.kind == "patient id") patient_id = planted.value;
    const Finished found =
        node_.dosigate({"map", "lookup", "--reason", "test", "--json"}, patient_id);
    EXPECT_EQ(found.code, 0) << found.output;
    std::string out = found.output;
    const Arrival arrival = match_arrival(phantom_.files, node_.arrived());
    std::set<std::string> studies;
    for (const auto& [before, after] : arrival.pairs)
      studies.insert(value_of(after->data(), DCM_StudyInstanceUID));
    for (const auto& pseudonym : arrival.pseudonyms) out += pseudonym + "\n";
    for (const auto& study : studies) out += study + "\n";
    return out;
  }
  /// The old key file and keyring, put into the place of the new ones, must open nothing.
  void old_keys_are_useless() {
    for (const char* keyring : {"old.keyring", "state/keyring"}) {
      const auto trial =
          dir_.path / ("trial-" + std::filesystem::path(keyring).filename().string());
      std::filesystem::create_directory(trial);
      for (const char* part : {"state", "journal", "profiles", "arrived", "dosigate.toml"})
        std::filesystem::copy(file(part), trial / part, std::filesystem::copy_options::recursive);
      const Bytes old = read_file(file(keyring));
      for (const char* place : {"state/keyring", "journal/keyring"})
        replace_file(trial / place, old);
      replace_file(trial / "master.key", read_file(file("old.key")));
      std::filesystem::permissions(trial / "master.key", std::filesystem::perms::owner_read);
      Process daemon({DOSIGATED_BINARY, "--config", (trial / "dosigate.toml").string()},
                     dir_.path / "trial.log");
      const auto ended = daemon.wait(std::chrono::seconds(20));
      ASSERT_TRUE(ended.has_value()) << "a node started with the old key and " << keyring;
      EXPECT_NE(ended, 0);
    }
  }

  TempDir dir_;
  Phantom phantom_;
  NodeProcess node_;
};

TEST_F(KeysOfANode, AreRotatedWhileInstancesArriveAndNothingOfAPatientChanges) {
  node_.start();
  send(0, 3);
  const std::string before = seen();
  std::filesystem::copy_file(file("master.key"), file("old.key"));
  std::filesystem::copy_file(file("state/keyring"), file("old.keyring"));

  Process sender(storescu_arguments(node_.port(), paths_of(phantom_, 1, 3)), dir_.path / "sender");
  const Finished rotated = rotate();

  EXPECT_EQ(rotated.code, 0) << rotated.output;
  EXPECT_EQ(sender.wait(std::chrono::seconds(60)), 0) << sender.output();
  EXPECT_TRUE(finishes()) << state();
  ASSERT_TRUE(node_.settles());
  EXPECT_EQ(seen(), before);
  send(2, 3);
  EXPECT_EQ(seen(), before);
  EXPECT_THAT(faults_of(phantom_, node_.arrived()), IsEmpty());
  EXPECT_NE(read_file(file("master.key")), read_file(file("old.key")));
  EXPECT_FALSE(std::filesystem::exists(file("master.key.new")));
  EXPECT_EQ(read_file(file("journal/keyring")), read_file(file("state/keyring")));
  EXPECT_EQ(node_.dosigate({"audit", "verify"}).code, 0);
  EXPECT_EQ(node_.stop(), 0);
  old_keys_are_useless();
  node_.start();
  EXPECT_EQ(seen(), before);
}

TEST_F(KeysOfANode, ARotationWaitsForNothingThatIsQueuedForAnArchiveThatIsAway) {
  // The folder is not there: everything stays in the spool, under the old keys.
  std::filesystem::remove_all(node_.arrived());
  std::ofstream(node_.arrived()) << "not a directory";
  node_.start();
  EXPECT_EQ(run(storescu_arguments(node_.port(), paths_of(phantom_, 0, 2))).code, 0);

  ASSERT_EQ(rotate().code, 0);

  EXPECT_TRUE(finishes()) << state();
  EXPECT_GT(node_.totals().queued + node_.totals().parked, 0U);
  EXPECT_EQ(node_.stop(), 0);
  std::filesystem::remove(node_.arrived());
  std::filesystem::create_directory(node_.arrived());
  std::filesystem::remove(file("state/archive/queue.db"));  // made anew from the files
  node_.start();
  node_.dosigate({"queue", "retry", "--all"});
  EXPECT_TRUE(node_.settles());
  send(1, 2);
  EXPECT_THAT(faults_of(phantom_, node_.arrived()), IsEmpty());
  EXPECT_THAT(node_.dosigate({"check"}).output, Not(HasSubstr("pairs-not-moved")));
}

class RotationKilledAt : public KeysOfANode, public ::testing::WithParamInterface<std::string> {};

TEST_P(RotationKilledAt, GoesOnAfterwardsAndNothingOfAPatientChanges) {
  node_.start();
  send(0, 2);
  const std::string before = seen();
  ASSERT_EQ(node_.stop(), 0);
  std::filesystem::copy_file(file("master.key"), file("old.key"));
  std::filesystem::copy_file(file("state/keyring"), file("old.keyring"));
  const bool of_command = GetParam().starts_with("key.");

  node_.start(of_command ? std::vector<std::string>{}
                         : std::vector<std::string>{"DOSIGATE_FAIL_POINT=" + GetParam()});
  if (of_command) {
    EXPECT_TRUE(rotate_killed_at(GetParam()));
    node_.kill();
  } else {
    rotate();
    EXPECT_TRUE(node_.ends_within(std::chrono::seconds(30)))
        << "nothing that a rotation does passes " << GetParam();
  }

  node_.start();
  EXPECT_EQ(seen(), before);
  if (std::filesystem::exists(file("master.key.new"))) {
    EXPECT_EQ(rotate().code, 0);
  }
  EXPECT_TRUE(finishes()) << state();
  EXPECT_EQ(seen(), before);
  send(1, 2);
  EXPECT_EQ(seen(), before);
  EXPECT_THAT(faults_of(phantom_, node_.arrived()), IsEmpty());
  EXPECT_EQ(node_.dosigate({"audit", "verify"}).code, 0);
  EXPECT_EQ(node_.stop(), 0);
  old_keys_are_useless();
}

INSTANTIATE_TEST_SUITE_P(
    Each, RotationKilledAt,
    ::testing::Values("key.made", "key.begun", "key.in-place", "keyring.before-copy",
                      "keyring.after-copy", "keyring.after-file", "map.reseal", "map.reseal:3",
                      "map.resealed:2", "journal.before-rename", "journal.after-rename",
                      "keyring.before-copy:2", "keyring.after-copy:2", "keyring.after-file:2"),
    [](const auto& point) {
      std::string name = point.param;
      std::replace_if(
          name.begin(), name.end(),
          [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
      return name;
    });

TEST_F(KeysOfANode, AnotherKeyFileIsNotTakenForTheNodesOwn) {
  node_.start();
  std::string toml = [&] {
    const Bytes bytes = read_file(file("dosigate.toml"));
    return std::string(as_text(bytes));
  }();
  toml.replace(toml.find("master.key"), 10, "others.key");
  replace_file(file("other.toml"), as_bytes(toml));
  replace_file(file("others.key"), as_bytes(std::string(64, 'a') + "\n"));

  const Finished refused = run({DOSIGATE_BINARY, "--config", file("other.toml").string(), "key",
                                "rotate", "--reason", "test"});

  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, HasSubstr("is not the key that the node runs with"));
  EXPECT_FALSE(std::filesystem::exists(file("others.key.new")));
}

TEST_F(KeysOfANode, CheckWarnsUntilTheRecoveryKeyWasVerified) {
  node_.start();
  EXPECT_THAT(node_.dosigate({"check"}).output, HasSubstr("recovery-not-verified"));
  std::string typo = node_.recovery_key();
  typo.back() = typo.back() == '7' ? '8' : '7';

  const Finished wrong = node_.dosigate({"key", "recovery-verify"}, typo);
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.output, HasSubstr("typing error"));
  EXPECT_THAT(node_.dosigate({"check"}).output, HasSubstr("recovery-not-verified"));
  const Finished right = node_.dosigate({"key", "recovery-verify"}, node_.recovery_key());
  EXPECT_EQ(right.code, 0) << right.output;

  EXPECT_THAT(node_.dosigate({"check"}).output, Not(HasSubstr("recovery-not-verified")));
  EXPECT_THAT(node_.dosigate({"key", "status"}).output, HasSubstr("verified"));
  const Bytes audit = read_file(file("state/audit/audit.jsonl"));
  EXPECT_THAT(std::string(as_text(audit)), Not(HasSubstr(node_.recovery_key().substr(5, 5))));
}

TEST_F(KeysOfANode, ACompromiseIsRecordedAndSaysThatContinuityEndsOnlyByANewMap) {
  node_.start();

  const Finished said = node_.dosigate({"key", "compromise", "--reason", "laptop stolen"});

  EXPECT_EQ(said.code, 0) << said.output;
  EXPECT_THAT(said.output, HasSubstr("CONTINUITY ENDS only by a new map"));
  EXPECT_THAT(said.output, HasSubstr("3 business days"));
  const Bytes audit = read_file(file("state/audit/audit.jsonl"));
  EXPECT_THAT(std::string(as_text(audit)), HasSubstr("key.compromise"));
  EXPECT_THAT(std::string(as_text(audit)), HasSubstr("laptop stolen"));
}

}  // namespace
}  // namespace dosigate::testing
