#pragma once

#include <array>
#include <memory>
#include <optional>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate {

/// Bounds of a data set from the wire.
struct WalkLimits {
  unsigned nesting = 64;             ///< sequences inside sequences
  std::size_t elements = 1'000'000;  ///< elements, items and delimiters together
  /// Elements inside items that may stand before their place, in all: DCMTK sorts while it reads,
  /// which is harmless while it is rare and quadratic when it is not. At the top level, where
  /// identity is read, none may.
  std::size_t out_of_order = 256;
  std::uint32_t mark = 0xFFFFFFFF;  ///< a tag, for Walked::after_mark
};

/// The element of a data set whose value nobody looks into: PixelData, FloatPixelData or
/// DoubleFloatPixelData at the top level.
struct PixelElement {
  std::uint32_t tag = 0;      ///< 0: there is none
  std::array<char, 2> vr{};   ///< as it came; zeros in Implicit VR
  bool encapsulated = false;  ///< of undefined length: items, then their delimiter (PS3.5 A.4)
  std::uint32_t length = 0;   ///< as declared
  std::size_t begin = 0;      ///< where its tag stands
};

/// Where the value of the pixel data begins and ends; equal offsets when there is none.
struct Walked {
  PixelElement pixels;
  std::size_t pixel_begin = 0;
  std::size_t pixel_end = 0;
  std::size_t elements = 0;
  /// Where the first element of the top level with a greater tag than the mark stands.
  std::optional<std::size_t> after_mark{};
};

/// Judges the bytes of a data set before DCMTK parses them, iteratively: nesting, declared lengths
/// against the bytes left, element count, item and delimiter order, ascending tags at the top
/// level, no tag twice in the data set or in one item, nothing after the last element. 10,000
/// nested sequences in one C-STORE kill storescp and Orthanc; here they are Fault::NotDicom.
///
/// Sees what DCMTK will see: VR from the stream (explicit), from the data dictionary (implicit),
/// undefined length of any VR, and sequences inside UN of undefined length (PS3.5 6.2.2 note).
/// @param data_set  inflated already when the syntax is deflated.
Result<Walked> walk_data_set(ByteView data_set, Encoding encoding, const WalkLimits& limits = {});

/// The same of a data set that comes in pieces, wherever they are cut. Thread: one at a time.
class DataSetWalk {
 public:
  enum class At {
    NeedsMore,
    Pixels,  ///< where the value of the pixel data begins, at the end of what was walked
    End
  };
  /// @param keeps_pixels  false: that value is not among the bytes, and the walk stops at it once.
  DataSetWalk(Encoding encoding, const WalkLimits& limits, bool keeps_pixels);
  DataSetWalk(DataSetWalk&&) noexcept;
  ~DataSetWalk();

  /// @param so_far  all bytes from the first on (but the value of the pixel data, when it is not
  /// kept), those of the last call unchanged among them.
  /// @param last    nothing more comes: the answer is then End, or NotDicom.
  Result<At> go_on(ByteView so_far, bool last);
  /// After At::Pixels: so many bytes of value, in so many items.
  /// NotDicom: too many.
  Result<void> pixels_passed(std::uint64_t bytes, std::size_t items);
  const Walked& found() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Above this size a data set may be at most so many times as large as its deflated form: blank
/// images of up to that size deflate by a thousand, studies do not.
inline constexpr std::size_t kAnyRatioUpTo = std::size_t{16} << 20U;
inline constexpr std::size_t kLargestRatio = 256;

/// zlib raw inflate of a Deflated data set (PS3.5 A.5) with caps: NotDicom when the stream is
/// broken or incomplete or grows over that ratio, Busy when it grows over `limit` bytes. Memory
/// follows what comes out, in steps.
Result<Bytes> inflate_data_set(ByteView deflated, std::size_t limit);
/// The reverse, padded to even length. Throws std::runtime_error when zlib has no memory.
Bytes deflate_data_set(ByteView data_set);

}  // namespace dosigate
