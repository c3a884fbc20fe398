#pragma once

#include <functional>
#include <optional>

#include "dosigate/dicom/instance.h"
#include "dosigate/dicom/pixel_value.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/dicom/walker.h"

namespace dosigate {

/// A data set on its way in, cut around the value of its pixel data: what stands before and after
/// that is kept, the value is handed on as it comes. Walked as it comes, like by walk_data_set, and
/// wherever the pieces are cut. Not for deflated syntaxes. Thread: one at a time.
class DataSetSplitter {
 public:
  using OnPixels = std::function<void(ByteView)>;

  /// @param kept  where what is kept goes; outlives this, and nobody else changes it.
  DataSetSplitter(Encoding encoding, const WalkLimits& limits, Bytes& kept);

  /// NotDicom: it is no data set. What `pixels` throws passes through.
  Result<void> add(ByteView piece, const OnPixels& pixels);
  /// The data set has ended here. @return where the value was taken out; nothing: it has none.
  Result<std::optional<PassedPixels>> finish(const OnPixels& pixels);
  /// Once its value has begun: where it belongs in what is kept.
  const Walked& found() const { return walk_.found(); }

 private:
  Result<void> walk(bool last, const OnPixels& pixels);
  /// @return how much of `piece` belongs to the value of the pixel data.
  Result<std::size_t> value(ByteView piece, const OnPixels& pixels);

  DataSetWalk walk_;
  Bytes& kept_;
  std::optional<PixelValue> value_;  ///< once it has begun
};

}  // namespace dosigate
