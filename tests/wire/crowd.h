#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/raw_scu.h"

namespace dosigate::testing {

/// Hostile peers that hold what a node has, all at once, until the object goes. Who is cut off
/// comes back within half a second.
class Crowd {
 public:
  struct Size {
    unsigned idle_connections = 0;
    unsigned trickling_requests = 0;  ///< a byte a second of an association request
    unsigned trickling_messages = 0;  ///< a byte a second of a PDU inside an association
    unsigned idle_associations = 0;
    unsigned half_sent = 0;
    std::size_t half_sent_bytes = 0;  ///< that have arrived of each
  };
  /// The address of a peer by its number; empty = any.
  using Address = std::function<std::string(unsigned number)>;

  Crowd(std::uint16_t port, const Size& size, Address address);
  ~Crowd() = default;

 private:
  struct Peer {
    std::unique_ptr<RawScu> scu;
    std::size_t sent = 0;
  };
  /// Keeps `count` peers there: `begin` makes one, `second` is called once a second for each.
  void keep(unsigned count, std::function<void(Peer&)> begin,
            std::function<void(Peer&)> second = nullptr);
  std::unique_ptr<RawScu> connect();
  void associate(Peer& peer);

  const std::uint16_t port_;
  const Address address_;
  std::atomic<unsigned> next_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace dosigate::testing
