#include "dosigate/app/withdrawals.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "dosigate/app/pair_mover.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

/// Withdrawals of one study that are looked through; more are not made by people.
constexpr std::size_t kMostOfAStudy = 1'000;

std::vector<std::string> not_told(const Ledger::Withdrawal& order) {
  std::vector<std::string> out;
  for (const auto& [destination, when] : order.told)
    if (when == 0) out.push_back(destination);
  return out;
}

void add(std::vector<std::string>& all, const std::string& name) {
  if (std::ranges::find(all, name) == all.end()) all.push_back(name);
}

}  // namespace

Withdrawals::Withdrawals(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger)
    : map_(map), spool_(spool), ledger_(ledger) {}

Result<Withdrawals::Ordered> Withdrawals::order(const Order& order) {
  if (rejection_meaning(order.code).empty())
    return fail(Fault::Invalid, "\"" + order.code +
                                    "\" is no title of a rejection note: name 113001, 113037, "
                                    "113038 or 113039");
  const auto study = map_.study_info(order.study_uid);
  if (!study) return study.error();

  const auto taken =
      spool_.withdraw(order.study_uid, {order.sop_uids.begin(), order.sop_uids.end()});
  for (;;) {  // what has gone can be named when the map knows it
    const auto moved = move_pairs(spool_, map_);
    if (!moved) return moved.error();
    if (*moved == 0) break;
  }
  const auto sent = map_.sent_objects(order.study_uid);
  if (!sent) return sent.error();

  Ordered out;
  out.withdrawn = taken.withdrawn;
  out.unlisted = sent->unlisted;
  for (const auto& begun : ledger_.unfinished_orders()) {
    const auto& what = begun.what;
    if (what.study_uid != order.study_uid || what.code != order.code || what.cause != order.cause)
      continue;
    const auto finished = queue_note(*study, begun, sent->objects);
    if (!finished) return finished.error();
    out.objects += *finished;
    for (const auto& destination : not_told(what)) add(out.destinations, destination);
  }
  const auto fresh = order_anew(order, *study, sent->objects, taken.in_flight);
  if (!fresh) return fresh.error();
  out.objects += fresh->objects;
  for (const auto& destination : fresh->destinations) add(out.destinations, destination);
  return out;
}

Result<Withdrawals::Ordered> Withdrawals::order_anew(const Order& order,
                                                     const PseudonymMap::StudyInfo& study,
                                                     const std::vector<SentObject>& sent,
                                                     const std::set<std::string>& in_flight) {
  const std::set<std::string> wanted(order.sop_uids.begin(), order.sop_uids.end());
  const auto never_sent = ledger_.never_sent(order.study_uid);
  std::set<std::string> objects;
  for (const SentObject& object : sent)
    if ((wanted.empty() || wanted.contains(object.sop_uid)) && !never_sent.contains(object.sop_uid))
      objects.insert(object.sop_uid);

  std::set<std::string> holding = in_flight;
  bool anything_withdrawn = false;
  for (const auto& at : ledger_.sent(order.study_uid)) {
    // Who got a copy back over HTTP does not listen.
    if (at.delivered > 0 && at.destination != kGivenBack) holding.insert(at.destination);
    anything_withdrawn = anything_withdrawn || at.withdrawn > 0;
  }

  Ledger::Unfinished note{{}, new_instance_id(), {}};
  note.what.study_uid = order.study_uid;
  note.what.pseudonym = study.pseudonym;
  note.what.code = order.code;
  note.what.cause = order.cause;
  note.what.whole_study = order.sop_uids.empty();
  // Erasure asks for more than a rejection: it is said to those, too, who were told to reject.
  const std::string_view told_as = order.cause == "forgotten" ? "forgotten" : "";
  for (const auto& destination : holding) {
    const auto told = ledger_.rejected_at(order.study_uid, destination, told_as);
    std::vector<std::string> new_there;
    std::ranges::set_difference(objects, told, std::back_inserter(new_there));
    if (new_there.empty()) continue;
    note.what.told[destination] = 0;
    note.sop_uids.insert(new_there.begin(), new_there.end());
  }

  Ordered out;
  out.destinations = not_told(note.what);
  if (out.destinations.empty()) {
    // Nothing had left: on record once, so that it is seen why nobody was told.
    const bool on_record = !ledger_.withdrawals(order.study_uid, kMostOfAStudy).empty();
    if (anything_withdrawn && holding.empty() && !on_record)
      ledger_.ordered(note.what, note.note, {});
    return out;
  }
  note.what.objects = note.sop_uids.size();
  // The order first: a crash in between leaves one that is seen and can be finished, not a note
  // that nobody knows of.
  ledger_.ordered(note.what, note.note, out.destinations, note.sop_uids);
  const auto queued = queue_note(study, note, sent);
  if (!queued) return queued.error();
  out.objects = *queued;
  return out;
}

Result<std::size_t> Withdrawals::queue_note(const PseudonymMap::StudyInfo& study,
                                            const Ledger::Unfinished& order,
                                            const std::vector<SentObject>& sent) {
  Deidentifier::Note note;
  note.pseudonym = study.pseudonym;
  note.study_uid = study.study_uid;
  note.code = order.what.code;
  for (const SentObject& object : sent)
    if (order.sop_uids.contains(object.sop_uid)) note.objects.push_back(object);
  if (note.objects.empty())
    return fail(Fault::NotFound, "the map no longer knows what withdrawal " +
                                     std::to_string(order.what.number) + " of study " +
                                     study.study_uid + " names");
  const auto queued = spool_.put({.id = order.note,
                                  .instance = Deidentifier::make_rejection_note(note),
                                  .fingerprint = Fingerprint{},
                                  .sealed_pairs = {},
                                  .destinations = not_told(order.what),
                                  .issued = true});
  if (!queued) return queued.error();
  return note.objects.size();
}

void Withdrawals::finish() {
  for (const auto& begun : ledger_.unfinished_orders()) {
    const auto& uid = begun.what.study_uid;
    const auto study = map_.study_info(uid);
    const auto sent = map_.sent_objects(uid);
    const auto queued = !study  ? Result<std::size_t>(study.error())
                        : !sent ? Result<std::size_t>(sent.error())
                                : queue_note(*study, begun, sent->objects);
    if (queued)
      spdlog::info("queued the rejection note of an interrupted withdrawal study={}", uid);
    else
      spdlog::error("cannot finish a withdrawal: order it again study={} error={}", uid,
                    queued.error().detail);
  }
}

}  // namespace dosigate
