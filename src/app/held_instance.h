#pragma once

#include <functional>
#include <optional>

#include "dosigate/deid/pixel_stream.h"
#include "dosigate/dicom/splitter.h"
#include "dosigate/quarantine/quarantine.h"

namespace dosigate {

/// One quarantined original, read to be judged again: in memory is what stands around its pixel
/// data; they only pass, whatever their size. What cannot be cut so (deflated, or of an unknown
/// transfer syntax) is in memory as a whole.
class HeldInstance {
 public:
  HeldInstance(const Quarantine& quarantine, const InstanceId& id)
      : quarantine_(quarantine), id_(id) {}

  /// Before the first piece of the value; its length, 0 when nobody knows it yet.
  using Begin = std::function<Result<void>(std::uint64_t length)>;
  using Piece = std::function<void(ByteView)>;
  /// Once. Faults as Quarantine::read, NotDicom, and those of `begin`.
  Result<void> read(Begin begin = {}, Piece piece = {});

  const ReceivedInstance& received() const { return received_; }
  /// Null: they are in `received`, or there are none.
  PixelStream* pixels() { return pixels_ ? &*pixels_ : nullptr; }

 private:
  void take(const ReceivedInstance& beside, ByteView piece);
  void pass(ByteView value);

  const Quarantine& quarantine_;
  const InstanceId id_;
  Begin begin_;
  Piece piece_;
  ReceivedInstance received_;
  Bytes data_set_;
  const TransferSyntax* syntax_ = nullptr;
  bool begun_ = false;
  std::optional<DataSetSplitter> splitter_;
  std::optional<PixelStream> pixels_;
  std::optional<Error> error_;
};

}  // namespace dosigate
