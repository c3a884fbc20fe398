#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/dul.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "dosigate/net/connection.h"

namespace dosigate {

TransportLayer::TransportLayer(ConnectionLimits limits) : limits_(limits) {}

void TransportLayer::next(FileDescriptor socket, Bytes first, std::unique_ptr<TlsSession> tls) {
  next_tls_ = std::move(tls);
  next_socket_ = std::move(socket);
  next_first_ = std::move(first);
}

DcmTransportConnection* TransportLayer::createConnection(DcmNativeSocketType openSocket,
                                                         OFBool useSecureLayer) {
  if (openSocket == dcmExternalSocketHandle.get()) {
    // Inbound. DCMTK closes the socket it offered when it gets a null pointer, and that one must
    // survive: without a socket handed over, the connection is a closed one, whose first read
    // fails.
    return new Connection(std::move(next_socket_), std::move(next_first_), limits_,
                          std::move(next_tls_));
  }
  // Both know what was asked for, or there is no connection: never a plain one by mistake.
  if ((useSecureLayer != OFFalse) != outbound_tls_.has_value()) return nullptr;
  const int on = 1;
  (void)::setsockopt(openSocket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  trouble_ = std::make_shared<OutboundTrouble>();
  return new Connection(FileDescriptor(openSocket), limits_, outbound_tls_, trouble_);
}

}  // namespace dosigate
