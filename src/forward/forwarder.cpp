#include "dosigate/forward/forwarder.h"

#include <algorithm>
#include <thread>

#include "worker.h"

namespace dosigate {

template <Domain domain>
struct Forwarder<domain>::Impl {
  Impl(Destination to, Spool<domain>& from, StudyCard card, std::string paused, WallClock clock)
      : shared(std::move(to), from, std::move(card), std::move(paused), std::move(clock)) {
    const unsigned count = std::clamp(shared.destination.associations, 1U, 16U);
    const bool dicom = shared.destination.kind == Destination::Kind::Dicom;
    // All of DCMTK's set-up here, before the first of the threads.
    for (unsigned i = 0; i < count; ++i) {
      workers.push_back(std::make_unique<Worker<domain>>(
          shared, dicom ? make_requestor(shared.destination) : Requestor()));
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
Forwarder<domain>::Forwarder(Destination destination, Spool<domain>& spool, StudyCard study_card,
                             std::string paused, WallClock clock)
    : impl_(std::make_unique<Impl>(std::move(destination), spool, std::move(study_card),
                                   std::move(paused), std::move(clock))) {}

template <Domain domain>
Forwarder<domain>::~Forwarder() = default;

template <Domain domain>
void Forwarder<domain>::request_stop() {
  impl_->request_stop();
}

template <Domain domain>
void Forwarder<domain>::pause(std::string words) {
  impl_->shared.shutter.pause(std::move(words));
}

template <Domain domain>
void Forwarder<domain>::resume() {
  impl_->shared.shutter.resume();
}

template <Domain domain>
typename Forwarder<domain>::State Forwarder<domain>::state() const {
  const Gate::State gate = impl_->shared.gate.state();
  State out;
  out.state = gate.down ? "down" : gate.tried ? "up" : "idle";
  // First of all: an archive that may not be tried is neither up nor down.
  if (auto closed = impl_->shared.shutter.closed()) {
    out.state = std::move(closed->state);
    out.state_text = std::move(closed->words);
  }
  out.last_error = gate.words;
  out.last_success_unix = gate.last_success_unix;
  out.last_error_unix = gate.last_error_unix;
  out.sent = impl_->shared.sent;
  out.bytes = impl_->shared.bytes;
  out.bytes_saved = impl_->shared.bytes_saved;
  out.compressed = impl_->shared.compressed;
  out.not_compressed = impl_->shared.not_compressed;
  out.associations = impl_->shared.associations;
  return out;
}

template <Domain domain>
const Histogram& Forwarder<domain>::sending() const {
  return impl_->shared.sending;
}

template <Domain domain>
const Destination& Forwarder<domain>::destination() const {
  return impl_->shared.destination;
}

template class Forwarder<Domain::Archive>;
template class Forwarder<Domain::Hospital>;

}  // namespace dosigate
