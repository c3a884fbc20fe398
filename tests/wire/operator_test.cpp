// What an administrator does with a running node: change its configuration, decide about what is
// held, ask the map, hear of trouble, stop it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include <boost/json.hpp>

#include "support/free_port.h"
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

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Replaces one text of the configuration by another.
void edit(const NodeProcess& node, const std::string& from, const std::string& to) {
  const auto file = node.directory() / "dosigate.toml";
  std::string text = content_of(file);
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  std::ofstream(file) << text;
}

class Operator : public ::testing::Test {
 protected:
  Finished send_one() { return run(storescu_arguments(node_.port(), {phantom_.files[0].path})); }

  /// The same image, said to have a name in its pixels: the node cannot clean it.
  void send_burned_in() {
    const auto file = dir_.path / "burned-in.dcm";
    std::filesystem::copy_file(phantom_.files[0].path, file,
                               std::filesystem::copy_options::overwrite_existing);
    ASSERT_EQ(run({"dcmodify", "-nb", "-i", "BurnedInAnnotation=YES", file.string()}).code, 0);
    ASSERT_EQ(run(storescu_arguments(node_.port(), {file})).code, 0);
  }

  std::string held_id() {
    const Finished list = node_.dosigate({"quarantine", "list", "--json"});
    return std::string(
        boost::json::parse(list.output).at("items").at(0).at("id").as_string().c_str());
  }

  TempDir dir_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 2});
  NodeProcess node_{dir_.path / "node", {}};
};

TEST_F(Operator, SighupTakesARouteThatTheStatusOfferedToPaste) {
  edit(node_, "name = \"all\"", "name = \"all\"\ncalling_ae = [\"CAMERA9\"]");
  node_.start();

  EXPECT_NE(send_one().code, 0);
  const auto refused = node_.status().at("refused_peers").at(0);
  std::string route(refused.at("route_toml").as_string().c_str());
  for (const auto& [blank, text] : {std::pair{"site = \"FILL IN\"", "site = \"Hospital Teste\""},
                                    std::pair{"[\"FILL IN\"]", "[\"archive\"]"}})
    route.replace(route.find(blank), std::string(blank).size(), text);
  std::ofstream(node_.directory() / "dosigate.toml", std::ios::app) << route;
  node_.signal(SIGHUP);

  EXPECT_TRUE(eventually([&] { return send_one().code == 0; })) << node_.log();
  EXPECT_TRUE(eventually([&] { return node_.totals().delivered == 1; }));
}

TEST_F(Operator, SighupTakesAnotherDestinationAndForgetsNothing) {
  node_.start();
  ASSERT_EQ(send_one().code, 0);

  edit(node_, "destinations = [\"archive\"]", "destinations = [\"archive\", \"copy\"]");
  edit(node_, "[[route]]",
       "[[destination]]\nname = \"copy\"\nkind = \"folder\"\npath = \"copy\"\npurpose = \"test\"\n"
       "legal_basis = \"test\"\noperator = \"none\"\ncountry = \"BR\"\n\n[[route]]");
  node_.signal(SIGHUP);

  ASSERT_TRUE(eventually([&] { return node_.log().find("reloaded") != std::string::npos; }));
  ASSERT_EQ(run(storescu_arguments(node_.port(), {phantom_.files[1].path})).code, 0);
  EXPECT_TRUE(eventually([&] { return node_.totals().delivered == 2; }));
  EXPECT_EQ(node_.status().at("destinations").as_array().size(), 2U);
  std::size_t copies = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(node_.directory() / "copy"))
    copies += entry.path().extension() == ".dcm" ? 1U : 0U;
  EXPECT_EQ(copies, 1U);
}

TEST_F(Operator, SeesTheRealCameraAndWhatWasRemovedOfItsPrivateElements) {
  node_.start();
  ASSERT_EQ(send_one().code, 0);  // with a private block of the hospital

  const auto items = boost::json::parse(node_.dosigate({"devices", "--json"}).output).at("items");
  const auto& camera = items.at(0);
  EXPECT_EQ(camera.at("label").as_string(), "CAM-01");
  EXPECT_EQ(camera.at("model").as_string(), "VOXEL BODY");
  EXPECT_EQ(camera.at("epochs").at(0).at("number").to_number<int>(), 1);
  EXPECT_EQ(camera.at("removed_creators").at(0).at("creator").as_string(), "HOSPITAL SISTEMA X");
  EXPECT_THAT(node_.dosigate({"devices"}).output, HasSubstr("HOSPITAL SISTEMA X"));
  EXPECT_THAT(node_.dosigate({"status"}).output,
              HasSubstr("new private creator on CAM-01: see dosigate devices"));
  EXPECT_THAT(content_of(node_.directory() / "state" / "audit" / "audit.jsonl"),
              HasSubstr("devices.list"));
  EXPECT_THAT(node_.log(), Not(HasSubstr("HOSPITAL SISTEMA X")));
}

TEST_F(Operator, SeesByWhichRulesItIsCleanedInStatusAndAudit) {
  node_.start();
  ASSERT_EQ(send_one().code, 0);

  const auto audit = [&] {
    return content_of(node_.directory() / "state" / "audit" / "audit.jsonl");
  };
  const auto profile = node_.status().at("profiles").at(0);
  EXPECT_EQ(profile.at("name").as_string(), "dosimetry");
  EXPECT_THAT(audit(), HasSubstr(std::string(profile.at("digest").as_string())));
  EXPECT_EQ(node_.status().at("deidentified").at("instances").to_number<int>(), 1);
  EXPECT_THAT(node_.dosigate({"status"}).output, HasSubstr("profiles      dosimetry "));

  // Another profile under the same name is another digest, and the audit says since when.
  std::filesystem::create_directories(node_.directory() / "profiles");
  std::ofstream(node_.directory() / "profiles" / "dosimetry.toml")
      << "name = \"dosimetry\"\nversion = \"site-1\"\nedition = \"2026d\"\n";
  node_.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return node_.log().find("reloaded") != std::string::npos; }));
  EXPECT_THAT(audit(), HasSubstr("site-1"));
}

TEST_F(Operator, ABrokenConfigurationIsNotTakenAndTheLogSaysWhere) {
  node_.start();

  edit(node_, "[[route]]", "[[route]]\nprofle = \"dosimetry\"");
  node_.signal(SIGHUP);

  EXPECT_TRUE(eventually([&] { return node_.log().find("profle") != std::string::npos; }));
  EXPECT_EQ(send_one().code, 0);
  const Finished asked = node_.dosigate({"reload"});
  EXPECT_NE(asked.code, 0);
  EXPECT_THAT(asked.output, HasSubstr("profle"));
}

TEST_F(Operator, AHeldInstanceRaisesAnAlertIsReleasedByAPersonAndClearsIt) {
  const auto alerts = dir_.path / "alerts";
  std::ofstream(node_.directory() / "dosigate.toml", std::ios::app)
      << "\n[alert]\ncommand = [\"sh\", \"-c\", \"cat >> " << alerts.string() << "\"]\n";
  node_.start();
  ASSERT_EQ(node_.dosigate({"key", "recovery-verify"}, node_.recovery_key()).code, 0);
  std::filesystem::create_directory(dir_.path / "backups");
  ASSERT_EQ(node_.dosigate({"backup", (dir_.path / "backups").string()}).code, 0);
  EXPECT_EQ(node_.dosigate({"check"}).code, 0);

  send_burned_in();
  EXPECT_EQ(node_.dosigate({"check"}).code, 1);
  const std::string id = held_id();
  EXPECT_THAT(node_.dosigate({"quarantine", "show", id}).output, HasSubstr("burned-in"));
  EXPECT_TRUE(eventually([&] { return content_of(alerts).find("raised") != std::string::npos; }));
  const Finished unsure = node_.dosigate({"quarantine", "release", id, "--reason", "looked at"});
  EXPECT_NE(unsure.code, 0) << unsure.output;
  const Finished sure = node_.dosigate(
      {"quarantine", "release", id, "--reason", "no name on it", "--accept", "burned-in"});

  EXPECT_EQ(sure.code, 0) << sure.output;
  EXPECT_TRUE(eventually([&] { return node_.totals().delivered == 1; }));
  EXPECT_EQ(node_.totals().received, 1U);
  EXPECT_TRUE(eventually([&] { return content_of(alerts).find("cleared") != std::string::npos; }));
  EXPECT_THAT(content_of(alerts), HasSubstr("quarantine-not-empty"));
  for (const Planted& planted : phantom_.planted)
    EXPECT_THAT(content_of(alerts), Not(HasSubstr(planted.value)));
}

TEST_F(Operator, AReasonThatNoLookCanAnswerIsNotTakenAsWaived) {
  node_.start();
  send_burned_in();
  const std::string id = held_id();

  const Finished release = node_.dosigate(
      {"quarantine", "release", id, "--accept", "patient-in-doubt", "--reason", "it is hers"});

  EXPECT_EQ(release.code, 1);
  EXPECT_THAT(release.output, HasSubstr("patient-in-doubt cannot be waived"));
  EXPECT_EQ(held_id(), id);
}

TEST_F(Operator, AFullQuarantineIsAConditionAndTheSenderKeepsWhatWouldBeHeld) {
  NodeProcess node(dir_.path / "other", {.node = "quarantine_cap_gb = 0\n"});
  node.start();
  const auto file = dir_.path / "burned-in.dcm";
  std::filesystem::copy_file(phantom_.files[0].path, file);
  ASSERT_EQ(run({"dcmodify", "-nb", "-i", "BurnedInAnnotation=YES", file.string()}).code, 0);

  EXPECT_NE(run(storescu_arguments(node.port(), {file})).code, 0);

  const Finished check = node.dosigate({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.output, HasSubstr("quarantine-full: the quarantine is at its cap"));
  EXPECT_EQ(node.totals().quarantined, 0U);
}

TEST_F(Operator, TheMapAnswersWithAReasonAndTheAuditLogHoldsTheQuestionNotTheIdentity) {
  node_.start();
  ASSERT_EQ(send_one().code, 0);
  std::string patient_id;
  for (const Planted& planted : phantom_.planted)
    if (planted.kind == "patient id") patient_id = planted.value;
  ASSERT_FALSE(patient_id.empty());

  const Finished found =
      node_.dosigate({"map", "lookup", "--reason", "second cycle", "--json"}, patient_id);
  ASSERT_EQ(found.code, 0) << found.output;
  const std::string pseudonym(
      boost::json::parse(found.output).at("found").at(0).at("pseudonym").as_string().c_str());
  const Finished person = node_.dosigate({"map", "reveal", pseudonym, "--reason", "dose report"});
  EXPECT_EQ(person.code, 0) << person.output;
  EXPECT_THAT(person.output, HasSubstr(patient_id));

  EXPECT_EQ(node_.dosigate({"audit", "verify"}).code, 0);
  const std::string audit = content_of(node_.directory() / "state" / "audit" / "audit.jsonl");
  EXPECT_THAT(audit, HasSubstr("second cycle"));
  EXPECT_THAT(audit, HasSubstr("dose report"));
  EXPECT_THAT(audit, HasSubstr(pseudonym));
  EXPECT_THAT(audit, Not(HasSubstr(patient_id)));
}

TEST_F(Operator, APeerIsEchoedAndAskedWhatItAccepts) {
  std::ofstream(node_.directory() / "dosigate.toml", std::ios::app)
      << "\n[[peer]]\nname = \"itself\"\nae_title = \"DOSIGATE\"\nhost = \"127.0.0.1\"\nport = "
      << node_.port()
      << "\n\n[[peer]]\nname = \"nobody\"\nae_title = \"NOBODY\"\nhost = \"127.0.0.1\"\nport = "
      << free_port() << "\n";
  node_.start();

  const Finished echo = node_.dosigate({"peer", "echo", "itself"});
  EXPECT_EQ(echo.code, 0) << echo.output;
  const Finished test = node_.dosigate({"peer", "test", "itself"});
  EXPECT_EQ(test.code, 0) << test.output;
  EXPECT_THAT(test.output, HasSubstr("Positron Emission Tomography Image Storage"));
  EXPECT_THAT(test.output, HasSubstr("1.2.840.10008.1.2.4.201"));  // HTJ2K
  const Finished nobody = node_.dosigate({"peer", "echo", "nobody"});
  EXPECT_NE(nobody.code, 0);
  EXPECT_THAT(nobody.output, HasSubstr("refused"));
}

TEST_F(Operator, SigtermInTheMiddleOfSendingEndsSoonAndLosesNothing) {
  const Phantom many = write_phantom({.directory = dir_.path / "many", .ct_slices = 80});
  std::vector<std::filesystem::path> files;
  for (const auto& file : many.files) files.push_back(file.path);
  node_.start();
  Process sender(storescu_arguments(node_.port(), files), dir_.path / "sender");
  ASSERT_TRUE(eventually([&] { return node_.totals().received >= 20; }));

  EXPECT_EQ(node_.stop(), 0);

  sender.wait(std::chrono::seconds(30));
  node_.start();
  ASSERT_TRUE(node_.settles());
  const auto totals = node_.totals();
  EXPECT_TRUE(totals.add_up());
  EXPECT_GE(totals.received, 20U);
  EXPECT_EQ(totals.delivered, totals.received);
  const Arrival arrival = match_arrival(many.files, node_.arrived());
  EXPECT_EQ(arrival.arrived.size(), totals.received);
}

TEST_F(Operator, ASecondDaemonOverTheSameStateIsTurnedAway) {
  node_.start();

  const Finished second =
      run({DOSIGATED_BINARY, "--config", (node_.directory() / "dosigate.toml").string()});

  EXPECT_NE(second.code, 0);
  EXPECT_THAT(second.output, HasSubstr("another dosigated"));
  EXPECT_EQ(send_one().code, 0);
}

TEST_F(Operator, WithoutKeyringOrWithAnotherKeyTheDaemonDoesNotStartAndMakesNothing) {
  const auto key = node_.directory() / "master.key";
  std::filesystem::rename(key, node_.directory() / "kept");
  std::ofstream(key) << std::string(64, 'a') << "\n";
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);

  const std::vector<std::string> daemon{DOSIGATED_BINARY, "--config",
                                        (node_.directory() / "dosigate.toml").string()};
  EXPECT_NE(run(daemon).code, 0);
  std::filesystem::remove(node_.directory() / "state" / "keyring");
  const Finished without = run(daemon);

  EXPECT_NE(without.code, 0);
  EXPECT_THAT(without.output, HasSubstr("init"));
  EXPECT_FALSE(std::filesystem::exists(node_.directory() / "state" / "keyring"));
}

}  // namespace
}  // namespace dosigate::testing
