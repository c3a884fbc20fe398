#include "dosigate/dicom/pixel_value.h"

#include <algorithm>

namespace dosigate {
namespace {

// Encapsulation exists in little endian only.
std::uint32_t number_at(ByteView at) {
  return std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8U | std::uint32_t{at[2]} << 16U |
         std::uint32_t{at[3]} << 24U;
}

constexpr std::uint32_t kItemMark = 0xE000FFFE;  // group first
constexpr std::uint32_t kDelimiter = 0xE0DDFFFE;

}  // namespace

PixelValue::PixelValue(const PixelElement& element)
    : encapsulated_(element.encapsulated),
      left_(element.encapsulated ? 0 : element.length),
      ended_(!element.encapsulated && element.length == 0) {}

Result<std::size_t> PixelValue::add(ByteView piece, Listener* listener) {
  const std::size_t all = piece.size();
  while (!piece.empty() && !ended_) {
    if (encapsulated_ && !in_item_) {
      const std::size_t part = std::min(header_.size() - filled_, piece.size());
      std::copy_n(piece.begin(), part, header_.begin() + static_cast<std::ptrdiff_t>(filled_));
      filled_ += part;
      length_ += part;
      piece = piece.subspan(part);
      if (filled_ < header_.size()) break;
      filled_ = 0;
      if (const auto read = header_of_item(listener); !read) return read.error();
    } else {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece.size()));
      if (listener != nullptr) listener->bytes(piece.first(part));
      left_ -= part;
      length_ += part;
      piece = piece.subspan(part);
    }
    if (left_ > 0 || (encapsulated_ && !in_item_)) continue;
    in_item_ = false;
    if (!encapsulated_) ended_ = true;
    if (encapsulated_ && listener != nullptr) listener->item_ends();
  }
  return all - piece.size();
}

Result<void> PixelValue::header_of_item(Listener* listener) {
  const std::uint32_t tag = number_at(header_), length = number_at(ByteView(header_).subspan(4));
  ++items_;
  if (tag == kDelimiter && length == 0) {
    ended_ = true;
    return {};
  }
  if (tag != kItemMark || length == 0xFFFFFFFFU)
    return fail(Fault::NotDicom, "at byte " + std::to_string(length_ - header_.size()) +
                                     " of the pixel data no fragment stands");
  if (listener != nullptr) listener->item_begins(items_ - 1, length);
  in_item_ = true;
  left_ = length;
  return {};
}

}  // namespace dosigate
