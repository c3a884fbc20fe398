#include "dosigate/net/pdv_reader.h"

#include <array>
#include <cerrno>

#include "pdu.h"

namespace dosigate {
namespace {

constexpr std::size_t kPdvHeader = 6;
// Some senders count headers differently; DCMTK grants the same.
constexpr std::uint32_t kTolerance = 100;

}  // namespace

PdvReader::PdvReader(Connection& connection, std::uint32_t max_pdu, std::chrono::seconds timeout,
                     std::optional<RateFloor> floor)
    : connection_(connection), max_pdu_(max_pdu), timeout_(timeout), floor_(std::move(floor)) {}

void PdvReader::message_begins() {
  if (floor_) floor_->restart();
}

bool PdvReader::waiting(std::chrono::seconds slice) {
  return !unread_.empty() || connection_.networkDataAvailable(static_cast<int>(slice.count()));
}

std::variant<Pdv, Ending> PdvReader::next() {
  if (unread_.empty()) {
    if (const auto ending = read_pdu()) return *ending;
  }
  if (unread_.size() < kPdvHeader) return Ending::Broken;
  const std::size_t length = big_endian_32(unread_);
  if (length < 2 || length > unread_.size() - 4) return Ending::Broken;
  const Pdv pdv{unread_[4], (unread_[5] & 1U) != 0, (unread_[5] & 2U) != 0,
                unread_.subspan(kPdvHeader, length - 2)};
  unread_ = unread_.subspan(4 + length);
  return pdv;
}

std::optional<Ending> PdvReader::read_pdu() {
  std::array<Byte, kPduHeader> header{};
  if (const auto ending = read_exactly(header)) return ending;
  const std::size_t length = pdu_length(header);
  switch (header[0]) {
    case kPData:
      break;
    case kReleaseRequest:
      return length == 4 ? Ending::Released : Ending::Broken;  // PS3.8 Table 9-24
    case kAbort:
      return Ending::PeerAborted;
    default:
      abort_reason_ = is_pdu_type(header[0]) ? kUnexpectedPdu : kUnrecognisedPdu;
      return Ending::Broken;
  }
  if (length < kPdvHeader || length > max_pdu_ + kTolerance) return Ending::Broken;
  if (body_.size() < length) body_.resize(length);
  if (const auto ending = read_exactly(std::span(body_).first(length))) return ending;
  unread_ = ByteView(body_).first(length);
  return std::nullopt;
}

std::optional<Ending> PdvReader::read_exactly(std::span<Byte> into) {
  const SteadyTime deadline = steady_now() + timeout_;
  while (!into.empty()) {
    const ssize_t got = connection_.read(into.data(), into.size());
    if (got < 0) return errno == ETIMEDOUT ? Ending::TimedOut : Ending::PeerAborted;
    if (got == 0) return Ending::PeerAborted;
    into = into.subspan(static_cast<std::size_t>(got));
    // The connection's own deadline is for the next byte; these end a peer that sends one byte now
    // and then.
    if (floor_) {
      too_slow_ = !floor_->keeps_up(static_cast<std::uint64_t>(got));
      if (too_slow_) return Ending::TimedOut;
    } else if (!into.empty() && steady_now() >= deadline) {
      return Ending::TimedOut;
    }
  }
  return std::nullopt;
}

}  // namespace dosigate
