#include "dosigate/net/connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <dcmtk/dcmnet/cond.h>

#include "association_answer.h"
#include "dosigate/base/clock.h"
#include "dosigate/net/association_request.h"
#include "pdu.h"
#include "poll_until.h"
#include "quick_ack.h"

namespace dosigate {
namespace {

constexpr std::size_t kBuffer = 256U << 10U;
// A read of this size goes straight to the caller: the copy would cost more than the system call
// saves.
constexpr std::size_t kDirectRead = 64U << 10U;

std::size_t pdu_size(const Byte* header) { return kPduHeader + pdu_length({header, kPduHeader}); }

}  // namespace

struct Connection::State {
  FileDescriptor socket;
  ConnectionLimits limits;
  Bytes in;  // what was read and not yet asked for is in[begin, end)
  std::size_t begin = 0, end = 0;
  Bytes out;  // the part of a PDU that DCMTK has written so far
  std::unique_ptr<TlsSession> tls;

  // Of an association that we request.
  std::shared_ptr<OutboundTrouble> trouble;
  std::chrono::seconds handshake_within{0};
  std::optional<AssociationRequest> asked;
  bool answered = false;

  ssize_t receive(void* into, std::size_t size);
  bool send(std::array<iovec, 2> parts) const;
  void asks(const std::array<iovec, 2>& parts);
  bool judge_answer();
  bool read_answer(Bytes& pdu, SteadyTime deadline);
  void note_tls_failure() const;
};

// Tries first and waits only when nothing is there: one system call less per read on a busy
// association.
ssize_t Connection::State::receive(void* into, std::size_t size) {
  const SteadyTime deadline = steady_now() + limits.read_deadline;
  if (tls) {
    const ssize_t got = tls->read({static_cast<Byte*>(into), size}, deadline);
    if (got < 0) note_tls_failure();
    return got;
  }
  while (true) {
    const ssize_t got = ::recv(socket.get(), into, size, MSG_DONTWAIT);
    if (got > 0) rearm_quick_ack(socket.get());
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!poll_until(socket.get(), POLLIN, deadline)) return -1;
  }
}

bool Connection::State::send(std::array<iovec, 2> parts) const {
  const SteadyTime deadline = steady_now() + limits.write_deadline;
  if (tls) {
    const auto view = [](const iovec& part) {
      return ByteView(static_cast<const Byte*>(part.iov_base), part.iov_len);
    };
    const std::array<ByteView, 2> both{view(parts[0]), view(parts[1])};
    if (tls->write(both, deadline)) return true;
    const int kept = errno;
    note_tls_failure();
    errno = kept;
    return false;
  }
  std::size_t first = 0;
  while (first < parts.size()) {
    if (parts[first].iov_len == 0) {
      ++first;
      continue;
    }
    msghdr message{};
    message.msg_iov = &parts[first];
    message.msg_iovlen = parts.size() - first;
    const ssize_t sent = ::sendmsg(socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
      if (!poll_until(socket.get(), POLLOUT, deadline)) return false;
      continue;
    }
    auto left = static_cast<std::size_t>(sent);
    for (std::size_t i = first; left > 0; ++i) {
      const std::size_t taken = std::min(left, parts[i].iov_len);
      parts[i].iov_base = static_cast<Byte*>(parts[i].iov_base) + taken;
      parts[i].iov_len -= taken;
      left -= taken;
    }
  }
  return true;
}

void Connection::State::note_tls_failure() const {
  if (trouble && tls && !tls->failure().empty()) *trouble = {tls->failure(), true};
}

/// What the first PDU of DCMTK proposes: the answer is judged by it.
void Connection::State::asks(const std::array<iovec, 2>& parts) {
  Bytes pdu;
  for (const iovec& part : parts) {
    const auto* const bytes = static_cast<const Byte*>(part.iov_base);
    pdu.insert(pdu.end(), bytes, bytes + part.iov_len);
  }
  if (auto request = read_association_request(pdu)) asked = std::move(*request);
}

bool Connection::State::read_answer(Bytes& pdu, SteadyTime deadline) {
  for (std::size_t filled = 0; filled < pdu.size();) {
    const ssize_t got = receive(pdu.data() + filled, pdu.size() - filled);
    if (got == 0) errno = ECONNRESET;
    if (got <= 0) return false;
    filled += static_cast<std::size_t>(got);
    // Each byte has its deadline; this one ends a peer that sends one now and then.
    if (filled < pdu.size() && steady_now() >= deadline) {
      errno = ETIMEDOUT;
      return false;
    }
  }
  return true;
}

/// The peer's first PDU into the buffer, if it is an answer to what was asked.
bool Connection::State::judge_answer() {
  answered = true;
  const SteadyTime deadline = steady_now() + limits.read_deadline;
  const auto refuse = [&](const Error& why) {
    *trouble = {why.detail, true};
    Bytes abort = abort_pdu(2, 6);
    (void)send({iovec{abort.data(), abort.size()}, iovec{nullptr, 0}});
    errno = EPROTO;
    return false;
  };
  if (!asked) return refuse(fail(Fault::Invalid, "our own association request is not valid"));
  Bytes pdu(kPduHeader);
  if (!read_answer(pdu, deadline)) return false;
  const auto size = association_answer_size(pdu);
  if (!size) return refuse(size.error());
  Bytes body(*size);
  if (!read_answer(body, deadline)) return false;
  pdu.insert(pdu.end(), body.begin(), body.end());
  if (const auto checked = check_association_answer(pdu, *asked); !checked)
    return refuse(checked.error());
  begin = 0;
  end = pdu.size();
  in = std::move(pdu);
  return true;
}

Connection::Connection(FileDescriptor socket, Bytes first, ConnectionLimits limits,
                       std::unique_ptr<TlsSession> tls)
    : DcmTransportConnection(socket.get()), state_(std::make_unique<State>()) {
  state_->socket = std::move(socket);
  state_->limits = limits;
  state_->tls = std::move(tls);
  state_->end = first.size();
  state_->in = std::move(first);
}

Connection::Connection(FileDescriptor socket, ConnectionLimits limits,
                       const std::optional<TlsClient>& tls,
                       std::shared_ptr<OutboundTrouble> trouble)
    : Connection(std::move(socket), {}, limits) {
  state_->trouble = std::move(trouble);
  if (!tls) return;
  state_->handshake_within = tls->within;
  state_->tls =
      std::make_unique<TlsSession>(tls->context, state_->socket.get(), tls->pin, tls->host);
}

Connection::~Connection() { Connection::closeTransportConnection(); }

OFCondition Connection::serverSideHandshake() { return EC_Normal; }

OFCondition Connection::clientSideHandshake() {
  State& s = *state_;
  if (!s.tls) return EC_Normal;
  const auto done = s.tls->handshake(steady_now() + s.handshake_within);
  if (done) return EC_Normal;
  if (s.trouble) *s.trouble = {done.error().detail, done.error().fault == Fault::Denied};
  return makeDcmnetCondition(DULC_TLSERROR, OF_error, done.error().detail.c_str());
}

OFCondition Connection::renegotiate(const char*) { return EC_Normal; }

ssize_t Connection::read(void* buf, size_t nbyte) {
  State& s = *state_;
  if (s.trouble && s.socket && !s.answered && !s.judge_answer()) return -1;
  if (s.begin == s.end) {
    if (!s.socket) {
      errno = EBADF;
      return -1;
    }
    if (nbyte >= kDirectRead) return s.receive(buf, nbyte);
    s.in.resize(kBuffer);
    const ssize_t got = s.receive(s.in.data(), s.in.size());
    if (got <= 0) return got;
    s.begin = 0;
    s.end = static_cast<std::size_t>(got);
  }
  const std::size_t given = std::min(nbyte, s.end - s.begin);
  std::memcpy(buf, s.in.data() + s.begin, given);
  s.begin += given;
  return static_cast<ssize_t>(given);
}

// DCMTK writes a P-DATA PDU in two calls, header and body; sent apart they meet Nagle at one end
// and delayed ACK at the other.
ssize_t Connection::write(void* buf, size_t nbyte) {
  State& s = *state_;
  if (!s.socket) {
    errno = EBADF;
    return -1;
  }
  const auto accepted = static_cast<ssize_t>(nbyte);
  auto* data = static_cast<Byte*>(buf);
  while (nbyte > 0) {
    if (s.out.size() < kPduHeader && s.out.size() + nbyte < kPduHeader) {
      s.out.insert(s.out.end(), data, data + nbyte);
      break;
    }
    std::array<Byte, kPduHeader> header{};
    const std::size_t kept = std::min(s.out.size(), kPduHeader);
    std::copy_n(s.out.begin(), kept, header.begin());
    std::copy_n(data, kPduHeader - kept, header.begin() + static_cast<std::ptrdiff_t>(kept));
    const std::size_t missing = pdu_size(header.data()) - s.out.size();
    if (nbyte < missing) {
      s.out.insert(s.out.end(), data, data + nbyte);
      break;
    }
    const std::array parts{iovec{s.out.data(), s.out.size()}, iovec{data, missing}};
    if (s.trouble && !s.answered && !s.asked) s.asks(parts);
    if (!s.send(parts)) return -1;
    s.out.clear();
    data += missing;
    nbyte -= missing;
  }
  return accepted;
}

std::string Connection::tls_failure() const {
  return state_->tls ? state_->tls->failure() : std::string();
}

std::string Connection::peer_address() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXHOST> text{};
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(state_->socket.get(), any, &size) != 0 ||
      ::getnameinfo(any, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  return text.data();
}

void Connection::finish(std::chrono::milliseconds grace) {
  State& s = *state_;
  if (!s.socket) return;
  const SteadyTime deadline = steady_now() + grace;
  if (s.tls) s.tls->shutdown();
  (void)::shutdown(s.socket.get(), SHUT_WR);
  s.in.resize(kBuffer);
  while (steady_now() < deadline && poll_until(s.socket.get(), POLLIN, deadline)) {
    if (::recv(s.socket.get(), s.in.data(), s.in.size(), MSG_DONTWAIT) <= 0) break;
  }
  closeTransportConnection();
}

void Connection::close() { closeTransportConnection(); }

void Connection::closeTransportConnection() {
  // shutdown first: the server keeps a duplicate of the descriptor, which alone would hold the
  // connection open.
  if (state_->socket && state_->tls) state_->tls->shutdown();
  if (state_->socket) (void)::shutdown(state_->socket.get(), SHUT_RDWR);
  state_->socket = FileDescriptor();
  setSocket(-1);
}

// Nobody asks DCMTK for it: TlsSession has checked it, and says whose it is.
unsigned long Connection::getPeerCertificateLength() { return 0; }
unsigned long Connection::getPeerCertificate(void*, unsigned long) { return 0; }

OFBool Connection::networkDataAvailable(int timeout) {
  if (state_->begin != state_->end) return OFTrue;
  if (!state_->socket)
    return OFTrue;  // the read that follows fails at once; "no data yet" would be waited on for
                    // ever
  const SteadyTime deadline = steady_now() + std::chrono::seconds(std::max(timeout, 0));
  if (state_->tls) return state_->tls->await(deadline);
  return poll_until(state_->socket.get(), POLLIN, deadline);
}

// Never "transparent": DCMTK would then poll the socket itself and not see what is in the buffer.
OFBool Connection::isTransparentConnection() { return OFFalse; }

OFString& Connection::dumpConnectionParameters(OFString& str) {
  str = "Transport connection: TCP/IP, buffered";
  str += state_->tls ? (", " + state_->tls->protocol() + ".").c_str() : ".";
  return str;
}

}  // namespace dosigate
