#pragma once

#include <set>
#include <string>
#include <vector>

#include "dosigate/deid/deidentifier.h"
#include "dosigate/identity/pseudonym_map.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// What stands in the ledger for the clients of the REST service. No destination may be called so:
/// nothing is ever queued for it, and nobody there can be told of a withdrawal.
inline constexpr const char* kGivenBack = "rest";

/// Tells destinations that something they hold is rejected: a Key Object Selection document with
/// the title of a rejection note (IHE RAD IOCM), queued like any instance for every destination
/// that was sent some of it. A DICOM destination gets it by C-STORE; a folder gets it as a file
/// beside the others, and study.json says `withdrawn`. What an archive does with it is its matter;
/// that it was told is in the ledger, and by the node's watch in the audit log. Thread: any; one
/// order at a time.
class Withdrawals {
 public:
  Withdrawals(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger);

  struct Order {
    std::string study_uid;              ///< pseudonymous
    std::string code;                   ///< rejection_meaning is not empty
    std::string cause;                  ///< Ledger::Withdrawal::cause
    std::vector<std::string> sop_uids;  ///< as sent; empty: the whole study
  };
  struct Ordered {
    std::uint64_t objects = 0;    ///< named in the note
    std::uint64_t unlisted = 0;   ///< sent by a version that kept no series: cannot be named
    std::uint64_t withdrawn = 0;  ///< (instance, destination) taken out of the queue
    /// That will be told; empty: nothing had left, or all of it was named in notes before.
    std::vector<std::string> destinations;
  };
  /// First what waits is taken out of the queue, then the pairs of what has gone are moved into the
  /// map, then the note is queued. Durable on return. NotFound for an unknown study. Must not be
  /// called with instances of the study in flight (Ingest::still).
  /// What is ordered again after a crash, or while the spool takes nothing, is finished under the
  /// same note; what was named before and not sent again since is not named twice at a destination.
  Result<Ordered> order(const Order& order);

  /// At the start, before anything is received: queues the notes of orders that a crash
  /// interrupted. One that cannot be is logged and stays open.
  void finish();

 private:
  Result<Ordered> order_anew(const Order& order, const PseudonymMap::StudyInfo& study,
                             const std::vector<SentObject>& sent,
                             const std::set<std::string>& in_flight);
  /// @return how many objects it names.
  Result<std::size_t> queue_note(const PseudonymMap::StudyInfo& study,
                                 const Ledger::Unfinished& order,
                                 const std::vector<SentObject>& sent);

  PseudonymMap& map_;
  ArchiveSpool& spool_;
  Ledger& ledger_;
};

}  // namespace dosigate
