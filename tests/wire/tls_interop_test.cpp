// TLS with other people's software, in and out: DCMTK, Orthanc, PixelMed, OpenSSL.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/free_port.h"
#include "support/phantom_compare.h"
#include "wire/arrival.h"
#include "wire/orthanc.h"
#include "wire/tls_node.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TlsIn, StorescuDeliversEveryInstanceIntact) {
  TlsNode tls({});
  const Finished echo = tls.echoscu(tls.sender);
  const Finished sent = tls.storescu(tls.sender, tls.paths);

  EXPECT_EQ(echo.code, 0) << echo.output;
  EXPECT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(tls.node().settles());
  EXPECT_THAT(faults_of(tls.phantom, tls.node().arrived()), IsEmpty()) << tls.node().log();
  EXPECT_EQ(tls.node().totals().delivered, tls.paths.size());
  EXPECT_EQ(tls.failures(""), 0U);
  EXPECT_THAT(tls.node().dosigate({"status"}).output,
              HasSubstr("tls           listening on 127.0.0.1:" + std::to_string(tls.tls_port()) +
                        "; certificate CN=node until 20"));
  EXPECT_EQ(tls.node().stop(), 0);
  EXPECT_THAT(leak_lines(tls.dir.path, tls.phantom.planted, {tls.dir.path / "sent"}), IsEmpty());
}

TEST(TlsIn, OpensslSpeaksBothVersionsAndNoOlderOne) {
  TlsNode tls({});
  const std::vector<std::string> us{"-cert",
                                    tls.sender.certificate.string(),
                                    "-key",
                                    tls.sender.key.string(),
                                    "-CAfile",
                                    tls.sender.ca.string(),
                                    "-verify_return_error"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), us.begin(), us.end());
    return tls.s_client(more).output;
  };
  EXPECT_THAT(with({"-tls1_3"}), HasSubstr("New, TLSv1.3, Cipher is TLS_"));
  const std::string older = with({"-tls1_2"});
  EXPECT_THAT(older, HasSubstr("New, TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384"));
  EXPECT_THAT(older, HasSubstr("Secure Renegotiation IS supported"));
  EXPECT_THAT(older, HasSubstr("Compression: NONE"));
  EXPECT_THAT(with({"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}), HasSubstr("Cipher is (NONE)"));
  EXPECT_THAT(with({"-tls1_2", "-cipher", "AES128-SHA:AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA"}),
              HasSubstr("Cipher is (NONE)"));
  EXPECT_TRUE(eventually([&] { return tls.failures("protocol version") == 1; }));
  EXPECT_TRUE(eventually([&] { return tls.failures("no common cipher") == 1; }));
}

TEST(TlsOut, StorescpGetsEveryInstanceIntact) {
  // The CA has to be there before the archive: it is in the node's directory.
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const TlsFiles theirs = ca.issue("archive");
  const auto port = free_port();
  std::filesystem::create_directories(dir.path / "archive");
  std::vector<std::string> argv{"storescp", "--fork", "+xa",
                                "+B",       "-od",    (dir.path / "archive").string()};
  for (const auto& option : TlsNode::dcmtk_options(theirs)) argv.push_back(option);
  argv.push_back(std::to_string(port));
  Process archive(argv, dir.path / "storescp.log");
  TlsNode tls({.node = {.archive_port = port, .archive = "tls = true\n"},
               .listens = false,
               .files = ca.issue("node")});

  ASSERT_TRUE(eventually([&] {
    return tls.node().dosigate({"peer", "echo", "archive"}).code == 0;
  })) << tls.node().dosigate({"peer", "echo", "archive"}).output;
  EXPECT_EQ(tls.node().dosigate({"peer", "test", "archive"}).code, 0);
  // The plain port takes them in: in and out are secured each for itself.
  std::vector<std::string> send{"storescu", "-R",        "-aec",
                                "DOSIGATE", "127.0.0.1", tls.node().port_text()};
  for (const auto& file : tls.paths) send.push_back(file.string());
  ASSERT_EQ(run(send, std::chrono::seconds(90)).code, 0);

  ASSERT_TRUE(tls.node().settles());
  EXPECT_EQ(tls.node().totals().delivered, tls.paths.size());
  EXPECT_THAT(faults_of(tls.phantom, dir.path / "archive"), IsEmpty());
}

TEST(TlsOut, OpensslsServerIsReachedInBothVersions) {
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const TlsFiles theirs = ca.issue("archive");
  const auto newer = free_port(), older = free_port(), oldest = free_port();
  const auto serve = [&](std::uint16_t port, const std::vector<std::string>& version) {
    std::vector<std::string> argv{"openssl", "s_server",
                                  "-accept", "127.0.0.1:" + std::to_string(port),
                                  "-cert",   theirs.certificate.string(),
                                  "-key",    theirs.key.string(),
                                  "-CAfile", theirs.ca.string(),
                                  "-Verify", "2",
                                  "-rev"};
    argv.insert(argv.end(), version.begin(), version.end());
    return std::make_unique<Process>(argv, dir.path / ("server-" + std::to_string(port)));
  };
  const auto one = serve(newer, {"-tls1_3"}), two = serve(older, {"-tls1_2"}),
             three = serve(oldest, {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  TlsNode tls({.node = {.node = "connect_timeout_s = 2\n"},
               .listens = false,
               .peers = tls_peer("newer", "X", newer) + tls_peer("older", "X", older) +
                        tls_peer("oldest", "X", oldest),
               .files = ca.issue("node")});
  // It shakes hands and has nothing to say about DICOM: the association request reaches it.
  for (const char* name : {"newer", "older"}) {
    EXPECT_TRUE(eventually([&] {
      return tls.node()
                 .dosigate({"peer", "echo", name})
                 .output.find("answers nothing within 2 s") != std::string::npos;
    })) << name
        << tls.node().dosigate({"peer", "echo", name}).output;
  }
  EXPECT_TRUE(eventually([&] {
    return tls.node().dosigate({"peer", "echo", "oldest"}).output.find("protocol version") !=
           std::string::npos;
  })) << tls.node().dosigate({"peer", "echo", "oldest"}).output;
}

TEST(TlsBothWays, OrthancSendsAndReceivesIntact) {
  if (find_program("Orthanc").empty()) GTEST_SKIP() << "Orthanc is not installed";
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const auto with_tls = [&](const char* name, std::uint16_t peer) {
    const TlsFiles files = ca.issue(name);
    Orthanc::Tls tls{files.certificate, files.key, files.ca};
    return std::make_unique<Orthanc>(dir.path / (std::string(name) + "-dir"), peer, tls);
  };
  const auto archive = with_tls("archive", 0);
  TlsNode tls({.node = {.archive_port = archive->dicom_port(),
                        .archive_ae = "ORTHANC",
                        .archive = "tls = true\n"},
               .files = ca.issue("node")});
  const auto sender = with_tls("modality", tls.tls_port());
  for (const auto& file : tls.paths) sender->upload(file);

  const Finished echo = tls.node().dosigate({"peer", "echo", "archive"});
  EXPECT_EQ(echo.code, 0) << echo.output;
  for (const std::string& instance : sender->instances())
    sender->post("/modalities/gateway/store", instance);

  ASSERT_TRUE(tls.node().settles());
  EXPECT_EQ(tls.node().totals().delivered, tls.paths.size()) << tls.node().log();
  std::filesystem::create_directory(dir.path / "downloaded");
  for (const std::string& id : archive->instances())
    archive->download(id, dir.path / "downloaded" / (id + ".dcm"));
  EXPECT_THAT(faults_of(tls.phantom, dir.path / "downloaded"), IsEmpty());
}

/// PixelMed of 2022 switches on TLS_RSA_WITH_AES_128_CBC_SHA and 3DES only, where the machine has
/// them: neither is of BCP 195. Where the JVM is told that it has not, PixelMed takes what the JVM
/// likes best.
class PixelMed {
 public:
  PixelMed(const std::filesystem::path& directory, const TlsFiles& files) : directory_(directory) {
    std::filesystem::create_directories(directory_);
    const auto key_store = (directory_ / "key.p12").string(),
               trust_store = (directory_ / "trust.p12").string();
    const auto done = [](const Finished& finished) {
      EXPECT_EQ(finished.code, 0) << finished.output;
    };
    done(run({"openssl", "pkcs12", "-export", "-in", files.certificate.string(), "-inkey",
              files.key.string(), "-out", key_store, "-passout", "pass:secret"}));
    done(run({"keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", files.ca.string(),
              "-keystore", trust_store, "-storetype", "PKCS12", "-storepass", "secret"}));
    std::ofstream(directory_ / "java.security")
        << "jdk.tls.disabledAlgorithms=SSLv3, TLSv1, TLSv1.1, RC4, DES, MD5withRSA, 3DES_EDE_CBC, "
           "anon, NULL, TLS_RSA_WITH_AES_128_CBC_SHA\n";
    options_ = {"java",
                "-Djavax.net.ssl.keyStore=" + key_store,
                "-Djavax.net.ssl.keyStorePassword=secret",
                "-Djavax.net.ssl.keyStoreType=PKCS12",
                "-Djavax.net.ssl.trustStore=" + trust_store,
                "-Djavax.net.ssl.trustStorePassword=secret",
                "-Djavax.net.ssl.trustStoreType=PKCS12",
                "-cp",
                "/usr/share/java/pixelmed.jar:/usr/share/java/commons-codec.jar"};
  }
  /// @param suited  to BCP 195, by java.security.
  std::vector<std::string> command(const std::vector<std::string>& arguments,
                                   bool suited = true) const {
    auto argv = options_;
    if (suited)
      argv.insert(argv.begin() + 1,
                  "-Djava.security.properties=" + (directory_ / "java.security").string());
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }
  static bool is_here() {
    return !find_program("javac").empty() && !find_program("keytool").empty() &&
           std::filesystem::exists("/usr/share/java/pixelmed.jar");
  }

 private:
  std::filesystem::path directory_;
  std::vector<std::string> options_;
};

// What its own command line lacks: C-STORE over an association that is secured.
constexpr const char* kSecureStore = R"(
import com.pixelmed.dicom.*;
import com.pixelmed.network.*;
public class SecureStore {
  public static void main(String[] a) throws Exception {
    SetOfDicomFiles files = new SetOfDicomFiles();
    for (int i = 1; i < a.length; ++i) files.add(a[i]);
    java.util.LinkedList<PresentationContext> contexts =
        PresentationContextListFactory.createNewPresentationContextList(files, 0);
    Association link = AssociationFactory.createNewAssociation("127.0.0.1",
        Integer.parseInt(a[0]), "DOSIGATE", "PIXELMED", contexts, null, true);
    final int[] failed = {0};
    new StorageSOPClassSCU(link, files, new MultipleInstanceTransferStatusHandler() {
      public void updateStatus(int left, int done, int bad, int warned, String uid) { failed[0] = bad; }
    });
    System.exit(failed[0]);
  }
}
)";

TEST(TlsIn, PixelMedStoresIntactWithTheCiphersOfBcp195) {
  if (!PixelMed::is_here()) GTEST_SKIP() << "PixelMed or a JDK is not installed";
  TlsNode tls({});
  const PixelMed pixelmed(tls.dir.path / "pixelmed", tls.sender);
  const auto port = std::to_string(tls.tls_port());

  const Finished echo = run(pixelmed.command({"com.pixelmed.network.VerificationSOPClassSCU",
                                              "127.0.0.1", port, "PIXELMED", "DOSIGATE", "SECURE"}),
                            std::chrono::seconds(60));
  EXPECT_THAT(echo.output, HasSubstr("was successful"));
  // As it comes it offers nothing that is still allowed.
  const Finished old = run(pixelmed.command({"com.pixelmed.network.VerificationSOPClassSCU",
                                             "127.0.0.1", port, "PIXELMED", "DOSIGATE", "SECURE"},
                                            false),
                           std::chrono::seconds(60));
  EXPECT_THAT(old.output, ::testing::Not(HasSubstr("was successful")));
  EXPECT_TRUE(eventually([&] { return tls.failures("no common cipher") == 1; }));

  const auto source = tls.dir.path / "SecureStore.java";
  std::ofstream(source) << kSecureStore;
  std::vector<std::string> arguments{source.string(), port};
  for (const auto& file : tls.paths) arguments.push_back(file.string());
  const Finished sent = run(pixelmed.command(arguments), std::chrono::seconds(120));
  EXPECT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(tls.node().settles());
  EXPECT_EQ(tls.node().totals().delivered, tls.paths.size()) << sent.output;
  EXPECT_THAT(faults_of(tls.phantom, tls.node().arrived()), IsEmpty());
}

TEST(TlsOut, PixelMedGetsEveryInstanceIntact) {
  if (!PixelMed::is_here()) GTEST_SKIP() << "PixelMed or a JDK is not installed";
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const PixelMed pixelmed(dir.path / "pixelmed", ca.issue("archive"));
  const auto port = free_port();
  std::filesystem::create_directories(dir.path / "stored");
  Process archive(
      pixelmed.command({"com.pixelmed.network.StorageSOPClassSCPDispatcher", std::to_string(port),
                        "PIXELMED", (dir.path / "stored").string(), "SECURE"}),
      dir.path / "pixelmed.log");
  TlsNode tls({.node = {.archive_port = port, .archive_ae = "PIXELMED", .archive = "tls = true\n"},
               .files = ca.issue("node")});
  ASSERT_TRUE(eventually([&] {
    return tls.node().dosigate({"peer", "echo", "archive"}).code == 0;
  })) << tls.node().dosigate({"peer", "echo", "archive"}).output
      << archive.output();

  TlsFiles sender = ca.issue("sender");
  ASSERT_EQ(tls.storescu(sender, tls.paths).code, 0);

  ASSERT_TRUE(tls.node().settles());
  EXPECT_EQ(tls.node().totals().delivered, tls.paths.size());
  EXPECT_THAT(faults_of(tls.phantom, dir.path / "stored"), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
