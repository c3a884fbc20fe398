// Instances that go back to who sent them.

#include <spdlog/spdlog.h>

#include <algorithm>

#include "dosigate/app/ingest.h"
#include "dosigate/base/log_text.h"
#include "revisions.h"

namespace dosigate {
namespace {

constexpr std::size_t kOpenAtOnce = 1'000;

}  // namespace

Verdict Ingest::give_back(const InstanceId& id, const ReceivedInstance& received,
                          const Config::Route& route, const Deidentifier& engine,
                          PixelStream* pixels, Trace& trace) {
  // As in take_in: the map does not change between the look at it and the row in the ledger.
  const auto lock = in_flight();
  if (const auto moved = move_all_pairs(); !moved)
    return Refused{moved.error().fault, moved.error().detail};
  Decision decision;
  Verdict verdict = engine.clean(received, decision, &trace, pixels);
  std::optional<Standing> standing;
  if (const auto* cleaned = std::get_if<Cleaned>(&verdict)) {
    standing = standing_among(map_.seen(cleaned->memory.study, cleaned->memory.sop_uid),
                              cleaned->memory.fingerprint);
    if (standing->kind == Standing::Kind::Same && standing->last > 0) {
      decision.revision = standing->last;
      trace.clear();
      verdict = engine.clean(received, decision, &trace, pixels);
    } else if (standing->kind == Standing::Kind::Older ||
               standing->kind == Standing::Kind::Revised) {
      verdict = Held{HoldReason::Revision, hold_text(*standing), cleaned->instance.pseudonym()};
    }
  }
  if (const auto* cleaned = std::get_if<Cleaned>(&verdict)) {
    count(*cleaned);
    if (const auto known = map_.absorb({{id, map_.seal_pairs(id, cleaned->memory)}}); !known)
      return Refused{known.error().fault, known.error().detail};
    map_.note_removed_creators(cleaned->device, cleaned->removed_creators);
    const CleanInstance& instance = cleaned->instance;
    ledger_.queued({.id = id,
                    .study_uid = instance.study_instance_uid(),
                    .destinations = {kGivenBack},
                    .sop_class_uid = instance.sop_class_uid(),
                    .sop_instance_uid = instance.sop_instance_uid(),
                    .pseudonym = instance.pseudonym(),
                    .facts = standing->kind == Standing::Kind::First ? instance.facts() : ""});
    if (watch_.arrived) watch_.arrived(received.origin, instance.study_instance_uid());
  } else if (const auto* held = std::get_if<Held>(&verdict)) {
    if (held->reason == HoldReason::Leak && watch_.leak) watch_.leak(route.name, *held);
    ledger_.refused(hold_reason_text(held->reason));
  } else if (const auto* dropped = std::get_if<Dropped>(&verdict)) {
    ledger_.dropped(id, dropped->rule);
  } else {
    ledger_.refused(fault_word(std::get<Refused>(verdict).fault));
  }
  return verdict;
}

void Ingest::given(const std::vector<InstanceId>& ids, DeliveryState state) {
  if (ids.empty()) return;
  std::vector<Ledger::Change> changes;
  changes.reserve(ids.size());
  for (const InstanceId& id : ids) changes.push_back({id, kGivenBack, state, 0});
  ledger_.changed(changes);
}

void Ingest::forget_unanswered(Ledger& ledger) {
  std::vector<Ledger::Change> changes;
  InstanceId after{};
  for (;;) {
    const auto open = ledger.open_instances(Domain::Archive, after, kOpenAtOnce);
    for (const InstanceId& id : open)
      if (ledger.destinations(id).contains(kGivenBack))
        changes.push_back({id, kGivenBack, DeliveryState::Withdrawn, 0});
    if (open.size() < kOpenAtOnce) break;
    after = open.back();
  }
  if (!changes.empty()) ledger.changed(changes);
}

}  // namespace dosigate
