#include "rest_body.h"

#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate {

AssociationServer::Begin rest_bodies(const Secret& pixel_key, Answers* answers) {
  return [&pixel_key, answers](
             const ReceivedInstance& begun) -> Result<std::unique_ptr<AssociationServer::Passage>> {
    const TransferSyntax* syntax = find_transfer_syntax(begun.transfer_syntax_uid);
    if (syntax == nullptr || !begun.passed)
      return fail(Fault::Invalid, "the transfer syntax is not in the table");
    auto seen = PixelStream::open(pixel_key, begun.data_set, begun.passed->element, *syntax);
    if (!seen) return seen.error();
    std::optional<Answers::Draft> draft;
    if (answers != nullptr) draft.emplace(answers->draft());
    return std::make_unique<RestBody>(std::move(*seen), std::move(draft));
  };
}

}  // namespace dosigate
