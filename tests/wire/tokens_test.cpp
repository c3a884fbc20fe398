// Who may ask over TCP, as an administrator gives and takes it: `dosigate token`, certificates,
// reloads, and what a backup does not bring back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/free_port.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"
#include "wire/node_process.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class TokensOnTheWire : public ::testing::Test {
 protected:
  NodeProcess::Settings with_http() {
    NodeProcess::Settings settings;
    settings.access += "[http]\nlisten = [\"127.0.0.1:" + std::to_string(plain_) +
                       "\"]\nlisten_tls = [\"127.0.0.1:" + std::to_string(tls_) +
                       "\"]\nrequests_per_minute = 100\ncertificate = \"" +
                       files_.certificate.string() + "\"\nkey = \"" + files_.key.string() +
                       "\"\nclient_ca = \"" + ca_.certificate().string() +
                       "\"\n[[http_client]]\nname = \"scanner\"\nrights = [\"operate\"]\n"
                       "tls_names = [\"scanner.org\"]\n";
    return settings;
  }
  void SetUp() override { node_.start(); }

  Finished token(std::vector<std::string> arguments, const std::string& reason = "a test") const {
    arguments.insert(arguments.begin(), "token");
    if (!reason.empty()) arguments.insert(arguments.end(), {"--reason", reason});
    return node_.dosigate(arguments);
  }
  /// What `token add` says on stdout.
  std::string added(const std::string& name, const std::string& right) const {
    const Finished made = token({"add", name, "--right", right});
    EXPECT_EQ(made.code, 0) << made.output;
    const auto at = made.output.find("dsgt_");
    return at == std::string::npos ? "" : made.output.substr(at, 69);
  }
  static int status_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20"});
    return std::atoi(run(arguments).output.c_str());
  }
  int plain(const std::string& token, const std::string& path = "/api/v1/check") const {
    return status_of({"-H", "Authorization: Bearer " + token,
                      "http://127.0.0.1:" + std::to_string(plain_) + path});
  }
  int by_certificate(const TlsFiles* own, const std::string& path = "/api/v1/check") const {
    std::vector<std::string> arguments{"--cacert", ca_.certificate().string()};
    if (own != nullptr)
      arguments.insert(arguments.end(),
                       {"--cert", own->certificate.string(), "--key", own->key.string()});
    arguments.push_back("https://127.0.0.1:" + std::to_string(tls_) + path);
    return status_of(arguments);
  }
  void edit(const std::string& from, const std::string& to) const {
    const auto file = node_.directory() / "dosigate.toml";
    std::string text = content_of(file);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(file) << text;
    const Finished reloaded = node_.dosigate({"reload"});
    ASSERT_EQ(reloaded.code, 0) << reloaded.output;
  }

  TempDir dir_;
  std::uint16_t plain_ = free_port(), tls_ = free_port();
  TestCa ca_{dir_.path};
  TlsFiles files_ = ca_.issue("node");
  NodeProcess node_{dir_.path / "node", with_http()};
};

TEST_F(TokensOnTheWire, OneIsGivenShownOnceListedAndTaken) {
  EXPECT_THAT(token({"list"}, "").output, HasSubstr("there is no token"));
  const std::string given = added("viewer", "operate");
  ASSERT_THAT(given, MatchesRegex("dsgt_[0-9a-f]{64}"));
  EXPECT_EQ(plain(given), 200);
  EXPECT_EQ(plain(given, "/metrics"), 403);

  const Finished list = token({"list"}, "");
  EXPECT_THAT(list.output, AllOf(HasSubstr("viewer"), HasSubstr("operate"), HasSubstr("valid"),
                                 Not(HasSubstr("dsgt_"))));
  EXPECT_NE(token({"add", "viewer", "--right", "store"}).code, 0) << "the name is taken";
  EXPECT_THAT(token({"add", "x", "--right", "everything"}).output, HasSubstr("unknown right"));
  EXPECT_EQ(token({"add", "x", "--right", "store", "--days", "3651"}).code, 2);

  const Finished gone = token({"revoke", "viewer"});
  EXPECT_EQ(gone.code, 0) << gone.output;
  EXPECT_THAT(gone.output, HasSubstr("revoked: viewer"));
  EXPECT_EQ(plain(given), 401);
  const std::string audit = content_of(node_.directory() / "state" / "audit" / "audit.jsonl");
  EXPECT_THAT(audit, AllOf(HasSubstr("token.add"), HasSubstr("token.revoke"),
                           HasSubstr("access.token-refused"), Not(HasSubstr(given))));
  EXPECT_THAT(node_.log(), Not(HasSubstr(given)));
}

TEST_F(TokensOnTheWire, OneOutlivesARestartAndIsInNoBackup) {
  const std::string given = added("viewer", "operate");
  ASSERT_EQ(node_.stop(), 0);
  node_.start();
  EXPECT_EQ(plain(given), 200);

  std::filesystem::create_directory(dir_.path / "backups");
  ASSERT_EQ(node_.dosigate({"backup", (dir_.path / "backups").string()}).code, 0);
  ASSERT_EQ(node_.stop(), 0);
  std::filesystem::path folder;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path / "backups"))
    folder = entry.path();
  for (const char* lost : {"state", "master.key"})
    std::filesystem::rename(node_.directory() / lost, dir_.path / lost);
  const Finished restored = node_.dosigate(
      {"restore", folder.string(), "--journal", (node_.directory() / "journal").string()},
      node_.recovery_key() + "\n");
  ASSERT_EQ(restored.code, 0) << restored.output;
  node_.start();
  EXPECT_EQ(plain(given), 401);
}

TEST_F(TokensOnTheWire, ACertificateThatAClientNamesIsOne) {
  const TlsFiles scanner = ca_.issue("scanner", "scanner.org", {.dns = {"scanner.org"}}),
                 other = ca_.issue("other", "other.org", {.dns = {"other.org"}});
  EXPECT_EQ(by_certificate(&scanner), 200);
  EXPECT_EQ(by_certificate(&scanner, "/metrics"), 403);
  EXPECT_EQ(by_certificate(&other), 401);
  EXPECT_EQ(by_certificate(nullptr), 401);

  std::filesystem::create_directory(dir_.path / "stranger");
  const TestCa strangers(dir_.path / "stranger");
  const TlsFiles forged = strangers.issue("scanner", "scanner.org", {.dns = {"scanner.org"}});
  EXPECT_NE(by_certificate(&forged), 200);
}

TEST_F(TokensOnTheWire, AReloadTakesClientsAndLimits) {
  const TlsFiles scanner = ca_.issue("scanner", "scanner.org", {.dns = {"scanner.org"}});
  ASSERT_EQ(by_certificate(&scanner), 200);
  edit("rights = [\"operate\"]", "rights = [\"metrics\"]");
  EXPECT_EQ(by_certificate(&scanner), 403);
  EXPECT_EQ(by_certificate(&scanner, "/metrics"), 200);

  const std::string given = added("viewer", "operate");
  edit("requests_per_minute = 100", "requests_per_minute = 1");
  EXPECT_EQ(plain(given), 200);
  EXPECT_EQ(plain(given), 429);

  edit("listen = [\"127.0.0.1:" + std::to_string(plain_), "listen = [\"127.0.0.1:1");
  EXPECT_THAT(node_.dosigate({"check"}).output,
              HasSubstr("[http] listen changed since the start: restart dosigated to use them"));
  EXPECT_EQ(plain(given), 429) << "the old port is still there";
}

}  // namespace
}  // namespace dosigate::testing
