#pragma once

#include <stop_token>

#include "command_set.h"
#include "dosigate/base/clock.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/net/pdv_reader.h"
#include "peer.h"

namespace dosigate {

/// DIMSE messages other than C-STORE (PS3.7) over the association of a Peer, written and read by
/// our own code: DCMTK's reader of PDVs can be made to read beyond its buffer, and its services
/// allocate what a length field says. The peer serves nothing else meanwhile. Thread: one.
///
/// Faults: Unavailable, in words, when the association is of no use any more.
class Dialogue {
 public:
  Dialogue(Peer& peer, std::stop_token stop);

  struct Message {
    std::uint8_t context = 0;
    CommandSet command;
    Bytes data_set;  ///< at most 4 MiB
  };

  /// A whole message. The data set is in the transfer syntax of the context.
  Result<void> send(std::uint8_t context, const CommandSet& command, ByteView data_set = {});
  /// The next message, whatever it is.
  /// @param during  "its answer to C-FIND was awaited"
  Result<Message> receive(SteadyTime until, const char* during);
  /// Whether `receive` would have something to read at once.
  bool waiting() { return reader_.waiting(std::chrono::seconds(0)); }
  /// The peer has released or lost the association: it says no more, which need not be a failure.
  bool ended() const { return ended_; }

  std::uint16_t next_message_id() { return ++last_message_id_; }
  const std::stop_token& stop() const { return stop_; }
  /// Numeric address of the peer.
  std::string address() const;

 private:
  Error broken(Ending ending, const char* during);
  Error nonsense() const;
  bool send_pdv(std::uint8_t context, bool command, bool last, ByteView fragment);

  Peer& peer_;
  Connection& connection_;
  PdvReader reader_;
  std::stop_token stop_;
  std::uint16_t last_message_id_ = 0;
  bool ended_ = false;
};

/// The bytes of a data set in one of the two uncompressed little endian syntaxes.
Bytes encoded(DcmDataset& data_set, std::string_view transfer_syntax_uid);
/// A data set that a peer sent. NotDicom when it is broken.
Result<std::unique_ptr<DcmDataset>> decoded(ByteView bytes, std::string_view transfer_syntax_uid);

}  // namespace dosigate
