#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"

namespace dosigate {

class Places;

/// The place of one association among those that run at the same time: what its thread is doing, so
/// that it can be sent away when places or memory are scarce. Thread: the association's own, but
/// for what Places does with it.
class Place {
 public:
  enum class Doing : std::uint8_t {
    Working,    ///< is set up, or handles a message: never sent away, and bounded by our own work
    Idle,       ///< between two messages
    Receiving,  ///< inside a message
    Answering,  ///< waits for the peer to take what it was sent
  };

  Place(Places& places, std::string address);
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// From now on a shutdown of this connection can be asked for. Keeps a duplicate of the socket,
  /// because the connection may close the original at any moment and the number may then be
  /// somebody else's.
  void sits_at(int socket);
  void is(Doing doing);
  /// Of a message. Small amounts are no progress: a trickle is a stall.
  void arrived(std::uint64_t bytes);
  /// Of the memory for instances.
  void holds(std::uint64_t bytes) { held_ = bytes; }
  void brought_an_instance() { useful_ = true; }
  /// Its place was given to another: the association has to end.
  bool sent_away() const { return sent_away_; }

 private:
  friend class Places;
  SteadyTime::duration silent(SteadyTime now) const { return now - since_.load(); }
  bool may_go(SteadyTime now) const;

  Places& places_;
  const std::string address_;
  FileDescriptor socket_;  // under the lock of Places
  std::atomic<Doing> doing_{Doing::Working};
  std::atomic<SteadyTime> since_{steady_now()};  // begin of what it does, or last progress
  std::atomic<std::uint64_t> held_{0};
  std::atomic<bool> useful_{false}, sent_away_{false};
  std::uint64_t arrived_ = 0;  // since the last progress
};

/// All places. When they are scarce, an association that does nothing goes for one that comes: of
/// an address that holds more than an eighth of them, so that one peer cannot starve the others; an
/// idle one first, then one whose half-sent instance is stalled (nothing of it was acknowledged, so
/// nothing is lost), then one that has only fallen silent; the longest silent first. An association
/// that has brought instances and is silent for a moment only is a working one, and stays: an
/// honest crowd is told to come again, not cut off. Thread: any.
class Places {
 public:
  struct Limits {
    std::size_t total, per_address;
  };
  struct Use {
    std::size_t idle = 0, receiving = 0;
    std::map<std::string, std::size_t> by_address;  ///< without those that were sent away
    std::uint64_t sent_away_idle = 0, sent_away_stalled = 0, sent_away_for_memory = 0;
    SteadyTime last_sent_away{};  ///< epoch: never
  };

  explicit Places(Limits limits) : limits_(limits) {}

  /// Whether one more association of `address` may run; sends another one away when that is what
  /// it takes. To be followed by `take` in the same thread.
  bool make_room(const std::string& address);
  std::unique_ptr<Place> take(const std::string& address) {
    return std::make_unique<Place>(*this, address);
  }
  /// Sends away the one whose half-sent instance holds memory and is stalled the longest; false
  /// when there is none. The memory is free when its thread has seen it, a moment later.
  bool make_memory(const Place& for_whom);
  /// Ends the reads and writes of all.
  void shut_down();
  Use use() const;

 private:
  friend class Place;
  struct Count {
    std::size_t all = 0, of_address = 0;
  };
  Count count(const std::string& address) const;
  void send_away(Place& place, std::uint64_t& counter);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::set<Place*> all_;
  std::uint64_t idle_ = 0, stalled_ = 0, for_memory_ = 0;  // sent away
  SteadyTime last_{};
};

}  // namespace dosigate
