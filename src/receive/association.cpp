#include "association.h"

#include <dcmtk/dcmnet/dul.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "dosigate/base/clock.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/dcmtk.h"

namespace dosigate {
namespace {

constexpr int kPeerCloses = 1;  // seconds; DCMTK's default waits up to 180 for a silent peer
constexpr std::chrono::milliseconds kGrace{1000};

int seconds(std::chrono::seconds value) {
  return static_cast<int>(std::clamp<long long>(value.count(), 1, 86'400));
}

/// Says how it ended and lets the peer read it. Not by ASC_abortAssociation, which reads on under
/// DCMTK's own timeouts, nor by ASC_acknowledgeRelease: DCMTK has not seen the messages (see
/// PdvReader), so its state machine is not asked about their end.
void say_goodbye(Connection& connection, MessageLoop::End end, std::uint8_t abort_reason) {
  Bytes pdu;
  if (end == MessageLoop::End::Released) {
    pdu = {0x06, 0, 0, 0, 0, 4, 0, 0, 0, 0};  // A-RELEASE-RP, PS3.8 9.3.7
  } else if (end == MessageLoop::End::ProtocolError) {
    pdu = abort_pdu(2, abort_reason);
  } else {
    pdu = abort_pdu(0, 0);
  }
  if (connection.write(pdu.data(), pdu.size()) > 0) connection.finish(kGrace);
}

void say_who_we_are(T_ASC_Parameters& params) {
  OFStandard::strlcpy(params.ourImplementationClassUID, kImplementationClassUid,
                      sizeof(params.ourImplementationClassUID));
  OFStandard::strlcpy(params.ourImplementationVersionName, kImplementationVersionName,
                      sizeof(params.ourImplementationVersionName));
}

}  // namespace

void DropNetwork::operator()(T_ASC_Network* network) const noexcept { ASC_dropNetwork(&network); }

void DropAssociation::operator()(T_ASC_Association* association) const noexcept {
  ASC_dropSCPAssociation(association, kPeerCloses);
  ASC_destroyAssociation(&association);
}

AssociationRunner::AssociationRunner(ServerState& state)
    : state_(state), layer_({state.settings.dimse_timeout, state.settings.dimse_timeout}) {
  T_ASC_Network* network = nullptr;
  require(ASC_initializeNetwork(NET_ACCEPTOR, 0, seconds(state.settings.dimse_timeout), &network),
          "prepare DCMTK's network");
  network_.reset(network);
  require(ASC_setTransportLayer(network, &layer_, 0), "set the transport layer");
}

void AssociationRunner::run(IncomingAssociation incoming, Origin origin, Services services,
                            Place& place) noexcept try {
  run_unguarded(std::move(incoming), origin, services, place);
} catch (const std::exception& error) {
  ++state_.aborted;
  spdlog::error("association failed calling={} address={} error={}", log_text(origin.calling_ae),
                origin.address, error.what());
} catch (...) {
  ++state_.aborted;
  spdlog::error("association failed calling={} address={}", log_text(origin.calling_ae),
                origin.address);
}

void AssociationRunner::run_unguarded(IncomingAssociation incoming, const Origin& origin,
                                      Services services, Place& place) {
  const SteadyTime begin = steady_now();
  place.sits_at(incoming.socket.get());
  layer_.next(std::move(incoming.socket), std::move(incoming.first_pdu), std::move(incoming.tls));

  T_ASC_Association* raw = nullptr;
  const OFCondition received = ASC_receiveAssociation(
      network_.get(), &raw, static_cast<long>(state_.settings.max_pdu), nullptr, nullptr, OFFalse,
      DUL_NOBLOCK, seconds(state_.settings.dimse_timeout));
  const std::unique_ptr<T_ASC_Association, DropAssociation> association(raw);
  if (received.bad()) {
    ++state_.aborted;
    spdlog::warn("association not established calling={} address={} why=\"{}\"",
                 log_text(origin.calling_ae), origin.address, text_of(received));
    state_.refused(origin, "association request not understood");
    layer_.next({}, {});  // closed now, when DCMTK did not take it: the peer must not wait for us
    return;
  }

  const AcceptedContexts contexts = negotiate(*association, incoming.request, services);
  say_who_we_are(*association->params);
  if (ASC_acknowledgeAssociation(association.get()).bad()) {
    ++state_.aborted;
    spdlog::warn("association lost before it was accepted calling={} address={}",
                 log_text(origin.calling_ae), origin.address);
    return;
  }
  ++state_.associations;
  const auto accepted =
      std::count_if(contexts.begin(), contexts.end(), [](auto& c) { return !!c; });
  if (accepted == 0) ++state_.without_context;

  auto& connection =
      dynamic_cast<Connection&>(*DUL_getTransportConnection(association->DULassociation));
  MessageLoop loop(state_, origin, connection, contexts, place);
  const MessageLoop::End end = loop.run();
  if (end != MessageLoop::End::Released) ++state_.aborted;
  if (end == MessageLoop::End::Idle || end == MessageLoop::End::TimedOut) ++state_.timed_out;
  place.is(Place::Doing::Answering);  // a peer that takes no farewell may be sent away as well
  if (end != MessageLoop::End::PeerAborted && end != MessageLoop::End::CannotAnswer)
    say_goodbye(connection, end, loop.abort_reason());
  say_how_it_ended(origin, loop, end, begin, accepted);
}

/// One line for each that brought something; of the others, which anybody can make by the thousand,
/// as many as a log can take.
void AssociationRunner::say_how_it_ended(const Origin& origin, const MessageLoop& loop,
                                         MessageLoop::End end, SteadyTime begin,
                                         std::ptrdiff_t contexts) {
  const auto& tally = loop.tally();
  const bool brought = tally.instances + tally.failed + tally.reports > 0;
  const auto left_out = brought ? std::optional<std::uint64_t>(0) : state_.quiet_lines.spend();
  if (!left_out) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(steady_now() - begin);
  if (*left_out > 0)
    spdlog::info("associations that brought nothing ended and are not logged count={}", *left_out);
  spdlog::info(
      "association ended calling={} called={} address={} route={} end={} contexts={} echoes={} "
      "instances={} failed={} bytes={} ms={}",
      log_text(origin.calling_ae), log_text(origin.called_ae), origin.address,
      log_text(origin.route), text_of(end), contexts, tally.echoes, tally.instances, tally.failed,
      tally.bytes, ms.count());
}

}  // namespace dosigate
