#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace dosigate {

/// After each read: the kernel leaves quick-acknowledge mode by itself; a sender with Nagle on then
/// waits for the delayed ACK.
inline void rearm_quick_ack(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

}  // namespace dosigate
