#pragma once

#include <memory>

#include "dosigate/base/result.h"
#include "dosigate/dicom/instance.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/identity/fingerprint.h"

class DcmItem;

namespace dosigate {

class PixelComments;

/// What a Deidentifier wants to know of the value of pixel data that it will not see: a digest for
/// the fingerprint, and comments in compressed frames. Memory is bounded whatever passes: a frame
/// of at most 16 MiB, compressed and decoded, where frames are decoded for the comparison. Thread:
/// one at a time.
class PixelStream {
 public:
  /// @param key     PseudonymMap::pixel_key.
  /// @param header  what stands before the value in its data set; NotDicom when it does not parse.
  static Result<PixelStream> open(const Secret& key, ByteView header, const PixelElement& element,
                                  const TransferSyntax& syntax);
  /// @param image  that has been parsed; only read here.
  PixelStream(const Secret& key, DcmItem& image, const PixelElement& element,
              const TransferSyntax& syntax);
  PixelStream(PixelStream&&) noexcept;
  ~PixelStream();

  /// The value, in order, piece by piece.
  void add(ByteView piece);

  /// Once all of it has passed.
  PixelForm form();
  const PixelDigest::Value& digest();
  const PixelComments& comments() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dosigate
