// The audit record and the incident register of the real daemon: killed, cut, begun anew, edited,
// asked with and without a daemon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include <boost/json.hpp>

#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;
namespace json = boost::json;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Audit : public ::testing::Test {
 protected:
  /// Of somebody who was never here: asked, answered and recorded.
  void look_up(const std::string& reason) {
    const Finished asked = node_.dosigate({"map", "lookup", "--reason", reason}, "NOBODY");
    ASSERT_THAT(asked.output, HasSubstr("no patient with this PatientID"));
  }
  std::string head() {
    const Finished report = node_.dosigate({"report", "--json"});
    EXPECT_EQ(report.code, 0) << report.output;
    return std::string(json::parse(report.output).at("audit_head").as_string().c_str());
  }
  json::array incidents() {
    const Finished list = node_.dosigate({"incidents", "--json"});
    EXPECT_EQ(list.code, 0) << list.output;
    return json::parse(list.output).at("items").as_array();
  }
  /// Takes `count` lines off the end of the record.
  void cut_lines(int count) {
    std::string all = content_of(file_);
    for (; count > 0; --count) all.resize(all.rfind('\n', all.size() - 2) + 1);
    std::ofstream(file_, std::ios::binary) << all;
  }

  TempDir dir_;
  NodeProcess node_{dir_.path / "node", {.node = "study_quiet_s = 1"}};
  fs::path file_ = node_.directory() / "state" / "audit" / "audit.jsonl";
};

TEST_F(Audit, HoldsAfterManyKillsAndKeepsEveryLineThatWasAnswered) {
  for (int round = 0; round < 15; ++round) {
    node_.start();
    Process asking({"sh", "-c",
                    "i=0; while [ $i -lt 500 ]; do echo NOBODY | " + std::string(DOSIGATE_BINARY) +
                        " --config " + (node_.directory() / "dosigate.toml").string() +
                        " map lookup --reason round-" + std::to_string(round) +
                        "-$i >/dev/null 2>&1; [ $? -le 1 ] || exit 1; echo $i; i=$((i+1)); done"},
                   dir_.path / ("asked-" + std::to_string(round)));
    ASSERT_TRUE(asking.wait_for_output("2\n", std::chrono::seconds(60)));
    std::this_thread::sleep_for(std::chrono::milliseconds(37 * round));
    node_.kill();
    asking.kill_group();

    const Finished verified = node_.dosigate({"audit", "verify"});
    EXPECT_EQ(verified.code, 0) << verified.output;
    EXPECT_THAT(verified.output, HasSubstr("no daemon runs"));
    std::istringstream answered(asking.output());
    const std::string record = content_of(file_);
    for (std::string number; std::getline(answered, number);)
      EXPECT_NE(record.find("round-" + std::to_string(round) + "-" + number + "\""),
                std::string::npos)
          << number;
  }
  node_.start();
  EXPECT_EQ(node_.dosigate({"audit", "verify"}).code, 0);
}

TEST_F(Audit, LinesCutOffWhileNoNodeRanAreNoticedAgainstReportAndBackup) {
  node_.start();
  look_up("one");
  const fs::path backups = dir_.path / "backups", report = dir_.path / "report.txt";
  fs::create_directory(backups);
  look_up("two");
  std::ofstream(report) << node_.dosigate({"report"}).output;
  const std::string kept = head();
  ASSERT_EQ(node_.dosigate({"backup", backups.string()}).code, 0);
  const std::string folder = fs::directory_iterator(backups)->path().string();
  for (const std::vector<std::string>& against : {std::vector<std::string>{"--head", kept},
                                                  {"--report", report.string()},
                                                  {"--backup", folder}}) {
    const Finished good = node_.dosigate({"audit", "verify", against[0], against[1]});
    EXPECT_EQ(good.code, 0) << good.output;
    EXPECT_THAT(good.output, HasSubstr("nothing was cut off"));
  }
  ASSERT_EQ(node_.stop(), 0);

  cut_lines(4);  // stop, backup, and two before

  EXPECT_EQ(node_.dosigate({"audit", "verify"}).code, 0) << "the file alone holds";
  for (const std::vector<std::string>& against : {std::vector<std::string>{"--head", kept},
                                                  {"--report", report.string()},
                                                  {"--backup", folder}}) {
    const Finished bad = node_.dosigate({"audit", "verify", against[0], against[1]});
    EXPECT_EQ(bad.code, 1) << against[0];
    EXPECT_THAT(bad.output, HasSubstr("cut off"));
  }
  // Seen while the node was off, it is an incident when it runs again.
  node_.start();
  const auto noted = incidents();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0].at("of").as_string(), "audit record");
  EXPECT_EQ(node_.dosigate({"audit", "verify", "--head", kept}).code, 1) << "by the daemon, too";
}

TEST_F(Audit, ARecordBegunAnewIsNoticed) {
  node_.start();
  look_up("one");
  const std::string kept = head();
  ASSERT_EQ(node_.stop(), 0);
  fs::remove(file_);

  node_.start();
  for (int i = 0; i < 5; ++i) look_up("x");

  EXPECT_EQ(node_.dosigate({"audit", "verify"}).code, 0);
  const Finished bad = node_.dosigate({"audit", "verify", "--head", kept});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.output, HasSubstr("begun anew"));
  EXPECT_EQ(node_.dosigate({"audit", "verify", "--head", "nonsense"}).code, 2);
}

TEST_F(Audit, AnEditedLineKeepsTheNodeFromStartingAndIsAnIncidentAllTheSame) {
  node_.start();
  look_up("an honest reason");
  ASSERT_EQ(node_.stop(), 0);
  const std::string good = content_of(file_);
  std::string bad = good;
  bad.replace(bad.find("an honest"), 9, "a hidden "), std::ofstream(file_) << bad;

  node_.launch();
  ASSERT_TRUE(node_.ends_within(std::chrono::seconds(30)));
  EXPECT_THAT(node_.log(), HasSubstr("was changed: line"));

  ASSERT_EQ(incidents().size(), 1U) << "read from the files while the node is off";
  std::ofstream(file_) << good;
  node_.start();
  const auto noted = incidents();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0].at("kind").as_string(), "integrity");
  EXPECT_THAT(node_.dosigate({"check"}).output, HasSubstr("incident 1: integrity, audit record"));
}

TEST_F(Audit, ARefusedMachineIsRecordedOnceAndIsAnIncidentUntilAPersonClosesIt) {
  const auto config = node_.directory() / "dosigate.toml";
  std::string text = content_of(config);
  text.replace(text.find("name = \"all\""), 12, "name = \"all\"\ncalling_ae = [\"CAMERA9\"]");
  std::ofstream(config) << text;
  const Phantom phantom = write_phantom({.directory = dir_.path / "sent", .ct_slices = 1});
  node_.start();
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(run(storescu_arguments(node_.port(), {phantom.files[0].path})).code, 0);

  ASSERT_TRUE(eventually([&] {
    const auto all = incidents();
    return all.size() == 1 && all[0].at("count").to_number<int>() == 3;
  })) << node_.log();
  const std::string record = content_of(file_);
  EXPECT_NE(record.find("association.refused"), std::string::npos);
  EXPECT_EQ(record.find("association.refused"), record.rfind("association.refused"));
  EXPECT_THAT(node_.dosigate({"check"}).output, HasSubstr("refused-peer"));
  EXPECT_THAT(node_.dosigate({"incidents", "--csv"}).output,
              AllOf(HasSubstr("number,kind,first"), HasSubstr("1,refused-peer,")));

  EXPECT_EQ(node_.dosigate({"incidents", "close", "1", "--reason", "a new workstation"}).code, 0);

  EXPECT_THAT(node_.dosigate({"check"}).output, Not(HasSubstr("refused-peer")));
  EXPECT_EQ(node_.dosigate({"incidents", "close", "1", "--reason", "again"}).code, 1);
  ASSERT_EQ(node_.stop(), 0);
  EXPECT_THAT(node_.dosigate({"incidents"}).output,
              AllOf(HasSubstr("a new workstation"), HasSubstr("closed by")));
}

TEST_F(Audit, TellsOfAStudyInBoundedLinesFromItsFirstInstanceToItsDelivery) {
  const Phantom phantom = write_phantom({.directory = dir_.path / "sent", .ct_slices = 12});
  std::vector<fs::path> files;
  std::set<std::string> studies;
  for (const auto& file : phantom.files) {
    files.push_back(file.path);
    studies.insert(file.study);
  }
  node_.start();
  ASSERT_EQ(run(storescu_arguments(node_.port(), files)).code, 0);
  const auto count = [&](const std::string& event) {
    const std::string record = content_of(file_);
    std::size_t out = 0;
    for (auto at = record.find("\"event\":\"" + event + "\""); at != std::string::npos;
         at = record.find("\"event\":\"" + event + "\"", at + 1))
      ++out;
    return out;
  };

  ASSERT_TRUE(eventually(
      [&] {
        return count("instances.received") >= studies.size() &&
               count("instances.transferred") >= studies.size();
      },
      std::chrono::seconds(60)));

  EXPECT_EQ(count("instances.begin"), studies.size());
  EXPECT_LT(count("instances.received") + count("instances.transferred"), files.size());
  const std::string record = content_of(file_);
  EXPECT_THAT(record, AllOf(HasSubstr("\"calling\":"), HasSubstr("\"destination\":\"archive\"")));
  for (const Planted& planted : phantom.planted)
    EXPECT_THAT(record, Not(HasSubstr(planted.value))) << planted.kind;
}

TEST_F(Audit, AHitOfTheLeakCheckIsACriticalIncidentOfOnePerson) {
  const Phantom phantom = write_phantom({.directory = dir_.path / "sent", .ct_slices = 1});
  const std::string telephone = "11987654321";
  ASSERT_EQ(run({"dcmodify", "-nb", "-i", "(0010,2154)=" + telephone, "-i",
                 "(0018,1020)=VB20A (11) 98765-4321", phantom.files[0].path.string()})
                .code,
            0);
  node_.start();
  ASSERT_EQ(run(storescu_arguments(node_.port(), {phantom.files[0].path})).code, 0);

  const auto noted = incidents();
  ASSERT_EQ(noted.size(), 1U) << node_.log();
  EXPECT_EQ(noted[0].at("kind").as_string(), "leak-hit");
  EXPECT_EQ(noted[0].at("subjects_affected").to_number<int>(), 1);
  EXPECT_EQ(node_.dosigate({"check"}).code, 2);
  EXPECT_THAT(node_.dosigate({"status"}).output, HasSubstr("1 open, 1 data subjects"));
  for (const auto* file : {"audit/audit.jsonl", "incidents/incidents.jsonl"})
    EXPECT_THAT(content_of(node_.directory() / "state" / file),
                AllOf(HasSubstr("leak-hit"), Not(HasSubstr("98765"))));
  EXPECT_THAT(node_.log(), Not(HasSubstr("98765")));
  // A kill changes nothing.
  node_.kill();
  node_.start();
  EXPECT_EQ(incidents().size(), 1U);
}

TEST_F(Audit, ASpoolFileThatDoesNotAuthenticateIsAnIncident) {
  const Phantom phantom = write_phantom({.directory = dir_.path / "sent", .ct_slices = 1});
  node_.start();
  ASSERT_EQ(node_.dosigate({"queue", "pause", "archive", "--reason", "test"}).code, 0);
  ASSERT_EQ(run(storescu_arguments(node_.port(), {phantom.files[0].path})).code, 0);
  ASSERT_EQ(node_.stop(), 0);
  std::size_t damaged = 0;
  for (const auto& entry :
       fs::recursive_directory_iterator(node_.directory() / "state" / "archive" / "spool")) {
    if (entry.path().extension() != ".dsg") continue;
    std::string bytes = content_of(entry.path());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(entry.path(), std::ios::binary) << bytes;
    ++damaged;
  }
  ASSERT_EQ(damaged, 1U);

  node_.start();
  ASSERT_EQ(node_.dosigate({"queue", "resume", "archive"}).code, 0);

  EXPECT_TRUE(eventually([&] {
    for (const auto& incident : incidents())
      if (incident.at("of").as_string() == "spool") return true;
    return false;
  })) << node_.log();
}

TEST_F(Audit, AKeyThatDoesNotOpenTheKeyringIsAnIncidentOfTheNextStart) {
  const auto key = node_.directory() / "master.key";
  fs::rename(key, node_.directory() / "kept");
  std::ofstream(key) << std::string(64, 'a') << "\n";
  fs::permissions(key, fs::perms::owner_read);
  for (int i = 0; i < 2; ++i) {
    node_.launch();
    ASSERT_TRUE(node_.ends_within(std::chrono::seconds(30)));
  }
  fs::remove(key);
  fs::rename(node_.directory() / "kept", key);

  node_.start();

  const auto noted = incidents();
  ASSERT_EQ(noted.size(), 1U) << node_.log();
  EXPECT_EQ(noted[0].at("of").as_string(), "keyring");
  EXPECT_EQ(noted[0].at("count").to_number<int>(), 1) << "once a day";
}

}  // namespace
}  // namespace dosigate::testing
