#pragma once

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
  Corrections(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger, Quarantine& quarantine,
              Ingest& ingest);

  struct Done {
    std::string pseudonym;                   ///< that holds from now on; empty after forget
    std::vector<std::string> stale_studies;  ///< UIDs at the destinations, withdrawn by this
    std::vector<std::string> send_again;     ///< those of them that the PACS has to send once more
    std::vector<std::string> told;           ///< destinations that get a rejection note
    std::uint64_t objects = 0;               ///< named in notes
    std::uint64_t unlisted = 0, withdrawn_from_queue = 0, originals_destroyed = 0;
  };

  /// "This PatientID is the person of that pseudonym." The id may be unknown, or a patient's of its
  /// own: the two are joined then, refused (Conflict) when both have deliveries or something
  /// queued, unless `resend`: the other's studies are withdrawn and have to be sent again.
  Result<Done> alias(const std::string& pseudonym, const Phi& patient_id, const Phi& issuer,
                     bool resend);
  Result<Done> alias(const std::string& winner, const std::string& loser, bool resend);
  /// "This study is of another person." Old copies are withdrawn (113038, wrong worklist entry).
  Result<Done> reassign(const std::string& study_uid, const Phi& patient_id, const Phi& issuer);
  Result<Done> withdraw(const std::string& study_uid, const std::string& code);
  /// Instances of a withdrawn study are taken again.
  Result<void> admit(const std::string& study_uid);
  /// Erasure (LGPD art. 18 VI): withdrawal orders (113039), queue, quarantined originals of the
  /// person, then the map's forget and the ledger's.
  Result<Done> forget(const std::string& pseudonym);

 private:
  PseudonymMap& map_;
  ArchiveSpool& spool_;
  Ledger& ledger_;
  Quarantine& quarantine_;
  Ingest& ingest_;
  Withdrawals withdrawals_;
};

}  // namespace dosigate
