// Associations that come over TLS, and what else comes to a TLS port.

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "dosigate/net/acceptor.h"
#include "dosigate/net/connection.h"
#include "support/raw_scu.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::RawScu;
using testing::TempDir;
using testing::TestCa;

const std::vector<RawScu::Context> kContexts{{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}};

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

FileDescriptor connect_to(std::uint16_t port) {
  FileDescriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return out;
}

class TlsAcceptor : public ::testing::Test {
 protected:
  TlsAcceptor() {
    auto made = TlsContext::server(ca_.issue("node"));
    if (made) context_ = *made;
  }
  ~TlsAcceptor() override {
    if (acceptor_) acceptor_->stop();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void listen(std::chrono::seconds artim = 10s) {
    Acceptor::Settings settings;
    settings.listen = {"127.0.0.1:0"};
    settings.listen_tls = {"127.0.0.1:0"};
    settings.first_pdu_deadline = artim;
    settings.tls_context = [this] { return context_; };
    settings.on_tls_failure = [this](const std::string&, const std::string& reason) {
      const std::lock_guard lock(mutex_);
      ++failures_[reason];
    };
    acceptor_ = std::make_unique<Acceptor>(io_, settings, [this](IncomingAssociation incoming) {
      const std::lock_guard lock(mutex_);
      given_.push_back(std::move(incoming));
      changed_.notify_all();
    });
    thread_ = std::thread([this] { io_.run(); });
  }
  bool given(std::size_t count, std::chrono::milliseconds deadline = 5s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return given_.size() >= count; });
  }
  std::uint16_t port() const { return port_of(acceptor_->tls_endpoints().at(0)); }
  std::uint16_t plain_port() const { return port_of(acceptor_->endpoints().at(0)); }
  std::uint64_t failures_like(const std::string& words) {
    const std::lock_guard lock(mutex_);
    std::uint64_t out = 0;
    for (const auto& [reason, count] : failures_)
      if (reason.find(words) != std::string::npos) out += count;
    return out;
  }
  template <class Holds>
  static bool eventually(Holds holds) {
    const auto until = steady_now() + 10s;
    while (!holds()) {
      if (steady_now() >= until) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  std::unique_ptr<TlsSession> client(int socket) const {
    const auto made = TlsContext::client(ca_.issue("ct1"));
    EXPECT_TRUE(made);
    return std::make_unique<TlsSession>(*made, socket, TlsPin{{"localhost"}, {}});
  }

  TempDir dir_;
  TestCa ca_{dir_.path};
  std::shared_ptr<const TlsContext> context_;
  boost::asio::io_context io_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, unsigned> failures_;
  std::vector<IncomingAssociation> given_;
  std::unique_ptr<Acceptor> acceptor_;
  std::thread thread_;
};

TEST_F(TlsAcceptor, HandsOverTheRequestWithItsSession) {
  listen();
  const FileDescriptor socket = connect_to(port());
  const auto tls = client(socket.get());
  ASSERT_TRUE(tls->handshake(steady_now() + 5s));
  const Bytes request = RawScu::association_request("CALLED", "CALLING", kContexts);

  ASSERT_TRUE(tls->write(request, steady_now() + 5s));

  ASSERT_TRUE(given(1));
  IncomingAssociation& incoming = given_.at(0);
  EXPECT_EQ(incoming.request.calling_ae, "CALLING");
  EXPECT_EQ(incoming.first_pdu, request);
  ASSERT_NE(incoming.tls, nullptr);
  EXPECT_EQ(incoming.tls->peer_names(), (std::vector<std::string>{"localhost", "127.0.0.1"}));

  // What was sent together with the request is read through the connection that takes over, and
  // what it answers arrives: one PDU in one piece.
  Connection connection(std::move(incoming.socket), {}, {1s, 1s}, std::move(incoming.tls));
  ASSERT_TRUE(tls->write(Bytes{9, 8, 7}, steady_now() + 5s));
  Byte three[3];
  EXPECT_TRUE(connection.networkDataAvailable(2));
  EXPECT_EQ(connection.read(three, 3), 3);
  EXPECT_EQ(three[2], 7);
  EXPECT_FALSE(connection.networkDataAvailable(0));
  Bytes pdu{4, 0, 0, 0, 0, 4, 1, 2, 3, 4};
  EXPECT_EQ(connection.write(pdu.data(), 6), 6);
  EXPECT_EQ(connection.write(pdu.data() + 6, 4), 4);
  Byte got[16];
  EXPECT_EQ(tls->read(got, steady_now() + 5s), 10);
  connection.finish(100ms);
  EXPECT_EQ(tls->read(got, steady_now() + 5s), 0);
}

TEST_F(TlsAcceptor, ARequestThatTricklesInIsHandedOver) {
  listen();
  const FileDescriptor socket = connect_to(port());
  const auto tls = client(socket.get());
  ASSERT_TRUE(tls->handshake(steady_now() + 5s));
  for (const Byte byte : RawScu::association_request("A", "B", kContexts))
    ASSERT_TRUE(tls->write({&byte, 1}, steady_now() + 5s));
  EXPECT_TRUE(given(1));
}

TEST_F(TlsAcceptor, AMalformedRequestIsAnsweredThroughTheSession) {
  listen();
  const FileDescriptor socket = connect_to(port());
  const auto tls = client(socket.get());
  ASSERT_TRUE(tls->handshake(steady_now() + 5s));
  ASSERT_TRUE(tls->write(Bytes{9, 0, 0, 0, 0, 0}, steady_now() + 5s));
  Byte got[16];
  ASSERT_EQ(tls->read(got, steady_now() + 5s), 10);
  EXPECT_EQ(got[0], 7);
  EXPECT_EQ(tls->read(got, steady_now() + 5s), 0);
  EXPECT_EQ(acceptor_->counters().malformed, 1U);
}

TEST_F(TlsAcceptor, SilentPeersDelayNobodyAndEndWithTheirTime) {
  listen(2s);
  std::vector<FileDescriptor> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(connect_to(port()));
  const FileDescriptor socket = connect_to(port());
  const auto tls = client(socket.get());
  const auto begin = steady_now();
  ASSERT_TRUE(tls->handshake(steady_now() + 5s));
  ASSERT_TRUE(tls->write(RawScu::association_request("A", "B", kContexts), steady_now() + 5s));
  ASSERT_TRUE(given(1));
  EXPECT_LT(steady_now() - begin, 1500ms);

  EXPECT_TRUE(eventually([&] { return acceptor_->counters().timed_out == 30; }));
  EXPECT_EQ(failures_like("did not finish the handshake in time"), 30U);
  Byte byte;
  EXPECT_EQ(::recv(silent.front().get(), &byte, 1, 0), 0);
}

TEST_F(TlsAcceptor, ASessionWithoutARequestEndsWithTheSameTime) {
  listen(1s);
  const FileDescriptor socket = connect_to(port());
  const auto tls = client(socket.get());
  ASSERT_TRUE(tls->handshake(steady_now() + 5s));
  EXPECT_TRUE(eventually([&] { return acceptor_->counters().timed_out == 1; }));
  EXPECT_EQ(acceptor_->counters().tls_failed, 0U);
}

TEST_F(TlsAcceptor, PlainDicomOnTheTlsPortIsClosedAndCounted) {
  listen();
  RawScu plain(port());
  plain.send(RawScu::association_request("A", "B", kContexts));
  EXPECT_TRUE(plain.peer_closes(5s));
  EXPECT_TRUE(eventually([&] { return failures_like("does not speak TLS") == 1; }));
  EXPECT_EQ(acceptor_->counters().tls_failed, 1U);
  EXPECT_FALSE(given(1, 50ms));
}

TEST_F(TlsAcceptor, AClientHelloOnThePlainPortIsRefusedAtOnceAsMalformed) {
  listen();
  const FileDescriptor socket = connect_to(plain_port());
  const auto tls = client(socket.get());
  const auto begin = steady_now();
  const auto done = tls->handshake(steady_now() + 8s);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, HasSubstr("does not speak TLS"));
  EXPECT_LT(steady_now() - begin, 3s);
  EXPECT_EQ(acceptor_->counters().malformed, 1U);
}

TEST_F(TlsAcceptor, WithoutAContextNothingIsSpoken) {
  context_ = nullptr;
  listen();
  RawScu plain(port());
  plain.send(RawScu::association_request("A", "B", kContexts));
  EXPECT_TRUE(plain.peer_closes(5s));
  EXPECT_FALSE(given(1, 50ms));
}

}  // namespace
}  // namespace dosigate
