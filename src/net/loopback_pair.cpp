#include "loopback_pair.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace dosigate {
namespace {

constexpr int kKnocking = 16;  ///< strangers that may stand before us

int check(int returned, const char* step) {
  if (returned < 0) {
    throw std::system_error(errno, std::generic_category(),
                            std::string("loopback pair for DCMTK: ") + step);
  }
  return returned;
}

sockaddr_in name_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  check(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return address;
}

}  // namespace

FileDescriptor accept_only(int listener, const sockaddr_in& from) {
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    FileDescriptor accepted(check(
        ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC), "accept"));
    if (peer.sin_port == from.sin_port && peer.sin_addr.s_addr == from.sin_addr.s_addr)
      return accepted;
  }
}

LoopbackPair connected_loopback_pair() {
  const FileDescriptor listener(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), "bind");
  check(::listen(listener.get(), kKnocking), "listen");
  address = name_of(listener.get());

  LoopbackPair pair;
  pair.ours = FileDescriptor(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  check(::connect(pair.ours.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)),
        "connect");
  pair.other = accept_only(listener.get(), name_of(pair.ours.get()));
  return pair;
}

}  // namespace dosigate
