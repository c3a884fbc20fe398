#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/dul.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <mutex>
#include <system_error>

#include "dosigate/net/connection.h"

namespace dosigate {
namespace {

int check(int returned, const char* step) {
  if (returned < 0) {
    throw std::system_error(errno, std::generic_category(),
                            std::string("loopback pair for DCMTK: ") + step);
  }
  return returned;
}

struct Pair {
  FileDescriptor ours, other;
};

Pair connected_loopback_pair() {
  const FileDescriptor listener(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener.get(), generic, size), "bind");
  check(::listen(listener.get(), 1), "listen");
  check(::getsockname(listener.get(), generic, &size), "getsockname");

  Pair pair;
  pair.ours = FileDescriptor(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  check(::connect(pair.ours.get(), generic, size), "connect");
  pair.other =
      FileDescriptor(check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  return pair;
}

}  // namespace

void prepare_external_sockets() {
  static std::once_flag once;
  std::call_once(once, [] {
    // DCMTK asks this socket for its peer (getpeername) at each association, so both ends stay open
    // until the process ends. It reads "sock > 0" as "given", and no descriptor below 3 is ours.
    static Pair pair;
    pair = connected_loopback_pair();
    dcmExternalSocketHandle.set(pair.ours.get());
    // A name server that does not answer must not delay an association; we log numeric addresses.
    dcmDisableGethostbyaddr.set(OFTrue);
  });
}

}  // namespace dosigate
