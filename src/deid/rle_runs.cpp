#include "rle_runs.h"

#include "pixel_comments.h"

#include <algorithm>
#include <limits>

namespace dosigate {
namespace {

constexpr std::size_t kHeader = 64, kMostSegments = 15;

std::uint64_t number_at(ByteView header, std::size_t index) {
  return Unpacker(header.subspan(4 * index)).u32();
}

}  // namespace

void RleRuns::frame_begins() {
  header_.clear();
  at_ = 0;
  begun_ = 0;
}

void RleRuns::bytes(ByteView piece, PixelComments& beside) {
  while (!piece.empty()) {
    std::size_t part = 1;
    if (header_.size() < kHeader) {
      header_.push_back(piece[0]);
    } else if (at_ >= next_begin()) {
      ++begun_;
      decoded_ = literal_ = 0;
      repeats_ = false;
      continue;
    } else {
      const auto here = piece.first(
          static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), next_begin() - at_)));
      const bool in_runs = begun_ > 0 && (decoded_ < plane_ || literal_ > 0 || repeats_);
      part = in_runs ? run_read(here) : here.size();
      if (!in_runs) beside.stray(here);
    }
    at_ += part;
    piece = piece.subspan(part);
  }
}

/// Where the next segment begins; none: nowhere.
std::uint64_t RleRuns::next_begin() const {
  const std::uint64_t segments = std::min<std::uint64_t>(number_at(header_, 0), kMostSegments);
  return begun_ < segments ? number_at(header_, begun_ + 1)
                           : std::numeric_limits<std::uint64_t>::max();
}

/// Returns how many bytes it has read.
std::size_t RleRuns::run_read(ByteView piece) {
  if (literal_ > 0) {
    const std::size_t part = std::min(literal_, piece.size());
    literal_ -= part;
    return part;
  }
  if (repeats_) {
    repeats_ = false;
    return 1;
  }
  // PS3.5 G.3.2: 128 says nothing.
  if (piece[0] < 128) {
    literal_ = std::size_t{piece[0]} + 1;
    decoded_ += literal_;
  } else if (piece[0] > 128) {
    repeats_ = true;
    decoded_ += 257U - piece[0];
  }
  return 1;
}

}  // namespace dosigate
