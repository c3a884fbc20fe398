#pragma once

#include <array>
#include <cstdint>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/dicom/walker.h"

namespace dosigate {

/// Follows the value of a pixel data element that comes in pieces, to its end: so many bytes when
/// it is native, items and their delimiter when it is encapsulated (PS3.5 A.4). What it says is
/// NotDicom is so for walk_data_set, too. Thread: one at a time.
class PixelValue {
 public:
  /// What passes, in order. A native value is bytes only.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// @param number  0: the basic offset table
    virtual void item_begins(std::size_t number, std::uint32_t length) = 0;
    virtual void bytes(ByteView piece) = 0;
    virtual void item_ends() = 0;
  };

  explicit PixelValue(const PixelElement& element);

  /// @return how many bytes of `piece` belong to the value: all, until it has ended.
  Result<std::size_t> add(ByteView piece, Listener* listener = nullptr);
  bool ended() const { return ended_; }
  std::uint64_t length() const { return length_; }  ///< so far
  std::size_t items() const { return items_; }      ///< with the offset table, and the delimiter

 private:
  Result<void> header_of_item(Listener* listener);

  const bool encapsulated_;
  std::uint64_t left_;  ///< of the value, or of the item
  bool in_item_ = false, ended_ = false;
  std::array<Byte, 8> header_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
  std::size_t items_ = 0;
};

}  // namespace dosigate
