#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/dul.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "dosigate/net/connection.h"

namespace dosigate {

TransportLayer::TransportLayer(ConnectionLimits limits) : limits_(limits) {}

void TransportLayer::next(FileDescriptor socket, Bytes first) {
  next_socket_ = std::move(socket);
  next_first_ = std::move(first);
}

DcmTransportConnection* TransportLayer::createConnection(DcmNativeSocketType openSocket,
                                                         OFBool useSecureLayer) {
  if (openSocket == dcmExternalSocketHandle.get()) {
    // Inbound. DCMTK closes the socket it offered when it gets a null pointer, and that one must
    // survive: without a socket handed over, the connection is a closed one, whose first read
    // fails.
    return new Connection(std::move(next_socket_), std::move(next_first_), limits_);
  }
  if (useSecureLayer) return nullptr;
  const int on = 1;
  (void)::setsockopt(openSocket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return new Connection(FileDescriptor(openSocket), {}, limits_);
}

}  // namespace dosigate
