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
  /// @param pixel_key  PseudonymMap::pixel_key; null: only what stands around the pixels is wanted.
  HeldInstance(const Quarantine& quarantine, const InstanceId& id, const Secret* pixel_key)
      : quarantine_(quarantine), id_(id), pixel_key_(pixel_key) {}

  /// Before the first piece of the value; its length, 0 when nobody knows it yet.
  using Begin = std::function<Result<void>(std::uint64_t length)>;
  using Piece = std::function<void(ByteView)>;
  /// Once. Faults as Quarantine::read, NotDicom, and those of `begin`.
  Result<void> read(Begin begin = {}, Piece piece = {});

  const ReceivedInstance& received() const { return received_; }
  /// Null: they are in `received`, there are none, or they are not wanted.
  PixelStream* pixels() { return pixels_ ? &*pixels_ : nullptr; }

 private:
  void take(const ReceivedInstance& beside, ByteView piece);
  Result<void> begin_passing();
  void pass(ByteView value);

  const Quarantine& quarantine_;
  const InstanceId id_;
  const Secret* const pixel_key_;
  Begin begin_;
  Piece piece_;
  ReceivedInstance received_;
  Bytes data_set_;
  const TransferSyntax* syntax_ = nullptr;
  bool begun_ = false, passing_ = false;
  std::optional<DataSetSplitter> splitter_;
  std::optional<PixelStream> pixels_;
  std::optional<Error> error_;
};

}  // namespace dosigate
