#pragma once

#include <stop_token>

#include "command_set.h"
#include "dosigate/base/clock.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/forward/forwarder.h"
#include "dosigate/net/pdv_reader.h"

namespace dosigate {

/// DIMSE messages (PS3.7) over an established association, and its end, written and read by our own
/// code: DCMTK's reader of PDVs can be made to read beyond its buffer, and its services allocate
/// what a length field says. The peer serves nothing else meanwhile. Thread: one.
///
/// Faults: Unavailable, in words, when the association is of no use any more.
class Dialogue {
 public:
  /// @param room  the largest fragment that the peer takes in one PDV.
  Dialogue(Connection& connection, const Destination& to, std::size_t room);

  struct Message {
    std::uint8_t context = 0;
    CommandSet command;
    Bytes data_set;  ///< at most 4 MiB
  };

  /// A whole message. The data set is in the transfer syntax of the context.
  Result<void> send(std::uint8_t context, const CommandSet& command, ByteView data_set = {});
  /// Where the next fragment is put together, of even length: what `send_fragment` sends is not
  /// copied.
  std::span<Byte> fragment() { return std::span(pdu_).subspan(kPduHead); }
  /// One PDU with the first `size` bytes of `fragment`.
  Result<void> send_fragment(std::uint8_t context, bool command, bool last, std::size_t size,
                             const char* during);
  /// The next message, whatever it is.
  /// @param during  "its answer to C-FIND was awaited"
  Result<Message> receive(SteadyTime until, const char* during);
  /// Whether `receive` would have something to read at once.
  bool waiting() { return reader_.waiting(std::chrono::seconds(0)); }
  /// The peer has released or lost the association: it says no more, which need not be a failure.
  bool ended() const { return ended_; }

  /// A-RELEASE (PS3.8 9.3.6): asks for the end and waits for the answer, not longer than `within`.
  void release(std::chrono::seconds within);
  /// A-ABORT: the peer keeps nothing of what was under way.
  void abort();

  /// A stop ends the waiting in `receive`.
  void until_stopped(std::stop_token stop) { stop_ = std::move(stop); }
  const std::stop_token& stop() const { return stop_; }
  std::uint16_t next_message_id() { return ++last_message_id_; }
  /// Numeric address of the peer.
  std::string address() const { return connection_.peer_address(); }

  static constexpr std::size_t kPduHead = 12;  ///< of a PDU with one PDV (PS3.8 9.3.5)

 private:
  Error broken(Ending ending, const char* during);
  Error nonsense() const;

  Connection& connection_;
  const Destination to_;
  PdvReader reader_;
  std::stop_token stop_;
  Bytes pdu_;
  std::uint16_t last_message_id_ = 0;
  bool ended_ = false;
};

/// The bytes of a data set in one of the two uncompressed little endian syntaxes.
Bytes encoded(DcmDataset& data_set, std::string_view transfer_syntax_uid);
/// A data set that a peer sent. NotDicom when it is broken.
Result<std::unique_ptr<DcmDataset>> decoded(ByteView bytes, std::string_view transfer_syntax_uid);

}  // namespace dosigate
