// Sessions between two ends in one process, and peers that OpenSSL's own tool plays.

#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <future>
#include <numeric>

#include "dosigate/base/durable_file.h"
#include "dosigate/net/tls.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::TestCa;

struct Ends {
  Ends() {
    int both[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0) std::abort();
    server = FileDescriptor(both[0]);
    client = FileDescriptor(both[1]);
  }
  FileDescriptor server, client;
};

class TlsSessionTest : public ::testing::Test {
 protected:
  struct Outcome {
    std::unique_ptr<TlsSession> server, client;
    std::string server_error, client_error;  ///< empty: shook hands
  };
  static std::shared_ptr<const TlsContext> context(Result<std::shared_ptr<const TlsContext>> made) {
    if (!made) ADD_FAILURE() << made.error().detail;
    return made ? *made : nullptr;
  }
  /// Both shake hands; a server that has finished first must not wait for the client's reading.
  Outcome meet(const TlsFiles& server, const TlsFiles& client, TlsPin of_client = {},
               TlsPin of_server = {}) {
    Outcome out;
    out.server = std::make_unique<TlsSession>(context(TlsContext::server(server)),
                                              ends_.server.get(), std::move(of_client));
    out.client = std::make_unique<TlsSession>(context(TlsContext::client(client)),
                                              ends_.client.get(), std::move(of_server));
    auto other = std::async(std::launch::async, [&] {
      const auto done = out.server->handshake(steady_now() + 5s);
      if (!done) (void)::shutdown(ends_.server.get(), SHUT_WR);
      return done ? "" : done.error().detail;
    });
    if (const auto done = out.client->handshake(steady_now() + 5s); !done) {
      out.client_error = done.error().detail;
      (void)::shutdown(ends_.client.get(), SHUT_WR);
    }
    out.server_error = other.get();
    return out;
  }
  /// What the client learns of a server that refused it after its own handshake (TLS 1.3).
  static std::string late_failure(TlsSession& client) {
    Byte byte[1];
    EXPECT_EQ(client.read(byte, steady_now() + 5s), -1);
    EXPECT_EQ(errno, EPROTO);
    return client.failure();
  }

  TempDir dir_;
  TestCa ca_{dir_.path};
  Ends ends_;
};

TEST_F(TlsSessionTest, BothKnowWhoTheOtherIs) {
  const TlsFiles server = ca_.issue("node"), client = ca_.issue("ct1");

  const auto met = meet(server, client, {{"localhost"}, {}},
                        {{"127.0.0.1"}, {testing::fingerprint_of_file(server.certificate)}});

  EXPECT_EQ(met.server_error, "");
  EXPECT_EQ(met.client_error, "");
  EXPECT_EQ(met.server->protocol(), "TLSv1.3");
  EXPECT_EQ(met.server->peer_fingerprint(), testing::fingerprint_of_file(client.certificate));
  EXPECT_EQ(met.client->peer_names(), (std::vector<std::string>{"localhost", "127.0.0.1"}));
}

TEST_F(TlsSessionTest, BytesArriveAsTheyWereSent) {
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1"));
  Bytes sent(300'000);
  std::iota(sent.begin(), sent.end(), Byte{0});

  auto writer = std::async(std::launch::async, [&] {
    const ByteView parts[] = {ByteView(sent).first(6), ByteView(sent).subspan(6)};
    return met.client->write(parts, steady_now() + 5s);
  });
  Bytes got(sent.size());
  std::size_t filled = 0;
  while (filled < got.size()) {
    const auto part = met.server->read(std::span(got).subspan(filled), steady_now() + 5s);
    ASSERT_GT(part, 0);
    filled += static_cast<std::size_t>(part);
  }

  EXPECT_TRUE(writer.get());
  EXPECT_EQ(got, sent);
}

TEST_F(TlsSessionTest, TheEndIsSeenAndNothingMoreIsPending) {
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1"));
  ASSERT_TRUE(met.client->write(Bytes{1, 2, 3}, steady_now() + 5s));
  met.client->shutdown();

  ASSERT_TRUE(met.server->await(steady_now() + 5s));
  Byte two[2], rest[8];
  EXPECT_EQ(met.server->read(two, steady_now() + 5s), 2);
  EXPECT_TRUE(met.server->pending());
  EXPECT_EQ(met.server->read(rest, steady_now() + 5s), 1);
  EXPECT_EQ(met.server->read(rest, steady_now() + 5s), 0);
}

TEST_F(TlsSessionTest, SilenceEndsAtTheDeadline) {
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1"));
  Byte byte[1];
  EXPECT_EQ(met.server->try_read(byte), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(met.server->await(steady_now() + 50ms));
  EXPECT_EQ(met.server->read(byte, steady_now() + 50ms), -1);
  EXPECT_EQ(errno, ETIMEDOUT);
}

// Each asks for an answer of ours, which the peer leaves in the socket: they must not pile up.
TEST_F(TlsSessionTest, APeerThatAsksForNewKeysWithoutEndAndDoesNotReadIsGivenUp) {
  const TlsFiles node = ca_.issue("node"), camera = ca_.issue("ct1");
  TlsSession server(context(TlsContext::server(node)), ends_.server.get(), {});
  const auto of_client = context(TlsContext::client(camera));
  const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(of_client->native()), SSL_free);
  SSL_set_fd(client.get(), ends_.client.get());
  auto met = std::async(std::launch::async,
                        [&] { return server.handshake(steady_now() + 5s).has_value(); });
  ASSERT_EQ(SSL_connect(client.get()), 1);
  ASSERT_TRUE(met.get());

  Byte byte[1];
  int asked = 0;
  for (; asked < 50'000 && server.failure().empty(); ++asked) {
    ASSERT_EQ(SSL_key_update(client.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(client.get()), 1);
    ASSERT_EQ(server.try_read(byte), -1);
  }

  EXPECT_EQ(server.failure(), "the peer does not read");
  EXPECT_LT(asked, 20'000);
  EXPECT_TRUE(server.await(steady_now() + 5s)) << "a read has something to say";
}

TEST_F(TlsSessionTest, ASilentPeerEndsTheHandshakeAtItsDeadline) {
  TlsSession server(context(TlsContext::server(ca_.issue("node"))), ends_.server.get(), {});
  const auto done = server.handshake(steady_now() + 50ms);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, HasSubstr("did not finish the handshake in time"));
}

TEST_F(TlsSessionTest, TheLastWordsAreReadableAndTheEnd) {
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1"));
  const Bytes wire = met.server->last_words(Bytes{7, 8, 9});
  ASSERT_EQ(::send(ends_.server.get(), wire.data(), wire.size(), 0),
            static_cast<ssize_t>(wire.size()));

  Byte got[8];
  EXPECT_EQ(met.client->read(got, steady_now() + 5s), 3);
  EXPECT_EQ(got[2], 9);
  EXPECT_EQ(met.client->read(got, steady_now() + 5s), 0);
}

TEST_F(TlsSessionTest, ACertificateOfAnotherCaIsRefusedAtBothEnds) {
  const TestCa stranger(dir_.path, "stranger");
  TlsFiles client = stranger.issue("ct1");
  client.ca = ca_.certificate();
  const auto met = meet(ca_.issue("node"), client);
  EXPECT_THAT(met.server_error, HasSubstr("not issued by a CA that we trust"));
  EXPECT_THAT(late_failure(*met.client), HasSubstr("does not trust the CA of our certificate"));
}

TEST_F(TlsSessionTest, AServerOfAnotherCaIsRefusedByTheClient) {
  const TestCa stranger(dir_.path, "stranger");
  TlsFiles server = stranger.issue("node");
  server.ca = ca_.certificate();
  const auto met = meet(server, ca_.issue("ct1"));
  EXPECT_THAT(met.client_error, HasSubstr("not issued by a CA that we trust"));
  EXPECT_THAT(met.server_error, HasSubstr("does not trust the CA of our certificate"));
}

TEST_F(TlsSessionTest, AClientWithoutCertificateIsRefusedAndToldSo) {
  const auto met = meet(ca_.issue("node"), {{}, {}, ca_.certificate()});
  EXPECT_EQ(met.server_error, "the peer shows no certificate");
  EXPECT_THAT(late_failure(*met.client), HasSubstr("wants a client certificate"));
}

TEST_F(TlsSessionTest, ARefusalThatIsWaitedForIsStillSaid) {
  const auto met = meet(ca_.issue("node"), {{}, {}, ca_.certificate()});
  EXPECT_TRUE(met.client->await(steady_now() + 5s));
  EXPECT_THAT(late_failure(*met.client), HasSubstr("wants a client certificate"));
}

TEST_F(TlsSessionTest, AnExpiredPeerIsRefused) {
  TestCa::Wish wish;
  wish.dns = {"localhost"};
  wish.until = 1s;
  const TlsFiles client = ca_.issue("ct1", "ct1", wish);
  const auto ours = context(TlsContext::client(client));
  std::this_thread::sleep_for(2100ms);  // the certificate's clock has seconds
  TlsSession server(context(TlsContext::server(ca_.issue("node"))), ends_.server.get(), {});
  TlsSession peer(ours, ends_.client.get(), {});
  auto other = std::async(std::launch::async, [&] { (void)peer.handshake(steady_now() + 5s); });
  const auto done = server.handshake(steady_now() + 5s);
  other.get();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, HasSubstr("has expired"));
}

TEST_F(TlsSessionTest, TheWrongNameIsRefusedAndSaid) {
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1"), {}, {{"pacs.hospital.org"}, {}});
  EXPECT_EQ(met.client_error,
            "the peer's certificate is another machine's: none of its names is the one expected "
            "(it is for localhost, 127.0.0.1)");
  EXPECT_EQ(met.client->failure(),
            "the peer's certificate is another machine's: none of its names is the one expected");
  EXPECT_NE(met.server_error, "");
}

TEST_F(TlsSessionTest, TheWrongFingerprintIsRefused) {
  const auto met =
      meet(ca_.issue("node"), ca_.issue("ct1"), {{"localhost"}, {std::string(64, '0')}});
  EXPECT_THAT(met.server_error, HasSubstr("another fingerprint"));
  EXPECT_EQ(late_failure(*met.client), "the peer refuses our certificate");
}

TEST_F(TlsSessionTest, ACommonNameCountsWhenThereIsNoOtherName) {
  const auto met = meet(ca_.issue("node", "pacs.hospital.org", {}), ca_.issue("ct1"), {},
                        {{"pacs.hospital.org"}, {}});
  EXPECT_EQ(met.client_error, "");
}

TEST_F(TlsSessionTest, AServersCertificateIsNoClients) {
  TestCa::Wish wish;
  wish.extended_key_usage = "serverAuth";
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1", "ct1", wish));
  EXPECT_THAT(met.server_error, HasSubstr("not made for this purpose"));
}

TEST_F(TlsSessionTest, PlainDicomOnATlsPortIsRecognised) {
  TlsSession server(context(TlsContext::server(ca_.issue("node"))), ends_.server.get(), {});
  const Bytes request{1, 0, 0, 0, 0, 0xCE, 0, 1, 0, 0, 'D', 'O', 'S', 'I'};
  ASSERT_GT(::send(ends_.client.get(), request.data(), request.size(), 0), 0);
  const auto done = server.handshake(steady_now() + 5s);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, HasSubstr("does not speak TLS"));
}

TEST_F(TlsSessionTest, APlainPeerIsRecognisedByTheClient) {
  TlsSession client(context(TlsContext::client(ca_.issue("ct1"))), ends_.client.get(), {});
  const Bytes abort{7, 0, 0, 0, 0, 4, 0, 0, 2, 1};
  ASSERT_GT(::send(ends_.server.get(), abort.data(), abort.size(), 0), 0);
  const auto done = client.handshake(steady_now() + 5s);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, HasSubstr("does not speak TLS"));
}

TEST_F(TlsSessionTest, NothingIsReadOrWrittenBeforeTheHandshakeOrAfterItFailed) {
  TlsSession server(context(TlsContext::server(ca_.issue("node"))), ends_.server.get(), {});
  Byte byte[1];
  EXPECT_EQ(server.read(byte, steady_now() + 1s), -1);
  EXPECT_EQ(errno, EPROTO);
  EXPECT_FALSE(server.write(Bytes{1}, steady_now() + 1s));
  (void)::shutdown(ends_.client.get(), SHUT_WR);
  EXPECT_FALSE(server.handshake(steady_now() + 1s));
  EXPECT_FALSE(server.handshake(steady_now() + 1s));
  EXPECT_FALSE(server.write(Bytes{1}, steady_now() + 1s));
  EXPECT_THAT(server.failure(), HasSubstr("closed the connection during the handshake"));
}

TEST_F(TlsSessionTest, ATamperedRecordEndsTheSession) {
  const auto met = meet(ca_.issue("node"), ca_.issue("ct1"));
  Bytes record{0x17, 3, 3, 0, 32};
  record.resize(5 + 32, 0x55);
  ASSERT_GT(::send(ends_.client.get(), record.data(), record.size(), 0), 0);
  Byte byte[1];
  EXPECT_EQ(met.server->read(byte, steady_now() + 5s), -1);
  EXPECT_EQ(errno, EPROTO);
  EXPECT_NE(met.server->failure(), "");
}

}  // namespace
}  // namespace dosigate
