// What is asked of a running node about identities, and what its audit log then knows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "dosigate/app/init.h"
#include "dosigate/app/node.h"
#include "dosigate/crypto/hash.h"
#include "support/free_port.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace json = boost::json;

constexpr const char* kId = "MARKER7788";
constexpr const char* kStudy = "1.2.840.77.88";

class AdminCorrectionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.node.state_dir = home_.path / "state";
    config_.node.key_file = home_.path / "master.key";
    config_.node.admin_socket = home_.path / "admin.sock";
    config_.node.listen = {"127.0.0.1:" + std::to_string(testing::free_port())};
    config_.node.min_free_bytes = 1;
    config_.sites = {{"HSP", site_}};
    ASSERT_TRUE(initialise(config_));
    know_somebody();
    auto node = Node::start(config_, std::nullopt);
    ASSERT_TRUE(node) << node.error().detail;
    node_ = std::move(*node);
  }

  /// A patient with one study that was delivered.
  void know_somebody() {
    auto keys = Keyring::open(config_.node.state_dir / "keyring", *master_key(config_));
    ASSERT_TRUE(keys);
    const auto map = PseudonymMap::open(map_settings(config_), *keys);
    ASSERT_TRUE(map);
    SourceIdentity source;
    source.patient_id = Phi(kId);
    source.name = Phi("MARKER^NAME");
    source.study_uid = Phi(kStudy);
    const auto subject = (*map)->resolve(site_, source);
    ASSERT_TRUE(subject);
    pseudonym_ = subject->pseudonym;
    study_ = subject->study_uid;
    const auto ledger = Ledger::open(config_.node.state_dir / "ledger.db");
    ASSERT_TRUE(ledger);
    (*ledger)->legal({"ARCHIVE", "dosimetry", "LGPD art. 11 II f", "Dosimagem", "BR"});
    const InstanceId id = random_id();
    Ledger::Entry entry{id, study_, {"ARCHIVE"}};
    entry.pseudonym = pseudonym_;
    (*ledger)->queued(entry);
    (*ledger)->changed({{id, "ARCHIVE", DeliveryState::Delivered, 0}});
  }

  ApiResponse post(const std::string& path, const json::object& body) {
    const auto answer = call_admin(config_.node.admin_socket, "POST", "/api/v1/" + path, body);
    EXPECT_TRUE(answer);
    return *answer;
  }
  std::string audit() const {
    std::ifstream in(config_.node.state_dir / "audit" / "audit.jsonl");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  /// The lines of an event.
  std::string audit_of(const std::string& event) const {
    std::istringstream all(audit());
    std::string out;
    for (std::string line; std::getline(all, line);)
      if (line.find("\"event\":\"" + event + "\"") != std::string::npos) out += line + "\n";
    return out;
  }

  testing::TempDir home_;
  Config config_;
  SitePolicy site_{"HSP", {}, {}};
  std::string pseudonym_, study_;
  std::unique_ptr<Node> node_;
};

TEST_F(AdminCorrectionsTest, TheReportSaysWhatWasSentWithTheLegalBasisOfThatTime) {
  const auto answer = post("map/report", {{"patient_id", kId}, {"reason", "asked"}});

  ASSERT_EQ(answer.status, 200U);
  const auto& study = answer.body.at("studies").at(0);
  EXPECT_EQ(answer.body.at("pseudonym"), json::value(pseudonym_));
  EXPECT_EQ(study.at("study_uid"), json::value(study_));
  const auto& sent = study.at("sent").at(0);
  EXPECT_EQ(sent.at("destination"), json::value("ARCHIVE"));
  EXPECT_EQ(sent.at("delivered").to_number<int>(), 1);
  EXPECT_EQ(sent.at("legal").at(0).at("legal_basis"), json::value("LGPD art. 11 II f"));
  EXPECT_THAT(audit_of("map.report"), AllOf(HasSubstr(pseudonym_), HasSubstr("asked")));
}

TEST_F(AdminCorrectionsTest, ACorrectionIsOnRecordBeforeItBeginsAndWithItsOutcome) {
  const auto answer = post("study/" + study_ + "/reassign",
                           {{"patient_id", "MARKER9900"}, {"reason", "wrong worklist entry"}});

  ASSERT_EQ(answer.status, 200U) << json::serialize(answer.body);
  const std::string new_study(answer.body.at("study_uid").as_string());
  EXPECT_THAT(audit_of("study.reassign.begin"),
              AllOf(HasSubstr(study_), HasSubstr("wrong worklist entry")));
  EXPECT_THAT(audit_of("study.reassign"),
              AllOf(HasSubstr(study_), HasSubstr(new_study), HasSubstr("\"outcome\":\"done\"")));
  EXPECT_THAT(audit(), Not(HasSubstr("MARKER")));
}

TEST_F(AdminCorrectionsTest, ARefusedCorrectionIsOnRecordAsRefused) {
  ASSERT_EQ(post("study/" + study_ + "/reassign", {{"patient_id", kId}, {"reason", "x"}}).status,
            409U);

  EXPECT_THAT(audit_of("study.reassign"), HasSubstr("\"outcome\":\"refused\""));
}

TEST_F(AdminCorrectionsTest, NothingOnRecordLeadsFromAForgettingToThePseudonym) {
  const auto answer = post("map/forget", {{"patient_id", kId}, {"reason", "LGPD art. 18 VI"}});

  ASSERT_EQ(answer.status, 200U) << json::serialize(answer.body);
  EXPECT_EQ(answer.body.at("pseudonym"), json::value(""));
  EXPECT_THAT(audit_of("map.forget"),
              AllOf(HasSubstr("LGPD art. 18 VI"), HasSubstr("\"studies\":\"1\"")));
  EXPECT_THAT(audit(), AllOf(Not(HasSubstr(pseudonym_)), Not(HasSubstr(study_))));
  EXPECT_EQ(post("map/report", {{"pseudonym", pseudonym_}, {"reason", "x"}}).status, 404U);
}

TEST_F(AdminCorrectionsTest, APatientIdTypedWhereAPseudonymOrUidBelongsIsNotRecorded) {
  EXPECT_EQ(post("map/report", {{"pseudonym", kId}, {"reason", "x"}}).status, 404U);
  EXPECT_EQ(post("map/forget", {{"pseudonym", kId}, {"reason", "x"}}).status, 404U);
  EXPECT_EQ(post("map/alias", {{"pseudonym", pseudonym_}, {"loser", kId}, {"reason", "x"}}).status,
            404U);
  EXPECT_EQ(post("map/distinct", {{"a", kId}, {"b", pseudonym_}, {"reason", "x"}}).status, 404U);
  EXPECT_EQ(
      post("study/" + std::string(kStudy) + "/withdraw", {{"code", "113001"}, {"reason", "x"}})
          .status,
      404U);
  EXPECT_EQ(post("devices/accept", {{"label", kId}, {"reason", "x"}}).status, 404U);

  EXPECT_THAT(audit(), AllOf(Not(HasSubstr("MARKER")), Not(HasSubstr(kStudy))));
}

TEST_F(AdminCorrectionsTest, EveryCorrectionNeedsAReason) {
  for (const std::string path :
       {"map/alias", "map/distinct", "map/report", "map/forget", "devices/accept"})
    EXPECT_GE(post(path, {{"pseudonym", pseudonym_},
                          {"loser", pseudonym_},
                          {"a", pseudonym_},
                          {"b", pseudonym_},
                          {"label", "CAM-01"}})
                  .status,
              400U)
        << path;
  for (const std::string verb : {"reassign", "withdraw", "admit"})
    EXPECT_EQ(
        post("study/" + study_ + "/" + verb, {{"patient_id", "1"}, {"code", "113001"}}).status,
        400U)
        << verb;
}

}  // namespace
}  // namespace dosigate
