#include "canonical_pixels.h"

#include "dosigate/dicom/data_set.h"

#include <algorithm>
#include <array>
#include <bit>

#include <dcmtk/dcmdata/dcpixel.h>

namespace dosigate {

static_assert(std::endian::native == std::endian::little, "decoders give frames in host order");

namespace {

/// A plane of 8192 by 4096 in 16 bits: more than any camera makes, and bounded, because the frame
/// is held beside the instance.
constexpr Uint32 kLargestFrame = 64U << 20U;

Uint16 number_at(DcmItem& image, const DcmTagKey& tag, Uint16 otherwise) {
  Uint16 value = otherwise;
  return image.findAndGetUint16(tag, value).good() ? value : otherwise;
}

std::uint64_t frames_of(DcmItem& image) {
  Sint32 frames = 1;
  return image.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 0
             ? static_cast<std::uint64_t>(frames)
             : 1;
}

/// What a sample of this image is made of.
struct Samples {
  explicit Samples(DcmItem& image)
      : allocated(number_at(image, DCM_BitsAllocated, 0)),
        stored(number_at(image, DCM_BitsStored, 0)),
        high(number_at(image, DCM_HighBit, 0)) {}

  bool has_unused_bits() const {
    return (allocated == 8 || allocated == 16) && stored > 0 && stored < allocated &&
           high == stored - 1;
  }
  Uint16 allocated, stored, high;
};

/// Bytes of all frames without the one that pads them; `present` when the header does not say or
/// something else is there.
std::size_t unpadded(DcmItem& image, std::size_t present) {
  const std::uint64_t most = present;
  std::uint64_t bits = number_at(image, DCM_BitsAllocated, 0);
  for (const std::uint64_t factor :
       {std::uint64_t{number_at(image, DCM_Rows, 0)},
        std::uint64_t{number_at(image, DCM_Columns, 0)},
        std::uint64_t{number_at(image, DCM_SamplesPerPixel, 1)}, frames_of(image)}) {
    if (bits > 8 * most) return present;  // also keeps the product in range
    bits *= factor;
  }
  return (bits + 7) / 8 + 1 == most ? present - 1 : present;
}

/// Adds pieces in the common form: byte order turned, unused bits cleared.
class Canonical {
 public:
  Canonical(const Samples& samples, std::size_t word, FingerprintMaker& maker)
      : word_(word),
        mask_(samples.has_unused_bits() ? static_cast<unsigned>((1U << samples.stored) - 1U) : 0U),
        sample_(samples.allocated / 8U),
        maker_(maker) {}

  /// @param keep  bytes of `pixels`, after turning, that count.
  void add(ByteView pixels, std::size_t keep) {
    if (word_ <= 1 && mask_ == 0) return maker_.add_pixels(pixels.first(keep));
    while (!pixels.empty() && keep > 0) {
      const std::size_t size = std::min(pixels.size(), buffer_.size());
      std::copy_n(pixels.begin(), size, buffer_.begin());
      turn(size);
      clear(size);
      const std::size_t kept = std::min(size, keep);
      maker_.add_pixels(ByteView(buffer_).first(kept));
      keep -= kept;
      pixels = pixels.subspan(size);
    }
  }

 private:
  void turn(std::size_t size) {
    if (word_ <= 1) return;
    for (std::size_t at = 0; at + word_ <= size; at += word_) {
      const auto first = buffer_.begin() + static_cast<std::ptrdiff_t>(at);
      std::reverse(first, first + static_cast<std::ptrdiff_t>(word_));
    }
  }
  void clear(std::size_t size) {
    if (mask_ == 0) return;
    for (std::size_t at = 0; at + sample_ <= size; at += sample_) {
      buffer_[at] &= static_cast<Byte>(mask_);
      if (sample_ == 2) buffer_[at + 1] &= static_cast<Byte>(mask_ >> 8U);
    }
  }

  std::size_t word_;  ///< whose bytes are in the other order; 1: none
  unsigned mask_;     ///< 0: every bit counts
  std::size_t sample_;
  FingerprintMaker& maker_;
  std::array<Byte, 65536> buffer_;  // a multiple of every word and sample
};

/// Bytes of one number of the pixel data as it stands in a big-endian stream.
std::size_t word_of(DcmItem& image) {
  DcmElement* element = nullptr;
  for (const auto& [tag, size] :
       {std::pair<DcmTagKey, std::size_t>{DCM_FloatPixelData, 4}, {DCM_DoubleFloatPixelData, 8}}) {
    if (image.findAndGetElement(tag, element).good()) return size;
  }
  return image.findAndGetElement(DCM_PixelData, element).good() && element->getVR() == EVR_OB ? 1
                                                                                              : 2;
}

std::size_t turned_word(DcmItem& image, const TransferSyntax& syntax) {
  if (syntax.encoding == Encoding::ExplicitBig) return word_of(image);
  // GE's own: a little-endian header and big-endian pixels.
  if (syntax.dcmtk == EXS_PrivateGE_LEI_WithBigEndianPixelData)
    return number_at(image, DCM_BitsAllocated, 0) > 8 ? 2 : 1;
  return 1;
}

}  // namespace

void add_native_pixels(DcmItem& image, ByteView pixels, const TransferSyntax& syntax,
                       FingerprintMaker& maker) {
  Canonical(Samples(image), turned_word(image, syntax), maker)
      .add(pixels, unpadded(image, pixels.size()));
}

bool is_decoded_for_comparison(const TransferSyntax& syntax) {
  switch (syntax.dcmtk) {
    case EXS_RLELossless:
    case EXS_JPEGProcess14:
    case EXS_JPEGProcess14SV1:
    case EXS_JPEGLSLossless:
      return syntax.dcmtk_decodes;
    default:
      return false;
  }
}

bool add_decoded_pixels(DcmItem& image, FingerprintMaker& maker) {
  DcmElement* element = nullptr;
  if (image.findAndGetElement(DCM_PixelData, element).bad()) return false;
  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  Uint32 frame_size = 0;
  if (pixels == nullptr || pixels->getUncompressedFrameSize(&image, frame_size).bad() ||
      frame_size == 0 || frame_size > kLargestFrame)
    return false;

  Bytes frame(frame_size + (frame_size & 1U));
  Canonical canonical(Samples(image), 1, maker);
  OFString color_model;
  Uint32 fragment = 0;
  const std::uint64_t frames = frames_of(image);
  for (std::uint64_t number = 0; number < frames; ++number) {
    if (pixels
            ->getUncompressedFrame(&image, static_cast<Uint32>(number), fragment, frame.data(),
                                   static_cast<Uint32>(frame.size()), color_model)
            .bad())
      return false;
    canonical.add(frame, frame_size);
  }
  return true;
}

std::vector<ByteView> pixel_fragments(ByteView pixels) {
  std::vector<ByteView> out;
  bool is_offset_table = true;
  while (pixels.size() >= 8) {
    const std::size_t length = pixels[4] | (std::size_t{pixels[5]} << 8U) |
                               (std::size_t{pixels[6]} << 16U) | (std::size_t{pixels[7]} << 24U);
    const bool is_item =
        pixels[0] == 0xFE && pixels[1] == 0xFF && pixels[2] == 0x00 && pixels[3] == 0xE0;
    pixels = pixels.subspan(8);
    if (!is_item || length > pixels.size()) break;
    if (!is_offset_table) out.push_back(pixels.first(length));
    is_offset_table = false;
    pixels = pixels.subspan(length);
  }
  return out;
}

}  // namespace dosigate
