// A stock sender, the real daemon, and Orthanc's DICOMweb plugin as the archive.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include <boost/json.hpp>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/phantom_leaks.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"
#include "wire/arrival.h"
#include "wire/memory_of.h"
#include "wire/node_process.h"
#include "wire/orthanc.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kLoad = DOSIGATE_BUILD_DIR "/tests/bench_load";
constexpr const char* kUser = "dosigate";
constexpr const char* kPassword = "open sesame";

/// HTTPS in front of an archive, by socat; wants a certificate of the CA.
class TlsFront {
 public:
  TlsFront(const std::filesystem::path& directory, const TestCa& ca, std::uint16_t behind)
      : files_(ca.issue("archive")),
        process_(
            {"socat",
             "OPENSSL-LISTEN:" + std::to_string(port_) +
                 ",bind=127.0.0.1,reuseaddr,fork,verify=1,cert=" + files_.certificate.string() +
                 ",key=" + files_.key.string() + ",cafile=" + files_.ca.string(),
             "TCP:127.0.0.1:" + std::to_string(behind)},
            directory / "socat.log") {}
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/dicom-web"; }

 private:
  std::uint16_t port_ = free_port();
  TlsFiles files_;
  Process process_;
};

std::string tls_section(const TlsFiles& ours) {
  return "\n[tls]\ncertificate = \"" + ours.certificate.string() + "\"\nkey = \"" +
         ours.key.string() + "\"\nca = \"" + ours.ca.string() + "\"\n";
}

class Stow : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Orthanc::has_web()) GTEST_SKIP() << "Orthanc or its DICOMweb plugin is not installed";
  }
  std::string secret(const std::string& name, const std::string& text) const {
    const auto file = dir.path / name;
    std::ofstream(file) << text << "\n";
    ::chmod(file.c_str(), 0600);
    return file.string();
  }
  std::string password_line(const std::string& password = kPassword) const {
    return "password_file = \"" + secret("password", std::string(kUser) + ":" + password) + "\"\n";
  }
  static std::string url(const Orthanc& archive) {
    return "http://127.0.0.1:" + std::to_string(archive.http_port()) + "/dicom-web";
  }
  static void send(const NodeProcess& node, const Phantom& what) {
    std::vector<std::filesystem::path> paths;
    for (const PhantomFile& file : what.files) paths.push_back(file.path);
    const Finished sent = run(storescu_arguments(node.port(), paths), 90s);
    ASSERT_EQ(sent.code, 0) << sent.output;
  }
  /// What the archive has of it is complete, computable, and names nobody.
  void expect_arrived(const NodeProcess& node, const Orthanc& archive, const Phantom& what) {
    const auto all = archive.instances();
    ASSERT_EQ(all.size(), what.files.size());
    const auto to = dir.path / "downloaded";
    std::filesystem::create_directory(to);
    for (const std::string& id : all) archive.download(id, to / (id + ".dcm"));
    EXPECT_THAT(faults_of(what, to), IsEmpty());
    EXPECT_THAT(new_dciodvfy_errors(what, to), IsEmpty());
    EXPECT_THAT(leak_lines(dir.path, what.planted, {dir.path / "sent"}), IsEmpty());
    const auto totals = node.totals();
    EXPECT_TRUE(totals.add_up());
    EXPECT_EQ(totals.delivered, what.files.size());
    EXPECT_EQ(totals.parked, 0U);
  }
  static boost::json::value row(const NodeProcess& node) {
    return node.status().at("destinations").at(0);
  }
  static bool is_down(const NodeProcess& node, const std::string& words) {
    return eventually([&] {
      const auto now = row(node);
      return now.at("state") == "down" &&
             std::string(now.at("last_error").as_string().c_str()).find(words) != std::string::npos;
    });
  }

  TempDir dir;
};

TEST_F(Stow, EveryInstanceArrivesDeidentifiedAndComputableAndIsFoundThereAgain) {
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  const Orthanc archive(dir.path / "archive", 0, {}, Orthanc::Web{kUser, kPassword});
  NodeProcess node(dir.path / "node", {.archive_url = url(archive), .archive = password_line()});
  node.start();

  send(node, phantom);

  ASSERT_TRUE(node.settles()) << node.log();
  expect_arrived(node, archive, phantom);
  EXPECT_EQ(row(node).at("kind"), "stow");
  EXPECT_EQ(row(node).at("state"), "up");
  EXPECT_THAT(node.log(), Not(HasSubstr("sesame")));
  const Finished echo = node.dosigate({"peer", "echo", "archive"});
  EXPECT_EQ(echo.code, 0) << echo.output;
  EXPECT_THAT(echo.output, HasSubstr("archive (" + url(archive) + ") answered in "));
  const Finished verified = node.dosigate({"verify"});
  EXPECT_EQ(verified.code, 0) << verified.output;
  EXPECT_THAT(verified.output, HasSubstr("QIDO-RS"));

  // What the archive has lost is noticed, also when it was the whole study.
  archive.remove("/instances/" + archive.instances().at(0));
  const Finished one_less = node.dosigate({"verify"});
  EXPECT_EQ(one_less.code, 1) << one_less.output;
  EXPECT_THAT(one_less.output, HasSubstr("missing 1"));
  for (const std::string& left : archive.instances()) archive.remove("/instances/" + left);
  const Finished none = node.dosigate({"verify"});
  EXPECT_EQ(none.code, 1) << none.output;
  EXPECT_THAT(none.output, HasSubstr("missing " + std::to_string(phantom.files.size())));
  EXPECT_EQ(node.stop(), 0);
}

TEST_F(Stow, AWrongPasswordParksNothingAndTheRightOneIsUsedWithoutAReload) {
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  const Orthanc archive(dir.path / "archive", 0, {}, Orthanc::Web{kUser, kPassword});
  NodeProcess node(dir.path / "node",
                   {.archive_url = url(archive), .archive = password_line("wrong")});
  node.start();
  send(node, phantom);
  ASSERT_TRUE(is_down(node, "401 Unauthorized: renew the password in "));
  EXPECT_EQ(node.totals().queued, phantom.files.size());
  EXPECT_EQ(node.totals().parked, 0U);

  (void)password_line();
  ASSERT_EQ(node.dosigate({"queue", "retry", "--all"}).code, 0);

  ASSERT_TRUE(node.settles()) << node.log();
  expect_arrived(node, archive, phantom);
}

TEST_F(Stow, OverTlsWithOurCertificateNothingIsLostWhenTheArchiveIsKilledInTheMiddle) {
  if (find_program("socat").empty()) GTEST_SKIP() << "socat is not installed";
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  Orthanc archive(dir.path / "archive", 0, {}, Orthanc::Web{kUser, kPassword});
  const TlsFront front(dir.path, ca, archive.http_port());
  NodeProcess node(dir.path / "node",
                   {.archive_url = front.url(),
                    // So slow that it cannot be through before it is killed.
                    .archive = password_line() + "associations = 4\nmax_kbit_s = 1000\n",
                    .route = tls_section(ca.issue("node"))});
  node.start();

  send(node, phantom);
  ASSERT_TRUE(eventually([&] { return node.totals().delivered > 0; })) << node.log();
  archive.kill();
  ASSERT_TRUE(is_down(node, "")) << "it was killed after the last instance: nothing was tested";
  EXPECT_TRUE(node.totals().add_up());
  archive.start();
  ASSERT_EQ(node.dosigate({"queue", "retry", "--all"}).code, 0);

  ASSERT_TRUE(node.settles(90s)) << node.log();
  expect_arrived(node, archive, phantom);
}

TEST_F(Stow, ALargeInstancePassesInLittleMemory) {
  if (::access(kLoad, X_OK) != 0) GTEST_SKIP() << "bench_load is not built";
  PhantomOptions who;
  who.patient = 1;
  remember_planted(planted_identifiers(who));
  const Orthanc archive(dir.path / "archive", 0, {}, Orthanc::Web{kUser, kPassword});
  NodeProcess node(dir.path / "node", {.archive_url = url(archive), .archive = password_line()});
  node.start();
  const std::size_t before = resident_mib(node.pid());

  const Finished sent = run({kLoad, node.port_text(), "--patients", "1", "--count", "1", "--matrix",
                             "1024", "--frames", "100", "--associations", "1"},
                            120s);

  ASSERT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(node.settles(120s)) << node.log();
  EXPECT_EQ(node.totals().delivered, 1U) << node.log();
  const auto statistics = boost::json::parse(archive.get("/statistics"));
  EXPECT_EQ(archive.instances().size(), 1U);
  EXPECT_GT(std::stoull(std::string(statistics.at("TotalDiskSize").as_string())), 200'000'000U);
  const std::size_t peak = resident_mib(node.pid(), "VmHWM:");
  std::cout << "200 MiB by STOW-RS: " << peak - before << " MiB\n";
  EXPECT_LT(peak - before, 40U);
}

TEST_F(Stow, ThroughATunnelOfTinyproxyWithAPasswordOfItsOwn) {
  const auto program = find_program("tinyproxy");
  if (program.empty()) GTEST_SKIP() << "tinyproxy is not installed";
  if (find_program("socat").empty()) GTEST_SKIP() << "socat is not installed";
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  const Orthanc archive(dir.path / "archive", 0, {}, Orthanc::Web{kUser, kPassword});
  const TlsFront front(dir.path, ca, archive.http_port());
  const std::uint16_t port = free_port();
  std::ofstream(dir.path / "proxy.conf")
      << "Port " << port << "\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth through wall\n"
      << "LogLevel Connect\n";
  Process proxy({program, "-d", "-c", (dir.path / "proxy.conf").string()}, dir.path / "proxy.log");
  NodeProcess node(dir.path / "node",
                   {.archive_url = front.url(),
                    .archive = password_line() + "proxy = \"http://127.0.0.1:" +
                               std::to_string(port) + "\"\nproxy_password_file = \"" +
                               secret("proxy-password", "through:wall") + "\"\n",
                    .route = tls_section(ca.issue("node"))});
  node.start();

  send(node, phantom);

  ASSERT_TRUE(node.settles()) << node.log() << proxy.output();
  expect_arrived(node, archive, phantom);
  EXPECT_THAT(proxy.output(), HasSubstr("CONNECT 127.0.0.1:"));
}

}  // namespace
}  // namespace dosigate::testing
