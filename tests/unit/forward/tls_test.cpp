// Associations that we request over TLS: who answers there decides whether a byte of DICOM is sent.

#include <netinet/in.h>
#include <sys/socket.h>

#include "dosigate/base/durable_file.h"
#include "fixture.h"
#include "support/free_port.h"
#include "support/process.h"
#include "support/test_ca.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

/// dcmtk's storescp with TLS (1.2), which asks for a certificate.
class TlsArchive {
 public:
  TlsArchive(const std::filesystem::path& directory, const TlsFiles& files) : port_(free_port()) {
    std::filesystem::create_directories(directory);
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"storescp", "--fork", "+tls", files.key.string(),
                                 files.certificate.string(), "+cf", files.ca.string(), "+B", "-od",
                                 directory.string(), std::to_string(port_)},
        directory / "log");
  }
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  std::unique_ptr<Process> process_;
};

class TlsForwarding : public Forwarding {
 protected:
  Destination secured(std::uint16_t port, TlsPin pin, const TlsFiles& ours) {
    Destination to = dicom_destination(port);
    to.connect_timeout = std::chrono::seconds(5);
    to.dimse_timeout = std::chrono::seconds(5);
    to.tls = std::move(pin);
    auto made = TlsContext::client(ours);
    EXPECT_TRUE(made) << (made ? "" : made.error().detail);
    if (made) to.tls_context = *made;
    return to;
  }
  std::string echoed(const Destination& to) {
    const auto done = echo(to);
    return done ? "answered" : done.error().detail;
  }
  void SetUp() override {
    if (find_program("storescp").empty()) GTEST_SKIP() << "storescp is not installed";
  }
  TestCa ca{dir.path};
};

TEST_F(TlsForwarding, StoresAndEchoesToAnArchiveThatProvesItsName) {
  const TlsArchive tls_archive(dir.path / "archive", ca.issue("archive"));
  const Destination to = secured(tls_archive.port(), {{"127.0.0.1"}, {}}, ca.issue("node"));
  ASSERT_TRUE(eventually([&] { return echo(to).has_value(); }));
  put(20);

  const ArchiveForwarder forwarder(to, *home.spool);

  EXPECT_TRUE(all_delivered(20));
  EXPECT_EQ(parked(), 0U);
}

TEST_F(TlsForwarding, SaysInWordsWhyThereIsNoAssociation) {
  const TlsFiles theirs = ca.issue("archive"), ours = ca.issue("node");
  const TlsArchive tls_archive(dir.path / "archive", theirs);
  const auto port = tls_archive.port();
  ASSERT_TRUE(eventually([&] {
    return echo(secured(port, {{"127.0.0.1"}, {}}, ours)).has_value();
  }));

  EXPECT_THAT(echoed(secured(port, {{"pacs.hospital.org"}, {}}, ours)),
              HasSubstr("another machine's: none of its names is the one expected (it is for "
                        "localhost, 127.0.0.1)"));
  EXPECT_THAT(echoed(secured(port, {{}, {std::string(64, '1')}}, ours)),
              HasSubstr("another fingerprint"));
  const TestCa stranger(dir.path, "stranger");
  TlsFiles strange = stranger.issue("us");
  EXPECT_THAT(echoed(secured(port, {{"127.0.0.1"}, {}}, strange)),
              HasSubstr("not issued by a CA that we trust"));
  strange.ca = ca.certificate();
  EXPECT_THAT(echoed(secured(port, {{"127.0.0.1"}, {}}, strange)),
              HasSubstr("does not trust the CA of our certificate"));
  EXPECT_THAT(echoed(secured(port, {{"127.0.0.1"}, {}}, {{}, {}, ca.certificate()})),
              HasSubstr("wants a client certificate"));
}

TEST_F(TlsForwarding, APlainArchiveGetsNotOneByteOfDicom) {
  put(2);
  Destination to = secured(archive.port(), {{"127.0.0.1"}, {}}, ca.issue("node"));
  to.connect_timeout = std::chrono::seconds(1);
  EXPECT_THAT(echoed(to), HasSubstr("no association with 127.0.0.1:"));

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_EQ(archive.associations(), 0U);
  EXPECT_TRUE(archive.received().empty());
  EXPECT_EQ(home.spool->list(10).size(), 2U);
}

TEST_F(TlsForwarding, WithoutAContextThereIsNoAssociation) {
  Destination to = dicom_destination(archive.port());
  to.tls = TlsPin{{"127.0.0.1"}, {}};
  EXPECT_THAT(echoed(to), HasSubstr("without [tls]"));
  EXPECT_EQ(archive.connections(), 0U);
}

TEST_F(TlsForwarding, ASilentPeerEndsTheHandshakeInTime) {
  const FileDescriptor silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(silent.get(), any, size), 0);
  ASSERT_EQ(::listen(silent.get(), 4), 0);
  ASSERT_EQ(::getsockname(silent.get(), any, &size), 0);
  Destination to = secured(ntohs(address.sin_port), {{"127.0.0.1"}, {}}, ca.issue("node"));
  to.connect_timeout = std::chrono::seconds(1);

  const SteadyTime begun = steady_now();
  EXPECT_THAT(echoed(to), HasSubstr("did not finish the handshake in time"));
  EXPECT_LT(steady_now() - begun, std::chrono::seconds(5));
}

}  // namespace
}  // namespace dosigate::testing
