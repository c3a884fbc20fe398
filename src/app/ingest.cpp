#include "dosigate/app/ingest.h"

#include <spdlog/spdlog.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/dicom/status.h"

namespace dosigate {
namespace {

constexpr std::uint16_t kSuccess = 0x0000;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

const Held kRevision{HoldReason::Revision,
                     "the same SOP Instance UID was received before with other pixels or other "
                     "inputs of dosimetry"};

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

Ingest::Ingest(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger, Quarantine& quarantine)
    : map_(map), spool_(spool), ledger_(ledger), quarantine_(quarantine) {}

void Ingest::use(std::shared_ptr<const Routing> routing) {
  // The old one is released outside the lock: it may be the last owner of many engines.
  routing_.with([&](auto& current) { current.swap(routing); });
}

std::shared_ptr<const Routing> Ingest::routing() const {
  return routing_.with([](const auto& current) { return current; });
}

AssociationServer::Answer Ingest::accept(const ReceivedInstance& received) noexcept try {
  const auto routing = this->routing();
  const Config::Route* route = routing->route(received.origin.route);
  if (route == nullptr)
    return refuse(Fault::Unavailable, "its route was removed from the configuration",
                  received.origin);

  const Verdict verdict = routing->engine(route->name, received.origin.calling_ae).clean(received);
  return std::visit(Overloaded{[&](const Cleaned& cleaned) -> AssociationServer::Answer {
                                 const InstanceId id = random_id();
                                 const auto put = spool(id, cleaned, *route);
                                 if (!put)
                                   return refuse(put.error().fault, put.error().detail,
                                                 received.origin);
                                 switch (*put) {
                                   case ArchiveSpool::Put::Queued:
                                     break;
                                   case ArchiveSpool::Put::Duplicate:
                                     ledger_.duplicate(id, cleaned.instance.study_instance_uid());
                                     break;
                                   case ArchiveSpool::Put::Revision:
                                     return keep(received, *route, kRevision);
                                 }
                                 return {kSuccess, ""};
                               },
                               [&](const Held& held) { return keep(received, *route, held); },
                               [&](const Dropped& dropped) -> AssociationServer::Answer {
                                 ledger_.dropped(random_id(), dropped.rule);
                                 return {kSuccess, ""};
                               },
                               [&](const Refused& refused) {
                                 return refuse(refused.fault, refused.detail, received.origin);
                               }},
                    verdict);
} catch (const std::exception& broken) {
  // Disk, database or memory: nothing of this instance was acknowledged, and the sender tries
  // again.
  try {
    spdlog::error("cannot take custody calling={} error={}", received.origin.calling_ae,
                  broken.what());
    ledger_.refused(fault_word(Fault::Unavailable));
  } catch (const std::exception& ledger_too) {
    // The count is lost, the instance is not: it stays with its sender.
    spdlog::error("cannot count a refusal error={}", ledger_too.what());
  }
  return {to_dimse(Fault::Unavailable), "storage unavailable"};
}

Result<ArchiveSpool::Put> Ingest::spool(const InstanceId& id, const Cleaned& cleaned,
                                        const Config::Route& route) {
  counts_.with([&](Counts& all) {
    ++all.cleaned;
    all.values_emptied += cleaned.dates_emptied;
    all.type_blind += cleaned.type_blind;
  });
  const auto known = map_.seen(cleaned.memory.study, cleaned.memory.sop_uid);
  if (!known.empty() && known.back().fingerprint != cleaned.memory.fingerprint)
    return ArchiveSpool::Put::Revision;
  // Known and equal: it was delivered before, and who sends it again may know that the archive lost
  // it.
  const Bytes pairs = map_.seal_pairs(id, cleaned.memory);
  auto put = spool_.put({id, cleaned.instance, cleaned.memory.fingerprint, pairs,
                         route.destinations, !known.empty()});
  if (put && *put == ArchiveSpool::Put::Queued)
    map_.note_removed_creators(cleaned.device, cleaned.removed_creators);
  return put;
}

AssociationServer::Answer Ingest::keep(const ReceivedInstance& received, const Config::Route& route,
                                       const Held& held) {
  const auto reason = hold_reason_text(held.reason);
  if (route.on_uncertain == Config::OnUncertain::Refuse) {
    ledger_.refused(reason);
    spdlog::warn("refused calling={} route={} why={} detail=\"{}\"", received.origin.calling_ae,
                 route.name, reason, held.detail);
    return {to_dimse(Fault::Uncertain), std::string(reason)};
  }
  const InstanceId id = random_id();
  if (auto held_on_disk = quarantine_.hold(id, received, reason, held.detail); !held_on_disk)
    return refuse(held_on_disk.error().fault, held_on_disk.error().detail, received.origin);
  ledger_.quarantined(id, reason);
  spdlog::warn("held calling={} route={} id={} why={} detail=\"{}\"", received.origin.calling_ae,
               route.name, to_hex(id), reason, held.detail);
  return {kSuccess, ""};
}

AssociationServer::Answer Ingest::refuse(Fault fault, const std::string& detail,
                                         const Origin& origin) {
  ledger_.refused(fault_word(fault));
  spdlog::warn("refused calling={} why={} detail=\"{}\"", origin.calling_ae, fault_word(fault),
               detail);
  return {to_dimse(fault), std::string(fault_word(fault))};
}

Result<Ingest::Released> Ingest::release(const InstanceId& id, const Decision& decision, bool) {
  const auto original = quarantine_.original(id);
  if (!original) return original.error();
  const auto routing = this->routing();
  const Origin& origin = original->origin;
  const Config::Route* route = routing->route(origin.route);
  if (route == nullptr)
    route = find_route(routing->config(), origin.called_ae, origin.calling_ae, origin.address);
  if (route == nullptr)
    return fail(Fault::NotFound, "no route of the present configuration takes instances of " +
                                     origin.calling_ae + " to " + origin.called_ae);

  const Verdict verdict =
      routing->engine(route->name, origin.calling_ae).clean(*original, decision);
  if (const auto* refused = std::get_if<Refused>(&verdict))
    return fail(refused->fault, refused->detail);
  if (const auto* held = std::get_if<Held>(&verdict))
    return Released{"held", std::string(hold_reason_text(held->reason)) + ": " + held->detail};
  if (const auto* dropped = std::get_if<Dropped>(&verdict)) {
    if (auto gone = discard(id, "drop rule: " + dropped->rule); !gone) return gone.error();
    return Released{"dropped", dropped->rule};
  }
  const auto& cleaned = std::get<Cleaned>(verdict);
  // The same id goes into the spool, so the ledger moves one instance and never counts two. A crash
  // before the removal leaves both files; at start the spooled one wins
  // (Node::reconcile_quarantine).
  const auto put = spool(id, cleaned, *route);
  if (!put) return put.error();
  switch (*put) {
    case ArchiveSpool::Put::Queued:
      if (auto removed = quarantine_.remove(id); !removed) return removed.error();
      return Released{"queued", cleaned.instance.pseudonym()};
    case ArchiveSpool::Put::Duplicate:
      if (auto gone = discard(id, "the same instance is in the queue"); !gone) return gone.error();
      return Released{"duplicate", cleaned.instance.pseudonym()};
    case ArchiveSpool::Put::Revision:
      break;
  }
  return Released{"held",
                  std::string(hold_reason_text(kRevision.reason)) + ": " + kRevision.detail};
}

Result<void> Ingest::discard(const InstanceId& id, const std::string& reason) {
  if (const auto entry = quarantine_.find(id); !entry) return entry.error();
  ledger_.discarded(id, reason);
  return quarantine_.remove(id);
}

}  // namespace dosigate
