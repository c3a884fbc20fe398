#include "dosigate/dicom/splitter.h"

namespace dosigate {

DataSetSplitter::DataSetSplitter(Encoding encoding, const WalkLimits& limits, Bytes& kept)
    : walk_(encoding, limits, false), kept_(kept) {}

Result<void> DataSetSplitter::add(ByteView piece, const OnPixels& pixels) {
  if (value_ && !value_->ended()) {
    const auto taken = value(piece, pixels);
    if (!taken) return taken.error();
    piece = piece.subspan(*taken);
  }
  if (piece.empty()) return {};
  kept_.insert(kept_.end(), piece.begin(), piece.end());
  return walk(false, pixels);
}

Result<std::optional<PassedPixels>> DataSetSplitter::finish(const OnPixels& pixels) {
  if (const auto walked = walk(true, pixels); !walked) return walked.error();
  if (!value_) return std::optional<PassedPixels>();
  const Walked& found = walk_.found();
  return std::optional<PassedPixels>(
      {found.pixels, found.pixel_begin, value_->length(), found.elements});
}

Result<void> DataSetSplitter::walk(bool last, const OnPixels& pixels) {
  while (true) {
    if (last && value_ && !value_->ended())
      return fail(Fault::NotDicom, "the data set ends inside its pixel data");
    const auto at = walk_.go_on(kept_, last);
    if (!at) return at.error();
    if (*at != DataSetWalk::At::Pixels) return {};
    // What was kept behind the header of the element is its value, and perhaps more.
    value_.emplace(walk_.found().pixels);
    const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(walk_.found().pixel_begin);
    const auto taken = value({begin, kept_.end()}, pixels);
    if (!taken) return taken.error();
    kept_.erase(begin, begin + static_cast<std::ptrdiff_t>(*taken));
    if (!last && !value_->ended()) return {};
  }
}

Result<std::size_t> DataSetSplitter::value(ByteView piece, const OnPixels& pixels) {
  auto taken = value_->add(piece);
  if (!taken) return taken.error();
  if (*taken > 0) pixels(piece.first(*taken));
  if (value_->ended()) {
    if (const auto passed = walk_.pixels_passed(value_->length(), value_->items()); !passed)
      return passed.error();
  }
  return taken;
}

}  // namespace dosigate
