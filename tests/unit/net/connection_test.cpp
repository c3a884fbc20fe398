#include "dosigate/net/connection.h"

#include <dcmtk/dcmnet/dul.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

namespace dosigate {
namespace {

using namespace std::chrono_literals;

/// Our connection at one end. SOCK_SEQPACKET keeps the borders of each send, so that the far end
/// can count them.
struct Wire {
  explicit Wire(int type = SOCK_STREAM, ConnectionLimits limits = {5s, 5s}, Bytes first = {}) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    connection = std::make_unique<Connection>(FileDescriptor(ends[0]), std::move(first), limits);
    far = FileDescriptor(ends[1]);
  }
  Bytes receive_once() const {
    Bytes bytes(1 << 20);
    const ssize_t got = ::recv(far.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }
  void write(Bytes bytes) const {
    EXPECT_EQ(connection->write(bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  Bytes read(std::size_t size) const {
    Bytes bytes(size);
    const ssize_t got = connection->read(bytes.data(), size);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }
  std::unique_ptr<Connection> connection;
  FileDescriptor far;
};

Bytes pdu_of(std::size_t body) {
  Bytes pdu(6 + body);
  for (std::size_t i = 0; i < pdu.size(); ++i) pdu[i] = static_cast<Byte>(i * 7);
  pdu[2] = 0;
  pdu[3] = static_cast<Byte>(body >> 16U);
  pdu[4] = static_cast<Byte>(body >> 8U);
  pdu[5] = static_cast<Byte>(body);
  return pdu;
}

Bytes part(const Bytes& of, std::size_t from, std::size_t to) {
  return {of.begin() + static_cast<std::ptrdiff_t>(from),
          of.begin() + static_cast<std::ptrdiff_t>(to)};
}

TEST(Connection, HeadAndBodyOfAPduLeaveInOneSend) {
  const Wire wire(SOCK_SEQPACKET);
  const Bytes pdu = pdu_of(5000);

  wire.write(part(pdu, 0, 12));
  EXPECT_TRUE(wire.receive_once().empty());
  wire.write(part(pdu, 12, pdu.size()));

  EXPECT_EQ(wire.receive_once(), pdu);
  EXPECT_TRUE(wire.receive_once().empty());
}

TEST(Connection, APduLeavesInOneSendHoweverItIsWritten) {
  const Bytes pdu = pdu_of(100);
  for (const std::size_t step : {1U, 2U, 5U, 6U, 7U, 50U, 106U}) {
    const Wire wire(SOCK_SEQPACKET);
    for (std::size_t at = 0; at < pdu.size(); at += step) {
      wire.write(part(pdu, at, std::min(at + step, pdu.size())));
    }

    EXPECT_EQ(wire.receive_once(), pdu) << step;
  }
}

TEST(Connection, TwoPdusInOneWriteLeaveInTwoSends) {
  const Wire wire(SOCK_SEQPACKET);
  const Bytes first = pdu_of(20), second = pdu_of(4);
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());

  wire.write(both);

  EXPECT_EQ(wire.receive_once(), first);
  EXPECT_EQ(wire.receive_once(), second);
}

TEST(Connection, GivesBackTheFirstBytesBeforeTheSocket) {
  const Wire wire(SOCK_STREAM, {5s, 5s}, Bytes{1, 2, 3});
  ASSERT_EQ(::send(wire.far.get(), "ab", 2, 0), 2);

  EXPECT_TRUE(wire.connection->networkDataAvailable(0));
  EXPECT_EQ(wire.read(2), (Bytes{1, 2}));
  EXPECT_EQ(wire.read(10), (Bytes{3}));
  EXPECT_EQ(wire.read(10), (Bytes{'a', 'b'}));
}

TEST(Connection, SeesDataInItsBufferWithoutAskingTheSocket) {
  const Wire wire;
  ASSERT_EQ(::send(wire.far.get(), "abcdef", 6, 0), 6);
  ASSERT_EQ(wire.read(2).size(), 2U);

  EXPECT_TRUE(wire.connection->networkDataAvailable(0));
  EXPECT_EQ(wire.read(4).size(), 4U);
  EXPECT_FALSE(wire.connection->networkDataAvailable(0));
}

TEST(Connection, LargeAndSmallReadsKeepTheOrderOfBytes) {
  const Wire wire;
  Bytes sent(900'000);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<Byte>(i >> 3U ^ i);
  std::thread writer([&] {
    for (std::size_t at = 0; at < sent.size();) {
      const ssize_t n = ::send(wire.far.get(), sent.data() + at, sent.size() - at, 0);
      if (n > 0) at += static_cast<std::size_t>(n);
    }
  });

  Bytes got;
  for (std::size_t want = 1; got.size() < sent.size(); want = want * 3 % 200'001 + 1) {
    const Bytes some = wire.read(std::min(want, sent.size() - got.size()));
    if (some.empty()) break;
    got.insert(got.end(), some.begin(), some.end());
  }
  writer.join();

  EXPECT_TRUE(got == sent);
}

TEST(Connection, AReadEndsAtItsDeadline) {
  const Wire wire(SOCK_STREAM, {1s, 1s});
  Byte byte = 0;

  const auto begin = std::chrono::steady_clock::now();
  const ssize_t got = wire.connection->read(&byte, 1);
  const int error = errno;

  EXPECT_EQ(got, -1);
  EXPECT_EQ(error, ETIMEDOUT);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 900ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(Connection, AWriteToAPeerThatDoesNotReadEndsAtItsDeadline) {
  const Wire wire(SOCK_STREAM, {1s, 1s});
  Bytes pdu = pdu_of(16'000'000);

  const auto begin = std::chrono::steady_clock::now();
  const ssize_t sent = wire.connection->write(pdu.data(), pdu.size());
  const int error = errno;

  EXPECT_EQ(sent, -1);
  EXPECT_EQ(error, ETIMEDOUT);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(Connection, AWriteToAClosedPeerFailsWithoutASignal) {
  Wire wire;
  wire.far = FileDescriptor();
  Bytes pdu = pdu_of(10);

  EXPECT_EQ(wire.connection->write(pdu.data(), pdu.size()), -1);
}

TEST(Connection, AClosedConnectionFailsAtOnce) {
  const Wire wire;
  wire.connection->close();
  Byte byte = 0;

  EXPECT_TRUE(wire.connection->networkDataAvailable(5));
  EXPECT_EQ(wire.connection->read(&byte, 1), -1);
  EXPECT_EQ(wire.connection->write(&byte, 1), -1);
}

TEST(Connection, FinishLetsTheLastPduThroughAndIsBounded) {
  const Wire wire;
  Bytes last = pdu_of(4);
  wire.write(last);
  ASSERT_EQ(::send(wire.far.get(), "unread", 6, 0), 6);

  const auto begin = std::chrono::steady_clock::now();
  wire.connection->finish(300ms);

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(wire.receive_once(), last);
}

TEST(ExternalSockets, TheLoopbackPairSurvivesConnectionsMadeForIt) {
  prepare_external_sockets();
  const int dummy = dcmExternalSocketHandle.get();
  ASSERT_GT(dummy, 0);
  TransportLayer layer({1s, 1s});
  for (int i = 0; i < 3; ++i) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const FileDescriptor far(ends[1]);
    layer.next(FileDescriptor(ends[0]), Bytes{7});
    const std::unique_ptr<DcmTransportConnection> connection(
        layer.createConnection(dummy, OFFalse));
    Byte byte = 0;

    ASSERT_NE(connection, nullptr);
    EXPECT_EQ(connection->read(&byte, 1), 1);
    EXPECT_EQ(byte, 7);
  }
  // Nothing was handed over: a closed connection, since a null pointer would make DCMTK close the
  // dummy.
  const std::unique_ptr<DcmTransportConnection> none(layer.createConnection(dummy, OFFalse));
  Byte byte = 0;
  ASSERT_NE(none, nullptr);
  EXPECT_EQ(none->read(&byte, 1), -1);

  sockaddr_in peer{};
  socklen_t size = sizeof(peer);
  EXPECT_EQ(::getpeername(dummy, reinterpret_cast<sockaddr*>(&peer), &size), 0);
  EXPECT_EQ(ntohl(peer.sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(TransportLayer, AnOutboundConnectionOwnsTheSocketDcmtkConnected) {
  prepare_external_sockets();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const FileDescriptor far(ends[1]);
  TransportLayer layer({1s, 1s});

  {
    const std::unique_ptr<DcmTransportConnection> connection(
        layer.createConnection(ends[0], OFFalse));
  }

  EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1);
  Byte byte = 0;
  EXPECT_EQ(::recv(far.get(), &byte, 1, MSG_DONTWAIT), 0);
}

}  // namespace
}  // namespace dosigate
