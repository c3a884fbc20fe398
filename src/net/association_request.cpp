#include "dosigate/net/association_request.h"

#include <algorithm>
#include <bitset>
#include <optional>

#include "association_items.h"

namespace dosigate {
namespace {

using namespace association;

Error broken(Byte type, std::size_t offset, std::string_view what) {
  std::string detail = "A-ASSOCIATE-RQ: item type 0x" + to_hex({&type, 1}) + " at offset ";
  detail += std::to_string(offset);
  detail += ": ";
  detail += what;
  return fail(Fault::NotDicom, std::move(detail));
}

Error broken(std::string_view what) {
  return fail(Fault::NotDicom, "A-ASSOCIATE-RQ: " + std::string(what));
}

/// Items one after another (type, reserved, 16-bit length, body) that must end exactly where the
/// bytes that hold them end.
class Items {
 public:
  Items(ByteView bytes, std::size_t offset) : rest_(bytes), offset_(offset) {}

  bool at_end() const { return rest_.empty(); }

  Result<Item> next() {
    if (rest_.size() < 4) return broken(rest_[0], offset_, "its header is cut off");
    const std::size_t length = big_endian_16(rest_.subspan(2));
    const Item item{rest_[0], offset_, rest_.subspan(4).first(std::min(length, rest_.size() - 4))};
    if (item.body.size() < length) {
      return broken(item.type, offset_, "its length is greater than what holds it");
    }
    rest_ = rest_.subspan(4 + length);
    offset_ += 4 + length;
    return item;
  }

 private:
  ByteView rest_;
  std::size_t offset_;
};

/// Fields inside a sub-item that each begin with a 16-bit length.
class Fields {
 public:
  explicit Fields(ByteView bytes) : rest_(bytes) {}
  bool skip(std::size_t count) {
    if (rest_.size() < count) return false;
    rest_ = rest_.subspan(count);
    return true;
  }
  bool skip_counted() {
    if (rest_.size() < 2) return false;
    const std::size_t length = big_endian_16(rest_);
    return skip(2) && skip(length);
  }
  bool empty() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

Result<AssociationRequest::Context> read_context(const Item& item) {
  if (item.body.size() < 4) return broken(item.type, item.offset, "shorter than 4 bytes");
  AssociationRequest::Context context{};
  context.id = item.body[0];
  if (context.id % 2 == 0) return broken(item.type, item.offset, "the context id is even");

  Items subs(item.body.subspan(4), item.offset + 8);
  while (!subs.at_end()) {
    const auto sub = subs.next();
    if (!sub) return sub.error();
    if (sub->type != kAbstractSyntax && sub->type != kTransferSyntax) continue;
    std::string uid = uid_in(sub->body);
    if (uid.empty()) return broken(sub->type, sub->offset, "not a UID of 1 to 64 characters");
    if (sub->type == kTransferSyntax) {
      context.transfer_syntaxes.push_back(std::move(uid));
    } else if (context.abstract_syntax.empty()) {
      context.abstract_syntax = std::move(uid);
    } else {
      return broken(sub->type, sub->offset, "a second abstract syntax in one context");
    }
  }
  if (context.abstract_syntax.empty() || context.transfer_syntaxes.empty()) {
    return broken(item.type, item.offset, "a context without abstract or transfer syntax");
  }
  return context;
}

bool is_well_nested(const Item& sub) {
  Fields fields(sub.body);
  switch (sub.type) {
    case kMaximumLength:
    case kAsynchronousOperations:
      return sub.body.size() == 4;
    case kRoleSelection:  // PS3.7 Table D.3-9
      return fields.skip_counted() && fields.skip(2) && fields.empty();
    case kExtendedNegotiation:  // D.3-11: what follows the UID belongs to the service
      return fields.skip_counted();
    case kCommonExtendedNegotiation:  // D.3-12: later versions may append
      return fields.skip_counted() && fields.skip_counted() && fields.skip_counted();
    case kUserIdentity:  // D.3-14
      return fields.skip(2) && fields.skip_counted() && fields.skip_counted() && fields.empty();
    default:
      return true;
  }
}

std::optional<Error> read_user_information(const Item& item, AssociationRequest& request) {
  std::bitset<256> seen;
  Items subs(item.body, item.offset + 4);
  while (!subs.at_end()) {
    const auto sub = subs.next();
    if (!sub) return sub.error();
    // These three come once per SOP class; any other twice is an error, and leaks in DCMTK.
    const bool repeats = sub->type == kRoleSelection || sub->type == kExtendedNegotiation ||
                         sub->type == kCommonExtendedNegotiation;
    if (seen.test(sub->type) && !repeats) return broken(sub->type, sub->offset, "twice");
    seen.set(sub->type);
    if (!is_well_nested(*sub)) return broken(sub->type, sub->offset, "lengths do not fit");

    if (sub->type == kMaximumLength) {
      request.max_pdu = big_endian_32(sub->body);
    } else if (sub->type == kImplementationClass) {
      request.implementation_class_uid = uid_in(sub->body);
      if (request.implementation_class_uid.empty()) {
        return broken(sub->type, sub->offset, "not a UID of 1 to 64 characters");
      }
    } else if (sub->type == kRoleSelection) {
      // PS3.7 Table D.3-9: length and UID, then one byte a role. `is_well_nested` counted them.
      const std::size_t length = big_endian_16(sub->body);
      std::string uid = uid_in(sub->body.subspan(2, length));
      // A role of no class at all asks for nothing.
      if (!uid.empty()) {
        request.roles.push_back(
            {std::move(uid), sub->body[2 + length] == 1, sub->body[3 + length] == 1});
      }
    } else if (sub->type == kImplementationVersion) {
      request.implementation_version = trimmed(sub->body);
      if (sub->body.size() > 64 || !is_printable(request.implementation_version)) {
        return broken(sub->type, sub->offset, "not a version name");
      }
    }
  }
  return std::nullopt;
}

std::optional<Error> read_items(ByteView variable, AssociationRequest& request) {
  bool user_information = false;
  std::bitset<256> ids;
  Items items(variable, kPduHeader + kFixedPart);
  while (!items.at_end()) {
    const auto item = items.next();
    if (!item) return item.error();
    if (item->type == kApplicationContext) {
      if (!request.application_context.empty()) return broken(item->type, item->offset, "twice");
      request.application_context = uid_in(item->body);
      if (request.application_context.empty()) {
        return broken(item->type, item->offset, "not a UID of 1 to 64 characters");
      }
    } else if (item->type == kPresentationContext) {
      auto context = read_context(*item);
      if (!context) return context.error();
      if (ids.test(context->id)) return broken(item->type, item->offset, "a context id twice");
      ids.set(context->id);
      // 128 odd ids exist, so distinct ids bound the count as well; the limit is said again to
      // stand on its own.
      if (request.contexts.size() == kMostContexts) {
        return broken(item->type, item->offset, "more than 128 contexts");
      }
      request.contexts.push_back(std::move(*context));
    } else if (item->type == kUserInformation) {
      if (user_information) return broken(item->type, item->offset, "twice");
      user_information = true;
      if (auto error = read_user_information(*item, request)) return error;
    }  // items of unknown type are skipped, PS3.8 9.3.1
  }
  if (request.application_context.empty()) return broken("no application context");
  if (request.contexts.empty()) return broken("no presentation context");
  if (!user_information) return broken("no user information");
  return std::nullopt;
}

}  // namespace

Result<AssociationRequest> read_association_request(ByteView pdu) {
  if (pdu.size() < kPduHeader + kFixedPart)
    return broken("shorter than its fixed part of 74 bytes");
  if (pdu.size() > kMaxAssociationRequest) return broken("larger than 256 KiB");
  if (pdu[0] != kAssociateRequest) return broken("the PDU type is not 1");
  if (pdu_length(pdu) != pdu.size() - kPduHeader) {
    return broken("its length is not the number of bytes that follow");
  }
  if ((big_endian_16(pdu.subspan(6)) & 1U) == 0) return broken("protocol version 1 is not offered");

  AssociationRequest request;
  request.called_ae = trimmed(pdu.subspan(10, 16));
  request.calling_ae = trimmed(pdu.subspan(26, 16));
  if (!is_printable(request.called_ae) || !is_printable(request.calling_ae)) {
    return broken("an AE title has characters outside ISO 646");
  }
  if (auto error = read_items(pdu.subspan(kPduHeader + kFixedPart), request)) return *error;
  return request;
}

bool wants_scp_role_only(const AssociationRequest& request, std::string_view sop_class_uid) {
  bool wanted = false;
  for (const auto& role : request.roles) {
    if (role.sop_class_uid != sop_class_uid) continue;
    if (!role.scp || role.scu) return false;
    wanted = true;
  }
  return wanted;
}

Bytes association_reject(std::uint8_t result, std::uint8_t source, std::uint8_t reason) {
  return {0x03, 0, 0, 0, 0, 4, 0, result, source, reason};
}

Bytes abort_pdu(std::uint8_t source, std::uint8_t reason) {
  return {0x07, 0, 0, 0, 0, 4, 0, 0, source, reason};
}

}  // namespace dosigate
