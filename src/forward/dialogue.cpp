#include "dialogue.h"

#include <algorithm>

#include <dcmtk/dcmnet/dul.h>

#include "dosigate/dicom/walker.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::size_t kLargestCommand = 64U << 10U;
constexpr std::size_t kLargestDataSet = 4U << 20U;
constexpr std::size_t kLargestFragment = 64U << 10U;

void big_endian_32(Bytes& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(value >> shift));
}

}  // namespace

Dialogue::Dialogue(Peer& peer, std::stop_token stop)
    : peer_(peer),
      connection_(dynamic_cast<Connection&>(
          *DUL_getTransportConnection(peer.association_->DULassociation))),
      reader_(connection_, static_cast<std::uint32_t>(kOurMaxPdu), peer.to_.dimse_timeout),
      stop_(std::move(stop)) {}

std::string Dialogue::address() const { return connection_.peer_address(); }

bool Dialogue::send_pdv(std::uint8_t context, bool command, bool last, ByteView fragment) {
  Bytes pdu{0x04, 0};  // P-DATA-TF with one PDV, PS3.8 9.3.5
  big_endian_32(pdu, fragment.size() + 6);
  big_endian_32(pdu, fragment.size() + 2);
  pdu.push_back(context);
  pdu.push_back(static_cast<Byte>((command ? 1U : 0U) | (last ? 2U : 0U)));
  pdu.insert(pdu.end(), fragment.begin(), fragment.end());
  return connection_.write(pdu.data(), pdu.size()) >= 0;
}

Result<void> Dialogue::send(std::uint8_t context, const CommandSet& command, ByteView data_set) {
  const std::size_t room =
      std::min<std::size_t>(peer_.association_->sendPDVLength & ~1UL, kLargestFragment);
  const Bytes encoded_command = command.encode();
  if (encoded_command.size() > room)
    return fail(Fault::Unavailable, at(peer_.to_) + " takes only PDUs of " + std::to_string(room) +
                                        " bytes: too small for a command");
  bool sent = send_pdv(context, true, true, encoded_command);
  while (sent && !data_set.empty()) {
    const ByteView fragment = data_set.first(std::min(room, data_set.size()));
    data_set = data_set.subspan(fragment.size());
    sent = send_pdv(context, false, data_set.empty(), fragment);
  }
  if (sent) return {};
  return broken(Ending::PeerAborted, "a request was sent");
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
  ended_ = ending == Ending::Released || ending == Ending::PeerAborted;
  if (ended_) peer_.broken_ = condition;
  return fail(Fault::Unavailable, broken_off(condition, peer_.to_, during));
}

Error Dialogue::nonsense() const {
  return fail(Fault::Unavailable,
              at(peer_.to_) +
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
  const SteadyTime give_up = std::max(until, steady_now()) + peer_.to_.dimse_timeout;
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
