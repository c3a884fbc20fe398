#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// What an A-ASSOCIATE-RQ proposes (PS3.8 9.3.2). Titles and UIDs as sent, trimmed of spaces and
/// NUL.
struct AssociationRequest {
  std::string called_ae, calling_ae;
  struct Context {
    std::uint8_t id;
    std::string abstract_syntax;
    std::vector<std::string> transfer_syntaxes;
  };
  std::vector<Context> contexts;
  std::uint32_t max_pdu = 0;  ///< largest P-DATA the peer takes; 0 = any, also when it says nothing
  std::string application_context;  ///< anything but 1.2.840.10008.3.1.1.1 is for the caller to
                                    ///< reject (1/1/2)
  std::string implementation_class_uid, implementation_version;
  /// SCP/SCU role selection (PS3.7 D.3.3.4), in the order of the request.
  struct Role {
    std::string sop_class_uid;
    bool scu, scp;  ///< that the requestor wants to play
  };
  std::vector<Role> roles;
};

/// Whether the requestor wants to be the SCP of a class and nothing else: every role selection of
/// the class says so, and there is one.
bool wants_scp_role_only(const AssociationRequest& request, std::string_view sop_class_uid);

/// Presentation contexts of one association: as many as their identifiers, odd bytes, tell apart.
inline constexpr std::size_t kMostContexts = 128;

/// Largest A-ASSOCIATE-RQ we read: 128 contexts with every transfer syntax there is stay far below.
inline constexpr std::size_t kMaxAssociationRequest = 256U << 10U;

/// Checks and reads the first PDU of a connection before DCMTK sees it: type 1, protocol version
/// bit 0, lengths well nested to the last byte, one application context, exactly one
/// user-information item without duplicate sub-items (they leak in DCMTK; role selection and
/// extended negotiation come once per SOP class and may repeat), titles of printable ISO 646 (they
/// end in logs), 1 to 128 contexts with odd, distinct ids, each with one abstract syntax and at
/// least one transfer syntax, UIDs of 1 to 64 of [0-9.].
/// @param pdu  the whole PDU, its 6-byte header included.
/// @return NotDicom naming the item type and offset.
/// Thread: any; no state.
Result<AssociationRequest> read_association_request(ByteView pdu);

/// A-ASSOCIATE-RJ (PS3.8 9.3.4) and A-ABORT (9.3.8) as bytes, for connections that never reach
/// DCMTK.
Bytes association_reject(std::uint8_t result, std::uint8_t source, std::uint8_t reason);
Bytes abort_pdu(std::uint8_t source, std::uint8_t reason);

}  // namespace dosigate
