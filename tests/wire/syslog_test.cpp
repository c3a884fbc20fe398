// The audit record on its way to a real rsyslog, by TLS: in order, none missing, whoever is away or
// killed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/json.hpp>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/rsyslog.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

class Syslog : public ::testing::Test {
 protected:
  Syslog() { configure(rsyslog_.port(), ca_, ca_.issue("gateway", "gateway.test", {})); }

  void configure(std::uint16_t port, const TestCa& ca, const TlsFiles& own) {
    const auto file = node_.directory() / "dosigate.toml";
    if (before_.empty()) {
      std::ifstream in(file);
      before_ = {std::istreambuf_iterator<char>(in), {}};
    }
    std::ofstream(file) << before_ << "\n[audit]\nsyslog = \"127.0.0.1:" << port << "\"\nca = \""
                        << ca.certificate().string() << "\"\ncertificate = \""
                        << own.certificate.string() << "\"\nkey = \"" << own.key.string() << "\"\n";
  }
  static fs::path made(const fs::path& directory) {
    fs::create_directories(directory);
    return directory;
  }
  /// The node answers a moment before it begins to send.
  boost::json::value syslog() const {
    boost::json::value out;
    EXPECT_TRUE(eventually([&] {
      out = node_.status().at("audit").at("syslog");
      return !out.is_null();
    }));
    return out;
  }
  std::uint64_t lines() const {
    return node_.status().at("audit").at("lines").to_number<std::uint64_t>();
  }
  bool all_sent() const {
    return eventually([&] { return syslog().at("waiting").to_number<int>() == 0; }, seconds(90));
  }
  void look_up(int times) {
    for (int i = 0; i < times; ++i)
      ASSERT_THAT(
          node_.dosigate({"map", "lookup", "--reason", "call " + std::to_string(i)}, "NOBODY")
              .output,
          HasSubstr("no patient with this PatientID"));
  }
  /// Line numbers as they arrived, a repeated one left out; each has to be the next.
  void expect_complete(std::uint64_t until) const {
    std::uint64_t next = 1;
    for (const auto& message : rsyslog_.messages()) {
      ASSERT_FALSE(message.sequence.empty()) << message.xml;
      const std::uint64_t number = std::stoull(message.sequence);
      ASSERT_LE(number, next) << "a line is missing";
      if (number == next) ++next;
    }
    EXPECT_GE(next, until + 1);
  }

  TempDir dir_;
  TestCa ca_{made(dir_.path / "ca")};
  Rsyslog rsyslog_{dir_.path / "rsyslog", ca_, "gateway.test"};
  NodeProcess node_{dir_.path / "node", {.node = "study_quiet_s = 1"}};
  std::string before_;
};

TEST_F(Syslog, GetsEveryEventAsAValidDicomAuditMessageWithoutAnIdentity) {
  const Phantom phantom = write_phantom({.directory = dir_.path / "sent", .ct_slices = 2});
  rsyslog_.start();
  node_.start();
  std::vector<fs::path> files;
  for (const auto& file : phantom.files) files.push_back(file.path);
  ASSERT_EQ(run(storescu_arguments(node_.port(), files)).code, 0);
  std::string patient_id;
  for (const Planted& planted : phantom.planted)
    if (planted.kind == "patient id") patient_id = planted.value;
  const Finished found =
      node_.dosigate({"map", "lookup", "--reason", "second cycle", "--json"}, patient_id);
  ASSERT_EQ(found.code, 0) << found.output;
  const std::string pseudonym(
      boost::json::parse(found.output).at("found").at(0).at("pseudonym").as_string().c_str());
  ASSERT_EQ(node_.dosigate({"map", "reveal", pseudonym, "--reason", "dose report"}).code, 0);
  const auto text = [&] {
    std::string out;
    for (const auto& message : rsyslog_.messages()) out += message.xml + "\n";
    return out;
  };
  ASSERT_TRUE(eventually(
      [&] {
        const std::string all = text();
        return all.find("\"instances.received\"") != std::string::npos ||
               (all.find(">instances.received<") != std::string::npos &&
                all.find(">instances.transferred<") != std::string::npos);
      },
      seconds(60)))
      << node_.log() << rsyslog_.output();
  ASSERT_TRUE(all_sent()) << node_.log();

  const auto messages = rsyslog_.messages();
  std::vector<std::string> command{"xmllint", "--noout", "--relaxng",
                                   DOSIGATE_SOURCE_DIR "/tests/unit/audit/audit_message.rng"};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].message_id, "DICOM+RFC3881");
    EXPECT_THAT(messages[i].priority, ::testing::AnyOf("85", "84"));
    const auto file = dir_.path / (std::to_string(i) + ".xml");
    std::ofstream(file) << messages[i].xml;
    command.push_back(file.string());
  }
  const Finished valid = run(command);
  EXPECT_EQ(valid.code, 0) << valid.output;
  expect_complete(lines());
  for (const auto& message : messages) {
    if (message.xml.find(">instances.received<") == std::string::npos) continue;
    EXPECT_THAT(message.xml, HasSubstr("ParticipantObjectID=\"" + pseudonym + "\""));
  }
  EXPECT_THAT(text(), AllOf(HasSubstr("110120"), HasSubstr("110102"), HasSubstr("110104"),
                            HasSubstr("110112"), HasSubstr(pseudonym)));
  for (const Planted& planted : phantom.planted)
    EXPECT_THAT(text(), Not(HasSubstr(planted.value))) << planted.kind;
}

TEST_F(Syslog, LosesNothingWhileTheServerIsAwayAndTheNodeIsKilled) {
  node_.start();
  look_up(5);
  ASSERT_TRUE(eventually([&] { return !syslog().at("failing_since").is_null(); }));
  EXPECT_THAT(node_.dosigate({"status"}).output, HasSubstr("cannot be reached"));
  node_.kill();
  node_.start();
  look_up(3);
  rsyslog_.start();
  ASSERT_TRUE(all_sent()) << node_.log() << rsyslog_.output();
  expect_complete(lines());

  for (int round = 0; round < 4; ++round) {
    look_up(2);
    std::this_thread::sleep_for(std::chrono::milliseconds(300 * round));
    node_.kill();
    if (round % 2 == 1) rsyslog_.stop();
    node_.start();
    if (round % 2 == 1) rsyslog_.start();
  }

  ASSERT_TRUE(all_sent()) << node_.log() << rsyslog_.output();
  expect_complete(lines());
  EXPECT_TRUE(syslog().at("last_error").as_string().empty());
}

TEST_F(Syslog, AServerOfAnotherAuthorityGetsNothing) {
  const TestCa other(made(dir_.path / "other"));
  configure(rsyslog_.port(), other, ca_.issue("gateway2", "gateway.test", {}));
  rsyslog_.start();
  node_.start();

  ASSERT_TRUE(eventually([&] { return !syslog().at("failing_since").is_null(); }));

  EXPECT_THAT(std::string(syslog().at("last_error").as_string()), HasSubstr("certificate"));
  EXPECT_TRUE(rsyslog_.messages().empty());
  // Corrected by a reload, everything from the first line on arrives.
  configure(rsyslog_.port(), ca_, ca_.issue("gateway3", "gateway.test", {}));
  ASSERT_EQ(node_.dosigate({"reload"}).code, 0);
  ASSERT_TRUE(all_sent()) << node_.log();
  expect_complete(lines());
}

}  // namespace
}  // namespace dosigate::testing
