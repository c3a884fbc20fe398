#include "pixel_comments.h"

#include <algorithm>

namespace dosigate {
namespace {

constexpr std::size_t kMostKept = 1U << 20U;  ///< bytes

}  // namespace

void PixelComments::fragment_begins() {
  state_ = State::Begin;
  header_.clear();
  segment_.clear();
}

void PixelComments::bytes(ByteView piece) {
  while (!piece.empty() && state_ != State::Image) {
    if (state_ == State::Begin || state_ == State::Marker) {
      header_.push_back(piece[0]);
      piece = piece.subspan(1);
      header_read();
      continue;
    }
    const std::size_t part = std::min(left_, piece.size());
    if (state_ == State::Kept)
      segment_.insert(segment_.end(), piece.begin(),
                      piece.begin() + static_cast<std::ptrdiff_t>(part));
    piece = piece.subspan(part);
    left_ -= part;
    if (left_ == 0) segment_read();
  }
}

void PixelComments::header_read() {
  if (header_[0] != 0xFF) {
    state_ = State::Image;
    return;
  }
  if (state_ == State::Begin) {
    if (header_.size() < 2) return;
    jpeg_ = header_[1] == 0xD8;
    state_ = jpeg_ || header_[1] == 0x4F ? State::Marker : State::Image;
    header_.clear();
    return;
  }
  if (header_.size() == 2 && header_[1] == 0xFF) header_.pop_back();  // filling
  if (header_.size() < 4) return;
  const Byte marker = header_[1];
  const std::size_t length = std::size_t{header_[2]} << 8U | header_[3];
  header_.clear();
  if (marker == 0xDA || marker == 0x93 || length < 2) {  // the image begins
    state_ = State::Image;
    return;
  }
  const bool application = jpeg_ && marker >= 0xE0 && marker <= 0xEF;
  state_ = application || marker == (jpeg_ ? 0xFE : 0x64) ? State::Kept : State::Skipped;
  left_ = length - 2;
  if (left_ == 0) segment_read();
}

void PixelComments::segment_read() {
  if (state_ == State::Kept && !comments_.contains(segment_)) {
    if (kept_ + segment_.size() > kMostKept) {
      too_many_ = true;
    } else {
      kept_ += segment_.size();
      comments_.insert(segment_);
    }
  }
  segment_.clear();
  state_ = State::Marker;
}

}  // namespace dosigate
