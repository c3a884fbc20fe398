#include "negotiation.h"

#include <algorithm>

#include <dcmtk/dcmdata/dcuid.h>

#include "dosigate/dicom/dcmtk.h"
#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate {

std::string choose_transfer_syntax(const AssociationRequest::Context& context) {
  const auto& offered = context.transfer_syntaxes;
  for (const char* preferred :
       {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax}) {
    if (std::find(offered.begin(), offered.end(), preferred) != offered.end()) return preferred;
  }
  const auto known = std::find_if(offered.begin(), offered.end(), [](const std::string& uid) {
    return find_transfer_syntax(uid) != nullptr;
  });
  return known == offered.end() ? std::string() : *known;
}

bool wants_to_report_commitment(const AssociationRequest& request) {
  return wants_scp_role_only(request, UID_StorageCommitmentPushModelSOPClass) &&
         std::ranges::any_of(request.contexts, [](const auto& context) {
           return context.abstract_syntax == UID_StorageCommitmentPushModelSOPClass;
         });
}

AcceptedContexts negotiate(T_ASC_Association& association, const AssociationRequest& request,
                           Services services) {
  AcceptedContexts accepted;
  for (const auto& context : request.contexts) {
    const AbstractSyntax kind = classify_abstract_syntax(context.abstract_syntax);
    const std::string syntax = choose_transfer_syntax(context);
    const bool report =
        services.reports && context.abstract_syntax == UID_StorageCommitmentPushModelSOPClass;
    const bool offered = report || (services.stores && kind != AbstractSyntax::NotStorage);
    if (!offered || syntax.empty()) {
      require(ASC_refusePresentationContext(
                  association.params, context.id,
                  offered ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED),
              "refuse a presentation context");
      continue;
    }
    // Some senders propose the SCU role in words; the default role means the same, so it is always
    // accepted. Who reports on storage commitment proposes to be its SCP, and is told yes.
    require(ASC_acceptPresentationContext(association.params, context.id, syntax.c_str(),
                                          report ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT,
                                          report ? OFFalse : OFTrue),
            "accept a presentation context");
    accepted[context.id] = AcceptedContext{kind, context.abstract_syntax, syntax, report};
  }
  return accepted;
}

}  // namespace dosigate
