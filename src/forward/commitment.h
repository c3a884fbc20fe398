#pragma once

#include <span>

#include "dosigate/forward/verifier.h"
#include "peer.h"

namespace dosigate {

/// Storage Commitment Push Model (PS3.4 Annex J).
extern const ProposedContext kStorageCommitment;
/// Its one well-known SOP instance.
extern const char kStorageCommitmentInstance[];
inline constexpr std::size_t kMostCommitted = 500;  ///< objects in one transaction

/// "2.25." and a random UUID (PS3.5 B.2).
std::string new_transaction_uid();

/// The data set of an N-EVENT-REPORT. Success: every one is committed. NotDicom when it is broken,
/// names no transaction, or more than 10,000 objects.
Result<CommitmentReport> read_commitment_report(ByteView data_set,
                                                std::string_view transfer_syntax_uid);

/// Asks an archive to commit to at most 500 objects and waits for its report, on this association
/// or, by the desk, on one of its own.
/// @return Denied when the archive refused to be asked (the association goes on); Unavailable when
/// no report came: the association is of no use any more. Both in words.
Result<CommitmentReport> ask_commitment(Dialogue& dialogue, const Peer::Accepted& context,
                                        const Destination& peer, CommitmentDesk& desk,
                                        std::span<const Ledger::DeliveredObject> objects,
                                        std::chrono::seconds wait);

}  // namespace dosigate
