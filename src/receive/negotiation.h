#pragma once

#include <array>
#include <optional>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/assoc.h>

#include "dosigate/dicom/sop_class.h"
#include "dosigate/net/association_request.h"

namespace dosigate {

/// What an association may be used for.
struct Services {
  bool stores = true;    ///< instances, and Verification
  bool reports = false;  ///< the peer's reports on storage commitment, which we asked it for
};

/// Whether the peer proposes to report on storage commitment: it takes the role of the SCP
/// (PS3.4 J.3.3), and asks nothing of us.
bool wants_to_report_commitment(const AssociationRequest& request);

/// What one accepted presentation context carries.
struct AcceptedContext {
  AbstractSyntax kind = AbstractSyntax::NotStorage;
  std::string abstract_syntax;
  std::string transfer_syntax;
  bool reports = false;  ///< N-EVENT-REPORT of storage commitment, and nothing else
};

/// Accepted contexts by their id.
using AcceptedContexts = std::array<std::optional<AcceptedContext>, 256>;

/// The transfer syntax we take of those offered: explicit VR little endian, else implicit, else the
/// first known one (PS3.7 D.3.3.2). Empty when none is known.
std::string choose_transfer_syntax(const AssociationRequest::Context& context);

/// Answers every proposed context and says which are open. Our own tables decide, so that syntaxes
/// DCMTK does not know pass. Throws std::runtime_error when DCMTK does not follow.
AcceptedContexts negotiate(T_ASC_Association& association, const AssociationRequest& request,
                           Services services);

}  // namespace dosigate
