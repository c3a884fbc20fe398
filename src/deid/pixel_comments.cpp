#include "pixel_comments.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dosigate {
namespace {

constexpr std::size_t kMostKept = 1U << 20U;  ///< bytes
constexpr std::size_t kMagic = 4;             ///< bytes that tell a stream from anything else

constexpr Byte kEnd = 0xD9;                                                            // of both
constexpr Byte kStartOfScan = 0xDA;                                                    // JPEG
constexpr Byte kStartOfPacket = 0x91, kEndOfPacketHeader = 0x92, kStartOfData = 0x93;  // JPEG 2000

bool begins_jpeg(ByteView first) {
  return first[0] == 0xFF && first[1] == 0xD8 && first[2] == 0xFF;
}
bool begins_jpeg2000(ByteView first) {
  return first[0] == 0xFF && first[1] == 0x4F && first[2] == 0xFF && first[3] == 0x51;
}

bool is_restart(Byte marker) { return marker >= 0xD0 && marker <= 0xD7; }

bool has_length(bool jpeg, Byte marker) {
  if (marker == kEnd) return false;
  if (jpeg) return marker != 0x01 && marker != 0xD8 && !is_restart(marker);
  return marker != 0x4F && marker != kStartOfData && marker != kEndOfPacketHeader &&
         !(marker >= 0x30 && marker <= 0x3F);
}

/// Frames, scans and tables of JPEG and JPEG-LS; sizes, codings and lengths of JPEG 2000.
bool describes_image(bool jpeg, Byte marker) {
  if (jpeg)
    return (marker >= 0xC0 && marker <= 0xCF && marker != 0xC8) ||
           (marker >= kStartOfScan && marker <= 0xDF) || marker == 0xF7 || marker == 0xF8;
  return (marker >= 0x50 && marker <= 0x63) || marker == 0x90 || marker == kStartOfPacket;
}

/// What stands after 0xFF. In the coded image JPEG stuffs a zero there, or counts restarts; JPEG-LS
/// stuffs a bit that is zero; in JPEG 2000 it stays below 0x90.
bool ends_coded(bool jpeg, Byte second) {
  return jpeg ? second >= 0xC0 && !is_restart(second) : second >= 0x90;
}

}  // namespace

void PixelComments::fragment_begins() {
  if (state_ == State::Begin) return;  // the one before was too short to say
  resume_ = std::exchange(state_, State::Begin);
}

void PixelComments::bytes(ByteView piece) {
  while (!piece.empty() && state_ != State::Unread) {
    if (state_ == State::Coded) {
      piece = after_coded(piece);
      continue;
    }
    if (state_ == State::Stray) return stray(piece);
    if (state_ == State::Begin || state_ == State::Marker) {
      const bool begin = state_ == State::Begin;
      (begin ? first_ : header_).push_back(piece[0]);
      piece = piece.subspan(1);
      begin ? begin_read() : marker_read();
      continue;
    }
    const std::size_t part = std::min(left_, piece.size());
    if (state_ == State::Kept)
      piece_.insert(piece_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(part));
    piece = piece.subspan(part);
    left_ -= part;
    if (left_ == 0) segment_ends();
  }
}

void PixelComments::stray(ByteView piece) {
  for (const Byte byte : piece) {
    if (byte == 0) continue;
    if (kept_ + piece_.size() >= kMostKept) {
      too_many_ = true;
      return;
    }
    piece_.push_back(byte);
  }
}

void PixelComments::ends() {
  if (state_ == State::Begin) {
    state_ = resume_;
    bytes(std::exchange(first_, {}));
  }
  keep_piece();
}

void PixelComments::begin_read() {
  if (first_.size() < kMagic) return;
  const Bytes first = std::exchange(first_, {});
  const bool jpeg = begins_jpeg(first);
  if (!jpeg && !begins_jpeg2000(first)) {
    state_ = resume_;
    return bytes(first);
  }
  keep_piece();  // of a frame that has no end
  jpeg_ = jpeg;
  escaped_ = false;
  header_.clear();
  state_ = State::Marker;
  bytes(ByteView(first).subspan(2));
}

void PixelComments::marker_read() {
  if (header_[0] != 0xFF) {
    state_ = State::Stray;
    return stray(std::exchange(header_, {}));
  }
  if (header_.size() < 2) return;
  const Byte marker = header_[1];
  if (marker == 0xFF) return header_.pop_back();  // filling
  if (!has_length(jpeg_, marker)) {
    header_.clear();
    const bool in_data = !jpeg_ && (marker == kStartOfData || marker == kEndOfPacketHeader);
    if (marker == kEnd)
      state_ = State::Stray;
    else if (in_data)
      state_ = State::Coded;
    return;
  }
  if (header_.size() < 4) return;
  const std::size_t length = std::size_t{header_[2]} << 8U | header_[3];
  header_.clear();
  const bool before_coded = marker == (jpeg_ ? kStartOfScan : kStartOfPacket);
  after_ = before_coded ? State::Coded : State::Marker;
  state_ = describes_image(jpeg_, marker) ? State::Skipped : State::Kept;
  left_ = length < 2 ? 0 : length - 2;
  if (left_ == 0) segment_ends();
}

void PixelComments::segment_ends() {
  keep_piece();
  state_ = after_;
}

/// What follows the coded image; the second byte of its marker is left in the piece.
ByteView PixelComments::after_coded(ByteView piece) {
  while (!piece.empty()) {
    if (!escaped_) {
      const void* found = std::memchr(piece.data(), 0xFF, piece.size());
      if (found == nullptr) return {};
      escaped_ = true;
      piece = piece.subspan(
          static_cast<std::size_t>(static_cast<const Byte*>(found) - piece.data()) + 1);
      continue;
    }
    if (piece[0] != 0xFF) {
      escaped_ = false;
      if (ends_coded(jpeg_, piece[0])) {
        header_ = {0xFF};
        state_ = State::Marker;
        return piece;
      }
    }
    piece = piece.subspan(1);
  }
  return piece;
}

void PixelComments::keep_piece() {
  if (piece_.empty()) return;
  const Bytes piece = std::exchange(piece_, {});
  if (comments_.contains(piece)) return;
  if (kept_ + piece.size() > kMostKept) {
    too_many_ = true;
    return;
  }
  kept_ += piece.size();
  comments_.insert(piece);
}

}  // namespace dosigate
