#pragma once

#include <optional>
#include <vector>

#include "canonical_pixels.h"

namespace dosigate {

/// Decodes the frames of encapsulated pixel data as their fragments pass and digests them in the
/// form of native ones, where DCMTK decodes them without loss: RLE, JPEG lossless (.57, .70) and
/// JPEG-LS lossless. JPEG 2000, HTJ2K, JPEG XL, video and everything lossy are compared by their
/// fragments, so the same image sent once under one of them and once native is a revision.
///
/// Which fragments are one frame is said by the offset table; without one, all are, of a single
/// frame, else each is one. Memory: one frame, compressed and not.
class FrameDecoder {
 public:
  /// @param key       of the digest.
  /// @param image     UN resolved; what is needed of it is copied.
  /// @param elements  of the image.
  FrameDecoder(const Secret& key, DcmItem& image, const ElementsByTag& elements,
               const TransferSyntax& syntax);

  void offset_table(ByteView little_endian);
  void fragment_begins();
  void bytes(ByteView piece);
  void fragment_ends();
  /// Nothing more comes. Nothing: the syntax is none of those, a frame does not decode or is larger
  /// than this program decodes for a comparison, or there are not as many as the header says.
  std::optional<PixelDigest::Value> finish();

 private:
  void decode_frame();
  bool begins_frame();

  const TransferSyntax& syntax_;
  DcmDataset image_;
  std::uint64_t frames_;
  Uint32 frame_size_ = 0;
  bool failed_;
  std::vector<std::uint32_t> offsets_;
  std::size_t next_offset_ = 0;  ///< the first that is not behind
  std::uint64_t at_ = 0;         ///< of the fragment in hand, as the table counts
  std::vector<Bytes> frame_;
  std::size_t frame_bytes_ = 0;
  std::uint64_t decoded_ = 0;
  Bytes pixels_;
  CanonicalPixels canonical_;
  PixelDigest digest_;
};

}  // namespace dosigate
