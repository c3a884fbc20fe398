#include "syslog_connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/net/tls.h"

namespace dosigate {
namespace {

constexpr std::chrono::seconds kToConnect{5}, kToSend{20}, kToEnd{10};

Error unreachable(const std::string& what) {
  return fail(Fault::Unavailable, "the syslog server " + what);
}

std::string words(int code) { return std::generic_category().message(code); }

/// 0, or why not.
int connect_until(int socket, const addrinfo& address, SteadyTime deadline) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_now());
  pollfd ready{socket, POLLOUT, 0};
  if (::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) != 1)
    return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

Result<FileDescriptor> connected(const AuditSettings& to) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int unknown = ::getaddrinfo(to.syslog_host.c_str(), std::to_string(to.syslog_port).c_str(),
                                    &wanted, &found);
  if (unknown != 0) return unreachable(std::string("has no address: ") + ::gai_strerror(unknown));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
  int why = ECONNREFUSED;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    FileDescriptor socket(
        ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol));
    if (!socket) {
      why = errno;
      continue;
    }
    why = connect_until(socket.get(), *one, steady_now() + kToConnect);
    if (why == 0) return socket;
  }
  return unreachable("cannot be reached: " + words(why));
}

}  // namespace

Result<void> send_to_syslog(const AuditSettings& to, const std::string& frames) {
  // Read again each time: a renewed certificate is used without a restart.
  const auto context = TlsContext::client({to.certificate, to.key, to.ca});
  if (!context) return context.error();
  const auto socket = connected(to);
  if (!socket) return socket.error();
  TlsPin pin;
  pin.names = {to.name.empty() ? to.syslog_host : to.name};
  if (!to.fingerprint.empty()) pin.fingerprints = {to.fingerprint};
  TlsSession session(*context, socket->get(), pin, pin.names.front());
  if (auto proved = session.handshake(steady_now() + kToConnect); !proved)
    return unreachable("was not accepted: " + proved.error().detail);
  if (!session.write(as_bytes(frames), steady_now() + kToSend)) {
    const int why = errno;
    return unreachable("ended the session: " +
                       (session.failure().empty() ? words(why) : session.failure()));
  }
  session.shutdown();
  const SteadyTime deadline = steady_now() + kToEnd;
  std::array<Byte, 1024> said{};  // a syslog server says nothing; what it says is not ours to read
  while (session.read(said, deadline) > 0) {
  }
  if (session.ended_by_peer()) return {};
  return unreachable("took the messages and did not confirm the end of the session (RFC 5425 4.4)" +
                     (session.failure().empty() ? std::string() : ": " + session.failure()));
}

}  // namespace dosigate
