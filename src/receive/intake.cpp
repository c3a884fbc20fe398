#include "dosigate/receive/intake.h"

#include "instance_taker.h"

namespace dosigate {

struct Intake::Impl {
  Impl(ServerState& state, ReceivedInstance instance, const AssociationServer::Begin& begin)
      : place(places, instance.origin.address), taker(std::move(instance), state, place, begin) {}

  Places places{{1, 1}};  ///< of its own: no association goes for it, and none sends it away
  Place place;
  InstanceTaker taker;
  std::uint64_t received = 0;
  std::optional<TakenInstance> taken;  ///< holds the share of memory
};

Intake::Intake(AssociationServer& server, ReceivedInstance instance,
               const AssociationServer::Begin& begin)
    : impl_(std::make_unique<Impl>(server.state(), std::move(instance), begin)) {}

Intake::~Intake() = default;

bool Intake::take(ByteView piece) {
  impl_->received += piece.size();
  return impl_->taker.take(piece, impl_->received);
}

Intake::Arrived Intake::done() {
  TakenInstance& taken = impl_->taken.emplace(impl_->taker.done());
  return {std::move(taken.instance), std::move(taken.passage), std::move(taken.refused),
          std::move(taken.detail)};
}

}  // namespace dosigate
