#include "local_peer.h"

#include <pwd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace dosigate {
namespace {

std::string actor_of(unsigned uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return "uid " + std::to_string(uid);
}

/// Supplementary groups that the peer had when it connected; what it gained or lost since, or
/// passed its end of the socket to, does not count. Empty when the kernel does not say: no right
/// then.
std::vector<unsigned> groups_of(int socket) {
  std::vector<gid_t> groups(64);
  for (int tries = 0; tries < 2; ++tries) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0)
      return {groups.begin(), groups.begin() + size / sizeof(gid_t)};
    if (errno != ERANGE) break;
    groups.resize(size / sizeof(gid_t));  // it said how many there are
  }
  return {};
}

}  // namespace

std::optional<ApiRequest> local_peer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  ApiRequest out;
  out.local = true;
  out.uid = peer.uid;
  out.gid = peer.gid;
  out.groups = groups_of(socket);
  out.actor = actor_of(peer.uid);
  return out;
}

}  // namespace dosigate
