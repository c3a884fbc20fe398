#include "loopback_pair.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace dosigate {
namespace {

sockaddr_in address_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return address;
}

FileDescriptor connected_to(const sockaddr_in& address) {
  FileDescriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return out;
}

// A forwarder that tries a dead archive's port again, when the port has become ours: taken for the
// other end of the pair it left DCMTK with a socket that was reset, and the node deaf for life.
TEST(LoopbackPair, IsNotMadeWithAStrangerWhoKnocksFirst) {
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  const sockaddr_in address = address_of(listener.get());
  const FileDescriptor stranger = connected_to(address);
  const FileDescriptor ours = connected_to(address);

  const FileDescriptor other = accept_only(listener.get(), address_of(ours.get()));

  ASSERT_EQ(::send(ours.get(), "x", 1, 0), 1);
  char got = 0;
  EXPECT_EQ(::recv(other.get(), &got, 1, 0), 1);
  EXPECT_EQ(got, 'x');
  EXPECT_EQ(::recv(stranger.get(), &got, 1, 0), 0) << "turned away";
}

TEST(LoopbackPair, IsConnected) {
  const LoopbackPair pair = connected_loopback_pair();

  sockaddr_in peer{};
  socklen_t size = sizeof(peer);
  EXPECT_EQ(::getpeername(pair.ours.get(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
  EXPECT_EQ(peer.sin_port, address_of(pair.other.get()).sin_port);
}

}  // namespace
}  // namespace dosigate
