#pragma once

#include <memory>

#include "dosigate/net/pdv_reader.h"
#include "message_loop.h"
#include "negotiation.h"
#include "server_state.h"

namespace dosigate {

struct DropNetwork {
  void operator()(T_ASC_Network* network) const noexcept;
};
struct DropAssociation {
  void operator()(T_ASC_Association* association) const noexcept;
};

/// DCMTK's network and our transport layer of one worker thread, and the associations it runs one
/// after another. Construction is not thread-safe (DCMTK fills a static table): all are made in one
/// thread, before the workers start.
class AssociationRunner {
 public:
  explicit AssociationRunner(ServerState& state);
  /// From the first PDU to the closed socket. Whatever goes wrong ends this association, not the
  /// thread.
  void run(IncomingAssociation incoming, Origin origin, Services services, Place& place) noexcept;

 private:
  void run_unguarded(IncomingAssociation incoming, const Origin& origin, Services services,
                     Place& place);
  void say_how_it_ended(const Origin& origin, const MessageLoop& loop, MessageLoop::End end,
                        SteadyTime begin, std::ptrdiff_t contexts);

  ServerState& state_;
  TransportLayer layer_;
  std::unique_ptr<T_ASC_Network, DropNetwork> network_;
};

}  // namespace dosigate
