#pragma once

#include <set>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Collects what is spelled and not drawn in compressed pixel data as they pass: comments and
/// application segments before the image of each fragment that begins a JPEG, JPEG-LS or JPEG 2000
/// stream (ISO 10918-1 B.2, ISO 15444-1 A.4). Each different one once. Not collected: comments
/// between scans or tiles, video.
class PixelComments {
 public:
  void fragment_begins();
  void bytes(ByteView piece);

  /// Both identify.
  const std::set<Bytes>& all() const { return comments_; }
  /// There were more than are kept: nobody can say what they hold.
  bool too_many() const { return too_many_; }

 private:
  void header_read();
  void segment_read();

  enum class State { Begin, Marker, Kept, Skipped, Image };
  State state_ = State::Image;
  bool jpeg_ = false;
  Bytes header_;          ///< the two bytes of the begin, or marker and length
  std::size_t left_ = 0;  ///< of a segment
  Bytes segment_;
  std::set<Bytes> comments_;
  std::size_t kept_ = 0;
  bool too_many_ = false;
};

}  // namespace dosigate
