#include "dosigate/forward/forwarder.h"

#include <algorithm>
#include <thread>

#include "worker.h"

namespace dosigate {

template <Domain domain>
struct Forwarder<domain>::Impl {
  Impl(Destination to, Spool<domain>& from, StudyCard card)
      : shared(std::move(to), from, std::move(card)) {
    const unsigned count = std::clamp(shared.destination.associations, 1U, 16U);
    const bool dicom = shared.destination.kind == Destination::Kind::Dicom;
    // All of DCMTK's set-up here, before the first of the threads.
    for (unsigned i = 0; i < count; ++i) {
      workers.push_back(std::make_unique<Worker<domain>>(
          shared, dicom ? make_network(shared.destination) : Network()));
    }
    for (auto& worker : workers) {
      threads.emplace_back([&worker](const std::stop_token& stop) { worker->run(stop); });
    }
  }
  // All at once: joined one after the other they would add up their last instances.
  ~Impl() { request_stop(); }
  void request_stop() {
    for (std::jthread& thread : threads) thread.request_stop();
  }

  Shared<domain> shared;
  std::vector<std::unique_ptr<Worker<domain>>> workers;
  std::vector<std::jthread> threads;
};

template <Domain domain>
Forwarder<domain>::Forwarder(Destination destination, Spool<domain>& spool, StudyCard study_card)
    : impl_(std::make_unique<Impl>(std::move(destination), spool, std::move(study_card))) {}

template <Domain domain>
Forwarder<domain>::~Forwarder() = default;

template <Domain domain>
void Forwarder<domain>::request_stop() {
  impl_->request_stop();
}

template <Domain domain>
typename Forwarder<domain>::State Forwarder<domain>::state() const {
  const Gate::State gate = impl_->shared.gate.state();
  State out;
  out.state = gate.down ? "down" : gate.tried ? "up" : "idle";
  out.last_error = gate.words;
  out.last_success_unix = gate.last_success_unix;
  out.last_error_unix = gate.last_error_unix;
  out.sent = impl_->shared.sent;
  out.bytes = impl_->shared.bytes;
  out.associations = impl_->shared.associations;
  return out;
}

template <Domain domain>
const Destination& Forwarder<domain>::destination() const {
  return impl_->shared.destination;
}

template class Forwarder<Domain::Archive>;
template class Forwarder<Domain::Hospital>;

}  // namespace dosigate
