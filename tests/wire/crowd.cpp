#include "wire/crowd.h"

#include <algorithm>
#include <system_error>

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
const std::vector<RawScu::Context> kContexts{{1, kCt, {"1.2.840.10008.1.2.1"}}};

Bytes request() { return RawScu::association_request("DOSIGATE", "HOSTILE", kContexts); }
Bytes store_request() {
  return RawScu::p_data(1, true, true, RawScu::store_command(kCt, "2.25.1"));
}

}  // namespace

Crowd::Crowd(std::uint16_t port, const Size& size, Address address)
    : port_(port), address_(std::move(address)) {
  keep(size.idle_connections, [](Peer&) {});
  keep(
      size.trickling_requests, [](Peer&) {},
      [](Peer& peer) { peer.scu->send(ByteView(request()).subspan(peer.sent++, 1)); });
  keep(
      size.trickling_messages, [this](Peer& peer) { associate(peer); },
      [](Peer& peer) { peer.scu->send(ByteView(store_request()).subspan(peer.sent++, 1)); });
  keep(size.idle_associations, [this](Peer& peer) { associate(peer); });
  keep(size.half_sent, [this, bytes = size.half_sent_bytes](Peer& peer) {
    associate(peer);
    peer.scu->send(store_request());
    // A document of two GiB, (0042,0011): without pixel data all of it has to be held.
    Bytes piece(100'000);
    const Bytes begin{0x42, 0, 0x11, 0, 'O', 'B', 0, 0, 0xFE, 0xFF, 0xFF, 0x7F};
    std::copy(begin.begin(), begin.end(), piece.begin());
    for (std::size_t sent = 0; sent < bytes; sent += piece.size()) {
      peer.scu->send(RawScu::p_data(1, false, false, piece));
      std::fill_n(piece.begin(), begin.size(), Byte{0});
    }
  });
}

std::unique_ptr<RawScu> Crowd::connect() {
  return std::make_unique<RawScu>(port_, address_(next_++));
}

void Crowd::associate(Peer& peer) {
  peer.scu->send(request());
  (void)peer.scu->receive(5s);
}

void Crowd::keep(unsigned count, std::function<void(Peer&)> begin,
                 std::function<void(Peer&)> second) {
  if (count == 0) return;
  threads_.emplace_back([this, count, begin = std::move(begin),
                         second = std::move(second)](const std::stop_token& stop) {
    std::vector<Peer> peers(count);
    for (unsigned round = 0; !stop.stop_requested(); ++round) {
      for (Peer& peer : peers) {
        if (stop.stop_requested()) return;
        try {
          if (!peer.scu || peer.scu->peer_closes(0ms)) {
            peer = {connect(), 0};
            begin(peer);
          }
          if (second && round % 2 == 0) second(peer);
        } catch (const std::system_error&) {
          peer = {};  // not to be had at the moment
        }
      }
      std::this_thread::sleep_for(500ms);
    }
  });
}

}  // namespace dosigate::testing
