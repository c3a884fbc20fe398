#include "canonical_pixels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace dosigate {

static_assert(std::endian::native == std::endian::little, "decoders give frames in host order");

namespace {

constexpr std::uint32_t kFloatPixelData = 0x7FE00008;
constexpr std::uint32_t kDoubleFloatPixelData = 0x7FE00009;

/// Bytes of all frames without the one that pads them; `present` when something else is there.
std::uint64_t unpadded(const ElementsByTag& image, std::uint64_t present) {
  return bytes_of_frames(image, present) + 1 == present ? present - 1 : present;
}

/// Bytes of one number of the pixel data as it stands in a big-endian stream.
std::size_t word_of(const PixelElement& element) {
  if (element.tag == kFloatPixelData) return 4;
  if (element.tag == kDoubleFloatPixelData) return 8;
  return element.vr == std::array<char, 2>{'O', 'B'} ? 1 : 2;
}

std::size_t turned_word(const ElementsByTag& image, const PixelElement& element,
                        const TransferSyntax& syntax) {
  if (syntax.encoding == Encoding::ExplicitBig) return word_of(element);
  // GE's own: a little-endian header and big-endian pixels.
  if (syntax.dcmtk == EXS_PrivateGE_LEI_WithBigEndianPixelData)
    return image.number(DCM_BitsAllocated, 0) > 8 ? 2 : 1;
  return 1;
}

unsigned mask_of(const Samples& samples) {
  return samples.has_unused_bits() ? static_cast<unsigned>((1U << samples.stored) - 1U) : 0U;
}

}  // namespace

Samples::Samples(const ElementsByTag& image)
    : allocated(image.number(DCM_BitsAllocated, 0)),
      stored(image.number(DCM_BitsStored, 0)),
      high(image.number(DCM_HighBit, 0)) {}

bool Samples::has_unused_bits() const {
  return (allocated == 8 || allocated == 16) && stored > 0 && stored < allocated &&
         high == stored - 1;
}

std::uint64_t number_of_frames(const ElementsByTag& image) {
  DcmElement* element = image.find(DCM_NumberOfFrames);
  Sint32 frames = 1;
  return element != nullptr && element->getSint32(frames).good() && frames > 0
             ? static_cast<std::uint64_t>(frames)
             : 1;
}

std::uint64_t bytes_of_frames(const ElementsByTag& image, std::uint64_t at_most) {
  std::uint64_t bits = image.number(DCM_BitsAllocated, 0);
  for (const std::uint64_t factor :
       {std::uint64_t{image.number(DCM_Rows, 0)}, std::uint64_t{image.number(DCM_Columns, 0)},
        std::uint64_t{image.number(DCM_SamplesPerPixel, 1)}, number_of_frames(image)}) {
    if (bits > 8 * at_most) return at_most;  // also keeps the product in range
    bits *= factor;
  }
  return std::min((bits + 7) / 8, at_most);
}

CanonicalPixels::CanonicalPixels(const ElementsByTag& image, const PixelElement& element,
                                 const TransferSyntax& syntax)
    : word_(turned_word(image, element, syntax)),
      mask_(mask_of(Samples(image))),
      sample_(Samples(image).allocated / 8U),
      left_(unpadded(image, element.length)) {}

CanonicalPixels::CanonicalPixels(const ElementsByTag& image)
    : mask_(mask_of(Samples(image))),
      sample_(Samples(image).allocated / 8U),
      left_(std::numeric_limits<std::uint64_t>::max()) {}

void CanonicalPixels::add(ByteView piece, PixelDigest& digest) {
  if (word_ <= 1 && mask_ == 0) {
    const auto counts = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece.size()));
    digest.add(piece.first(counts));
    left_ -= counts;
    return;
  }
  buffer_.reserve(kBuffer);
  while (!piece.empty()) {
    const std::size_t part = std::min(kBuffer - buffer_.size(), piece.size());
    buffer_.insert(buffer_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(part));
    piece = piece.subspan(part);
    if (buffer_.size() == kBuffer) flush(digest);
  }
}

void CanonicalPixels::flush(PixelDigest& digest) {
  if (buffer_.empty()) return;
  turn();
  clear();
  const auto counts = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
  digest.add(ByteView(buffer_).first(counts));
  left_ -= counts;
  buffer_.clear();
}

void CanonicalPixels::turn() {
  if (word_ <= 1) return;
  for (std::size_t at = 0; at + word_ <= buffer_.size(); at += word_) {
    const auto first = buffer_.begin() + static_cast<std::ptrdiff_t>(at);
    std::reverse(first, first + static_cast<std::ptrdiff_t>(word_));
  }
}

void CanonicalPixels::clear() {
  if (mask_ == 0) return;
  // Eight bytes at a time, which hold the same mask for each sample.
  std::uint64_t mask = 0;
  for (std::size_t at = 0; at < sizeof(mask); at += sample_)
    mask |= std::uint64_t{mask_} << (8 * at);
  std::size_t at = 0;
  for (std::uint64_t eight = 0; at + sizeof(eight) <= buffer_.size(); at += sizeof(eight)) {
    std::memcpy(&eight, buffer_.data() + at, sizeof(eight));
    eight &= mask;
    std::memcpy(buffer_.data() + at, &eight, sizeof(eight));
  }
  for (std::size_t in_word = 0; at + sample_ <= buffer_.size(); at += sample_) {
    for (in_word = 0; in_word < sample_; ++in_word)
      buffer_[at + in_word] &= static_cast<Byte>(mask_ >> (8 * in_word));
  }
}

}  // namespace dosigate
