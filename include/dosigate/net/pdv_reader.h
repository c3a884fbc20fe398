#pragma once

#include <chrono>
#include <optional>
#include <variant>

#include "dosigate/base/bytes.h"
#include "dosigate/base/clock.h"
#include "dosigate/net/connection.h"
#include "dosigate/net/rate_floor.h"

namespace dosigate {

/// Why no more PDVs come.
enum class Ending {
  Released,     ///< A-RELEASE-RQ
  PeerAborted,  ///< A-ABORT or the connection is gone
  TimedOut,     ///< nothing within the time inside a message
  Broken        ///< the peer does not keep to the protocol: it must be aborted
};

/// One presentation data value (PS3.8 9.3.5.1). `data` lives until the next call of the reader.
struct Pdv {
  std::uint8_t context;
  bool command;
  bool last;
  ByteView data;
};

/// Reads PDVs of an established association one by one, whatever PDUs they come in.
///
/// Not DUL_ReadPDVs and DUL_NextPDV: in DCMTK 3.6.7 the step to the third PDV of a PDU uses the
/// length of the wrong one, so that a peer chooses what is read beyond the buffer, up to 4 GiB of
/// it. Thread: the association's.
class PdvReader {
 public:
  static constexpr std::uint8_t kUnrecognisedPdu = 1, kUnexpectedPdu = 2, kInvalidParameter = 6;
  /// @param max_pdu  as announced to the peer.
  /// @param timeout  for the begin of a PDU, and again for its whole body.
  /// @param floor    in the place of the time for the whole body: what has to arrive of a message.
  PdvReader(Connection& connection, std::uint32_t max_pdu, std::chrono::seconds timeout,
            std::optional<RateFloor> floor = std::nullopt);

  /// True when `next` would have something to read, or the connection has ended, within `slice`.
  bool waiting(std::chrono::seconds slice);
  std::variant<Pdv, Ending> next();
  /// The peer's next message begins: the floor counts from here.
  void message_begins();
  /// After Ending::TimedOut: the peer sent, but less than the floor.
  bool too_slow() const { return too_slow_; }
  /// What an A-ABORT gives as the provider's reason after Ending::Broken (PS3.8 Table 9-26).
  std::uint8_t abort_reason() const { return abort_reason_; }

 private:
  std::optional<Ending> read_pdu();
  std::optional<Ending> read_exactly(std::span<Byte> into);

  Connection& connection_;
  std::uint32_t max_pdu_;
  std::chrono::seconds timeout_;
  std::optional<RateFloor> floor_;
  bool too_slow_ = false;
  Bytes body_;       // of the P-DATA PDU in hand; only ever grows
  ByteView unread_;  // the PDVs of it that were not given out
  std::uint8_t abort_reason_ = kInvalidParameter;
};

}  // namespace dosigate
