#pragma once

#include <array>
#include <memory>

#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/dicom/walker.h"
#include "dosigate/identity/fingerprint.h"
#include "items.h"

namespace dosigate {

// One form of the pixels for every syntax that shows the same frames: native, little-endian,
// without the byte that makes an odd length even, and without the bits above Bits Stored (a sender
// extends the sign into them, a decoder may not).

/// What a sample of an image is made of.
struct Samples {
  explicit Samples(const ElementsByTag& image);
  bool has_unused_bits() const;
  Uint16 allocated, stored, high;
};

/// 1 when the image does not say.
std::uint64_t number_of_frames(const ElementsByTag& image);

/// Of native pixels as the header says, and not more than `at_most`; what follows is no image.
std::uint64_t bytes_of_frames(const ElementsByTag& image, std::uint64_t at_most);

/// Gives pixel bytes that come in pieces to a digest, in that form.
class CanonicalPixels {
 public:
  /// Native pixels as they stand in a stream of `syntax`.
  CanonicalPixels(const ElementsByTag& image, const PixelElement& element,
                  const TransferSyntax& syntax);
  /// Frames as a decoder gives them, in host order.
  explicit CanonicalPixels(const ElementsByTag& image);

  void add(ByteView piece, PixelDigest& digest);
  /// Nothing more comes.
  void flush(PixelDigest& digest);

 private:
  void turn();
  void clear();

  std::size_t word_ = 1;  ///< whose bytes are in the other order; 1: none
  unsigned mask_ = 0;     ///< 0: every bit counts
  std::size_t sample_ = 1;
  std::uint64_t left_;  ///< bytes that count; after them comes padding
  /// Pieces are put together again, for a word may be cut. Only where something is to be changed.
  static constexpr std::size_t kBuffer = 65'536;  // a multiple of every word and sample
  Bytes buffer_;
};

}  // namespace dosigate
