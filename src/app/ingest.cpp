#include "dosigate/app/ingest.h"

#include <spdlog/spdlog.h>

#include "dosigate/base/log_text.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/dicom/status.h"
#include "held_instance.h"
#include "revisions.h"

namespace dosigate {
namespace {

constexpr std::uint16_t kSuccess = 0x0000;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

std::string_view fault_word(Fault fault) {
  switch (fault) {
    case Fault::NotDicom:
      return "not-dicom";
    case Fault::Mismatch:
      return "data-set-does-not-match";
    case Fault::Busy:
      return "busy";
    case Fault::Unavailable:
      return "unavailable";
    case Fault::Uncertain:
      return "uncertain";
    case Fault::NotFound:
      return "not-found";
    case Fault::Conflict:
      return "conflict";
    case Fault::Denied:
      return "denied";
    case Fault::Corrupt:
      return "corrupt";
    case Fault::Invalid:
      return "invalid";
  }
  return "unknown";
}

Ingest::Ingest(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger, Quarantine& quarantine,
               Withdrawals& withdrawals, IngestWatch watch)
    : map_(map),
      spool_(spool),
      ledger_(ledger),
      quarantine_(quarantine),
      withdrawals_(withdrawals),
      watch_(std::move(watch)) {}

void Ingest::use(std::shared_ptr<const Routing> routing) {
  // The old one is released outside the lock: it may be the last owner of many engines.
  routing_.with([&](auto& current) { current.swap(routing); });
}

std::shared_ptr<const Routing> Ingest::routing() const {
  return routing_.with([](const auto& current) { return current; });
}

std::unique_lock<std::shared_mutex> Ingest::still() const {
  const std::lock_guard turn(turn_);
  std::unique_lock lock(in_flight_);
  (void)spool_.pairs_waiting();  // returns when queue and ledger know all that was put
  return lock;
}

AssociationServer::Answer Ingest::accept(const ReceivedInstance& received,
                                         PassedBody* body) noexcept try {
  const auto routing = this->routing();
  const Config::Route* route = routing->route(received.origin.route);
  if (route == nullptr)
    return refuse(Fault::Unavailable, "its route was removed from the configuration",
                  received.origin);

  Work work{received, *route, routing->engine(route->name, received.origin.calling_ae), body};
  if (body != nullptr) work.id = body->file->id();
  const Outcome outcome = take_in(work);
  auto answer =
      std::visit(Overloaded{[&](const Taken& taken) -> AssociationServer::Answer {
                              if (taken.put == ArchiveSpool::Put::Duplicate)
                                ledger_.duplicate(random_id(), taken.study_uid);
                              if (watch_.arrived) watch_.arrived(received.origin, taken.study_uid);
                              return {kSuccess, ""};
                            },
                            [&](const Held& held) { return keep(work, held); },
                            [&](const Dropped& dropped) -> AssociationServer::Answer {
                              ledger_.dropped(random_id(), dropped.rule);
                              return {kSuccess, ""};
                            },
                            [&](const Refused& refused) {
                              return refuse(refused.fault, refused.detail, received.origin);
                            }},
                 outcome);
  if (answer.status == kSuccess) trouble_.stored();
  return answer;
} catch (const std::exception& broken) {
  return cannot_store(received.origin, broken.what());
}

// Disk, database or memory: nothing of this instance was acknowledged, and the sender tries again.
AssociationServer::Answer Ingest::cannot_store(const Origin& origin, const char* why) noexcept {
  trouble_.failed(why);
  try {
    spdlog::error("cannot take custody calling={} error={}", log_text(origin.calling_ae), why);
    ledger_.refused(fault_word(Fault::Unavailable));
  } catch (const std::exception& ledger_too) {
    // The count is lost, the instance is not: it stays with its sender.
    spdlog::error("cannot count a refusal error={}", ledger_too.what());
  }
  return {to_dimse(Fault::Unavailable), "storage unavailable"};
}

Ingest::Outcome Ingest::take_in(const Work& work) {
  {
    const auto lock = in_flight();
    const Verdict verdict = clean_version(work, 0);
    if (const auto* cleaned = std::get_if<Cleaned>(&verdict)) {
      count(*cleaned);
      const PairBatch& memory = cleaned->memory;
      const Standing standing =
          standing_among(map_.seen(memory.study, memory.sop_uid), memory.fingerprint);
      std::optional<Outcome> outcome;
      if (standing.kind == Standing::Kind::First) {
        outcome = queue(*cleaned, work, false);
      } else if (standing.kind == Standing::Kind::Same) {
        // It was delivered before, and who sends it again may know that the archive lost it.
        if (standing.last == 0) {
          outcome = queue(*cleaned, work, true);
        } else {
          const Verdict again = clean_version(work, standing.last);
          const auto* version = std::get_if<Cleaned>(&again);
          if (version == nullptr) return not_cleaned(again);
          outcome = queue(*version, work, true);
        }
      }
      const auto* taken = outcome ? std::get_if<Taken>(&*outcome) : nullptr;
      // Otherwise the map or the queue has another version.
      if (outcome && (taken == nullptr || taken->put != ArchiveSpool::Put::Revision))
        return std::move(*outcome);
    } else {
      return not_cleaned(verdict);
    }
  }
  const auto lock = still();
  return take_in_revision(work);
}

Ingest::Outcome Ingest::queue(const Cleaned& cleaned, const Work& work, bool counted_before) {
  SealedFileWriter* const passed = work.body != nullptr ? work.body->file : nullptr;
  const SteadyTime begun = steady_now();
  std::optional<SpoolPlace> place;
  if (!work.id) place.emplace(spool_.place());
  const InstanceId id = place ? place->id() : *work.id;
  const Bytes pairs = map_.seal_pairs(id, cleaned.memory);
  const auto put = spool_.put({.id = id,
                               .instance = cleaned.instance,
                               .fingerprint = cleaned.memory.fingerprint,
                               .sealed_pairs = pairs,
                               .destinations = work.route.destinations,
                               .counted_before = counted_before,
                               .passed = passed,
                               .place = place ? &*place : nullptr});
  durations_.put.add(steady_now() - begun);
  if (!put) return Refused{put.error().fault, put.error().detail};
  if (*put == ArchiveSpool::Put::Queued) {
    map_.note_removed_creators(cleaned.device, cleaned.removed_creators);
    note_rejection(id, cleaned, work.route);
  }
  return Taken{*put, cleaned.instance.study_instance_uid(), cleaned.instance.pseudonym()};
}

Ingest::Outcome Ingest::not_cleaned(const Verdict& verdict) {
  if (const auto* held = std::get_if<Held>(&verdict)) return *held;
  if (const auto* dropped = std::get_if<Dropped>(&verdict)) return *dropped;
  return std::get<Refused>(verdict);
}

void Ingest::count(const Cleaned& cleaned) {
  counts_.with([&](Counts& all) {
    ++all.cleaned;
    all.values_emptied += cleaned.dates_emptied;
    all.type_blind += cleaned.type_blind;
  });
}

void Ingest::note_rejection(const InstanceId& id, const Cleaned& cleaned,
                            const Config::Route& route) {
  if (!cleaned.rejection) return;
  for (const Rejection::Study& study : cleaned.rejection->studies) {
    Ledger::Withdrawal what;
    what.study_uid = study.study_uid;
    what.pseudonym = cleaned.instance.pseudonym();
    what.code = cleaned.rejection->code;
    what.cause = "received";
    what.objects = study.sop_uids.size();
    what.whole_study = false;
    ledger_.rejected(what, id, route.destinations);
  }
}

AssociationServer::Answer Ingest::keep(const Work& work, const Held& held) {
  const ReceivedInstance& received = work.received;
  const Config::Route& route = work.route;
  const auto reason = hold_reason_text(held.reason);
  if (held.reason == HoldReason::Leak && watch_.leak) watch_.leak(route.name, held);
  if (route.on_uncertain == Config::OnUncertain::Refuse) {
    ledger_.refused(reason);
    spdlog::warn("refused calling={} route={} why={} detail=\"{}\"",
                 log_text(received.origin.calling_ae), route.name, reason, held.detail);
    return {to_dimse(Fault::Uncertain), std::string(reason)};
  }
  SealedFileWriter* const passed = work.body != nullptr ? work.body->file : nullptr;
  const InstanceId id = passed != nullptr ? passed->id() : random_id();
  if (auto held_on_disk = quarantine_.hold(id, received, reason, held.detail, passed);
      !held_on_disk)
    return refuse(held_on_disk.error().fault, held_on_disk.error().detail, received.origin);
  try {
    ledger_.quarantined(id, reason);
  } catch (...) {
    // The sender hears that it was not taken, and sends it again: held now, it would be there
    // twice.
    if (const auto undone = quarantine_.remove(id); !undone)
      spdlog::error("cannot take back a held original id={} error={}", to_hex(id),
                    undone.error().detail);
    throw;
  }
  spdlog::warn("held calling={} route={} id={} why={} detail=\"{}\"",
               log_text(received.origin.calling_ae), route.name, to_hex(id), reason, held.detail);
  return {kSuccess, ""};
}

AssociationServer::Answer Ingest::refuse(Fault fault, const std::string& detail,
                                         const Origin& origin) {
  if (fault == Fault::Unavailable) trouble_.failed(detail);
  ledger_.refused(fault_word(fault));
  spdlog::warn("refused calling={} why={} detail=\"{}\"", log_text(origin.calling_ae),
               fault_word(fault), detail);
  return {to_dimse(fault), std::string(fault_word(fault))};
}

Result<const Config::Route*> Ingest::route_of(const Routing& routing, const Origin& origin) const {
  const Config::Route* route = routing.route(origin.route);
  if (route == nullptr)
    route = find_route(routing.config(), origin.called_ae, origin.calling_ae, origin.address,
                       origin.certificate);
  if (route == nullptr)
    return fail(Fault::NotFound, "no route of the present configuration takes instances of " +
                                     origin.calling_ae + " to " + origin.called_ae);
  return route;
}

Result<Ingest::Released> Ingest::release(const InstanceId& id, const Decision& decision,
                                         bool as_revision) {
  HeldInstance original(quarantine_, id, &map_.pixel_key());
  std::unique_ptr<SealedFileWriter> file;
  const auto read = original.read(
      [&](std::uint64_t length) -> Result<void> {
        auto begun = spool_.receive_body(id, length);
        if (!begun) return begun.error();
        file = std::move(*begun);
        return {};
      },
      [&](ByteView piece) { file->write(Section::Body, piece); });
  if (!read) return read.error();
  const ReceivedInstance& received = original.received();
  const auto routing = this->routing();
  const auto route = route_of(*routing, received.origin);
  if (!route) return route.error();

  // The same id goes into the spool, so the ledger moves one instance and never counts two. A crash
  // before the removal leaves both files; at start the spooled one wins
  // (reconcile.h).
  std::optional<PassedBody> body;
  if (original.pixels() != nullptr) body.emplace(PassedBody{*original.pixels(), file.get()});
  const Outcome outcome =
      take_in({received, **route, routing->engine((*route)->name, received.origin.calling_ae),
               body ? &*body : nullptr, decision, as_revision, id});
  if (const auto* refused = std::get_if<Refused>(&outcome))
    return fail(refused->fault, refused->detail);
  if (const auto* held = std::get_if<Held>(&outcome))
    return Released{"held", std::string(hold_reason_text(held->reason)) + ": " + held->detail};
  if (const auto* dropped = std::get_if<Dropped>(&outcome)) {
    if (auto gone = discard(id, "drop rule: " + dropped->rule); !gone) return gone.error();
    return Released{"dropped", dropped->rule};
  }
  const auto& taken = std::get<Taken>(outcome);
  if (taken.put == ArchiveSpool::Put::Duplicate) {
    if (auto gone = discard(id, "the same instance is in the queue"); !gone) return gone.error();
    return Released{"duplicate", taken.pseudonym};
  }
  if (auto removed = quarantine_.remove(id); !removed) return removed.error();
  return Released{"queued", taken.pseudonym};
}

Result<void> Ingest::discard(const InstanceId& id, const std::string& reason) {
  if (const auto entry = quarantine_.find(id); !entry) return entry.error();
  ledger_.discarded(id, reason);
  return quarantine_.remove(id);
}

}  // namespace dosigate
