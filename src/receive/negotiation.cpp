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

AcceptedContexts negotiate(T_ASC_Association& association, const AssociationRequest& request) {
  AcceptedContexts accepted;
  for (const auto& context : request.contexts) {
    const AbstractSyntax kind = classify_abstract_syntax(context.abstract_syntax);
    const std::string syntax = choose_transfer_syntax(context);
    if (kind == AbstractSyntax::NotStorage || syntax.empty()) {
      require(ASC_refusePresentationContext(association.params, context.id,
                                            kind == AbstractSyntax::NotStorage
                                                ? ASC_P_ABSTRACTSYNTAXNOTSUPPORTED
                                                : ASC_P_TRANSFERSYNTAXESNOTSUPPORTED),
              "refuse a presentation context");
      continue;
    }
    // Some senders propose the SCU role in words; the default role means the same, so it is always
    // accepted.
    require(ASC_acceptPresentationContext(association.params, context.id, syntax.c_str(),
                                          ASC_SC_ROLE_DEFAULT, OFTrue),
            "accept a presentation context");
    accepted[context.id] = AcceptedContext{kind, context.abstract_syntax, syntax};
  }
  return accepted;
}

}  // namespace dosigate
