#pragma once

#include "dosigate/net/association_request.h"

namespace dosigate {

// The first PDU that a peer sends after our A-ASSOCIATE-RQ, judged before DCMTK parses it: an
// archive may be hostile as well as a sender.

/// How many bytes follow the 6 of its header, at most 64 KiB. NotDicom for anything but an
/// A-ASSOCIATE-AC, A-ASSOCIATE-RJ or A-ABORT of a possible size.
Result<std::size_t> association_answer_size(ByteView header);

/// The whole PDU. An A-ASSOCIATE-AC (PS3.8 9.3.3) has lengths well nested to the last byte, one
/// application context, one user-information item without duplicate sub-items (they leak in DCMTK),
/// and answers only contexts that were proposed, each once, an accepted one with one transfer
/// syntax that was proposed for it. NotDicom, in words that name items and offsets only.
Result<void> check_association_answer(ByteView pdu, const AssociationRequest& asked);

}  // namespace dosigate
