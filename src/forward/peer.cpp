#include "peer.h"

#include <algorithm>
#include <cstring>

#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/diutil.h>

#include "dosigate/dicom/data_set.h"
#include "dosigate/net/connection.h"
#include "store_command.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::size_t kMostContexts = 128;
constexpr std::size_t kLongestResponse = 16'384;
constexpr std::size_t kPduHead = 12;  // of a PDU with one PDV (PS3.8 9.3.5)

int seconds(std::chrono::seconds time) { return static_cast<int>(time.count()); }

}  // namespace

void set_connect_timeout(std::chrono::seconds limit) { dcmConnectionTimeout.set(seconds(limit)); }

Network make_network(const Destination& peer) {
  T_ASC_Network* network = nullptr;
  require(ASC_initializeNetwork(NET_REQUESTOR, 0, seconds(peer.connect_timeout), &network),
          "prepare the network");
  Network out(network);
  auto layer =
      std::make_unique<TransportLayer>(ConnectionLimits{peer.dimse_timeout, peer.dimse_timeout});
  require(ASC_setTransportLayer(network, layer.get(), 1), "set the transport layer");
  (void)layer.release();  // the network's from here
  return out;             // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
}

Result<std::unique_ptr<Peer>> Peer::open(const Destination& to, T_ASC_Network* network,
                                         const std::vector<ProposedContext>& contexts) {
  if (contexts.empty() || contexts.size() > kMostContexts)
    return fail(Fault::Invalid, "an association proposes 1 to 128 contexts");
  T_ASC_Parameters* parameters = nullptr;
  require(ASC_createAssociationParameters(&parameters, kOurMaxPdu), "make association parameters");
  const std::string address = to.host + ":" + std::to_string(to.port);
  require(ASC_setAPTitles(parameters, to.calling_ae.c_str(), to.ae_title.c_str(), nullptr),
          "set AE titles");
  require(ASC_setPresentationAddresses(parameters, "localhost", address.c_str()), "set addresses");
  std::strncpy(parameters->ourImplementationClassUID, kImplementationClassUid,
               sizeof(parameters->ourImplementationClassUID) - 1);
  std::strncpy(parameters->ourImplementationVersionName, kImplementationVersionName,
               sizeof(parameters->ourImplementationVersionName) - 1);
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    std::vector<const char*> syntaxes;
    for (const std::string& syntax : contexts[i].transfer_syntaxes)
      syntaxes.push_back(syntax.c_str());
    require(
        ASC_addPresentationContext(parameters, static_cast<T_ASC_PresentationContextID>(2 * i + 1),
                                   contexts[i].sop_class_uid.c_str(), syntaxes.data(),
                                   static_cast<int>(syntaxes.size())),
        "propose a context");
  }

  T_ASC_Association* association = nullptr;
  const OFCondition condition =
      ASC_requestAssociation(network, parameters, &association, nullptr, nullptr, DUL_NOBLOCK,
                             seconds(to.connect_timeout));
  if (association == nullptr) {
    ASC_destroyAssociationParameters(&parameters);
    return unreachable(condition, to);
  }
  std::unique_ptr<Peer> peer(new Peer(to, association));
  if (condition.bad()) {
    const Error error = condition == DUL_ASSOCIATIONREJECTED ? rejected(*association->params, to)
                                                             : unreachable(condition, to);
    ASC_destroyAssociation(&peer->association_);
    return error;
  }
  peer->proposed_ = contexts;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    T_ASC_PresentationContext context{};
    const auto id = static_cast<T_ASC_PresentationContextID>(2 * i + 1);
    if (ASC_findAcceptedPresentationContext(association->params, id, &context).bad()) continue;
    peer->accepted_.push_back({id, contexts[i].sop_class_uid, context.acceptedTransferSyntax});
  }
  return peer;
}

Peer::~Peer() { close(false); }

void Peer::release() { close(true); }

void Peer::close(bool orderly) {
  if (association_ == nullptr) return;
  // A failed release (the peer is gone, or says nothing within connect_timeout) leaves nothing to
  // be done about it.
  if (broken_.good())
    (void)(orderly ? ASC_releaseAssociation(association_) : ASC_abortAssociation(association_));
  ASC_destroyAssociation(&association_);
}

const Peer::Accepted* Peer::find(std::string_view sop_class_uid,
                                 std::string_view transfer_syntax_uid) const {
  const auto found = std::ranges::find_if(accepted_, [&](const Accepted& a) {
    return a.sop_class_uid == sop_class_uid && a.transfer_syntax_uid == transfer_syntax_uid;
  });
  return found == accepted_.end() ? nullptr : &*found;
}

const Peer::Accepted* Peer::find_native(std::string_view sop_class_uid) const {
  const Accepted* explicit_vr = find(sop_class_uid, UID_LittleEndianExplicitTransferSyntax);
  return explicit_vr != nullptr ? explicit_vr
                                : find(sop_class_uid, UID_LittleEndianImplicitTransferSyntax);
}

bool Peer::was_proposed(std::string_view sop_class_uid,
                        std::string_view transfer_syntax_uid) const {
  return std::ranges::any_of(proposed_, [&](const ProposedContext& p) {
    return p.sop_class_uid == sop_class_uid && p.transfer_syntaxes.size() == 1 &&
           p.transfer_syntaxes.front() == transfer_syntax_uid;
  });
}

bool Peer::is_stale() const { return ASC_dataWaiting(association_, 0); }

bool Peer::send(std::uint8_t context, bool command, bool last, unsigned long size) {
  DUL_PDV pdv{};
  pdv.fragmentLength = size;
  pdv.presentationContextID = context;
  pdv.pdvType = command ? DUL_COMMANDPDV : DUL_DATASETPDV;
  pdv.lastPDV = last;
  pdv.data = association_->sendPDVBuffer;
  DUL_PDVLIST list{};
  list.count = 1;
  list.pdv = &pdv;
  broken_ = DUL_WritePDVs(&association_->DULassociation, &list);
  return broken_.good();
}

Error Peer::failure(const OFCondition& condition, const char* during) const {
  return fail(Fault::Unavailable, broken_off(condition, to_, during));
}

Result<Peer::Answer> Peer::store(const Accepted& context, const std::string& sop_instance_uid,
                                 const Source& source, const Pace* pace) {
  const std::uint16_t message_id = association_->nextMsgID++;
  const std::span<Byte> pdu(association_->sendPDVBuffer,
                            association_->sendPDVLength & ~1UL);  // fragments of even length
  const std::size_t largest =
      pace == nullptr ? pdu.size() : std::min(pdu.size(), pace->throttle.largest_piece());
  const auto wait_for = [&](std::size_t bytes) {
    if (pace != nullptr) pace->throttle.take(bytes + kPduHead, pace->stop);
  };
  const Bytes command = store_request(context.sop_class_uid, sop_instance_uid, message_id);
  if (command.size() > pdu.size())
    return fail(Fault::Denied, at(to_) + " takes only PDUs of " + std::to_string(pdu.size()) +
                                   " bytes: too small for a command");
  std::ranges::copy(command, pdu.begin());
  if (!send(context.id, true, true, command.size())) return failure(broken_, "a command was sent");

  // A PDU goes out when there is more than fits: only then is it known not to be the last.
  std::size_t filled = 0;
  const auto given = source([&](ByteView bytes) {
    while (!bytes.empty()) {
      if (filled == largest) {
        wait_for(filled);
        if (!send(context.id, false, false, filled)) return false;
        filled = 0;
      }
      const std::size_t part = std::min(bytes.size(), largest - filled);
      std::ranges::copy(bytes.first(part), pdu.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += part;
      bytes = bytes.subspan(part);
    }
    return true;
  });
  if (broken_.bad()) return failure(broken_, "data were sent");
  if (!given) {
    close(false);
    return given.error();
  }
  wait_for(filled);
  if (!send(context.id, false, true, filled)) return failure(broken_, "data were sent");
  return receive_answer(message_id);
}

OFCondition Peer::next_fragment(DUL_PDV& pdv) {
  if (DUL_NextPDV(&association_->DULassociation, &pdv).good())
    return EC_Normal;  // another one of the PDU before
  if (!ASC_dataWaiting(association_, seconds(to_.dimse_timeout))) return DIMSE_NODATAAVAILABLE;
  const OFCondition arrived =
      DUL_ReadPDVs(&association_->DULassociation, nullptr, DUL_NOBLOCK, seconds(to_.dimse_timeout));
  if (arrived == DUL_PDATAPDUARRIVED) return DUL_NextPDV(&association_->DULassociation, &pdv);
  return arrived.bad() ? arrived : OFCondition(DUL_UNEXPECTEDPDU);
}

Result<Peer::Answer> Peer::receive_answer(std::uint16_t message_id) {
  Bytes command;
  for (bool last = false; !last;) {
    DUL_PDV pdv{};
    if (const OFCondition condition = next_fragment(pdv); condition.bad()) {
      // Nobody knows what would come next: an abort tells the peer so, unless it is gone anyway.
      const Error error = failure(condition, "its answer was awaited");
      close(false);
      return error;
    }
    const auto* bytes = static_cast<const Byte*>(pdv.data);
    command.insert(command.end(), bytes, bytes + pdv.fragmentLength);
    last = pdv.lastPDV;
    if (pdv.pdvType != DUL_COMMANDPDV || command.size() > kLongestResponse) {
      close(false);
      return fail(
          Fault::Unavailable,
          at(to_) + " answered with something that is no response: the archive is at fault");
    }
  }
  auto response = read_store_response(command);
  if (!response || response->message_id != message_id) {
    close(false);
    return fail(Fault::Unavailable,
                at(to_) +
                    " answered something that was not asked (wrong message id or command): "
                    "the archive is at fault");
  }
  return Answer{response->status, std::move(response->comment)};
}

Result<Peer::Answer> Peer::echo() {
  DIC_US status = 0;
  DcmDataset* raw_detail = nullptr;
  const OFCondition condition =
      DIMSE_echoUser(association_, association_->nextMsgID++, DIMSE_NONBLOCKING,
                     seconds(to_.dimse_timeout), &status, &raw_detail);
  const std::unique_ptr<DcmDataset> detail(raw_detail);
  if (condition.bad()) {
    const Error error = failure(condition, "its answer to C-ECHO was awaited");
    close(false);
    return error;
  }
  return Answer{status, {}};
}

}  // namespace dosigate
