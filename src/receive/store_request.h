#pragma once

#include "dosigate/net/pdv_reader.h"
#include "instance_taker.h"
#include "server_state.h"

namespace dosigate {

/// A data set as it came, or the reason why it was read and thrown away.
struct ReceivedDataSet {
  enum class Verdict { Complete, TooLarge, NoMemory };
  Verdict verdict = Verdict::Complete;
  Bytes bytes;  ///< empty unless complete
  MemoryShare share;
  std::uint64_t received = 0;
};

/// Reads the data set PDVs of one message, up to the one marked last; nothing less is complete.
/// Memory grows with what arrives, never with what a length field says. Over `max_bytes`, or
/// without budget, the rest is read and thrown away so that the peer gets its status; past four
/// times `max_bytes` that patience ends as Ending::Broken. A budget that is used up is taken from
/// associations that have stalled.
/// @param keep  false: throw away from the start.
/// @return Ending::Broken for a command PDV or another context in between, or one empty PDV after
/// the other.
std::variant<ReceivedDataSet, Ending> receive_data_set(PdvReader& reader, std::uint8_t context,
                                                       ServerState& state, Place& place,
                                                       std::uint64_t max_bytes, bool keep);

/// The same of an instance, which goes to `taker` until that wants no more.
/// @return how many bytes came.
std::variant<std::uint64_t, Ending> receive_instance(PdvReader& reader, std::uint8_t context,
                                                     InstanceTaker& taker, Place& place,
                                                     std::uint64_t max_bytes);

}  // namespace dosigate
