// Who is not let in by TLS, whom we do not talk to, and certificates that change or end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <map>
#include <system_error>

#include <boost/json/value.hpp>

#include "support/commitment_peer.h"
#include "support/free_port.h"
#include "support/raw_scu.h"
#include "wire/arrival.h"
#include "wire/tls_node.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<RawScu::Context> kEcho{{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}};

TEST(TlsFaults, WhoCannotProveWhoItIsDoesNotComeIn) {
  TlsNode tls({});
  const TestCa stranger(tls.dir.path, "stranger", TestCa::Keys::Rsa);
  TlsFiles strange = stranger.issue("strange");
  strange.ca = tls.ca.certificate();
  TestCa::Wish wish;
  wish.from = -48h;
  wish.until = -24h;
  const TlsFiles expired = tls.ca.issue("expired", "expired", wish);

  EXPECT_NE(tls.echoscu(strange).code, 0);
  EXPECT_NE(tls.echoscu(expired).code, 0);
  tls.s_client({"-CAfile", tls.ca.certificate().string()});  // shows no certificate

  EXPECT_TRUE(eventually([&] { return tls.failures("not issued by a CA that we trust") == 1; }));
  EXPECT_TRUE(eventually([&] { return tls.failures("has expired") == 1; }));
  EXPECT_TRUE(eventually([&] { return tls.failures("shows no certificate") == 1; }));
  EXPECT_EQ(tls.echoscu(tls.sender).code, 0);
  const Finished status = tls.node().dosigate({"status"});
  EXPECT_THAT(status.output, HasSubstr("1 handshakes failed, last "));
  EXPECT_THAT(status.output, HasSubstr("from 127.0.0.1: the peer shows no certificate"));
  EXPECT_THAT(tls.node().log(), HasSubstr("TLS handshake failed address=127.0.0.1"));
}

TEST(TlsFaults, AClientThatDoesNotTrustUsIsNotServed) {
  TlsNode tls({});
  const TestCa stranger(tls.dir.path, "stranger", TestCa::Keys::Rsa);
  TlsFiles misled = tls.sender;
  misled.ca = stranger.certificate();
  EXPECT_NE(tls.echoscu(misled).code, 0);
  EXPECT_TRUE(eventually([&] { return tls.failures("does not trust the CA of our") == 1; }));
}

TEST(TlsFaults, PlainDicomOnTheTlsPortIsClosedAndTlsOnThePlainPortIsMalformed) {
  TlsNode tls({});
  RawScu plain(tls.tls_port());
  plain.send(RawScu::association_request("DOSIGATE", "PLAIN", kEcho));
  EXPECT_TRUE(plain.peer_closes(5s));
  EXPECT_TRUE(eventually([&] { return tls.failures("does not speak TLS") == 1; }));

  const auto begin = std::chrono::steady_clock::now();
  const Finished hello =
      run({"openssl", "s_client", "-connect", "127.0.0.1:" + tls.node().port_text()});
  EXPECT_THAT(hello.output, HasSubstr("Cipher is (NONE)"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s);
  EXPECT_EQ(run({"echoscu", "-aec", "DOSIGATE", "127.0.0.1", tls.node().port_text()}).code, 0);
}

TEST(TlsFaults, SilentPeersDelayNobodyAndEndWithArtim) {
  TlsNode tls({});
  std::vector<std::unique_ptr<RawScu>> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(std::make_unique<RawScu>(tls.tls_port()));
  silent.back()->send(Bytes{0x16, 3, 1});  // begins a ClientHello

  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(tls.echoscu(tls.sender).code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s);

  EXPECT_TRUE(silent.front()->peer_closes(20s));
  EXPECT_TRUE(
      eventually([&] { return tls.failures("did not finish the handshake in time") == 40; }));
}

TEST(TlsFaults, APinnedRouteIsTakenByItsCertificateAlone) {
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const TlsFiles camera = ca.issue("camera"), other = ca.issue("other");
  TlsNode tls({.node = {.route = "tls_fingerprints = [\"" +
                                 fingerprint_of_file(camera.certificate) + "\"]\n"},
               .files = ca.issue("node")});

  const auto who = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command{"config", "check", "--who", "DOSIGATE", "CT", "10.0.0.1"};
    command.insert(command.end(), more.begin(), more.end());
    return tls.node().dosigate(command).code;
  };
  EXPECT_EQ(who({"--certificate", camera.certificate.string()}), 0);
  EXPECT_NE(who({"--certificate", other.certificate.string()}), 0);
  EXPECT_NE(who({}), 0);
  EXPECT_EQ(tls.echoscu(camera).code, 0);
  EXPECT_THAT(tls.echoscu(other).output, HasSubstr("Association Rejected"));
  EXPECT_NE(run({"echoscu", "-aec", "DOSIGATE", "127.0.0.1", tls.node().port_text()}).code, 0);
  EXPECT_EQ(tls.failures(""), 0U) << "both are of our CA: it is the route that is not theirs";
  EXPECT_EQ(tls.storescu(camera, tls.paths).code, 0);
  ASSERT_TRUE(tls.node().settles());
  EXPECT_EQ(tls.node().totals().delivered, tls.paths.size());
}

TEST(TlsFaults, AnArchiveThatIsReachedByTlsAloneReportsByTlsAlone) {
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  TlsNode tls({.node = {.archive_port = free_port(),
                        .archive = "tls = true\n",
                        .route = "calling_ae = [\"NOBODY\"]\n"},
               .files = ca.issue("node")});
  constexpr const char* kCommitment = "1.2.840.10008.1.20.1";
  const std::vector<RawScu::Context> contexts{{1, kCommitment, {"1.2.840.10008.1.2"}}};
  Bytes said = request_with_role("DOSIGATE", "ARCHIVE", contexts, kCommitment, false, true);

  RawScu plain(tls.node().port());
  plain.send(said);
  const auto answer = plain.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->type, 3) << "anybody at that address could say so";

  const Bytes release{5, 0, 0, 0, 0, 4, 0, 0, 0, 0};
  said.insert(said.end(), release.begin(), release.end());
  const auto over_tls = [&](const TlsFiles& files) {
    return tls
        .s_client({"-quiet", "-ign_eof", "-cert", files.certificate.string(), "-key",
                   files.key.string(), "-CAfile", files.ca.string()},
                  std::string(as_text(said)))
        .output;
  };
  TestCa::Wish elsewhere;
  elsewhere.dns = {"other.example.org"};
  EXPECT_THAT(over_tls(ca.issue("archive")), HasSubstr("1.2.840.10008.3.1.1.1"));
  EXPECT_THAT(over_tls(ca.issue("other", "other", elsewhere)),
              Not(HasSubstr("1.2.840.10008.3.1.1.1")));
}

TEST(TlsFaults, PeerEchoSaysInWordsWhyThereIsNoHandshake) {
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa);
  const TestCa stranger(dir.path, "stranger", TestCa::Keys::Rsa);
  TestCa::Wish gone;
  gone.addresses = {"127.0.0.1"};
  gone.from = -48h;
  gone.until = -24h;
  std::map<std::string, std::uint16_t> ports;
  std::vector<std::unique_ptr<Process>> archives;
  const auto archive = [&](const std::string& name, const TlsFiles& files,
                           const std::filesystem::path& trusts) {
    ports[name] = free_port();
    std::filesystem::create_directories(dir.path / name);
    archives.push_back(std::make_unique<Process>(
        std::vector<std::string>{"storescp", "--fork", "+tls", files.key.string(),
                                 files.certificate.string(), "+cf", trusts.string(), "-od",
                                 (dir.path / name).string(), std::to_string(ports[name])},
        dir.path / (name + ".log")));
    const auto listens = [&] {
      try {
        RawScu knock(ports[name]);
        return true;
      } catch (const std::system_error&) {
        return false;
      }
    };
    EXPECT_TRUE(eventually(listens)) << name << archives.back()->output();
  };
  archive("good", ca.issue("good"), ca.certificate());
  archive("strange", stranger.issue("strange"), ca.certificate());
  archive("expired", ca.issue("expired", "expired", gone), ca.certificate());
  archive("distrusts", ca.issue("distrusts"), stranger.certificate());
  TlsNode tls(
      {.node = {.node = "connect_timeout_s = 5\n"},
       .listens = false,
       .peers = tls_peer("good", "X", ports["good"]) + tls_peer("strange", "X", ports["strange"]) +
                tls_peer("expired", "X", ports["expired"]) +
                tls_peer("distrusts", "X", ports["distrusts"]) +
                tls_peer("othername", "X", ports["good"], "tls_names = [\"pacs.hospital.org\"]\n") +
                tls_peer("otherprint", "X", ports["good"],
                         "tls_fingerprints = [\"" + std::string(64, 'a') + "\"]\n") +
                "[[peer]]\nname = \"plain\"\nae_title = \"DOSIGATE\"\nhost = "
                "\"127.0.0.1\"\nport = 65001 # PLAIN\ntls = true\n",

       .files = ca.issue("node")});
  edit_configuration(tls.node(), "65001 # PLAIN", tls.node().port_text());
  const auto echo = [&](const char* name) {
    return tls.node().dosigate({"peer", "echo", name}).output;
  };
  ASSERT_TRUE(eventually([&] {
    return tls.node().dosigate({"peer", "echo", "good"}).code == 0;
  })) << echo("good");

  EXPECT_THAT(echo("strange"), HasSubstr("not issued by a CA that we trust ([tls] ca)"));
  EXPECT_THAT(echo("expired"), HasSubstr("has expired"));
  EXPECT_THAT(echo("othername"), HasSubstr("(it is for localhost, 127.0.0.1)"));
  EXPECT_THAT(echo("otherprint"), HasSubstr("another fingerprint"));
  EXPECT_THAT(echo("distrusts"), HasSubstr("does not trust the CA of our certificate"));
  EXPECT_THAT(echo("plain"), HasSubstr("does not speak TLS"));
  EXPECT_THAT(tls.node().dosigate({"peer", "test", "strange"}).output,
              HasSubstr("not issued by a CA that we trust"));
  // Without a certificate of ours.
  edit_configuration(tls.node(), "certificate = ", "#certificate = ");
  edit_configuration(tls.node(), "\nkey = ", "\n#key = ");
  EXPECT_THAT(echo("good"), HasSubstr("wants a client certificate ([tls] certificate and key)"));
}

TEST(TlsReload, NewFilesAreForNewConnectionsAndRunningAssociationsGoOn) {
  TlsNode tls({});
  // An association that runs over the reload, in the hand of openssl.
  const auto request = RawScu::association_request("DOSIGATE", "LONG", kEcho);
  const auto echo_request =
      RawScu::p_data(1, true, true, RawScu::plain_command(0x0030, "1.2.840.10008.1.1"));
  const auto fifo = tls.dir.path / "fifo", heard = tls.dir.path / "heard";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Process running({"sh", "-c",
                   "exec openssl s_client -quiet -connect \"$0\" -cert \"$1\" -key \"$2\" "
                   "-CAfile \"$3\" < \"$4\"",
                   "127.0.0.1:" + std::to_string(tls.tls_port()), tls.sender.certificate.string(),
                   tls.sender.key.string(), tls.sender.ca.string(), fifo.string()},
                  heard);
  std::ofstream say(fifo, std::ios::binary);
  const auto send = [&](const Bytes& bytes) {
    say.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    say.flush();
  };
  send(request);
  const auto active = [&] {
    return tls.node().status().at("associations").at("active").to_number<int>();
  };
  ASSERT_TRUE(eventually([&] { return active() == 1; }));
  const auto before = fingerprint_of_file(tls.files.certificate);

  (void)tls.ca.issue("node");  // renewed in place
  ASSERT_NE(fingerprint_of_file(tls.files.certificate), before);
  tls.node().signal(SIGHUP);

  // The fingerprint of the certificate that a new connection is shown.
  const auto shown = [&] {
    const auto file = tls.dir.path / "shown.pem";
    const Finished done =
        run({"sh", "-c",
             "openssl s_client -connect \"$0\" -cert \"$1\" -key \"$2\" < /dev/null 2>/dev/null | "
             "openssl x509 -out \"$3\"",
             "127.0.0.1:" + std::to_string(tls.tls_port()), tls.sender.certificate.string(),
             tls.sender.key.string(), file.string()});
    return done.code == 0 ? fingerprint_of_file(file) : done.output;
  };
  const auto renewed = fingerprint_of_file(tls.files.certificate);
  EXPECT_TRUE(eventually([&] { return shown() == renewed; }));
  EXPECT_EQ(tls.node().status().at("tls").at("certificate").at("fingerprint").as_string(), renewed);
  const auto size_of = [&] { return running.output().size(); };
  const auto size_before = size_of();
  send(echo_request);
  EXPECT_TRUE(eventually([&] { return size_of() > size_before; })) << "the echo is not answered";
  EXPECT_EQ(active(), 1);
  EXPECT_EQ(tls.node().status().at("associations").at("echoes").to_number<int>(), 1);
  EXPECT_THAT(tls.node().log(), HasSubstr("the TLS files changed: new connections use them"));

  // A bad one keeps what there is, and says so.
  std::ofstream(tls.files.certificate) << "not a certificate\n";
  const Finished bad = tls.node().dosigate({"reload"});
  EXPECT_NE(bad.code, 0);
  EXPECT_THAT(bad.output, HasSubstr("[tls] certificate: the TLS certificate "));
  EXPECT_EQ(shown(), renewed);
  EXPECT_EQ(tls.echoscu(tls.sender).code, 0);
}

TEST(TlsReload, AnotherCaCountsFromTheNextConnectionOn) {
  TlsNode tls({});
  const TestCa fresh(tls.dir.path, "fresh", TestCa::Keys::Rsa);
  TlsFiles newcomer = fresh.issue("newcomer");
  newcomer.ca = tls.ca.certificate();  // of our certificate, as before
  EXPECT_NE(tls.echoscu(newcomer).code, 0);

  edit_configuration(tls.node(), "ca = \"" + tls.ca.certificate().string(),
                     "ca = \"" + fresh.certificate().string());
  ASSERT_EQ(tls.node().dosigate({"reload"}).code, 0);

  EXPECT_EQ(tls.echoscu(newcomer).code, 0);
  EXPECT_NE(tls.echoscu(tls.sender).code, 0);
}

TEST(TlsExpiry, IsWarnedOfFrom30DaysAndIsAnErrorAfterwards) {
  TempDir dir;
  const TestCa ca(dir.path, "ca", TestCa::Keys::Rsa, 24h * 20);
  TestCa::Wish soon;
  soon.addresses = {"127.0.0.1"};
  soon.until = 24h * 10 + 1h;
  TlsNode tls({.files = ca.issue("node", "node", soon)});

  EXPECT_THAT(tls.check(), HasSubstr("tls-certificate-expires: the TLS certificate (CN=node) "
                                     "expires in 10 days"));
  EXPECT_THAT(tls.check(), HasSubstr("tls-ca-expires: the TLS ca (CN=Test CA ca) expires in 19 "
                                     "days"));
  EXPECT_THAT(tls.node().dosigate({"status"}).output, HasSubstr("tls-certificate-expires"));

  // In its last seconds it is still taken; then a running node says that it is over.
  soon.until = 8s;
  (void)ca.issue("node", "node", soon);
  ASSERT_EQ(tls.node().dosigate({"reload"}).code, 0);
  EXPECT_TRUE(eventually([&] {
    return tls.check().find("tls-certificate-expired: the TLS certificate (CN=node) has expired") !=
           std::string::npos;
  }));
  EXPECT_THAT(tls.check(), HasSubstr("CRITICAL"));
  // And the next start is refused, with the place in the file.
  EXPECT_THAT(tls.node().dosigate({"config", "check"}).output,
              HasSubstr("[tls] certificate: the TLS certificate "));
}

TEST(TlsExpiry, AWellKeptNodeWarnsOfNothing) {
  TlsNode tls({});
  EXPECT_THAT(tls.check(), Not(HasSubstr("tls-")));
}

}  // namespace
}  // namespace dosigate::testing
