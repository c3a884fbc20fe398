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

#include "dosigate/base/clock.h"

namespace dosigate {
namespace {

constexpr std::size_t kBuffer = 256U << 10U;
// A read of this size goes straight to the caller: the copy would cost more than the system call
// saves.
constexpr std::size_t kDirectRead = 64U << 10U;
constexpr std::size_t kPduHeader = 6;

/// @return false with errno ETIMEDOUT at the deadline, or with poll's error. A hang-up counts as
/// ready: the next call says so.
bool wait_for(int fd, short events, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now()).count();
    pollfd entry{fd, events, 0};
    const int ready =
        ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, 3'600'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (steady_now() >= deadline) {
      errno = ETIMEDOUT;
      return false;
    }
  }
}

std::size_t pdu_size(const Byte* header) {
  return kPduHeader + (std::size_t{header[2]} << 24U | std::size_t{header[3]} << 16U |
                       std::size_t{header[4]} << 8U | header[5]);
}

}  // namespace

struct Connection::State {
  FileDescriptor socket;
  ConnectionLimits limits;
  Bytes in;  // what was read and not yet asked for is in[begin, end)
  std::size_t begin = 0, end = 0;
  Bytes out;  // the part of a PDU that DCMTK has written so far

  ssize_t receive(void* into, std::size_t size);
  bool send(std::array<iovec, 2> parts) const;
};

// Tries first and waits only when nothing is there: one system call less per read on a busy
// association.
ssize_t Connection::State::receive(void* into, std::size_t size) {
  const SteadyTime deadline = steady_now() + limits.read_deadline;
  while (true) {
    const ssize_t got = ::recv(socket.get(), into, size, MSG_DONTWAIT);
    if (got > 0) {
      // The kernel leaves quick-acknowledge mode by itself; a sender with Nagle on then waits for
      // the delayed ACK.
      const int on = 1;
      (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    }
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!wait_for(socket.get(), POLLIN, deadline)) return -1;
  }
}

bool Connection::State::send(std::array<iovec, 2> parts) const {
  const SteadyTime deadline = steady_now() + limits.write_deadline;
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
      if (!wait_for(socket.get(), POLLOUT, deadline)) return false;
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

Connection::Connection(FileDescriptor socket, Bytes first, ConnectionLimits limits)
    : DcmTransportConnection(socket.get()), state_(std::make_unique<State>()) {
  state_->socket = std::move(socket);
  state_->limits = limits;
  state_->end = first.size();
  state_->in = std::move(first);
}

Connection::~Connection() { Connection::closeTransportConnection(); }

OFCondition Connection::serverSideHandshake() { return EC_Normal; }
OFCondition Connection::clientSideHandshake() { return EC_Normal; }
OFCondition Connection::renegotiate(const char*) { return EC_Normal; }

ssize_t Connection::read(void* buf, size_t nbyte) {
  State& s = *state_;
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
    if (!s.send({iovec{s.out.data(), s.out.size()}, iovec{data, missing}})) return -1;
    s.out.clear();
    data += missing;
    nbyte -= missing;
  }
  return accepted;
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
  (void)::shutdown(s.socket.get(), SHUT_WR);
  s.in.resize(kBuffer);
  while (steady_now() < deadline && wait_for(s.socket.get(), POLLIN, deadline)) {
    if (::recv(s.socket.get(), s.in.data(), s.in.size(), MSG_DONTWAIT) <= 0) break;
  }
  closeTransportConnection();
}

void Connection::close() { closeTransportConnection(); }

void Connection::closeTransportConnection() {
  // shutdown first: the server keeps a duplicate of the descriptor, which alone would hold the
  // connection open.
  if (state_->socket) (void)::shutdown(state_->socket.get(), SHUT_RDWR);
  state_->socket = FileDescriptor();
  setSocket(-1);
}

unsigned long Connection::getPeerCertificateLength() { return 0; }
unsigned long Connection::getPeerCertificate(void*, unsigned long) { return 0; }

OFBool Connection::networkDataAvailable(int timeout) {
  if (state_->begin != state_->end) return OFTrue;
  if (!state_->socket)
    return OFTrue;  // the read that follows fails at once; "no data yet" would be waited on for
                    // ever
  return wait_for(state_->socket.get(), POLLIN,
                  steady_now() + std::chrono::seconds(std::max(timeout, 0)));
}

// Never "transparent": DCMTK would then poll the socket itself and not see what is in the buffer.
OFBool Connection::isTransparentConnection() { return OFFalse; }

OFString& Connection::dumpConnectionParameters(OFString& str) {
  str = "Transport connection: TCP/IP, buffered.";
  return str;
}

}  // namespace dosigate
