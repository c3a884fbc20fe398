#pragma once

#include <cstdint>

#include "dosigate/base/bytes.h"

namespace dosigate {

class PixelComments;

/// Reads the runs of RLE frames (PS3.5 Annex G) as they pass, without decoding them, and gives away
/// what stands between and after them.
class RleRuns {
 public:
  /// @param plane  bytes that each segment decodes to.
  explicit RleRuns(std::uint64_t plane) : plane_(plane) {}

  /// One fragment is one frame (PS3.5 A.4.2).
  void frame_begins();
  void bytes(ByteView piece, PixelComments& beside);

 private:
  std::uint64_t next_begin() const;
  std::size_t run_read(ByteView piece);

  const std::uint64_t plane_;
  Bytes header_;
  std::uint64_t at_ = 0;
  std::size_t begun_ = 0;      ///< segments
  std::uint64_t decoded_ = 0;  ///< of the last of them
  std::size_t literal_ = 0;    ///< bytes left of such a run
  bool repeats_ = false;       ///< the next byte is what a run repeats
};

}  // namespace dosigate
