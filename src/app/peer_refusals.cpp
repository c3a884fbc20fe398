#include "peer_refusals.h"

#include <vector>

#include <spdlog/spdlog.h>

namespace dosigate {
namespace {

constexpr std::chrono::minutes kInterval{10};
constexpr std::size_t kMost = 64;

std::string name_of(const Origin& origin) {
  if (origin.address.empty()) return "others";
  return origin.calling_ae + " -> " + origin.called_ae + " from " + origin.address;
}

}  // namespace

void PeerRefusals::add(const Origin& origin, const std::string& reason) noexcept try {
  const SteadyTime now = clock_();
  std::optional<Peer> due;
  peers_.with([&](auto& peers) {
    std::string name = name_of(origin);
    if (!peers.contains(name) && peers.size() >= kMost)
      std::erase_if(peers, [&](const auto& one) {
        return one.second.count == 0 && now - one.second.recorded >= kInterval;
      });
    const bool alone = peers.contains(name) || peers.size() < kMost;
    if (!alone) name = name_of({});
    const auto [at, fresh] = peers.try_emplace(name);
    Peer& peer = at->second;
    if (fresh && alone) peer.origin = origin;
    if (fresh && !alone) peer.origin.calling_ae = name;
    peer.reason = reason;
    ++peer.count;
    if (!fresh && now - peer.recorded < kInterval) return;
    due = peer;
    peer.count = 0;
    peer.recorded = now;
  });
  if (due) record(*due);
  incidents_.note(IncidentKind::RefusedPeer, name_of(origin),
                  "no route admits it (" + reason +
                      "): if the machine is the hospital's own, give it a [[route]]; if not, find "
                      "out what it is");
} catch (const std::exception& broken) {
  spdlog::error("cannot record a refused association error={}", broken.what());
}

void PeerRefusals::record(const Peer& peer) noexcept try {
  audit_.record("association.refused", "dosigated",
                {{"calling", peer.origin.calling_ae},
                 {"called", peer.origin.called_ae},
                 {"address", peer.origin.address},
                 {"reason", peer.reason},
                 {"count", std::to_string(peer.count)}});
} catch (const std::exception& broken) {
  spdlog::error("cannot record a refused association error={}", broken.what());
}

void PeerRefusals::write_all(bool now) noexcept try {
  const SteadyTime time = clock_();
  std::vector<Peer> due;
  peers_.with([&](auto& peers) {
    for (auto& [name, peer] : peers) {
      if (peer.count == 0 || (!now && time - peer.recorded < kInterval)) continue;
      due.push_back(peer);
      peer.count = 0;
      peer.recorded = time;
    }
  });
  for (const Peer& peer : due) record(peer);
} catch (const std::exception& broken) {
  spdlog::error("cannot record refused associations error={}", broken.what());
}

}  // namespace dosigate
