#include "dosigate/deid/pixel_stream.h"

#include <optional>

#include "canonical_pixels.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/pixel_value.h"
#include "frame_decoder.h"
#include "items.h"
#include "pixel_comments.h"
#include "rle_runs.h"

#include <algorithm>

namespace dosigate {
namespace {

constexpr std::size_t kLargestOffsetTable = 4U << 20U;
constexpr Uint16 kImageGroup = 0x0028;

/// What came as UN says of the image what it says: when the whole instance is there, it is read so
/// (un.h), and the pixels are the same ones.
void resolve_image_elements(DcmItem& image) {
  const auto is_unknown = [](DcmElement& element) {
    return element.getGTag() == kImageGroup && is_unknown_vr(element.getVR());
  };
  bool any = false;
  for_each_element(image, [&](DcmElement& element) { any = any || is_unknown(element); });
  if (!any) return;
  Elements elements = take_elements(image);
  for (auto& element : elements) {
    if (!is_unknown(*element)) continue;
    const auto bytes = raw_bytes(*element);
    if (!bytes) continue;
    const DcmTagKey tag = element->getTag();  // alone, or DcmTag keeps the VR that came
    auto resolved = make_element(tag, DcmTag(tag).getEVR(), *bytes);
    if (resolved) element = std::move(resolved);
  }
  put_elements(image, std::move(elements));
}

}  // namespace

struct PixelStream::State final : PixelValue::Listener {
  State(const Secret& key, DcmItem& image, const PixelElement& the_element,
        const TransferSyntax& syntax)
      : element(the_element), value(the_element), digest(key) {
    const ElementsByTag elements(image);
    if (!element.encapsulated) {
      native.emplace(elements, element, syntax);
      native_left = bytes_of_frames(elements, element.length);
      return;
    }
    decoder = std::make_unique<FrameDecoder>(key, image, elements, syntax);
    // A segment holds one byte of each pixel.
    const std::uint64_t plane =
        std::uint64_t{elements.number(DCM_Rows, 0)} * elements.number(DCM_Columns, 0);
    if (syntax.dcmtk == EXS_RLELossless && plane != 0) rle.emplace(plane);
  }

  void item_begins(std::size_t number, std::uint32_t /*length*/) override {
    in_offset_table = number == 0;
    if (in_offset_table) return;
    rle ? rle->frame_begins() : comments.fragment_begins();
    decoder->fragment_begins();
  }
  void bytes(ByteView piece) override {
    if (native) {
      native->add(piece, digest);
      const auto image =
          static_cast<std::size_t>(std::min<std::uint64_t>(native_left, piece.size()));
      native_left -= image;
      comments.stray(piece.subspan(image));
    } else if (in_offset_table) {
      if (offset_table.size() + piece.size() <= kLargestOffsetTable)
        offset_table.insert(offset_table.end(), piece.begin(), piece.end());
    } else {
      // Without item headers and offset table: how a sender cuts a frame is not what it shows.
      digest.add(piece);
      rle ? rle->bytes(piece, comments) : comments.bytes(piece);
      decoder->bytes(piece);
    }
  }
  void item_ends() override {
    if (in_offset_table) {
      decoder->offset_table(offset_table);
      offset_table = Bytes();
    } else {
      decoder->fragment_ends();
    }
  }

  void finish() {
    if (finished) return;
    finished = true;
    if (native) {
      native->flush(digest);
      form = value.length() == 0 ? PixelForm::None : PixelForm::NativeLittleEndian;
      result = digest.finish();
    } else if (const auto decoded = decoder->finish()) {
      form = PixelForm::NativeLittleEndian;
      result = *decoded;
    } else {
      form = PixelForm::Encapsulated;
      result = digest.finish();
    }
  }

  const PixelElement element;
  PixelValue value;
  PixelDigest digest;
  std::optional<CanonicalPixels> native;
  std::uint64_t native_left = 0;  ///< bytes of its frames
  std::optional<RleRuns> rle;
  std::unique_ptr<FrameDecoder> decoder;
  PixelComments comments;
  Bytes offset_table;
  bool in_offset_table = false, finished = false;
  PixelForm form = PixelForm::None;
  PixelDigest::Value result{};
};

Result<PixelStream> PixelStream::open(const Secret& key, ByteView header,
                                      const PixelElement& element, const TransferSyntax& syntax) {
  auto image = parse_data_set(header.first(element.begin), syntax);
  if (!image) return image.error();
  resolve_image_elements(**image);
  return PixelStream(key, **image, element, syntax);
}

PixelStream::PixelStream(const Secret& key, DcmItem& image, const PixelElement& element,
                         const TransferSyntax& syntax)
    : state_(std::make_unique<State>(key, image, element, syntax)) {}
PixelStream::PixelStream(PixelStream&&) noexcept = default;
PixelStream::~PixelStream() = default;

void PixelStream::add(ByteView piece) {
  const auto added = state_->value.add(piece, state_.get());
  // Whoever cuts the value out of its data set has walked it.
  if (!added || *added != piece.size())
    throw std::logic_error("what passes is not the value of pixel data");
}

PixelForm PixelStream::form() {
  state_->finish();
  return state_->form;
}
const PixelDigest::Value& PixelStream::digest() {
  state_->finish();
  return state_->result;
}
const PixelComments& PixelStream::comments() const {
  state_->comments.ends();
  return state_->comments;
}

}  // namespace dosigate
