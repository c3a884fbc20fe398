#include "association_answer.h"

#include <algorithm>
#include <bitset>

#include "association_items.h"

namespace dosigate {
namespace {

using namespace association;

constexpr std::size_t kLargestAnswer = 64U << 10U;
constexpr std::size_t kReasonOnly = 4;  // what an A-ASSOCIATE-RJ and an A-ABORT say

Error wrong(std::string what) {
  return fail(Fault::NotDicom,
              "the answer to our association request is broken or hostile: " + std::move(what));
}

std::string item_at(Byte type, std::size_t offset) {
  return "item 0x" + to_hex({&type, 1}) + " at offset " + std::to_string(offset);
}

/// Calls `each` for items one after another that must end exactly where their bytes end.
template <class Each>
Result<void> for_each_item(ByteView bytes, std::size_t offset, const Each& each) {
  while (!bytes.empty()) {
    if (bytes.size() < 4 || big_endian_16(bytes.subspan(2)) > bytes.size() - 4)
      return wrong(item_at(bytes[0], offset) + " is longer than what holds it");
    const std::size_t length = big_endian_16(bytes.subspan(2));
    if (Result<void> judged = each(Item{bytes[0], offset, bytes.subspan(4, length)}); !judged)
      return judged;
    bytes = bytes.subspan(4 + length);
    offset += 4 + length;
  }
  return {};
}

Result<void> check_context(const Item& item, const AssociationRequest& asked,
                           std::bitset<256>& seen) {
  const std::string where = item_at(item.type, item.offset);
  if (item.body.size() < 4) return wrong(where + " is shorter than 4 bytes");
  const Byte id = item.body[0], result = item.body[2];
  const auto proposed = std::find_if(asked.contexts.begin(), asked.contexts.end(),
                                     [&](const auto& context) { return context.id == id; });
  if (proposed == asked.contexts.end())
    return wrong(where + " answers a context that was not proposed");
  if (seen.test(id)) return wrong(where + " answers a context twice");
  seen.set(id);

  std::size_t syntaxes = 0;
  bool as_proposed = true;
  auto nested =
      for_each_item(item.body.subspan(4), item.offset + 8, [&](const Item& sub) -> Result<void> {
        if (sub.type != kTransferSyntax) return {};
        ++syntaxes;
        const auto& offered = proposed->transfer_syntaxes;
        as_proposed = std::find(offered.begin(), offered.end(), uid_in(sub.body)) != offered.end();
        // What DCMTK copies is bounded also where nothing was accepted.
        if (sub.body.size() > 64)
          return wrong(item_at(sub.type, sub.offset) + " is longer than a UID");
        return {};
      });
  if (!nested) return nested;
  if (syntaxes > 1) return wrong(where + " has several transfer syntaxes");
  // PS3.8 9.3.3.2: of a context that was refused the syntax is not significant, and may be away.
  if (result == 0 && (syntaxes == 0 || !as_proposed))
    return wrong(where + " accepts a transfer syntax that was not proposed");
  return {};
}

bool is_well_nested(const Item& sub) {
  const std::size_t size = sub.body.size();
  switch (sub.type) {
    case kMaximumLength:
    case kAsynchronousOperations:
      return size == 4;
    case kImplementationClass:
    case kImplementationVersion:
      return size <= 64;
    case kRoleSelection:  // PS3.7 Table D.3-10: length and UID, two bytes
      return size >= 4 && big_endian_16(sub.body) == size - 4;
    case kExtendedNegotiation:  // D.3-11: length and UID, what follows belongs to the service
      return size >= 2 && big_endian_16(sub.body) <= size - 2;
    default:
      return true;
  }
}

Result<void> check_user_information(const Item& item) {
  std::bitset<256> seen;
  return for_each_item(item.body, item.offset + 4, [&](const Item& sub) -> Result<void> {
    const bool repeats = sub.type == kRoleSelection || sub.type == kExtendedNegotiation;
    if (seen.test(sub.type) && !repeats)
      return wrong(item_at(sub.type, sub.offset) + " comes twice");
    seen.set(sub.type);
    if (!is_well_nested(sub))
      return wrong(item_at(sub.type, sub.offset) + " has lengths that do not fit");
    return {};
  });
}

}  // namespace

Result<std::size_t> association_answer_size(ByteView header) {
  const std::size_t size = pdu_length(header);
  switch (header[0]) {
    case kAssociateAccept:
      if (size < kFixedPart || size > kLargestAnswer - kPduHeader)
        return wrong("it says that it has " + std::to_string(size) + " bytes");
      return size;
    case kAssociateReject:
    case kAbort:
      if (size != kReasonOnly)
        return wrong("it says that it has " + std::to_string(size) + " bytes");
      return size;
    default:
      return wrong("a PDU of type " + std::to_string(header[0]) + " is no answer to it");
  }
}

Result<void> check_association_answer(ByteView pdu, const AssociationRequest& asked) {
  if (pdu.size() < kPduHeader) return wrong("it is shorter than its header");
  const auto size = association_answer_size(pdu);
  if (!size) return size.error();
  if (*size != pdu.size() - kPduHeader) return wrong("its length is not the number of its bytes");
  if (pdu[0] != kAssociateAccept) return {};

  std::bitset<256> answered;
  unsigned applications = 0, informations = 0;
  auto nested = for_each_item(pdu.subspan(kPduHeader + kFixedPart), kPduHeader + kFixedPart,
                              [&](const Item& item) -> Result<void> {
                                switch (item.type) {
                                  case kApplicationContext:
                                    ++applications;
                                    if (uid_in(item.body).empty())
                                      return wrong(item_at(item.type, item.offset) + " is no UID");
                                    return {};
                                  case kContextResult:
                                    return check_context(item, asked, answered);
                                  case kUserInformation:
                                    ++informations;
                                    return check_user_information(item);
                                  default:
                                    return {};
                                }
                              });
  if (!nested) return nested;
  if (applications != 1)
    return wrong("it has " + std::to_string(applications) + " application contexts");
  if (informations != 1)
    return wrong("it has " + std::to_string(informations) + " user-information items");
  return {};
}

}  // namespace dosigate
