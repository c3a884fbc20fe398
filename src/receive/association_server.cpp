#include "dosigate/receive/association_server.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "association.h"
#include "dosigate/base/clock.h"
#include "server_state.h"
#include "turn_away.h"

namespace dosigate {
namespace {

// A-ASSOCIATE-RJ result, source and reason (PS3.8 Table 9-21).
struct Rejection {
  std::uint8_t result, source, reason;
  const char* text;
};
constexpr Rejection kContextName{1, 1, 2, "application context not supported"};
constexpr Rejection kCallingAe{1, 1, 3, "calling AE title not recognised"};
constexpr Rejection kCalledAe{1, 1, 7, "called AE title not recognised"};
constexpr Rejection kLocalLimit{2, 3, 2, "all associations are in use"};
constexpr Rejection kDraining{2, 3, 1, "the node is draining"};
constexpr Rejection kNoRoom{2, 3, 2, "the disk is low"};
constexpr Rejection kStopping{2, 3, 1, "the node is stopping"};
constexpr Rejection kNoReason{2, 1, 1, "the route could not be judged"};

constexpr const char* kDicomContext = "1.2.840.10008.3.1.1.1";

AssociationServer::Settings checked(AssociationServer::Settings settings) {
  if (settings.max_associations == 0) {
    throw std::invalid_argument("max_associations must be at least 1");
  }
  // DCMTK takes no others.
  settings.max_pdu =
      std::clamp<std::uint32_t>(settings.max_pdu, ASC_MINIMUMPDUSIZE, ASC_MAXIMUMPDUSIZE);
  return settings;
}

}  // namespace

void ServerState::refused(const Origin& origin, const std::string& reason) noexcept try {
  if (on_refused) on_refused(origin, reason);
} catch (const std::exception& error) {
  spdlog::error("a refusal could not be recorded address={} error={}", origin.address,
                error.what());
} catch (...) {
  spdlog::error("a refusal could not be recorded address={}", origin.address);
}

struct AssociationServer::Impl {
  Impl(Settings settings, Admit admit_function, Handle handle, OnRefused on_refused,
       OnEventReport on_event_report)
      : state(checked(std::move(settings)), std::move(handle), std::move(on_refused),
              std::move(on_event_report)),
        admit(std::move(admit_function)),
        turn_away(state) {}

  struct Job {
    IncomingAssociation incoming;
    Origin origin;
    Services services;
  };

  void work(const std::stop_token& stop, AssociationRunner& runner);
  std::optional<Rejection> judge(const AssociationRequest& request, Origin& origin,
                                 Services& services) noexcept;
  bool wait_until_idle(std::chrono::seconds deadline);

  ServerState state;
  const Admit admit;
  TurnAway turn_away;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Job> jobs;  // bounded: jobs and busy together never exceed max_associations
  std::size_t busy = 0;
  std::vector<std::unique_ptr<AssociationRunner>> runners;
  std::vector<std::jthread> threads;
};

void AssociationServer::Impl::work(const std::stop_token& stop, AssociationRunner& runner) {
  while (true) {
    std::unique_lock lock(mutex);
    if (!changed.wait(lock, stop, [this] { return !jobs.empty(); })) return;
    Job job = std::move(jobs.front());
    jobs.pop_front();
    ++busy;
    lock.unlock();
    runner.run(std::move(job.incoming), std::move(job.origin), job.services);
    lock.lock();
    --busy;
    changed.notify_all();
  }
}

std::optional<Rejection> AssociationServer::Impl::judge(const AssociationRequest& request,
                                                        Origin& origin, Services& services) noexcept
    try {
  if (state.stopping) return kStopping;
  if (request.application_context != kDicomContext) return kContextName;
  if (request.calling_ae.empty()) return kCallingAe;  // 16 spaces are no title (PS3.5 6.2)
  const Admitted admitted = admit(origin);
  origin.route = admitted.route;
  services.stores = admitted.admission == Admission::Accept && !admitted.route.empty();
  services.reports = admitted.reports && wants_to_report_commitment(request);
  // It brings no instance, and somebody waits for it.
  if (services.reports) return std::nullopt;
  switch (admitted.admission) {
    case Admission::CalledAeUnknown:
      return kCalledAe;
    case Admission::CallingAeUnknown:
      return kCallingAe;
    case Admission::Accept:
      if (!services.stores) return kCallingAe;
      return std::nullopt;
    case Admission::Draining:
      return kDraining;
    case Admission::NoRoom:
      return kNoRoom;
  }
  return kNoReason;
} catch (const std::exception& error) {
  spdlog::error("cannot judge an association address={} error={}", origin.address, error.what());
  return kNoReason;
} catch (...) {
  return kNoReason;
}

bool AssociationServer::Impl::wait_until_idle(std::chrono::seconds deadline) {
  std::unique_lock lock(mutex);
  return changed.wait_until(lock, steady_now() + deadline,
                            [this] { return busy == 0 && jobs.empty(); });
}

AssociationServer::AssociationServer(Settings settings, Admit admit, Handle handle,
                                     OnRefused on_refused, OnEventReport on_event_report) {
  prepare_external_sockets();
  impl_ = std::make_unique<Impl>(std::move(settings), std::move(admit), std::move(handle),
                                 std::move(on_refused), std::move(on_event_report));
  const unsigned count = impl_->state.settings.max_associations;
  for (unsigned i = 0; i < count; ++i) {
    impl_->runners.push_back(std::make_unique<AssociationRunner>(impl_->state));
  }
  for (auto& runner : impl_->runners) {
    impl_->threads.emplace_back([impl = impl_.get(), &runner = *runner](
                                    const std::stop_token& stop) { impl->work(stop, runner); });
  }
}

AssociationServer::~AssociationServer() {
  stop(impl_->state.settings.dimse_timeout);
  // Whoever is still reading or writing now has used up its time: its next read or write fails.
  impl_->state.sockets.with([](const auto& all) {
    for (const int socket : all) (void)::shutdown(socket, SHUT_RDWR);
  });
  for (auto& thread : impl_->threads) thread.request_stop();
  impl_->threads.clear();
}

void AssociationServer::take(IncomingAssociation incoming) {
  Origin origin{incoming.request.called_ae, incoming.request.calling_ae, incoming.address, {}};
  if (incoming.tls) origin.certificate = incoming.tls->peer();
  Services services;
  auto rejection = impl_->judge(incoming.request, origin, services);
  if (!rejection) {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->busy + impl_->jobs.size() < impl_->state.settings.max_associations) {
      impl_->jobs.push_back({std::move(incoming), std::move(origin), services});
      impl_->changed.notify_all();
      return;
    }
    rejection = kLocalLimit;
  }
  Bytes reject = association_reject(rejection->result, rejection->source, rejection->reason);
  if (incoming.tls) reject = incoming.tls->last_words(reject);
  impl_->turn_away.reject(std::move(incoming.socket), std::move(reject), std::move(origin),
                          rejection->text);
}

void AssociationServer::stop(std::chrono::seconds deadline) {
  impl_->state.stopping = true;
  if (!impl_->wait_until_idle(deadline)) {
    spdlog::warn("associations still running after {} s", deadline.count());
  }
}

AssociationServer::Counters AssociationServer::counters() const {
  const ServerState& state = impl_->state;
  const std::lock_guard lock(impl_->mutex);
  return {state.associations,
          state.rejected,
          state.aborted,
          state.echoes,
          state.instances,
          state.bytes,
          static_cast<unsigned>(impl_->busy + impl_->jobs.size())};
}

}  // namespace dosigate
