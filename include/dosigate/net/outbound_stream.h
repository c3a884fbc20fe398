#pragma once

#include <memory>
#include <string>

#include "dosigate/base/bytes.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/base/result.h"
#include "dosigate/net/tls.h"

namespace dosigate {

/// A TCP connection that we open for a protocol of bytes (HTTP), plain, then perhaps through a TLS
/// session. Each step has its deadline; only the resolver keeps its own time. Thread: one.
class OutboundStream {
 public:
  /// Every address of the host is tried. NotFound: the name does not resolve; Unavailable: nobody
  /// takes the connection. In words that go on after the peer's name: "refuses the connection".
  static Result<std::unique_ptr<OutboundStream>> connect(const std::string& host,
                                                         std::uint16_t port, SteadyTime deadline);

  /// From here on everything goes through TLS, to a peer that has proved who it is. The fault is
  /// TlsSession::handshake's.
  Result<void> secure(std::shared_ptr<const TlsContext> context, const TlsPin& pin,
                      const std::string& host, SteadyTime deadline);

  /// False with errno (ETIMEDOUT at the deadline).
  bool write(ByteView bytes, SteadyTime deadline);
  /// At least one byte; 0 when the peer has ended; -1 with errno.
  ssize_t read(std::span<Byte> into, SteadyTime deadline);
  /// Whether data, the end or a failure can be read at this moment.
  bool has_something();
  /// Why the TLS session failed; empty: it has not.
  std::string tls_failure() const { return tls_ ? tls_->failure() : std::string(); }

 private:
  explicit OutboundStream(FileDescriptor socket) : socket_(std::move(socket)) {}

  FileDescriptor socket_;
  std::unique_ptr<TlsSession> tls_;  // goes before the socket
};

}  // namespace dosigate
