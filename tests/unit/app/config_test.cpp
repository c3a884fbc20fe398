#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_file.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using testing::ConfigFile;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kMinimal;

Config loaded(const ConfigFile& file) {
  auto config = file.load();
  EXPECT_TRUE(config) << file.errors();
  return config ? std::move(*config) : Config{};
}

TEST(Config, MissingKeysOfANodeTakeTheDefaults) {
  const Config config = loaded(ConfigFile(kMinimal));
  const Config::Node defaults;

  EXPECT_EQ(config.node.listen, defaults.listen);
  EXPECT_EQ(config.node.ae_title, "DOSIGATE");
  EXPECT_EQ(config.node.state_dir, "/var/lib/dosigate");
  EXPECT_EQ(config.node.key_file, "");
  EXPECT_EQ(config.node.journal_dir, "");
  EXPECT_EQ(config.node.admin_socket, "/run/dosigate/admin.sock");
  EXPECT_EQ(config.network, NetworkLimits{});
  EXPECT_EQ(config.node.keep_originals, "study");
  EXPECT_TRUE(config.alert_command.empty());
}

TEST(Config, MissingKeysOfARouteTakeTheDefaults) {
  const Config config = loaded(ConfigFile(kMinimal));

  const Config::Route& route = config.routes.at(0);
  EXPECT_THAT(route.called_ae, ElementsAre("*"));
  EXPECT_THAT(route.calling_ae, ElementsAre("*"));
  EXPECT_TRUE(route.from.empty());
  EXPECT_EQ(route.profile, "dosimetry");
  EXPECT_EQ(route.on_uncertain, Config::OnUncertain::Quarantine);
  EXPECT_EQ(route.revisions, Config::Revisions::Hold);
  EXPECT_EQ(route.new_devices, NewDevices::Accept);
  EXPECT_TRUE(route.drop.empty());
  EXPECT_EQ(route.line, 5);
}

TEST(Config, ARouteSaysWhatBecomesOfRevisionsAndNewDevices) {
  const Config config = loaded(
      ConfigFile(std::string(kMinimal) + "revisions = \"new-uid\"\nnew_devices = \"hold\"\n"));

  EXPECT_EQ(config.routes.at(0).revisions, Config::Revisions::NewUid);
  EXPECT_EQ(config.routes.at(0).new_devices, NewDevices::Hold);
}

TEST(Config, EveryKeyOfTheNodeReachesTheConfiguration) {
  const ConfigFile file(
      "[node]\n"
      "listen = [\"127.0.0.1:104\", \"[::1]:0\"]\n"
      "ae_title = \"GATE 1\"\n"
      "state_dir = \"state\"\n"
      "key_file = \"keys/master.key\"\n"
      "journal_dir = \"/journal\"\n"
      "admin_socket = \"run/admin.sock\"\n"
      "profiles_dir = \".\"\n"
      "memory_budget_mb = 64\n"
      "max_instance_mb = 32\n"
      "quarantine_cap_gb = 2\n"
      "min_free_gb = 0.5\n"
      "warn_unsynchronised_clock = false\n"
      "ledger_keep_days = 5\n"
      "study_quiet_s = 20\n"
      "keep_originals = \"none\"\n"
      "log_level = \"debug\"\n" +
      kMinimal);

  const Config::Node node = loaded(file).node;

  EXPECT_THAT(node.listen, ElementsAre("127.0.0.1:104", "[::1]:0"));
  EXPECT_EQ(node.ae_title, "GATE 1");
  EXPECT_EQ(node.state_dir, file.dir.path / "state");
  EXPECT_EQ(node.key_file, file.dir.path / "keys/master.key");
  EXPECT_EQ(node.journal_dir, "/journal");
  EXPECT_EQ(node.admin_socket, file.dir.path / "run/admin.sock");
  EXPECT_EQ(node.profiles_dir, file.dir.path);
  EXPECT_EQ(node.memory_budget_bytes, 64U << 20U);
  EXPECT_EQ(node.max_instance_bytes, 32U << 20U);
  EXPECT_EQ(node.quarantine_cap_bytes, 2ULL << 30U);
  EXPECT_EQ(node.min_free_bytes, 512ULL << 20U);
  EXPECT_FALSE(node.warn_unsynchronised_clock);
  EXPECT_EQ(node.ledger_keep_days, 5);
  EXPECT_EQ(node.study_quiet.count(), 20);
  EXPECT_EQ(node.keep_originals, "none");
  EXPECT_EQ(node.log_level, "debug");
}

TEST(Config, EveryKeyOfTheNetworkReachesTheConfiguration) {
  const ConfigFile file(std::string(kMinimal) +
                        "[network]\n"
                        "max_pending = 40\n"
                        "max_pending_per_address = 20\n"
                        "first_pdu_timeout_s = 5\n"
                        "max_associations = 30\n"
                        "max_associations_per_address = 3\n"
                        "idle_timeout_s = 60\n"
                        "dimse_timeout_s = 7\n"
                        "min_bytes_per_s = 100\n"
                        "rate_window_s = 9\n"
                        "unlisted_addresses = \"close\"\n"
                        "refused_log_interval_s = 11\n");

  const NetworkLimits network = loaded(file).network;

  EXPECT_EQ(network.max_pending, 40U);
  EXPECT_EQ(network.max_pending_per_address, 20U);
  EXPECT_EQ(network.first_pdu_timeout.count(), 5);
  EXPECT_EQ(network.max_associations, 30U);
  EXPECT_EQ(network.max_associations_per_address, 3U);
  EXPECT_EQ(network.idle_timeout.count(), 60);
  EXPECT_EQ(network.dimse_timeout.count(), 7);
  EXPECT_EQ(network.min_bytes_per_s, 100U);
  EXPECT_EQ(network.rate_window.count(), 9);
  EXPECT_TRUE(network.close_unlisted);
  EXPECT_EQ(network.refused_log_interval.count(), 11);
  const auto changed = changed_network_keys(NetworkLimits{}, network);
  EXPECT_EQ(changed.size(), 11U) << "a reload names every one of them";
}

TEST(Config, OneAddressNeverHasMoreThanAllTogether) {
  const ConfigFile file(std::string(kMinimal) +
                        "[network]\nmax_associations = 3\nmax_pending = 7\n");

  const NetworkLimits network = loaded(file).network;

  EXPECT_EQ(network.max_associations_per_address, 3U);
  EXPECT_EQ(network.max_pending_per_address, 7U);
}

TEST(Config, EveryKeyOfASiteReachesTheConfiguration) {
  const ConfigFile file(
      kMinimal +
      "[[site]]\n"
      "name = \"Hospital Santa Rosa 2\"\n"
      "code = \"SR2\"\n"
      "issuers = [\"HSR\", \"HSR-OLD\"]\n"
      "normalise = [\"upper\", \"strip-leading-zeros\", \"strip-punctuation\"]\n");

  const Config::Site site = loaded(file).sites.at(0);

  EXPECT_EQ(site.name, "Hospital Santa Rosa 2");
  EXPECT_EQ(site.policy.code, "SR2");
  EXPECT_THAT(site.policy.issuers, ElementsAre("HSR", "HSR-OLD"));
  EXPECT_TRUE(site.policy.normalisation.upper);
  EXPECT_TRUE(site.policy.normalisation.strip_leading_zeros);
  EXPECT_TRUE(site.policy.normalisation.strip_punctuation);
}

TEST(Config, EveryKeyOfADestinationReachesTheConfiguration) {
  const ConfigFile file(
      "[node]\n"
      "ae_title = \"GATE\"\n"
      "connect_timeout_s = 3\n" +
      kMinimal +
      "[[destination]]\n"
      "name = \"archive\"\n"
      "kind = \"dicom\"\n"
      "ae_title = \"ORTHANC\"\n"
      "host = \"archive.example.org\"\n"
      "port = 4242\n"
      "associations = 4\n"
      "dimse_timeout_s = 20\n"
      "max_attempts = 5\n"
      "max_age_h = 48\n"
      "hours = [\"12:00-13:00\", \"19:00-06:00\"]\n"
      "max_kbit_s = 2000\n"
      "compress = \"jpeg-ls\"\n"
      "purpose = \"dosimetry\"\n"
      "legal_basis = \"art. 11\"\n"
      "operator = \"Dosimagem\"\n"
      "country = \"BR\"\n");

  const Config::Output output = loaded(file).outputs.at(1);

  EXPECT_EQ(output.destination.kind, Destination::Kind::Dicom);
  EXPECT_EQ(output.destination.ae_title, "ORTHANC");
  EXPECT_EQ(output.destination.host, "archive.example.org");
  EXPECT_EQ(output.destination.port, 4242);
  EXPECT_EQ(output.destination.calling_ae, "GATE");
  EXPECT_EQ(output.destination.associations, 4U);
  EXPECT_EQ(output.destination.connect_timeout.count(), 3);
  EXPECT_EQ(output.destination.dimse_timeout.count(), 20);
  EXPECT_EQ(output.destination.max_attempts, 5U);
  EXPECT_EQ(output.destination.max_age.count(), 48);
  EXPECT_EQ(output.destination.hours.text(), "12:00-13:00, 19:00-06:00");
  EXPECT_EQ(output.destination.max_kbit_s, 2000U);
  EXPECT_EQ(output.destination.compress, Destination::Compress::JpegLs);
  EXPECT_EQ(output.legal.purpose, "dosimetry");
  EXPECT_EQ(output.legal.legal_basis, "art. 11");
  EXPECT_EQ(output.legal.operator_name, "Dosimagem");
  EXPECT_EQ(output.legal.country, "BR");
}

TEST(Config, OneWindowOfHoursNeedsNoListAndAFolderMayHaveIt) {
  std::string text = kMinimal;
  text.insert(text.find("path"), "hours = \"19:00-06:00\"\n");

  const Destination folder = loaded(ConfigFile(text)).outputs.at(0).destination;

  EXPECT_EQ(folder.hours.text(), "19:00-06:00");
  EXPECT_EQ(folder.max_kbit_s, 0U);
  EXPECT_EQ(folder.compress, Destination::Compress::None);
}

TEST(Config, AFolderThatCannotBeLookedAtStopsNoStart) {
  const ConfigFile file(kMinimal);
  std::filesystem::create_symlink("out", file.dir.path / "out");  // as a share that hangs: an error

  EXPECT_EQ(loaded(file).outputs.at(0).destination.path, file.dir.path / "out");
}

TEST(Config, EachKeyOfNodeThatAReloadCannotUseIsNamed) {
  const std::vector<std::pair<std::string, std::string>> other_values{
      {"listen", "[\"127.0.0.1:1\"]"},
      {"ae_title", "\"OTHER\""},
      {"state_dir", "\"other\""},
      {"key_file", "\"other.key\""},
      {"journal_dir", "\"other\""},
      {"listen_tls", "[\"127.0.0.1:2762\"]"},
      {"admin_socket", "\"other.sock\""},
      {"profiles_dir", "\".\""},
      {"memory_budget_mb", "513"},
      {"max_instance_mb", "511"},
      {"quarantine_cap_gb", "21"},
      {"min_free_gb", "2"},
      {"connect_timeout_s", "11"},
      {"ledger_keep_days", "91"},
      {"study_quiet_s", "301"},
      {"backup_max_age_days", "0"},
      {"keep_originals", "\"none\""},
      {"log_level", "\"warn\""},
      {"warn_unsynchronised_clock", "false"}};
  const ConfigFile before(kMinimal);
  const Config::Node node = loaded(before).node;
  const testing::TempDir dir;
  const std::string tls = testing::tls_section(testing::TestCa(dir.path).issue("node"));

  std::vector<std::string> all;
  for (const auto& [key, value] : other_values) {
    const ConfigFile file("[node]\n" + key + " = " + value + "\n" + kMinimal +
                          (key == "listen_tls" ? tls : ""));
    Config::Node changed = loaded(file).node;
    if (key != "profiles_dir") changed.profiles_dir = node.profiles_dir;
    EXPECT_THAT(changed_node_keys(node, changed), ElementsAre(key));
    all.push_back("[node] " + key);
  }

  std::vector<std::string> known;
  for (const auto& key : config_keys())
    if (key.starts_with("[node] ")) known.push_back(key);
  EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(known));
  EXPECT_TRUE(changed_node_keys(node, node).empty());
}

TEST(Config, DropRulesCarryTheirTextForTheCount) {
  const ConfigFile file(
      kMinimal +
      "drop = [ { modality = \"SC\" },\n"
      "  { image_type = \"SCREEN SAVE\", modality = \"NM\", sop_class = \"1.2.3\" },\n"
      "  { burned_in = true } ]\n");

  const auto drop = loaded(file).routes.at(0).drop;

  ASSERT_EQ(drop.size(), 3U);
  EXPECT_EQ(drop[0].modality, "SC");
  EXPECT_EQ(drop[0].text, "{ modality = \"SC\" }");
  EXPECT_EQ(drop[1].sop_class, "1.2.3");
  EXPECT_EQ(drop[1].image_type, "SCREEN SAVE");
  EXPECT_EQ(drop[1].text,
            "{ sop_class = \"1.2.3\", modality = \"NM\", image_type = \"SCREEN SAVE\" }");
  EXPECT_TRUE(drop[2].burned_in);
}

TEST(Config, EveryKeyOfAPeerAndTheAlertReachesTheConfiguration) {
  const ConfigFile file(kMinimal +
                        "[[peer]]\n"
                        "name = \"pacs\"\n"
                        "ae_title = \"PACS\"\n"
                        "host = \"10.1.0.20\"\n"
                        "port = 11112\n"
                        "default_charset = \"ISO_IR 100\"\n"
                        "[alert]\n"
                        "command = [\"/bin/cat\", \"-u\"]\n");

  const Config config = loaded(file);

  const Config::Peer& peer = config.peers.at(0);
  EXPECT_EQ(peer.name, "pacs");
  EXPECT_EQ(peer.ae_title, "PACS");
  EXPECT_EQ(peer.host, "10.1.0.20");
  EXPECT_EQ(peer.port, 11112);
  EXPECT_EQ(peer.default_charset, "ISO_IR 100");
  EXPECT_THAT(config.alert_command, ElementsAre("/bin/cat", "-u"));
}

TEST(Config, ASiteOfARouteStandsForOneWithItsCapitalsAndDigitsAsCode) {
  const Config config = loaded(ConfigFile(kMinimal));

  ASSERT_EQ(config.sites.size(), 1U);
  EXPECT_EQ(config.sites[0].name, "Hospital Santa Rosa 2");
  EXPECT_EQ(config.sites[0].policy.code, "HSR2");
}

TEST(Config, ACodeMadeOfANameHasAtMostFourCharacters) {
  const ConfigFile file(
      "[[route]]\nname = \"a\"\nsite = \"Hospital das Clinicas de Ribeirao Preto USP\"\n");

  EXPECT_EQ(loaded(file).sites.at(0).policy.code, "HCRP");
}

TEST(Config, WithoutADestinationStudiesGoToAFolderBesideTheState) {
  const ConfigFile file(
      "[node]\nstate_dir = \"/srv/dosigate\"\n[[route]]\nname = \"a\"\nsite = \"HC\"\n");

  const Config config = loaded(file);

  ASSERT_EQ(config.outputs.size(), 1U);
  EXPECT_EQ(config.outputs[0].destination.kind, Destination::Kind::Folder);
  EXPECT_EQ(config.outputs[0].destination.path, "/srv/dosigate-outbox");
  EXPECT_THAT(config.routes.at(0).destinations, ElementsAre("outbox"));
  EXPECT_THAT(file.warnings(), HasSubstr("/srv/dosigate-outbox"));
}

TEST(Config, RelativePathsStartAtTheDirectoryOfTheFile) {
  const ConfigFile file(kMinimal);

  EXPECT_EQ(loaded(file).outputs.at(0).destination.path, file.dir.path / "out");
}

TEST(Config, AFileThatIsNotThereIsNamed) {
  const auto config = load_config("/nowhere/dosigate.toml");

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().lines.at(0), HasSubstr("/nowhere/dosigate.toml: cannot be read"));
}

TEST(Config, AMissingLegalFieldIsAWarning) {
  EXPECT_THAT(ConfigFile(kMinimal).warnings(),
              HasSubstr(":2: [[destination]] name: \"out\": purpose, legal_basis, operator, "
                        "country missing"));
}

TEST(Config, ANodeWithoutAJournalIsAWarning) {
  EXPECT_THAT(ConfigFile(kMinimal).warnings(), HasSubstr("[node] journal_dir: is not set"));
}

TEST(Config, AFolderWhoseDiskIsNotMountedIsAWarning) {
  std::string text = kMinimal;
  text.replace(text.find("\"out\"\n[["), 5, "\"/nowhere/share/out/\"");
  const ConfigFile away(text);

  EXPECT_THAT(away.warnings(), HasSubstr(":4: [[destination]] path: /nowhere/share is no directory "
                                         "yet (is the disk mounted?)"));
  EXPECT_THAT(ConfigFile(kMinimal).warnings(), ::testing::Not(HasSubstr("is no directory")));
}

TEST(Config, ARouteOpenToTheWholeNetworkIsAWarning) {
  const ConfigFile file("[node]\nlisten = [\"0.0.0.0:11112\"]\n" + kMinimal);

  EXPECT_THAT(file.warnings(), HasSubstr(":7: [[route]]: \"all\" lets every machine"));
}

TEST(Config, ARouteOpenToThisMachineOnlyIsNoWarning) {
  const ConfigFile file("[node]\nlisten = [\"127.0.0.1:11112\", \"[::1]:11112\"]\n" + kMinimal);

  EXPECT_THAT(file.warnings(), ::testing::Not(HasSubstr("every machine")));
}

TEST(Config, ARouteWithAnAllowListIsNoWarning) {
  const std::string open = "[node]\nlisten = [\"0.0.0.0:11112\"]\n" + kMinimal;

  EXPECT_THAT(ConfigFile(open + "from = [\"10.0.0.0/8\"]\n").warnings(),
              ::testing::Not(HasSubstr("every machine")));
  EXPECT_THAT(ConfigFile(open + "calling_ae = [\"PACS\"]\n").warnings(),
              ::testing::Not(HasSubstr("every machine")));
}

TEST(Config, TheAdminSocketIsFoundInAFileThatIsOtherwiseWrong) {
  const ConfigFile file("[node]\nadmin_socket = \"here.sock\"\nlissten = 1\n");

  const auto socket = admin_socket_of(file.file);

  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->path, file.dir.path / "here.sock");
  EXPECT_EQ(socket->broken_at, 0U);
}

TEST(Config, TheAdminSocketOfAFileThatIsNoTomlIsTheDefaultAndSaysWhere) {
  const ConfigFile file("\n[node\n");

  const auto socket = admin_socket_of(file.file);

  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->path, "/run/dosigate/admin.sock");
  EXPECT_EQ(socket->broken_at, 2U);
}

}  // namespace
}  // namespace dosigate
