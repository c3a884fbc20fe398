// The same instance with other pixels or other inputs of dosimetry: held for a person, or sent on
// under UIDs of its own while the version before is withdrawn.

#include <spdlog/spdlog.h>

#include "dosigate/app/ingest.h"
#include "dosigate/app/pair_mover.h"
#include "held_instance.h"
#include "revisions.h"

namespace dosigate {
namespace {

/// Versions in the queue that the map does not take: each costs a try.
constexpr std::uint32_t kMostTries = 16;

/// IHE RAD IOCM: what is rejected and replaced by a better one.
constexpr const char* kRejectedForQuality = "113001";

}  // namespace

Verdict Ingest::clean_version(const Work& work, std::uint32_t revision) const {
  Decision decision = work.decision;
  decision.revision = revision;
  const SteadyTime begun = steady_now();
  Verdict verdict = work.engine.clean(work.received, decision, nullptr,
                                      work.body != nullptr ? &work.body->seen : nullptr);
  durations_.deidentify.add(steady_now() - begun);
  return verdict;
}

Result<void> Ingest::move_all_pairs() try {
  if (!spool_.pairs_waiting()) return {};  // knows of all that was acknowledged
  for (;;) {
    const auto moved = move_pairs(spool_, map_);
    if (!moved) return moved.error();
    if (*moved == 0) return {};
  }
} catch (const std::exception& broken) {  // a database that cannot be written
  return fail(Fault::Unavailable, broken.what());
}

Ingest::Outcome Ingest::take_in_revision(const Work& work) {
  // What the queue knows of versions is to be in the map before they are compared.
  if (const auto moved = move_all_pairs(); !moved)
    return Refused{moved.error().fault, moved.error().detail};
  // Anew: since the first look a person may have corrected whose study it is.
  const Verdict verdict = clean_version(work, 0);
  const auto* cleaned = std::get_if<Cleaned>(&verdict);
  if (cleaned == nullptr) return not_cleaned(verdict);
  const PairBatch& memory = cleaned->memory;
  const Standing standing =
      standing_among(map_.seen(memory.study, memory.sop_uid), memory.fingerprint);

  switch (standing.kind) {
    case Standing::Kind::First: {
      Outcome outcome = queue(*cleaned, work, false);
      const auto* taken = std::get_if<Taken>(&outcome);
      if (taken != nullptr && taken->put == ArchiveSpool::Put::Revision)
        return Held{
            HoldReason::Revision,
            "another version is in the queue, and the map does not take what it says of it"};
      return outcome;
    }
    case Standing::Kind::Same: {
      const Verdict again = clean_version(work, standing.last);
      const auto* version = std::get_if<Cleaned>(&again);
      return version == nullptr ? not_cleaned(again) : queue(*version, work, true);
    }
    case Standing::Kind::Older:
      // Two senders of one study: the one that is late must not undo a correction by itself.
      if (!work.as_revision) return Held{HoldReason::Revision, hold_text(standing)};
      break;
    case Standing::Kind::Revised:
      if (!work.as_revision &&
          (work.route.revisions != Config::Revisions::NewUid || !standing.differs.comparable))
        return Held{HoldReason::Revision, hold_text(standing)};
      break;
  }
  return send_revision(work, standing.last, standing.next);
}

Ingest::Outcome Ingest::send_revision(const Work& work, std::uint32_t before,
                                      std::uint32_t number) {
  for (std::uint32_t tries = 0; tries < kMostTries; ++tries, before = number++) {
    const Verdict last = clean_version(work, before), next = clean_version(work, number);
    const auto* old_version = std::get_if<Cleaned>(&last);
    const auto* version = std::get_if<Cleaned>(&next);
    if (old_version == nullptr) return not_cleaned(last);
    if (version == nullptr) return not_cleaned(next);

    // Before the revision is queued: a crash in between leaves a version that is withdrawn and a
    // sender that tries again; the other way round two versions would stand side by side, and
    // nobody would say so.
    const std::string& study_uid = old_version->instance.study_instance_uid();
    const auto ordered = withdrawals_.order(
        {study_uid, kRejectedForQuality, "revision", {old_version->instance.sop_instance_uid()}});
    if (!ordered) return Refused{ordered.error().fault, ordered.error().detail};
    if (ordered->objects == 0 && ordered->withdrawn == 0)
      spdlog::warn("no destination is told of the version before revision={} study={} unlisted={}",
                   number, study_uid, ordered->unlisted);

    Outcome outcome = queue(*version, work, false);
    const auto* taken = std::get_if<Taken>(&outcome);
    if (taken == nullptr || taken->put != ArchiveSpool::Put::Revision) {
      if (taken != nullptr) ledger_.replaced(study_uid, old_version->instance.sop_instance_uid());
      // At once, so that the next comparison is with this one. Without it the mover does it.
      if (const auto moved = move_all_pairs(); !moved)
        spdlog::warn("a revision is not in the map yet study={} error={}", study_uid,
                     moved.error().detail);
      return outcome;
    }
  }
  return Held{HoldReason::Revision, "more than " + std::to_string(kMostTries) +
                                        " versions are in the queue that the map does not have"};
}

Result<Ingest::Revision> Ingest::examine(const InstanceId& id) {
  HeldInstance original(quarantine_, id, &map_.pixel_key());
  if (const auto read = original.read(); !read) return read.error();
  const ReceivedInstance& received = original.received();
  const auto routing = this->routing();
  const auto route = route_of(*routing, received.origin);
  if (!route) return route.error();
  std::optional<PassedBody> body;
  if (original.pixels() != nullptr) body.emplace(PassedBody{*original.pixels(), nullptr});
  const Work work{received, **route, routing->engine((*route)->name, received.origin.calling_ae),
                  body ? &*body : nullptr};
  const auto conflict = [](const std::string& why) {
    return fail(Fault::Conflict, "under present rules it is no revision: " + why);
  };

  const auto lock = in_flight();
  const Verdict verdict = clean_version(work, 0);
  if (const auto* held = std::get_if<Held>(&verdict))
    return conflict("it is held for " + std::string(hold_reason_text(held->reason)));
  if (const auto* dropped = std::get_if<Dropped>(&verdict))
    return conflict("it is dropped by the rule " + dropped->rule);
  if (const auto* refused = std::get_if<Refused>(&verdict))
    return fail(refused->fault, refused->detail);
  const auto& cleaned = std::get<Cleaned>(verdict);
  const Standing standing = standing_among(map_.seen(cleaned.memory.study, cleaned.memory.sop_uid),
                                           cleaned.memory.fingerprint);
  if (standing.kind == Standing::Kind::First) return conflict("no version of it is known");
  if (standing.kind == Standing::Kind::Same)
    return conflict("it is the version that went out last");

  Revision out;
  out.pseudonym = cleaned.instance.pseudonym();
  out.study_uid = cleaned.instance.study_instance_uid();
  out.first_uid = out.before_uid = cleaned.instance.sop_instance_uid();
  out.number = standing.next;
  out.older_came_back = standing.kind == Standing::Kind::Older;
  out.differs = difference_text(standing);
  if (standing.last > 0) {
    const Verdict last = clean_version(work, standing.last);
    if (const auto* version = std::get_if<Cleaned>(&last))
      out.before_uid = version->instance.sop_instance_uid();
  }
  return out;
}

}  // namespace dosigate
