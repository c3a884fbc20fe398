#include "dosigate/app/corrections.h"

#include <algorithm>

#include "held_originals.h"

// Every correction has the same order: no instance in flight, the map, then what is stale. A crash
// in between leaves a map that is right and destinations that were not told everything; the same
// command then orders what is missing, since an order says nothing twice. Only `forget` has the
// map last, because nothing could be found without it.

namespace dosigate {
namespace {

using StudyInfo = PseudonymMap::StudyInfo;
using State = StudyInfo::State;

const char* const kWrongWorklistEntry = "113038";
const char* const kRetentionEnds = "113039";

/// What of a study has left this node, would, or was kept from it.
struct Left {
  std::uint64_t sent = 0, withdrawn = 0;
  bool anything() const { return sent + withdrawn > 0; }
};

Left left_of(const Ledger& ledger, const std::string& study_uid) {
  Left out;
  for (const Ledger::Sent& sent : ledger.sent(study_uid)) {
    out.sent += sent.delivered + sent.waiting;
    out.withdrawn += sent.withdrawn;
  }
  return out;
}

std::set<std::string> uids_in(const std::vector<StudyInfo>& studies, State state) {
  std::set<std::string> out;
  for (const StudyInfo& study : studies)
    if (study.state == state) out.insert(study.study_uid);
  return out;
}

/// How long a study that has to come back is waited for: some never will, and nobody is reminded of
/// them for ever.
constexpr std::int64_t kAwaitedFor = 30LL * 24 * 3600;
constexpr std::size_t kMostAwaited = 500;

}  // namespace

Corrections::Corrections(PseudonymMap& map, Ledger& ledger, Quarantine& quarantine, Ingest& ingest,
                         Withdrawals& withdrawals)
    : map_(map),
      ledger_(ledger),
      quarantine_(quarantine),
      ingest_(ingest),
      withdrawals_(withdrawals) {}

Result<SitePolicy> Corrections::site_of_code(const std::string& code) const {
  const auto routing = ingest_.routing();
  for (const auto& site : routing->config().sites)
    if (site.policy.code == code) return site.policy;
  return fail(Fault::Conflict, "the configuration has no [[site]] with the code " + code +
                                   " any more: put it back, its issuers say whose an id is");
}

bool Corrections::has_left(const std::vector<StudyInfo>& studies) const {
  return std::ranges::any_of(studies, [&](const StudyInfo& study) {
    return study.state != State::GivenAway && left_of(ledger_, study.study_uid).sent > 0;
  });
}

Result<void> Corrections::withdraw_copies(const StudyInfo& study, const Rejected& why, Done& done) {
  const Left left = left_of(ledger_, study.study_uid);
  if (!left.anything()) return {};
  const auto ordered = withdrawals_.order({study.study_uid, why.code, why.cause, {}});
  if (!ordered) return ordered.error();
  if (!ordered->destinations.empty() || ordered->unlisted > 0)
    done.stale_studies.push_back(study.study_uid);
  done.told.insert(ordered->destinations.begin(), ordered->destinations.end());
  done.objects += ordered->objects;
  done.unlisted += ordered->unlisted;
  done.withdrawn_from_queue += ordered->withdrawn;
  const bool is_back = !study.replaced_by.empty() && left_of(ledger_, study.replaced_by).sent > 0;
  if (study.state == State::GivenAway && why.cause != "forgotten" && !is_back)
    done.send_again.push_back(study.study_uid);
  return {};
}

/// @param not_wanted  studies that had been rejected before: nobody needs them again.
Result<Corrections::Done> Corrections::withdraw_given_away(
    const std::string& pseudonym, const std::set<std::string>& not_wanted) {
  const auto studies = map_.studies_of(pseudonym);
  if (!studies) return studies.error();
  Done done;
  done.pseudonym = pseudonym;
  for (const StudyInfo& study : *studies) {
    if (study.state != State::GivenAway) continue;
    const bool of_another = study.pseudonym != pseudonym;
    if (auto told = withdraw_copies(
            study, {kWrongWorklistEntry, of_another ? "joined" : "reassigned"}, done);
        !told)
      return told.error();
  }
  std::erase_if(done.send_again, [&](const auto& uid) { return not_wanted.contains(uid); });
  return done;
}

Result<Corrections::Done> Corrections::alias(const std::string& pseudonym, const Phi& patient_id,
                                             const Phi& issuer, bool resend) {
  const auto still = ingest_.still();
  const auto patient = map_.present(pseudonym);
  if (!patient) return patient.error();
  const auto site = site_of_code(patient->site_code);
  if (!site) return site.error();
  const auto whose = map_.known_as(*site, patient_id, issuer);
  if (!whose.empty()) return join(patient->pseudonym, whose.front(), resend);
  if (auto added = map_.add_key(*site, pseudonym, patient_id, issuer); !added) return added.error();
  return withdraw_given_away(patient->pseudonym);
}

Result<Corrections::Done> Corrections::alias(const std::string& winner, const std::string& loser,
                                             bool resend) {
  const auto still = ingest_.still();
  const auto stays = map_.present(winner);
  if (!stays) return stays.error();
  const auto goes = map_.present(loser);
  if (!goes) return goes.error();
  return join(stays->pseudonym, goes->pseudonym, resend);
}

/// @param winner, loser  that hold now.
Result<Corrections::Done> Corrections::join(std::string winner, std::string loser, bool resend) {
  // An earlier call joined the two, and may have been cut off then.
  if (winner == loser) return withdraw_given_away(winner);
  const auto of_winner = map_.studies_of(winner);
  if (!of_winner) return of_winner.error();
  const auto of_loser = map_.studies_of(loser);
  if (!of_loser) return of_loser.error();
  std::set<std::string> not_wanted = uids_in(*of_loser, State::Withdrawn);
  if (!resend && has_left(*of_loser)) {
    if (has_left(*of_winner))
      return fail(Fault::Conflict,
                  "studies of both, " + winner + " and " + loser +
                      ", were sent or are queued: the joined patient has one pseudonym and one "
                      "offset, so those of " +
                      loser + " would be withdrawn and have to be sent again; --resend does that");
    if (!is_pseudonym(winner))
      return fail(Fault::Conflict,
                  winner + " was assigned elsewhere, and only studies of " + loser +
                      " were sent: --resend keeps the assigned one, withdraws those studies and "
                      "has them sent again");
    std::swap(winner, loser);
    not_wanted.clear();
  }
  if (const auto joined = map_.join(winner, loser); !joined) return joined.error();
  return withdraw_given_away(winner, not_wanted);
}

Result<Corrections::Done> Corrections::reassign(const std::string& study_uid, const Phi& patient_id,
                                                const Phi& issuer) {
  const auto still = ingest_.still();
  const auto study = map_.study_info(study_uid);
  if (!study) return study.error();
  const auto site = site_of_code(study->site_code);
  if (!site) return site.error();

  Done done;
  if (study->state == State::GivenAway) {
    // This very command once more, or a study that is somebody else's by now.
    const auto present = map_.study_info(study->replaced_by);
    const auto whose = map_.known_as(*site, patient_id, issuer);
    if (!present || whose.empty() || whose.front() != present->pseudonym)
      return fail(Fault::Conflict,
                  "the study was given to another patient before" +
                      (present ? ", and is " + present->study_uid + " now: reassign that one"
                               : std::string(", and has not come back yet")));
    done.pseudonym = present->pseudonym;
    done.study_uid = present->study_uid;
  } else {
    const auto moved = map_.reassign(*site, study_uid, patient_id, issuer);
    if (!moved) return moved.error();
    done.pseudonym = moved->to;
    done.study_uid = moved->new_study_uid;
  }
  const auto given_away = map_.study_info(study_uid);
  if (!given_away) return given_away.error();
  if (auto told = withdraw_copies(*given_away, {kWrongWorklistEntry, "reassigned"}, done); !told)
    return told.error();
  return done;
}

Result<Corrections::Done> Corrections::withdraw(const std::string& study_uid,
                                                const std::string& code) {
  if (rejection_meaning(code).empty())
    return fail(Fault::Invalid,
                "a study is withdrawn for 113001 (quality), 113037 (patient "
                "safety), 113038 (wrong worklist entry) or 113039 (retention)");
  const auto still = ingest_.still();
  const auto study = map_.study_info(study_uid);
  if (!study) return study.error();
  if (study->state == State::GivenAway)
    return fail(Fault::Conflict,
                "the study was given to another patient, and its copies were withdrawn then" +
                    (study->replaced_by.empty() ? std::string()
                                                : "; it is " + study->replaced_by + " now"));
  Done done;
  done.pseudonym = study->pseudonym;
  if (auto told = withdraw_copies(*study, {code, "operator"}, done); !told) return told.error();
  // Last, as what says that this was done: while it is active the command tells everybody again.
  if (auto marked = map_.set_withdrawn(study_uid, true); !marked) return marked.error();
  return done;
}

Result<void> Corrections::admit(const std::string& study_uid) {
  const auto still = ingest_.still();
  const auto study = map_.study_info(study_uid);
  if (!study) return study.error();
  if (study->state == State::GivenAway)
    return fail(Fault::Conflict,
                "the study was given to another patient: what comes of it is "
                "taken under its new UID");
  if (study->state != State::Withdrawn)
    return fail(Fault::Conflict, "the study is not withdrawn: what comes of it is taken already");
  return map_.set_withdrawn(study_uid, false);
}

Result<Corrections::Done> Corrections::forget(const std::string& pseudonym) {
  const auto patient = map_.present(pseudonym);
  if (!patient) return patient.error();
  const auto site = site_of_code(patient->site_code);
  if (!site) return site.error();
  const auto routing = ingest_.routing();
  HeldOriginals held(quarantine_, map_, *routing, *site, patient->pseudonym);
  held.look();  // the long part, while instances still arrive

  const auto still = ingest_.still();
  const auto studies = map_.studies_of(pseudonym);
  if (!studies) return studies.error();
  Done done;
  std::vector<std::string> uids;
  for (const StudyInfo& study : *studies) {
    if (auto told = withdraw_copies(study, {kRetentionEnds, "forgotten"}, done); !told)
      return told.error();
    // So that after a crash nothing is sent of it before the same command comes again.
    if (study.state == State::Active)
      if (auto marked = map_.set_withdrawn(study.study_uid, true); !marked) return marked.error();
    uids.push_back(study.study_uid);
  }
  held.look();
  for (const InstanceId& id : held.of_person()) {
    if (!quarantine_.find(id)) continue;  // released or discarded since it was looked at
    ledger_.discarded(id, "forgotten");
    if (auto removed = quarantine_.remove(id); !removed) return removed.error();
    ++done.originals_destroyed;
  }
  done.studies = uids.size();
  done.originals_unread = held.unread();
  ledger_.forget(uids);
  if (auto forgotten = map_.forget(pseudonym); !forgotten) return forgotten.error();
  return done;
}

std::uint64_t Corrections::awaited() const {
  std::set<std::string> missing;
  for (const auto& order : ledger_.withdrawals("", kMostAwaited)) {
    if (order.ordered < to_unix(wall_now()) - kAwaitedFor) break;
    const bool taken_away = order.cause == "joined" || order.cause == "reassigned";
    if (!taken_away || order.told.empty() || missing.contains(order.study_uid)) continue;
    const auto study = map_.study_info(order.study_uid);
    if (!study) continue;  // forgotten since
    const bool is_back =
        !study->replaced_by.empty() && left_of(ledger_, study->replaced_by).sent > 0;
    if (!is_back) missing.insert(order.study_uid);
  }
  return missing.size();
}

}  // namespace dosigate
