#include <algorithm>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_file.h"
#include "support/paths.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using testing::ConfigFile;

std::string sample() {
  std::ifstream in(DOSIGATE_SOURCE_DIR "/conf/dosigate.toml");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Certificates where the sample names some: the parser looks at them.
std::string with_certificates(std::string text) {
  static const testing::TempDir directory;
  static const TlsFiles files = testing::TestCa(directory.path).issue("node");
  const std::pair<const char*, const std::filesystem::path&> made[] = {
      {"/etc/dosigate/tls/node.pem", files.certificate},
      {"/etc/dosigate/tls/node.key", files.key},
      {"/etc/dosigate/tls/ca.pem", files.ca}};
  for (const auto& [shown, real] : made) {
    const std::string quoted = "\"" + std::string(shown) + "\"";
    auto at = text.find(quoted);
    EXPECT_NE(at, std::string::npos) << shown;
    for (; at != std::string::npos; at = text.find(quoted))
      text.replace(at, quoted.size(), "\"" + real.string() + "\"");
  }
  return text;
}

/// With everything that is shown as a default or an example in force: "#key = ..." and "#[[peer]]".
std::string sample_with_everything() {
  std::istringstream lines(sample());
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const bool shown = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += (shown ? line.substr(1) : line) + "\n";
  }
  return with_certificates(std::move(out));
}

TEST(SampleConfig, IsValidAsItIs) {
  const auto config = load_config(DOSIGATE_SOURCE_DIR "/conf/dosigate.toml");

  ASSERT_TRUE(config) << config.error().lines.at(0);
  EXPECT_EQ(config->routes.size(), 1U);
  EXPECT_EQ(config->outputs.size(), 1U);
}

TEST(SampleConfig, WarnsOfNothingButTheJournal) {
  const auto config = load_config(DOSIGATE_SOURCE_DIR "/conf/dosigate.toml");

  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0], ::testing::HasSubstr("journal_dir"));
}

TEST(SampleConfig, IsValidWithEveryExampleInForce) {
  const ConfigFile file(sample_with_everything());

  EXPECT_EQ(file.errors(), "");
}

TEST(SampleConfig, ShowsEveryKeyThatTheParserKnows) {
  // Section by section, so that a key of one does not stand for the same word in another.
  std::map<std::string, std::string> sections;
  std::istringstream lines(sample_with_everything());
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("[")) section = line;
    if (!line.starts_with("#")) sections[section] += line + "\n";
  }

  for (const std::string& key : config_keys()) {
    const auto space = key.rfind(' ');
    const bool in_rule = key.starts_with("[[route]] drop ");
    const std::string word = key.substr(space + 1);
    const std::string& text = sections[in_rule ? "[[route]]" : key.substr(0, space)];
    const bool there = in_rule ? text.find(word + " = ") != std::string::npos
                               : ("\n" + text).find("\n" + word + " = ") != std::string::npos;
    EXPECT_TRUE(there) << key;
  }
  EXPECT_GT(config_keys().size(), 50U);
}

TEST(SampleConfig, ShowsTheDefaultsOfTheProgram) {
  const ConfigFile explicit_file(sample_with_everything());
  const auto loaded = explicit_file.load();
  ASSERT_TRUE(loaded) << explicit_file.errors();
  const Config::Node& shown = loaded->node;
  const Config::Node defaults;

  EXPECT_EQ(shown.listen, defaults.listen);
  EXPECT_EQ(shown.ae_title, defaults.ae_title);
  EXPECT_EQ(shown.state_dir, defaults.state_dir);
  EXPECT_EQ(shown.admin_socket, defaults.admin_socket);
  EXPECT_EQ(shown.profiles_dir, defaults.profiles_dir);
  EXPECT_EQ(loaded->network, NetworkLimits{});
  EXPECT_EQ(shown.memory_budget_bytes, defaults.memory_budget_bytes);
  EXPECT_EQ(shown.max_instance_bytes, defaults.max_instance_bytes);
  EXPECT_EQ(shown.quarantine_cap_bytes, defaults.quarantine_cap_bytes);
  EXPECT_EQ(shown.min_free_bytes, defaults.min_free_bytes);
  EXPECT_EQ(shown.warn_unsynchronised_clock, defaults.warn_unsynchronised_clock);
  EXPECT_EQ(shown.connect_timeout, defaults.connect_timeout);
  EXPECT_EQ(shown.ledger_keep_days, defaults.ledger_keep_days);
  EXPECT_EQ(shown.keep_originals, defaults.keep_originals);
  EXPECT_EQ(shown.log_level, defaults.log_level);

  const Destination standard;
  const Destination& archive = loaded->outputs.at(1).destination;
  EXPECT_EQ(archive.port, 104);
  EXPECT_EQ(archive.associations, standard.associations);
  EXPECT_EQ(archive.connect_timeout, standard.connect_timeout);
  EXPECT_EQ(archive.dimse_timeout, standard.dimse_timeout);
  EXPECT_EQ(loaded->outputs.at(0).destination.max_attempts, standard.max_attempts);
  EXPECT_EQ(loaded->outputs.at(0).destination.max_age, standard.max_age);

  const Config::Route route;
  EXPECT_EQ(loaded->routes.at(0).called_ae, route.called_ae);
  EXPECT_EQ(loaded->routes.at(0).calling_ae, route.calling_ae);
  EXPECT_EQ(loaded->routes.at(0).profile, route.profile);
  EXPECT_EQ(loaded->routes.at(0).on_uncertain, route.on_uncertain);
  EXPECT_EQ(loaded->routes.at(0).revisions, route.revisions);
  EXPECT_EQ(loaded->routes.at(0).new_devices, route.new_devices);
  EXPECT_EQ(loaded->peers.at(0).port, Config::Peer{}.port);
  const HttpSettings http;
  EXPECT_EQ(loaded->http.requests_per_minute, http.requests_per_minute);
  EXPECT_EQ(loaded->http.max_uploads, http.max_uploads);
  EXPECT_EQ(loaded->http.max_upload_bytes, http.max_upload_bytes);
  EXPECT_EQ(loaded->http.max_unpacked_bytes, http.max_unpacked_bytes);
  EXPECT_EQ(loaded->http.max_ratio, http.max_ratio);
  EXPECT_EQ(loaded->http.max_parts, http.max_parts);
  EXPECT_EQ(loaded->http.keep_answers, http.keep_answers);
  EXPECT_EQ(loaded->http.page, http.page);
  const IdNormalisation& normalisation = loaded->sites.at(0).policy.normalisation;
  EXPECT_FALSE(normalisation.upper || normalisation.strip_leading_zeros ||
               normalisation.strip_punctuation);
}

}  // namespace
}  // namespace dosigate
