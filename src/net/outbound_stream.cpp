#include "dosigate/net/outbound_stream.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "poll_until.h"

namespace dosigate {
namespace {

/// 0, or why not.
int connect_until(int socket, const addrinfo& address, SteadyTime deadline) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!poll_until(socket, POLLOUT, deadline)) return errno;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::string words_of(int why) {
  if (why == ECONNREFUSED) return "refuses the connection: is it running?";
  if (why == ETIMEDOUT) return "takes no connection in time: check address, route and firewall";
  return "cannot be reached: " + std::generic_category().message(why);
}

}  // namespace

Result<std::unique_ptr<OutboundStream>> OutboundStream::connect(const std::string& host,
                                                                std::uint16_t port,
                                                                SteadyTime deadline) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int unknown = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (unknown != 0)
    return fail(Fault::NotFound, "has a host name that does not resolve (" +
                                     std::string(::gai_strerror(unknown)) +
                                     "): check it and the DNS");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
  int why = ECONNREFUSED;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    FileDescriptor socket(
        ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol));
    if (!socket) throw std::system_error(errno, std::generic_category(), "open a socket");
    why = connect_until(socket.get(), *one, deadline);
    if (why != 0) continue;
    const int on = 1;  // best effort: it is only slower without
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return std::unique_ptr<OutboundStream>(new OutboundStream(std::move(socket)));
  }
  return fail(Fault::Unavailable, words_of(why));
}

Result<void> OutboundStream::secure(std::shared_ptr<const TlsContext> context, const TlsPin& pin,
                                    const std::string& host, SteadyTime deadline) {
  tls_ = std::make_unique<TlsSession>(std::move(context), socket_.get(), pin, host);
  return tls_->handshake(deadline);
}

bool OutboundStream::write(ByteView bytes, SteadyTime deadline) {
  if (tls_) return tls_->write(bytes, deadline);
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!poll_until(socket_.get(), POLLOUT, deadline)) return false;
  }
  return true;
}

ssize_t OutboundStream::read(std::span<Byte> into, SteadyTime deadline) {
  if (tls_) return tls_->read(into, deadline);
  while (true) {
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!poll_until(socket_.get(), POLLIN, deadline)) return -1;
  }
}

bool OutboundStream::has_something() {
  if (tls_) return tls_->await(steady_now());
  return poll_until(socket_.get(), POLLIN, steady_now());
}

}  // namespace dosigate
