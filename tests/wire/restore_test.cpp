// Backup, restore and lists of pseudonyms by the real command and daemon, as an administrator uses
// them. What a restore knows of corrections is told in story_restore_test.cpp.

#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "support/paths.h"
#include "support/phantom.h"
#include "support/phantom_person.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> paths_of(const Phantom& phantom) {
  std::vector<fs::path> out;
  for (const auto& file : phantom.files) out.push_back(file.path);
  return out;
}

/// Every instance below a folder destination: <pseudonym>/<study>/<instance> and its bytes.
std::map<std::string, std::string> instances_in(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".dcm")
      out[fs::relative(entry.path(), folder).string()] = content_of(entry.path());
  return out;
}

fs::path only_folder_in(const fs::path& directory) {
  const auto first = fs::directory_iterator(directory);
  if (first == fs::directory_iterator()) throw std::runtime_error("nothing was made");
  return first->path();
}

TEST(Restore, OnANewMachineUnderAnotherPathEveryInstanceComesOutAsItDidBefore) {
  TempDir dir;
  const Phantom before = write_phantom({.directory = dir.path / "before", .patient = 1});
  const Phantom after = write_phantom({.directory = dir.path / "after", .patient = 2});
  const fs::path machine = dir.path / "new-machine", config = machine / "other.toml",
                 backups = dir.path / "backups", kept = dir.path / "kept";
  fs::create_directories(backups);
  fs::create_directories(machine / "arrived");
  std::string recovery;
  std::uint16_t port = 0;
  {
    NodeProcess node(dir.path / "node", {});
    node.start();
    ASSERT_EQ(run(storescu_arguments(node.port(), paths_of(before))).code, 0);
    ASSERT_TRUE(node.settles());
    const Finished made = node.dosigate({"backup", backups.string()});
    ASSERT_EQ(made.code, 0) << made.output;
    ASSERT_EQ(run(storescu_arguments(node.port(), paths_of(after))).code, 0);
    ASSERT_TRUE(node.settles());
    node.kill();
    recovery = node.recovery_key();
    port = node.port();
    fs::rename(node.arrived(), kept);
    fs::rename(node.directory() / "journal", machine / "journal");
    fs::remove_all(node.directory());
  }
  const fs::path folder = only_folder_in(backups);
  const auto dosigate = [&](std::vector<std::string> words, const std::string& input = "") {
    const fs::path in = dir.path / "input";
    std::ofstream(in) << input;
    std::string line = "exec \"$0\" \"$@\" < " + in.string();
    std::vector<std::string> argv{"sh", "-c", line, DOSIGATE_BINARY, "--config", config.string()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run(argv);
  };
  const std::vector<std::string> restore{"restore", folder.string(), "--journal",
                                         (machine / "journal").string()};

  std::string wrong = recovery;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_EQ(dosigate(restore, wrong).code, 1);
  EXPECT_FALSE(fs::exists(machine / "state"));
  EXPECT_EQ(dosigate({"restore", folder.string()}, recovery).code, 1) << "journal, or none?";
  const Finished restored = dosigate(restore, recovery + "\n");
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_THAT(restored.output,
              AllOf(HasSubstr("patients         2 (the backup had 1)"), Not(HasSubstr(recovery))));

  Process daemon({DOSIGATED_BINARY, "--config", config.string()}, dir.path / "log");
  ASSERT_TRUE(eventually([&] { return dosigate({"status"}).code == 0; })) << daemon.output();
  ASSERT_EQ(run(storescu_arguments(port, paths_of(before))).code, 0);
  ASSERT_EQ(run(storescu_arguments(port, paths_of(after))).code, 0);
  EXPECT_TRUE(eventually([&] {
    return instances_in(machine / "arrived").size() == before.files.size() + after.files.size();
  }));
  EXPECT_EQ(instances_in(machine / "arrived"), instances_in(kept));
}

TEST(Backup, CheckWarnsUntilThereIsOneAndTheAuditLogKnowsIt) {
  TempDir dir;
  fs::create_directories(dir.path / "backups");
  NodeProcess node(dir.path / "node", {});
  node.start();

  EXPECT_THAT(node.dosigate({"check"}).output, HasSubstr("backup-old: there is no backup yet"));
  EXPECT_EQ(node.dosigate({"backup", (dir.path / "away").string()}).code, 1);
  EXPECT_THAT(node.dosigate({"backup", (node.directory() / "state").string()}).output,
              HasSubstr("lies in state_dir"));
  ASSERT_EQ(node.dosigate({"backup", (dir.path / "backups").string()}).code, 0);

  EXPECT_THAT(node.dosigate({"check"}).output, Not(HasSubstr("backup-old")));
  EXPECT_THAT(content_of(node.directory() / "state/audit/audit.jsonl"),
              AllOf(HasSubstr("\"event\":\"backup\""), HasSubstr("\"audit_head\"")));
  EXPECT_FALSE(fs::exists(node.directory() / "state/backup.part"));
  const auto told = boost::json::parse(node.dosigate({"status", "--retention", "--json"}).output);
  const auto& stores = told.at("stores").as_array();
  ASSERT_EQ(stores.back().at("store").as_string(), "last backup");
  EXPECT_TRUE(stores.back().at("oldest_s").is_number());
}

TEST(MapList, OfOneNodeIsOpenedWithTheRecoveryKeyAndTakenOverByAnotherNodeAsAWhole) {
  TempDir dir;
  const PhantomOptions options{.directory = dir.path / "sent", .ct_slices = 2, .ct_only = true};
  const Phantom phantom = write_phantom(options);
  const std::string id = invent_person(options).id;
  fs::create_directories(dir.path / "lists");
  NodeProcess first(dir.path / "first", {}), second(dir.path / "second", {});
  first.start();
  second.start();
  ASSERT_EQ(run(storescu_arguments(first.port(), paths_of(phantom))).code, 0);
  ASSERT_TRUE(first.settles());

  const Finished made =
      first.dosigate({"map", "export", (dir.path / "lists").string(), "--reason", "a second node"});
  ASSERT_EQ(made.code, 0) << made.output;
  const fs::path folder = only_folder_in(dir.path / "lists");
  const Finished denied =
      first.dosigate({"map", "open-export", folder.string()}, second.recovery_key() + "\n");
  const Finished opened =
      first.dosigate({"map", "open-export", folder.string()}, first.recovery_key() + "\n");
  const Finished by_master =
      first.dosigate({"map", "open-export", folder.string(), "--with-master-key"});

  EXPECT_EQ(denied.code, 1);
  EXPECT_THAT(denied.output, Not(HasSubstr(id)));
  ASSERT_EQ(opened.code, 0) << opened.output;
  EXPECT_THAT(opened.output,
              AllOf(HasSubstr("site,patient_id,issuer,pseudonym,offset_days"), HasSubstr(id)));
  EXPECT_EQ(by_master.output, opened.output);
  EXPECT_EQ(content_of(folder / "bundle.dsb").find(id), std::string::npos);
  EXPECT_EQ(content_of(first.directory() / "state/audit/audit.jsonl").find(id), std::string::npos);

  const Finished refused = second.dosigate({"map", "import", "-", "--reason", "a second node"},
                                           opened.output + "NONE,MARKERID,,P-1,\r\n");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("row 2"), Not(HasSubstr("MARKERID"))));
  EXPECT_EQ(second.status().at("map").at("patients").as_int64(), 0) << "all or nothing";
  const Finished taken =
      second.dosigate({"map", "import", "-", "--reason", "a second node"}, opened.output);
  ASSERT_EQ(taken.code, 0) << taken.output;
  ASSERT_EQ(run(storescu_arguments(second.port(), paths_of(phantom))).code, 0);
  ASSERT_TRUE(second.settles());
  const Arrival one = match_arrival(phantom.files, first.arrived()),
                two = match_arrival(phantom.files, second.arrived());
  EXPECT_EQ(one.pseudonyms, two.pseudonyms);
  EXPECT_EQ(value_of(one.pairs.at(0).second->data(), DCM_StudyDate),
            value_of(two.pairs.at(0).second->data(), DCM_StudyDate));
}

}  // namespace
}  // namespace dosigate::testing
