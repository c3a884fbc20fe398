#include "dosigate/app/refused_peers.h"

#include <algorithm>

namespace dosigate {
namespace {

constexpr long long kQuietSeconds = 600;

/// A TOML basic string: a title comes from the peer and may hold quotes.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return out + "\"";
}

bool same_peer(const Origin& a, const Origin& b) {
  return a.called_ae == b.called_ae && a.calling_ae == b.calling_ae && a.address == b.address;
}

}  // namespace

bool RefusedPeers::add(const Origin& origin, const std::string& reason, long long now_unix) {
  return peers_.with([&](auto& peers) {
    auto peer = std::find_if(peers.begin(), peers.end(),
                             [&](const Peer& p) { return same_peer(p.origin, origin); });
    const bool fresh = peer == peers.end();
    if (fresh) {
      if (peers.size() == kMost)
        peers.erase(std::min_element(peers.begin(), peers.end(), [](const Peer& a, const Peer& b) {
          return a.last_unix < b.last_unix;
        }));
      peer = peers.insert(peers.end(), Peer{origin, reason, 0, 0});
    }
    const bool quiet = now_unix - peer->last_unix >= kQuietSeconds;
    peer->reason = reason;
    ++peer->count;
    peer->last_unix = now_unix;
    return fresh || quiet;
  });
}

std::vector<RefusedPeers::Peer> RefusedPeers::list() const {
  auto peers = peers_.with([](const auto& all) { return all; });
  std::sort(peers.begin(), peers.end(),
            [](const Peer& a, const Peer& b) { return a.last_unix > b.last_unix; });
  return peers;
}

std::string route_toml(const Origin& origin) {
  return "[[route]]\nname = " + quoted("from " + origin.calling_ae) +
         "\nsite = \"FILL IN\"\ncalled_ae = [" + quoted(origin.called_ae) + "]\ncalling_ae = [" +
         quoted(origin.calling_ae) + "]\nfrom = [" + quoted(origin.address) +
         "]\nprofile = \"dosimetry\"\ndestinations = [\"FILL IN\"]\n";
}

}  // namespace dosigate
