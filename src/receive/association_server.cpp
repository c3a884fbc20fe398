#include "dosigate/receive/association_server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "association.h"
#include "dosigate/base/clock.h"
#include "server_state.h"

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

Origin origin_of(const Caller& caller) {
  return {caller.called_ae, caller.calling_ae, caller.address, {}, caller.certificate};
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
       OnEventReport on_event_report, Begin begin)
      : state(checked(std::move(settings)), std::move(handle), std::move(on_refused),
              std::move(on_event_report), std::move(begin)),
        admit(std::move(admit_function)) {}

  struct Job {
    IncomingAssociation incoming;
    Origin origin;
    Services services;
    std::unique_ptr<Place> place;
  };

  void work(const std::stop_token& stop, AssociationRunner& runner);
  std::optional<Rejection> judge_titles(const Origin& origin) noexcept;
  std::optional<Rejection> judge(const AssociationRequest& request, Origin& origin,
                                 Services& services) noexcept;
  Bytes turn_away(const Rejection& rejection, const Origin& origin);
  bool wait_until_idle(std::chrono::seconds deadline);

  ServerState state;
  const Admit admit;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Job> jobs;  // bounded: each has its place
  std::size_t busy = 0;
  std::vector<std::unique_ptr<AssociationRunner>> runners;  // more than threads, and never fewer
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
    runner.run(std::move(job.incoming), std::move(job.origin), job.services, *job.place);
    job.place.reset();
    lock.lock();
    --busy;
    changed.notify_all();
  }
}

// Who is admitted by no route is told so before its presentation contexts are read. Who may report
// on storage commitment says in them whether it wants to.
std::optional<Rejection> AssociationServer::Impl::judge_titles(const Origin& origin) noexcept try {
  if (state.stopping) return kStopping;
  if (origin.calling_ae.empty()) return kCallingAe;  // 16 spaces are no title (PS3.5 6.2)
  const Admitted admitted = admit(origin);
  if (admitted.reports) return std::nullopt;
  if (admitted.admission == Admission::CalledAeUnknown) return kCalledAe;
  if (admitted.admission == Admission::CallingAeUnknown) return kCallingAe;
  return std::nullopt;
} catch (...) {
  return std::nullopt;  // judged again, and said, when the whole request is there
}

Bytes AssociationServer::Impl::turn_away(const Rejection& rejection, const Origin& origin) {
  ++state.rejected;
  state.refused(origin, rejection.text);
  return association_reject(rejection.result, rejection.source, rejection.reason);
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
                                     OnRefused on_refused, OnEventReport on_event_report,
                                     Begin begin) {
  prepare_external_sockets();
  impl_ =
      std::make_unique<Impl>(std::move(settings), std::move(admit), std::move(handle),
                             std::move(on_refused), std::move(on_event_report), std::move(begin));
  // All of them now, though their threads come when they are needed: DCMTK fills a static table.
  const unsigned count = impl_->state.settings.max_associations;
  for (unsigned i = 0; i < count; ++i) {
    impl_->runners.push_back(std::make_unique<AssociationRunner>(impl_->state));
  }
}

AssociationServer::~AssociationServer() {
  stop(impl_->state.settings.dimse_timeout);
  // Whoever is still reading or writing now has used up its time: its next read or write fails.
  impl_->state.places.shut_down();
  for (auto& thread : impl_->threads) thread.request_stop();
  impl_->threads.clear();
}

void AssociationServer::decide_at(Acceptor::Settings& door) {
  door.judge_titles = [&all = *impl_](const Caller& caller) -> std::optional<Bytes> {
    const Origin origin = origin_of(caller);
    const auto rejection = all.judge_titles(origin);
    if (!rejection) return std::nullopt;
    return all.turn_away(*rejection, origin);
  };
  door.judge_request = [&all = *impl_](const Caller& caller,
                                       const AssociationRequest& request) -> std::optional<Bytes> {
    Origin origin = origin_of(caller);
    Services services;
    auto rejection = all.judge(request, origin, services);
    if (!rejection && !all.state.places.make_room(caller.address)) rejection = kLocalLimit;
    if (!rejection) return std::nullopt;
    return all.turn_away(*rejection, origin);
  };
}

void AssociationServer::take(IncomingAssociation incoming) {
  Impl& all = *impl_;
  Origin origin{incoming.request.called_ae, incoming.request.calling_ae, incoming.address, {}};
  if (incoming.tls) origin.certificate = incoming.tls->peer();
  Services services;
  if (const auto rejection = all.judge(incoming.request, origin, services)) {
    (void)all.turn_away(*rejection, origin);  // it is later than when it was judged
    return;
  }
  auto place = all.state.places.take(incoming.address);
  const std::lock_guard lock(all.mutex);
  all.jobs.push_back({std::move(incoming), std::move(origin), services, std::move(place)});
  const std::size_t at_hand = all.threads.size() - all.busy;
  if (at_hand < all.jobs.size() && all.threads.size() < all.runners.size()) {
    AssociationRunner& runner = *all.runners[all.threads.size()];
    try {
      all.threads.emplace_back(
          [&all, &runner](const std::stop_token& stop) { all.work(stop, runner); });
    } catch (const std::system_error& error) {
      spdlog::error("no thread for an association threads={} error={}", all.threads.size(),
                    error.what());
      // Another one will take it when it is free; without any there is nobody to wait for.
      if (all.threads.empty()) all.jobs.pop_back();
    }
  }
  all.changed.notify_all();
}

void AssociationServer::stop(std::chrono::seconds deadline) {
  impl_->state.stopping = true;
  if (!impl_->wait_until_idle(deadline)) {
    spdlog::warn("associations still running after {} s", deadline.count());
  }
}

const AssociationServer::Durations& AssociationServer::durations() const {
  return impl_->state.durations;
}

AssociationServer::Counters AssociationServer::counters() const {
  const ServerState& state = impl_->state;
  Places::Use use = state.places.use();
  Counters out{};
  out.associations = state.associations;
  out.rejected = state.rejected;
  out.aborted = state.aborted;
  out.echoes = state.echoes;
  out.instances = state.instances;
  out.bytes = state.bytes;
  out.idle = static_cast<unsigned>(use.idle);
  out.receiving = static_cast<unsigned>(use.receiving);
  out.sent_away_idle = use.sent_away_idle;
  out.sent_away_stalled = use.sent_away_stalled;
  out.sent_away_for_memory = use.sent_away_for_memory;
  out.too_slow = state.too_slow;
  out.timed_out = state.timed_out;
  out.without_context = state.without_context;
  out.memory = state.memory.used();
  if (use.last_sent_away != SteadyTime{})
    out.since_sent_away =
        std::chrono::duration_cast<std::chrono::seconds>(steady_now() - use.last_sent_away);
  out.by_address = std::move(use.by_address);
  const std::lock_guard lock(impl_->mutex);
  out.active = static_cast<unsigned>(impl_->busy + impl_->jobs.size());
  return out;
}

ServerState& AssociationServer::state() { return impl_->state; }

}  // namespace dosigate
