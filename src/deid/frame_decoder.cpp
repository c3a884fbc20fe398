#include "frame_decoder.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>

#include "items.h"

namespace dosigate {
namespace {

/// A plane of 2896 by 2896 in 16 bits: more than a camera of nuclear medicine makes, and bounded,
/// because each association may hold one, compressed and not.
constexpr std::size_t kLargestFrame = 16U << 20U;
constexpr std::size_t kLargestAttribute = 1024;
constexpr std::size_t kMostFrames = 1'000'000;  ///< in an offset table

bool is_decoded(const TransferSyntax& syntax) {
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

}  // namespace

FrameDecoder::FrameDecoder(const Secret& key, DcmItem& image, const ElementsByTag& elements,
                           const TransferSyntax& syntax)
    : syntax_(syntax),
      frames_(number_of_frames(elements)),
      failed_(!is_decoded(syntax)),
      canonical_(elements),
      digest_(key) {
  if (failed_) return;
  for_each_element(image, [&](DcmElement& element) {
    if (element.getGTag() != 0x0028 || is_sequence(element) ||
        element.getLengthField() > kLargestAttribute)
      return;
    std::unique_ptr<DcmObject> copy(element.clone());
    if (image_.insert(static_cast<DcmElement*>(copy.get())).good())
      static_cast<void>(copy.release());
  });
  failed_ = image_.putAndInsertString(DCM_NumberOfFrames, "1").bad();
  const ElementsByTag copied(image_);
  const auto number = [&](const DcmTagKey& tag, Uint16 otherwise) {
    return std::uint64_t{copied.number(tag, otherwise)};
  };
  const std::uint64_t size = number(DCM_Rows, 0) * number(DCM_Columns, 0) *
                             number(DCM_SamplesPerPixel, 1) *
                             ((number(DCM_BitsAllocated, 0) + 7) / 8);
  failed_ = failed_ || size == 0 || size > kLargestFrame;
  frame_size_ = static_cast<Uint32>(size);
}

void FrameDecoder::offset_table(ByteView little_endian) {
  if (failed_ || little_endian.size() / 4 > kMostFrames) return;
  for (; little_endian.size() >= 4; little_endian = little_endian.subspan(4))
    offsets_.push_back(Unpacker(little_endian).u32());
}

bool FrameDecoder::begins_frame() {
  if (offsets_.empty()) return !frame_.empty() && frames_ > 1;
  // Both only grow. A table that does not is none, and the frames do not come out right.
  while (next_offset_ < offsets_.size() && offsets_[next_offset_] < at_) ++next_offset_;
  return !frame_.empty() && next_offset_ < offsets_.size() && offsets_[next_offset_] == at_;
}

void FrameDecoder::fragment_begins() {
  if (failed_) return;
  if (begins_frame()) decode_frame();
  frame_.emplace_back();
}

void FrameDecoder::bytes(ByteView piece) {
  if (failed_) return;
  frame_bytes_ += piece.size();
  if (frame_bytes_ > kLargestFrame) {
    failed_ = true;
    frame_.clear();
    return;
  }
  frame_.back().insert(frame_.back().end(), piece.begin(), piece.end());
}

void FrameDecoder::fragment_ends() {
  if (failed_) return;
  constexpr std::uint64_t kItemHeader = 8;
  at_ += kItemHeader + frame_.back().size();
}

void FrameDecoder::decode_frame() {
  // DCMTK owns what is put into it: each step hands over.
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelData, EVR_OB));
  const auto append = [&](const Bytes& value) {
    auto item = std::make_unique<DcmPixelItem>(DcmTag(DCM_PixelItemTag, EVR_OB));
    if (!value.empty() &&
        item->putUint8Array(value.data(), static_cast<unsigned long>(value.size())).bad())
      return false;
    if (sequence->insert(item.get()).bad()) return false;
    static_cast<void>(item.release());
    return true;
  };
  bool whole = append({});  // the offset table, empty
  for (const Bytes& fragment : frame_) whole = whole && append(fragment);
  frame_.clear();
  frame_bytes_ = 0;

  auto element = std::make_unique<DcmPixelData>(DCM_PixelData);
  element->putOriginalRepresentation(syntax_.dcmtk, nullptr, sequence.release());
  DcmPixelData* pixels = element.get();
  if (!whole || image_.insert(pixels, OFTrue).bad()) {
    failed_ = true;
    return;
  }
  static_cast<void>(element.release());
  pixels_.resize(frame_size_ + (frame_size_ & 1U));
  OFString color_model;
  Uint32 fragment = 0;
  failed_ = pixels
                ->getUncompressedFrame(&image_, 0, fragment, pixels_.data(),
                                       static_cast<Uint32>(pixels_.size()), color_model)
                .bad();
  if (failed_) return;
  canonical_.add(ByteView(pixels_).first(frame_size_), digest_);
  ++decoded_;
}

std::optional<PixelDigest::Value> FrameDecoder::finish() {
  if (!failed_ && !frame_.empty()) decode_frame();
  if (failed_ || decoded_ != frames_) return std::nullopt;
  canonical_.flush(digest_);
  return digest_.finish();
}

}  // namespace dosigate
