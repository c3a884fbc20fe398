// An archive that attacks the gateway: every byte it sends is judged by our own code.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <deque>

#include "fixture.h"
#include "support/pdu_bytes.h"

namespace dosigate::testing {
namespace {

/// Accepts connections on 127.0.0.1 one after the other; for each PDU that arrives it sends the
/// next of its bytes, whatever they are.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(std::vector<Bytes> answers) : answers_(std::move(answers)) {
    listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), any, &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  std::uint16_t port() const { return port_; }
  /// Type of each PDU that came.
  std::vector<Byte> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  static bool readable(int socket, const std::stop_token& stop) {
    pollfd entry{socket, POLLIN, 0};
    while (!stop.stop_requested())
      if (::poll(&entry, 1, 20) > 0) return true;
    return false;
  }
  static bool read(int socket, Bytes& into, const std::stop_token& stop) {
    for (std::size_t filled = 0; filled < into.size();) {
      if (!readable(socket, stop)) return false;
      const ssize_t got = ::recv(socket, into.data() + filled, into.size() - filled, 0);
      if (got <= 0) return false;
      filled += static_cast<std::size_t>(got);
    }
    return true;
  }
  void run(const std::stop_token& stop) {
    while (readable(listener_.get(), stop)) {
      const FileDescriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::deque<Bytes> left(answers_.begin(), answers_.end());
      for (Bytes header(6); read(peer.get(), header, stop);) {
        Bytes body(std::size_t{header[4]} << 8U | header[5]);
        {
          const std::lock_guard lock(mutex_);
          seen_.push_back(header[0]);
        }
        if (!read(peer.get(), body, stop)) break;
        // A command of C-STORE comes before its data: only the last PDV is answered.
        if (header[0] == 4 && (body[5] & 1U) != 0 && left.size() > 1) continue;
        if (left.empty()) continue;
        (void)::send(peer.get(), left.front().data(), left.front().size(), MSG_NOSIGNAL);
        left.pop_front();
      }
    }
  }

  const std::vector<Bytes> answers_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Byte> seen_;
  std::jthread thread_;
};

Bytes text(std::string_view value) { return {value.begin(), value.end()}; }

/// An A-ASSOCIATE-AC that accepts Verification, with further items.
Bytes acceptance(const Bytes& more = {}) {
  Bytes body{0, 1, 0, 0};
  body.resize(68, ' ');
  append(body, item(0x10, text("1.2.840.10008.3.1.1.1")));
  Bytes context{1, 0, 0, 0};
  append(context, item(0x40, text("1.2.840.10008.1.2")));
  append(body, item(0x21, context));
  append(body, item(0x50, item(0x51, Bytes{0, 0, 0x40, 0})));
  append(body, more);
  return pdu(2, body);
}

Bytes element(std::uint16_t number, const Bytes& value) {
  Bytes out;
  little_endian(out, std::size_t{number} << 16U, 4);
  little_endian(out, value.size(), 4);
  append(out, value);
  return out;
}

Bytes echo_response(Byte field_high = 0x80) {
  Bytes out = element(0x0100, {0x30, field_high});
  append(out, element(0x0120, {1, 0}));
  append(out, element(0x0800, {1, 1}));
  append(out, element(0x0900, {0, 0}));
  return out;
}

Bytes pdv(Byte context, Byte flags, const Bytes& data) {
  Bytes out;
  big_endian(out, data.size() + 2, 4);
  out.push_back(context);
  out.push_back(flags);
  append(out, data);
  return out;
}

std::string echoed(const std::vector<Bytes>& answers) {
  const ScriptedPeer peer(answers);
  const auto done = echo(dicom_destination(peer.port()));
  return done ? "answered" : done.error().detail;
}

TEST(HostileArchive, AnHonestOneIsUnderstood) {
  EXPECT_EQ(echoed({acceptance(), pdu(4, pdv(1, 3, echo_response()))}), "answered");
  // In pieces, and in several PDVs of one PDU.
  const Bytes whole = echo_response();
  Bytes pieces = pdv(1, 1, Bytes(whole.begin(), whole.begin() + 10));
  append(pieces, pdv(1, 1, Bytes(whole.begin() + 10, whole.begin() + 12)));
  append(pieces, pdv(1, 3, Bytes(whole.begin() + 12, whole.end())));
  EXPECT_EQ(echoed({acceptance(), pdu(4, pieces)}), "answered");
}

TEST(HostileArchive, ABrokenAcceptanceIsAnsweredWithAbortAndSaid) {
  const ScriptedPeer peer({acceptance(Bytes{0x21, 0, 0xFF, 0xFF})});
  const auto done = echo(dicom_destination(peer.port()));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, ::testing::HasSubstr("broken or hostile"));
  EXPECT_TRUE(eventually([&] { return peer.seen() == std::vector<Byte>{1, 7}; }));
}

TEST(HostileArchive, ContextsThatNobodyProposedAreRefused) {
  Bytes context{7, 0, 0, 0};
  append(context, item(0x40, text("1.2.840.10008.1.2")));
  EXPECT_THAT(echoed({acceptance(item(0x21, context))}), ::testing::HasSubstr("not proposed"));
}

TEST(HostileArchive, AHugeAcceptanceIsRefusedBeforeItsBytesAreAwaited) {
  const SteadyTime begun = steady_now();
  EXPECT_THAT(echoed({Bytes{2, 0, 0x7F, 0xFF, 0xFF, 0xFF}}),
              ::testing::HasSubstr("2147483647 bytes"));
  EXPECT_LT(steady_now() - begun, std::chrono::seconds(5));
}

TEST(HostileArchive, APdvThatReachesBeyondItsPduIsNotRead) {
  // DCMTK steps to the third PDV by the length of the wrong one: 4 GiB beyond its buffer.
  Bytes three = pdv(1, 1, Bytes(4));
  append(three, pdv(1, 1, Bytes(4)));
  append(three, Bytes{0xFF, 0xFF, 0xFF, 0xF0, 1, 3});
  EXPECT_THAT(echoed({acceptance(), pdu(4, three)}), ::testing::HasSubstr("C-ECHO was awaited"));
}

TEST(HostileArchive, NonsenseEndsInWordsAndInTime) {
  const SteadyTime begun = steady_now();
  EXPECT_THAT(echoed({acceptance(), pdu(4, pdv(1, 3, Bytes(40, 0xFF)))}),
              ::testing::HasSubstr("no DIMSE message"));
  EXPECT_THAT(echoed({acceptance(), pdu(4, pdv(1, 3, echo_response(0x00)))}),
              ::testing::HasSubstr("not asked"));
  EXPECT_THAT(echoed({acceptance(), pdu(9, Bytes(4))}), ::testing::HasSubstr("127.0.0.1"));
  EXPECT_THAT(echoed({acceptance(), Bytes{4, 0, 0xFF, 0xFF, 0xFF, 0xFF}}),
              ::testing::HasSubstr("127.0.0.1"));
  EXPECT_THAT(echoed({acceptance(), pdu(4, pdv(1, 2, Bytes(8)))}),
              ::testing::HasSubstr("no DIMSE message"));
  EXPECT_LT(steady_now() - begun, std::chrono::seconds(20));
}

TEST_F(Forwarding, AHostileArchiveGetsNothingTwiceAndLosesNothing) {
  Bytes three = pdv(1, 1, Bytes(4));
  append(three, pdv(1, 1, Bytes(4)));
  append(three, Bytes{0xFF, 0xFF, 0xFF, 0xF0, 1, 3});
  Bytes body{0, 1, 0, 0};
  body.resize(68, ' ');
  append(body, item(0x10, text("1.2.840.10008.3.1.1.1")));
  Bytes context{1, 0, 0, 0};
  append(context, item(0x40, text("1.2.840.10008.1.2.1")));
  append(body, item(0x21, context));
  append(body, item(0x50, item(0x51, Bytes{0, 0, 0x40, 0})));
  put(1);
  const ScriptedPeer peer({pdu(2, body), pdu(4, three)});
  const ArchiveForwarder forwarder(dicom_destination(peer.port()), *home.spool);

  EXPECT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_EQ(home.ledger->totals().delivered, 0U);
  EXPECT_EQ(home.spool->list(10).size(), 1U);
  EXPECT_EQ(parked(), 0U);
}

}  // namespace
}  // namespace dosigate::testing
