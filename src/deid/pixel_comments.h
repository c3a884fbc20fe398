#pragma once

#include <cstdint>
#include <set>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Collects what pixel data spell beside the image as they pass, each different piece once. Of
/// JPEG, JPEG-LS and JPEG 2000 (ISO 10918-1 B, ISO 14495-1 C, ISO 15444-1 A) it finds that itself:
/// comments, application segments and those of unknown markers, wherever they stand, and what
/// follows the end of a frame; however fragments cut it. Not collected: the coded image itself,
/// video, JPEG XL, and a value that begins as none of these.
class PixelComments {
 public:
  void fragment_begins();
  /// Of a fragment.
  void bytes(ByteView piece);
  /// Of anything: beside the image for certain. Zeros are padding.
  void stray(ByteView piece);
  /// Nothing more comes of the piece in hand.
  void ends();

  /// All identify.
  const std::set<Bytes>& all() const { return comments_; }
  /// There were more than are kept: nobody can say what they hold.
  bool too_many() const { return too_many_; }

 private:
  enum class State : std::uint8_t {
    Begin,    ///< of a fragment, whose first bytes say whether a stream begins
    Unread,   ///< no stream has begun
    Marker,   ///< and its length, where it has one
    Kept,     ///< a segment
    Skipped,  ///< a segment
    Coded,    ///< the image, up to the next marker
    Stray     ///< after the end
  };
  void begin_read();
  void marker_read();
  void segment_ends();
  ByteView after_coded(ByteView piece);
  void keep_piece();

  State state_ = State::Unread;
  State resume_ = State::Unread;  ///< after Begin, when no stream begins
  State after_ = State::Marker;   ///< the segment in hand
  bool jpeg_ = false;
  bool escaped_ = false;  ///< the last byte of Coded was 0xFF
  Bytes first_;           ///< of the fragment
  Bytes header_;          ///< marker and length
  std::size_t left_ = 0;  ///< of the segment
  Bytes piece_;
  std::set<Bytes> comments_;
  std::size_t kept_ = 0;
  bool too_many_ = false;
};

}  // namespace dosigate
