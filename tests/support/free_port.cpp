#include "support/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <random>
#include <system_error>

#include "dosigate/base/durable_file.h"

namespace dosigate::testing {
namespace {

// Below the range that Linux takes the ports of outgoing connections from (32768 and up): a port of
// that range can be somebody's source port a moment later.
constexpr unsigned kFirst = 20'000, kCount = 12'000;

bool is_free(std::uint16_t port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(port);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

std::uint16_t free_port() {
  // Each process begins elsewhere and never gives the same one twice.
  static std::atomic<unsigned> next{std::random_device{}()};
  for (unsigned tries = 0; tries < kCount; ++tries) {
    const auto port = static_cast<std::uint16_t>(kFirst + next++ % kCount);
    if (is_free(port)) return port;
  }
  throw std::system_error(EADDRINUSE, std::generic_category(), "no free port");
}

}  // namespace dosigate::testing
