#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "dosigate/base/clock.h"
#include "server_state.h"

namespace dosigate {

/// Sends A-ASSOCIATE-RJ to associations that never reach a worker, and gives the peer a second to
/// read it. A thread of its own, so that neither the accept loop nor a worker waits for a peer that
/// is not wanted.
class TurnAway {
 public:
  explicit TurnAway(ServerState& state);
  ~TurnAway();
  /// @param reason  for the ledger and the log.
  /// When very many are waiting to be turned away, the reject is sent and the socket closed at
  /// once.
  void reject(FileDescriptor socket, Bytes reject_pdu, Origin origin, std::string reason);

 private:
  struct Visitor {
    FileDescriptor socket;
    SteadyTime until;
    Origin origin;
    std::string reason;
    bool told = false;
  };
  void run(const std::stop_token& stop);

  ServerState& state_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Visitor> arrived_;
  std::atomic<std::size_t> present_{0};
  std::jthread thread_;
};

}  // namespace dosigate
