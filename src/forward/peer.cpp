#include "peer.h"

#include <algorithm>
#include <cstring>

#include <dcmtk/dcmnet/dul.h>

#include "dosigate/dicom/data_set.h"
#include "dosigate/net/connection.h"
#include "store_command.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::uint16_t kStoreResponse = 0x8001;
constexpr std::uint16_t kEchoRequest = 0x0030;
constexpr std::uint16_t kEchoResponse = 0x8030;

int seconds(std::chrono::seconds time) { return static_cast<int>(time.count()); }

}  // namespace

void set_connect_timeout(std::chrono::seconds limit) { dcmConnectionTimeout.set(seconds(limit)); }

Requestor make_requestor(const Destination& peer) {
  T_ASC_Network* network = nullptr;
  require(ASC_initializeNetwork(NET_REQUESTOR, 0, seconds(peer.connect_timeout), &network),
          "prepare the network");
  Requestor out;
  out.network.reset(network);
  auto layer =
      std::make_unique<TransportLayer>(ConnectionLimits{peer.dimse_timeout, peer.dimse_timeout});
  require(ASC_setTransportLayer(network, layer.get(), 1), "set the transport layer");
  out.layer = layer.release();  // the network's from here
  return out;                   // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
}

namespace {

/// How the association is secured; nothing: plain. Invalid when TLS is wanted and there is no
/// context for it: never plain by mistake.
Result<std::optional<TlsClient>> security_of(const Destination& to) {
  if (!to.tls) return std::optional<TlsClient>();
  if (!to.tls_context) return fail(Fault::Invalid, at(to) + ": tls = true without [tls]");
  return std::optional<TlsClient>({to.tls_context, *to.tls, to.host, to.connect_timeout});
}

}  // namespace

Result<std::unique_ptr<Peer>> Peer::open(const Destination& to, Requestor& requestor,
                                         const std::vector<ProposedContext>& contexts) {
  if (contexts.empty() || contexts.size() > kMostContexts)
    return fail(Fault::Invalid, "an association proposes 1 to 128 contexts");
  auto security = security_of(to);
  if (!security) return security.error();
  const bool secure = security->has_value();
  requestor.layer->secure(std::move(*security));
  T_ASC_Parameters* parameters = nullptr;
  require(ASC_createAssociationParameters(&parameters, kOurMaxPdu), "make association parameters");
  const std::string address = to.host + ":" + std::to_string(to.port);
  require(ASC_setAPTitles(parameters, to.calling_ae.c_str(), to.ae_title.c_str(), nullptr),
          "set AE titles");
  require(ASC_setPresentationAddresses(parameters, "localhost", address.c_str()), "set addresses");
  require(ASC_setTransportLayerType(parameters, secure ? OFTrue : OFFalse), "choose the transport");
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
      ASC_requestAssociation(requestor.network.get(), parameters, &association, nullptr, nullptr,
                             DUL_NOBLOCK, seconds(to.connect_timeout));
  const OutboundTrouble trouble = requestor.layer->trouble();
  const auto not_opened = [&]() -> Error {
    if (!trouble.words.empty())
      return fail(trouble.lasting ? Fault::Denied : Fault::Unavailable,
                  "no association with " + at(to) + ": " + trouble.words);
    return condition == DUL_ASSOCIATIONREJECTED && association != nullptr
               ? rejected(*association->params, to)
               : unreachable(condition, to);
  };
  if (association == nullptr) {
    ASC_destroyAssociationParameters(&parameters);
    return not_opened();
  }
  if (condition.bad()) {
    const Error error = not_opened();
    ASC_destroyAssociation(&association);
    return error;
  }
  std::unique_ptr<Peer> peer(new Peer(to, association));
  peer->proposed_ = contexts;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    T_ASC_PresentationContext context{};
    const auto id = static_cast<T_ASC_PresentationContextID>(2 * i + 1);
    if (ASC_findAcceptedPresentationContext(association->params, id, &context).bad()) continue;
    peer->accepted_.push_back({id, contexts[i].sop_class_uid, context.acceptedTransferSyntax});
  }
  return peer;
}

Peer::Peer(Destination to, T_ASC_Association* association)
    : to_(std::move(to)), association_(association) {
  auto& connection =
      dynamic_cast<Connection&>(*DUL_getTransportConnection(association->DULassociation));
  dialogue_ = std::make_unique<Dialogue>(connection, to_, association->sendPDVLength);
}

Peer::~Peer() { close(false); }

void Peer::release() { close(true); }

// Not by DCMTK, which has not seen the messages (see Dialogue): only the closing is left to it.
void Peer::close(bool orderly) {
  if (association_ == nullptr) return;
  if (orderly) {
    dialogue_->release(to_.connect_timeout);
  } else {
    dialogue_->abort();
  }
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

Result<void> Peer::send_data(std::uint8_t context, const Source& source, const Pace* pace) {
  const std::span<Byte> pdu = dialogue_->fragment();
  const std::size_t largest =
      pace == nullptr ? pdu.size() : std::min(pdu.size(), pace->throttle.largest_piece());
  const auto send = [&](std::size_t filled, bool last) {
    if (pace != nullptr) pace->throttle.take(filled + Dialogue::kPduHead, pace->stop);
    return dialogue_->send_fragment(context, false, last, filled, "data were sent");
  };
  // A PDU goes out when there is more than fits: only then is it known not to be the last.
  std::size_t filled = 0;
  Result<void> sent;
  auto given = source([&](ByteView bytes) {
    while (!bytes.empty()) {
      if (filled == largest) {
        sent = send(filled, false);
        if (!sent) return false;
        filled = 0;
      }
      const std::size_t part = std::min(bytes.size(), largest - filled);
      // std::ranges::copy of constant bytes goes byte by byte here (g++ 12).
      std::copy_n(bytes.begin(), part, pdu.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += part;
      bytes = bytes.subspan(part);
    }
    return true;
  });
  if (!sent) return sent;
  if (!given) {
    close(false);
    return given;
  }
  return send(filled, true);
}

Result<Peer::Answer> Peer::store(const Accepted& context, const std::string& sop_instance_uid,
                                 const Source& source, const Pace* pace) {
  const std::uint16_t message_id = dialogue_->next_message_id();
  if (auto sent = dialogue_->send(
          context.id, store_request(context.sop_class_uid, sop_instance_uid, message_id));
      !sent)
    return sent.error();
  if (auto sent = send_data(context.id, source, pace); !sent) return sent.error();
  return receive_answer(message_id, kStoreResponse, "its answer was awaited");
}

Result<Peer::Answer> Peer::receive_answer(std::uint16_t message_id, std::uint16_t response,
                                          const char* during) {
  const auto message = dialogue_->receive(steady_now() + to_.dimse_timeout, during);
  if (!message) {
    // Nobody knows what would come next: an abort tells the peer so, unless it is gone anyway.
    const Error error = message.error();
    close(false);
    return error;
  }
  const CommandSet& command = message->command;
  const auto status = command.number(kStatus);
  if (command.number(kCommandField) != response || command.number(kRespondedTo) != message_id ||
      command.number(kDataSetType) != kNoDataSet || !status) {
    close(false);
    return fail(Fault::Unavailable,
                at(to_) +
                    " answered something that was not asked (wrong message id or command): "
                    "the archive is at fault");
  }
  return Answer{*status, command.text(kErrorComment)};
}

Result<Peer::Answer> Peer::echo() {
  const auto context = std::ranges::find(accepted_, std::string_view(UID_VerificationSOPClass),
                                         &Accepted::sop_class_uid);
  if (context == accepted_.end())
    return fail(Fault::Denied, at(to_) + " does not accept Verification");
  const std::uint16_t message_id = dialogue_->next_message_id();
  const auto request = CommandSet()
                           .uid(kAffectedSopClass, UID_VerificationSOPClass)
                           .number(kCommandField, kEchoRequest)
                           .number(kMessageId, message_id)
                           .number(kDataSetType, kNoDataSet);
  if (auto sent = dialogue_->send(context->id, request); !sent) return sent.error();
  return receive_answer(message_id, kEchoResponse, "its answer to C-ECHO was awaited");
}

}  // namespace dosigate
