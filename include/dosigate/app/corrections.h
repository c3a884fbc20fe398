#pragma once

#include <set>
#include <string>
#include <vector>

#include "dosigate/app/ingest.h"
#include "dosigate/app/withdrawals.h"

namespace dosigate {

/// What a person decides about identities, as the whole node does it: no instance in flight while
/// the map changes, nothing stale left in the queue, every destination told. Each step can be
/// repeated: after a crash in the middle the same command finishes what is left. Thread: any.
class Corrections {
 public:
  Corrections(PseudonymMap& map, Ledger& ledger, Quarantine& quarantine, Ingest& ingest,
              Withdrawals& withdrawals);

  struct Done {
    std::string pseudonym{};                   ///< that holds from now on; empty after forget
    std::string study_uid{};                   ///< under which a reassigned study comes from now on
    std::vector<std::string> stale_studies{};  ///< UIDs at the destinations, withdrawn by this
    /// Of what was sent or queued, what the PACS has to send once more.
    std::vector<std::string> send_again{};
    std::set<std::string> told{};            ///< destinations that get a rejection note
    std::uint64_t objects = 0;               ///< named in notes
    std::uint64_t unlisted = 0;              ///< at the destinations, and cannot be named
    std::uint64_t studies = 0;               ///< of a forgotten person, sent or not
    std::uint64_t withdrawn_from_queue = 0;  ///< (instance, destination)
    std::uint64_t originals_destroyed = 0;   ///< in quarantine
    std::uint64_t originals_unread = 0;      ///< in quarantine: whose they are cannot be read
  };

  /// "This PatientID is the person of that pseudonym." The id may be unknown, or a patient's of its
  /// own: the two are joined then, refused (Conflict) when both have deliveries or something
  /// queued, unless `resend`: the other's studies are withdrawn and have to be sent again. Without
  /// `resend`, when only the other has some, the other's pseudonym holds from now on, so that
  /// nothing has to be sent again; refused when the first was assigned elsewhere (map import).
  Result<Done> alias(const std::string& pseudonym, const Phi& patient_id, const Phi& issuer,
                     bool resend);
  Result<Done> alias(const std::string& winner, const std::string& loser, bool resend);
  /// "This study is of another person." Old copies are withdrawn (113038, wrong worklist entry).
  Result<Done> reassign(const std::string& study_uid, const Phi& patient_id, const Phi& issuer);
  Result<Done> withdraw(const std::string& study_uid, const std::string& code);
  /// Instances of a withdrawn study are taken again.
  Result<void> admit(const std::string& study_uid);
  /// Erasure (LGPD art. 18 VI): withdrawal orders (113039) and queue, quarantined originals of the
  /// person, the ledger, and the map last: until it has forgotten, the same command finds what is
  /// left to do.
  Result<Done> forget(const std::string& pseudonym);

  /// Studies that were taken from their patient in the last 30 days after they had been sent, and
  /// that have not come back for the right one.
  std::uint64_t awaited() const;

 private:
  /// Why copies are withdrawn: code and cause as in Ledger::Withdrawal.
  struct Rejected {
    std::string code, cause;
  };
  Result<SitePolicy> site_of_code(const std::string& code) const;
  bool has_left(const std::vector<PseudonymMap::StudyInfo>& studies) const;
  Result<Done> join(std::string winner, std::string loser, bool resend);
  Result<Done> withdraw_given_away(const std::string& pseudonym,
                                   const std::set<std::string>& not_wanted = {});
  Result<void> withdraw_copies(const PseudonymMap::StudyInfo& study, const Rejected& why,
                               Done& done);

  PseudonymMap& map_;
  Ledger& ledger_;
  Quarantine& quarantine_;
  Ingest& ingest_;
  Withdrawals& withdrawals_;
};

}  // namespace dosigate
