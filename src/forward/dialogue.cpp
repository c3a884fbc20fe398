#include "dialogue.h"

#include <algorithm>

#include <dcmtk/dcmnet/dul.h>

#include "dosigate/dicom/walker.h"
#include "dosigate/net/association_request.h"
#include "peer.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::size_t kLargestCommand = 64U << 10U;
constexpr std::size_t kLargestDataSet = 4U << 20U;
constexpr std::chrono::milliseconds kGrace{1'000};

void put_big_endian_32(Byte* at, std::size_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<Byte>(value >> (24 - 8 * i));
}

}  // namespace

Dialogue::Dialogue(Connection& connection, const Destination& to, std::size_t room)
    : connection_(connection),
      to_(to),
      reader_(connection, static_cast<std::uint32_t>(kOurMaxPdu), to.dimse_timeout),
      pdu_(kPduHead + (room & ~std::size_t{1})) {}

Result<void> Dialogue::send_fragment(std::uint8_t context, bool command, bool last,
                                     std::size_t size, const char* during) {
  pdu_[0] = 0x04;  // P-DATA-TF with one PDV, PS3.8 9.3.5
  pdu_[1] = 0;
  put_big_endian_32(&pdu_[2], size + 6);
  put_big_endian_32(&pdu_[6], size + 2);
  pdu_[10] = context;
  pdu_[11] = static_cast<Byte>((command ? 1U : 0U) | (last ? 2U : 0U));
  if (!ended_ && connection_.write(pdu_.data(), kPduHead + size) >= 0) return {};
  return broken(Ending::PeerAborted, during);
}

Result<void> Dialogue::send(std::uint8_t context, const CommandSet& command, ByteView data_set) {
  const std::span<Byte> room = fragment();
  const Bytes encoded_command = command.encode();
  if (encoded_command.size() > room.size())
    return fail(Fault::Denied, at(to_) + " takes only PDUs of " + std::to_string(room.size()) +
                                   " bytes: too small for a command");
  std::ranges::copy(encoded_command, room.begin());
  auto sent = send_fragment(context, true, true, encoded_command.size(), "a request was sent");
  while (sent && !data_set.empty()) {
    const ByteView part = data_set.first(std::min(room.size(), data_set.size()));
    data_set = data_set.subspan(part.size());
    std::ranges::copy(part, room.begin());
    sent = send_fragment(context, false, data_set.empty(), part.size(), "a request was sent");
  }
  return sent;
}

void Dialogue::release(std::chrono::seconds within) {
  if (ended_) return;
  ended_ = true;
  Bytes request{0x05, 0, 0, 0, 0, 4, 0, 0, 0, 0};  // A-RELEASE-RQ, PS3.8 9.3.6
  if (connection_.write(request.data(), request.size()) < 0) return;
  const SteadyTime until = steady_now() + within;
  // The answer is a PDU that PdvReader knows no use for, as any other end; PDVs may still be under
  // way.
  while (steady_now() < until) {
    if (!reader_.waiting(std::chrono::seconds(1))) continue;
    if (std::holds_alternative<Ending>(reader_.next())) return;
  }
}

void Dialogue::abort() {
  if (ended_) return;
  ended_ = true;
  Bytes pdu = abort_pdu(0, 0);
  if (connection_.write(pdu.data(), pdu.size()) >= 0) connection_.finish(kGrace);
}

Error Dialogue::broken(Ending ending, const char* during) {
  const OFCondition condition = [ending] {
    switch (ending) {
      case Ending::Released:
        return OFCondition(DUL_PEERREQUESTEDRELEASE);
      case Ending::PeerAborted:
        return OFCondition(DUL_PEERABORTEDASSOCIATION);
      case Ending::TimedOut:
        return OFCondition(DUL_READTIMEOUT);
      case Ending::Broken:
        break;
    }
    return OFCondition(DUL_UNEXPECTEDPDU);
  }();
  if (ending == Ending::Released) {
    Bytes answer{0x06, 0, 0, 0, 0, 4, 0, 0, 0, 0};  // A-RELEASE-RP, PS3.8 9.3.7
    (void)connection_.write(answer.data(), answer.size());
  }
  // Nobody is left who could be told of an abort.
  if (ending == Ending::Released || ending == Ending::PeerAborted) ended_ = true;
  if (const std::string tls = connection_.tls_failure(); !tls.empty())
    return fail(Fault::Unavailable, at(to_) + " while " + during + ": " + tls);
  return fail(Fault::Unavailable, broken_off(condition, to_, during));
}

Error Dialogue::nonsense() const {
  return fail(Fault::Unavailable,
              at(to_) +
                  " sent something that is no DIMSE message of at most 4 MiB: the archive is at "
                  "fault");
}

Result<Dialogue::Message> Dialogue::receive(SteadyTime until, const char* during) {
  while (!reader_.waiting(std::chrono::seconds(1))) {
    if (stop_.stop_requested())
      return fail(Fault::Unavailable, "the node is stopping: verify again after the restart");
    if (steady_now() >= until) return broken(Ending::TimedOut, during);
  }
  // A message that has begun may take its time, but not as long as its bytes can be counted out.
  const SteadyTime give_up = std::max(until, steady_now()) + to_.dimse_timeout;
  Message out;
  Bytes command;
  bool begun = false, command_read = false;
  while (true) {
    const auto next = reader_.next();
    if (const auto* ending = std::get_if<Ending>(&next))
      return begun && *ending == Ending::Released ? broken(Ending::Broken, during)
                                                  : broken(*ending, during);
    const Pdv& pdv = std::get<Pdv>(next);
    if (!begun) out.context = pdv.context;
    begun = true;
    Bytes& into = command_read ? out.data_set : command;
    const std::size_t most = command_read ? kLargestDataSet : kLargestCommand;
    if (pdv.command == command_read || pdv.context != out.context ||
        into.size() + pdv.data.size() > most || (pdv.data.empty() && !pdv.last))
      return nonsense();
    if (steady_now() > give_up) return broken(Ending::TimedOut, during);
    into.insert(into.end(), pdv.data.begin(), pdv.data.end());
    if (!pdv.last) continue;
    if (command_read) return out;
    auto read = CommandSet::read(command);
    if (!read || !read->number(kCommandField) || !read->number(kDataSetType)) return nonsense();
    out.command = std::move(*read);
    if (out.command.number(kDataSetType) == kNoDataSet) return out;
    command_read = true;
  }
}

Bytes encoded(DcmDataset& data_set, std::string_view transfer_syntax_uid) {
  // Both are in the table: they are all that is proposed.
  return encode_data_set(data_set, *find_transfer_syntax(transfer_syntax_uid)).header;
}

Result<std::unique_ptr<DcmDataset>> decoded(ByteView bytes, std::string_view transfer_syntax_uid) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  if (syntax == nullptr) return fail(Fault::NotDicom, "the transfer syntax is not known");
  Bytes inflated;
  if (syntax->encoding == Encoding::DeflatedLittle) {
    auto done = inflate_data_set(bytes, kLargestDataSet);
    if (!done) return done.error();
    inflated = std::move(*done);
    bytes = inflated;
  }
  if (const auto walked = walk_data_set(bytes, syntax->encoding); !walked) return walked.error();
  return parse_data_set(bytes, *syntax);
}

}  // namespace dosigate
