#include "peer_refusals.h"

#include <vector>

#include <spdlog/spdlog.h>

namespace dosigate {
namespace {

constexpr std::chrono::minutes kInterval{10};
constexpr std::size_t kMostNames = 64;

std::string name_of(const Origin& origin) {
  if (origin.address.empty()) return "others";
  return origin.calling_ae + " -> " + origin.called_ae + " from " + origin.address;
}

}  // namespace

void PeerRefusals::add(const Origin& origin, const std::string& reason) noexcept try {
  const SteadyTime now = clock_();
  peers_.with([&](auto& peers) {
    std::string name = name_of(origin);
    if (!peers.contains(name) && peers.size() >= kMostNames)
      std::erase_if(peers, [&](const auto& one) {
        return one.second.count == 0 && one.second.not_noted == 0 && one.second.recorded &&
               now - *one.second.recorded >= kInterval;
      });
    const bool alone = peers.contains(name) || peers.size() < kMostNames;
    if (!alone) name = name_of({});
    const auto [at, fresh] = peers.try_emplace(name);
    Peer& peer = at->second;
    if (fresh && alone) peer.origin = origin;
    if (fresh && !alone) peer.origin.calling_ae = name;
    peer.reason = reason;
    ++peer.count;
    if (peer.not_noted++ == 0) peer.since = now;
  });
} catch (const std::exception& broken) {
  spdlog::error("cannot count a refused association error={}", broken.what());
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

void PeerRefusals::write(bool now) noexcept try {
  const SteadyTime time = clock_();
  std::vector<Peer> to_record, to_note;
  peers_.with([&](auto& peers) {
    for (auto& [name, peer] : peers) {
      if (peer.not_noted > 0) to_note.push_back(peer);
      peer.not_noted = 0;
      const bool due = now || !peer.recorded || time - *peer.recorded >= kInterval;
      if (peer.count == 0 || !due) continue;
      to_record.push_back(peer);
      peer.count = 0;
      peer.recorded = time;
    }
  });
  for (const Peer& peer : to_record) record(peer);
  for (const Peer& peer : to_note)
    incidents_.note(IncidentKind::RefusedPeer, name_of(peer.origin),
                    "no route admits it (" + peer.reason +
                        "): if the machine is the hospital's own, give it a [[route]]; if not, "
                        "find out what it is",
                    {}, peer.not_noted,
                    std::chrono::duration_cast<std::chrono::seconds>(time - peer.since));
} catch (const std::exception& broken) {
  spdlog::error("cannot record refused associations error={}", broken.what());
}

}  // namespace dosigate
