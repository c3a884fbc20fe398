#include "message_loop.h"

#include <spdlog/spdlog.h>

#include <typeinfo>

#include "dosigate/base/clock.h"
#include "dosigate/base/fail_point.h"
#include "dosigate/dicom/status.h"
#include "store_request.h"

namespace dosigate {
namespace {

// PS3.7 Annex C, where status.h has no fault for it.
constexpr std::uint16_t kSuccess = 0x0000;
constexpr std::uint16_t kInvalidInstance = 0x0117;
constexpr std::uint16_t kNoSuchClass = 0x0118;
constexpr std::uint16_t kClassNotSupported = 0x0122;
constexpr std::uint16_t kUnrecognisedOperation = 0x0211;
constexpr std::uint16_t kResourceLimitation = 0x0213;
constexpr std::size_t kLongestUid = 64;
constexpr unsigned kMostFruitless = 10'000;
constexpr std::uint64_t kLargestReport = 4U << 20U;  ///< we ask for 500 instances at a time

struct Refusal {
  std::uint16_t status;
  const char* reason;
};

/// What is wrong with a C-STORE-RQ before its data set is looked at.
std::optional<Refusal> judge(const Command& command, const AcceptedContext& context) {
  if (context.kind == AbstractSyntax::Verification || context.reports) {
    return Refusal{kClassNotSupported, "C-STORE on a context that is not for storage"};
  }
  if (command.sop_class_uid != context.abstract_syntax) {
    return Refusal{to_dimse(Fault::Mismatch), "SOP class is not that of its context"};
  }
  if (command.sop_instance_uid.empty() || command.sop_instance_uid.size() > kLongestUid) {
    return Refusal{kInvalidInstance, "SOP Instance UID is empty or too long"};
  }
  if (!command.has_data_set) return Refusal{to_dimse(Fault::NotDicom), "C-STORE without data set"};
  return std::nullopt;
}

}  // namespace

const char* text_of(MessageLoop::End end) {
  switch (end) {
    case MessageLoop::End::Released:
      return "released";
    case MessageLoop::End::PeerAborted:
      return "aborted-by-peer";
    case MessageLoop::End::TimedOut:
      return "timed-out";
    case MessageLoop::End::TooSlow:
      return "too-slow";
    case MessageLoop::End::ProtocolError:
      return "protocol-error";
    case MessageLoop::End::Idle:
      return "idle";
    case MessageLoop::End::SentAway:
      return "sent-away-for-another";
    case MessageLoop::End::Fruitless:
      return "no-instance-in-10000-messages";
    case MessageLoop::End::Stopping:
      return "stopping";
    case MessageLoop::End::CannotAnswer:
      return "cannot-answer";
  }
  return "unknown";
}

MessageLoop::MessageLoop(ServerState& state, const Origin& origin, Connection& connection,
                         const AcceptedContexts& contexts, Place& place)
    : state_(state),
      origin_(origin),
      connection_(connection),
      contexts_(contexts),
      place_(place),
      reader_(connection, state.settings.max_pdu, state.settings.dimse_timeout,
              RateFloor(state.settings.min_bytes_per_s, state.settings.rate_window)) {}

MessageLoop::End MessageLoop::run() {
  while (true) {
    if (const auto end = wait()) return *end;
    place_.is(Place::Doing::Receiving);
    place_.holds(0);
    reader_.message_begins();
    std::uint8_t context = 0;
    const auto command = read_command_set(context);
    if (const auto* end = std::get_if<End>(&command)) return *end;
    if (const auto end = act_on(std::get<Command>(command), context)) return *end;
    // Every input ends: C-ECHO after C-ECHO, too.
    if (++fruitless_ > kMostFruitless) return End::Fruitless;
  }
}

// One second at a time, so that stop and idle time are seen; nothing is read here.
std::optional<MessageLoop::End> MessageLoop::wait() {
  const SteadyTime idle_until = steady_now() + state_.settings.idle_timeout;
  place_.is(Place::Doing::Idle);
  while (true) {
    if (state_.stopping) return End::Stopping;
    const bool waiting = reader_.waiting(std::chrono::seconds(1));
    if (place_.sent_away()) return End::SentAway;
    if (waiting) return std::nullopt;
    if (steady_now() >= idle_until) return End::Idle;
  }
}

MessageLoop::End MessageLoop::end_of(Ending ending) const {
  if (place_.sent_away()) return End::SentAway;  // what looks like the peer's end was ours
  switch (ending) {
    case Ending::Released:
      return End::Released;
    case Ending::PeerAborted:
      return End::PeerAborted;
    case Ending::TimedOut:
      if (!reader_.too_slow()) return End::TimedOut;
      ++state_.too_slow;
      return End::TooSlow;
    case Ending::Broken:
      break;
  }
  return End::ProtocolError;
}

std::variant<Command, MessageLoop::End> MessageLoop::read_command_set(std::uint8_t& context) {
  Bytes bytes;
  while (true) {
    const auto next = reader_.next();
    if (const auto* ending = std::get_if<Ending>(&next)) {
      const bool inside = !bytes.empty();
      return inside && *ending == Ending::Released ? End::ProtocolError : end_of(*ending);
    }
    const Pdv& pdv = std::get<Pdv>(next);
    if (bytes.empty()) context = pdv.context;
    // An empty fragment that is not the last says nothing and could be repeated for ever.
    if (!pdv.command || pdv.context != context || !contexts_[context] ||
        (pdv.data.empty() && !pdv.last) || bytes.size() + pdv.data.size() > kMaxCommand) {
      return End::ProtocolError;
    }
    bytes.insert(bytes.end(), pdv.data.begin(), pdv.data.end());
    if (!pdv.last) continue;
    auto command = read_command(bytes);
    if (!command) return End::ProtocolError;
    return *std::move(command);
  }
}

std::optional<MessageLoop::End> MessageLoop::act_on(const Command& command, std::uint8_t context) {
  if (command.field == kStoreRequest) return store(command, context);
  if (command.field == kEventReportRequest && contexts_[context]->reports)
    return report(command, context);
  if (const auto end = skip_data_set(command, context)) return end;
  if (command.field == kEchoRequest) {
    ++tally_.echoes;
    ++state_.echoes;
    return answer(command, context, kSuccess, {});
  }
  if (command.field == kCancelRequest) return std::nullopt;  // has no response, PS3.7 9.3.2.3
  if ((command.field & kResponseBit) != 0) return End::ProtocolError;
  return answer(command, context, kUnrecognisedOperation, {});
}

std::optional<MessageLoop::End> MessageLoop::skip_data_set(const Command& command,
                                                           std::uint8_t context) {
  if (!command.has_data_set) return std::nullopt;
  const auto skipped =
      receive_data_set(reader_, context, state_, place_, state_.settings.max_instance_bytes, false);
  if (const auto* ending = std::get_if<Ending>(&skipped)) return end_of(*ending);
  return std::nullopt;
}

std::optional<MessageLoop::End> MessageLoop::store(const Command& command, std::uint8_t context) {
  const AcceptedContext& accepted = *contexts_[context];
  if (const auto refusal = judge(command, accepted)) {
    ++tally_.failed;
    if (const auto end = skip_data_set(command, context)) return end;
    state_.refused(origin_, refusal->reason);
    return answer(command, context, refusal->status, refusal->reason);
  }

  const SteadyTime begun = steady_now();
  InstanceTaker taker(
      {origin_, command.sop_class_uid, Phi(command.sop_instance_uid), accepted.transfer_syntax, {}},
      state_, place_, state_.begin);
  const auto read =
      receive_instance(reader_, context, taker, place_, state_.settings.max_instance_bytes);
  if (const auto* ending = std::get_if<Ending>(&read)) {
    ++tally_.failed;
    state_.refused(origin_, "the association ended inside an instance");
    return end_of(*ending);
  }
  const auto bytes = std::get<std::uint64_t>(read);
  tally_.bytes += bytes;
  state_.bytes += bytes;
  TakenInstance taken = taker.done();
  if (taken.refused) {
    const std::string& reason = taken.refused->detail;
    ++tally_.failed;
    spdlog::warn("refused instance calling={} address={} why=\"{}\" detail=\"{}\" bytes={}",
                 log_text(origin_.calling_ae), origin_.address, reason, taken.detail, bytes);
    state_.refused(origin_, reason);
    return answer(command, context, to_dimse(taken.refused->fault), reason);
  }

  const SteadyTime arrived = steady_now();
  state_.durations.receive.add(arrived - begun);
  ++state_.instances;
  ++tally_.instances;
  fruitless_ = 0;
  const auto outcome = handle(std::move(taken.instance), taken.passage.get());
  taken.passage.reset();
  if (outcome.status == kSuccess) {
    place_.brought_an_instance();
  } else {
    ++tally_.failed;
  }
  taken.share.release();  // the handler has let go of the bytes; the response needs none
  fail_point("receive.before-response");
  const auto end = answer(command, context, outcome.status, outcome.comment);
  state_.durations.answer.add(steady_now() - arrived);
  fail_point("receive.after-response");
  return end;
}

std::optional<MessageLoop::End> MessageLoop::report(const Command& command, std::uint8_t context) {
  const AcceptedContext& accepted = *contexts_[context];
  AssociationServer::EventReport event{
      origin_, command.sop_instance_uid, command.event_type, accepted.transfer_syntax, {}};
  if (command.sop_class_uid != accepted.abstract_syntax) {
    if (const auto end = skip_data_set(command, context)) return end;
    return answer(command, context, kNoSuchClass, "SOP class is not that of its context");
  }
  ++tally_.reports;
  if (!command.has_data_set) {
    const auto outcome = handle(std::move(event));
    return answer(command, context, outcome.status, outcome.comment);
  }
  auto received = receive_data_set(reader_, context, state_, place_, kLargestReport, true);
  if (const auto* ending = std::get_if<Ending>(&received)) return end_of(*ending);
  auto& data_set = std::get<ReceivedDataSet>(received);
  if (data_set.verdict != ReceivedDataSet::Verdict::Complete)
    return answer(command, context, kResourceLimitation, "the report is larger than the limit");
  event.data_set = std::move(data_set.bytes);
  const auto outcome = handle(std::move(event));
  return answer(command, context, outcome.status, outcome.comment);
}

// As below: one response to each request.
AssociationServer::Answer MessageLoop::handle(AssociationServer::EventReport event) try {
  place_.is(Place::Doing::Working);
  if (!state_.on_event_report) return {kUnrecognisedOperation, {}};
  return state_.on_event_report(std::move(event));
} catch (const std::exception& error) {
  spdlog::error("event report handler failed calling={} address={} error_type={}",
                log_text(origin_.calling_ae), origin_.address, typeid(error).name());
  return {kProcessingFailure, "processing failed"};
} catch (...) {
  spdlog::error("event report handler failed calling={} address={} error_type=unknown",
                log_text(origin_.calling_ae), origin_.address);
  return {kProcessingFailure, "processing failed"};
}

// Whatever the handler throws, the peer gets its one response. Only the type of the exception is
// logged: its text may hold a value.
AssociationServer::Answer MessageLoop::handle(ReceivedInstance instance,
                                              AssociationServer::Passage* passage) try {
  place_.is(Place::Doing::Working);
  return passage != nullptr ? passage->finish(std::move(instance))
                            : state_.handle(std::move(instance));
} catch (const std::exception& error) {
  spdlog::error("instance handler failed calling={} address={} error_type={}",
                log_text(origin_.calling_ae), origin_.address, typeid(error).name());
  return {to_dimse(Fault::Unavailable), "processing failed"};
} catch (...) {
  spdlog::error("instance handler failed calling={} address={} error_type=unknown",
                log_text(origin_.calling_ae), origin_.address);
  return {to_dimse(Fault::Unavailable), "processing failed"};
}

std::optional<MessageLoop::End> MessageLoop::answer(const Command& command, std::uint8_t context,
                                                    std::uint16_t status,
                                                    std::string_view comment) {
  Bytes pdu = p_data(context, response_to(command, status, comment));
  place_.is(Place::Doing::Answering);
  if (connection_.write(pdu.data(), pdu.size()) >= 0) return std::nullopt;
  return place_.sent_away() ? End::SentAway : End::CannotAnswer;
}

}  // namespace dosigate
