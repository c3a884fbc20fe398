#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dosigate/dicom/splitter.h"
#include "server_state.h"

namespace dosigate {

/// An instance that has arrived, or why it will not be taken.
struct TakenInstance {
  ReceivedInstance instance;
  MemoryShare share;                                    ///< of what is held
  std::unique_ptr<AssociationServer::Passage> passage;  ///< it is large: to be finished there
  std::optional<Error> refused;                         ///< words for ledger and peer
  std::string detail;  ///< for the log: tags and places, never a value
};

/// Takes one instance as it comes: holds it, until it is too large for that; then holds what stands
/// around its pixel data and hands those on. Thread: one.
class InstanceTaker {
 public:
  /// @param begun  what is known before the data set comes.
  /// @param begin  takes a large one; outlives this.
  InstanceTaker(ReceivedInstance begun, ServerState& state, Place& place,
                const AssociationServer::Begin& begin);

  /// @param received  bytes so far, with this piece.
  /// @return false: no more is wanted.
  bool take(ByteView piece, std::uint64_t received);
  /// The data set has come to its end.
  TakenInstance done();

 private:
  bool refuse(Error why);
  bool room_for(std::uint64_t bytes);
  bool split(ByteView piece);
  void pass(ByteView value) noexcept;
  void pass_on(ByteView value);

  ServerState& state_;
  Place& place_;
  const AssociationServer::Begin& begin_;
  std::optional<Encoding> encoding_;  ///< nothing: it is held whatever its size
  TakenInstance out_;
  std::optional<DataSetSplitter> splitter_;
  std::optional<Error> why_;  ///< the passage takes no more
};

}  // namespace dosigate
