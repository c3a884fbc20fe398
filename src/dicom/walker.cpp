#include "dosigate/dicom/walker.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dctag.h>

#include "trim.h"

namespace dosigate {
namespace {

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr std::uint32_t kItem = 0xFFFEE000;
constexpr std::uint32_t kItemDelimitation = 0xFFFEE00D;
constexpr std::uint32_t kSequenceDelimitation = 0xFFFEE0DD;
constexpr std::uint32_t kPixelData = 0x7FE00010;
constexpr std::uint32_t kFloatPixelData = 0x7FE00008;
constexpr std::uint32_t kDoubleFloatPixelData = 0x7FE00009;

// DCMTK scans a list of creators for each private element it reads: unbounded, a small data set
// takes minutes.
constexpr std::size_t kPrivateCreators = 1024;

enum class Kind { DataSet, Item, Sequence, Fragments };

/// One open level.
struct Level {
  Kind kind;
  bool undefined;  ///< ends with a delimiter
  bool implicit;
  bool big;
  std::size_t limit;          ///< where it ends, or must end at the latest
  std::size_t first_creator;  ///< its private creators, in Walker::creators_
  std::size_t first_tag;      ///< its elements, in Walker::tags_
  std::uint32_t last_tag = 0;
  bool disordered = false;
  bool is_pixel_data = false;
};

struct Creator {
  std::uint32_t block;  ///< group and the high byte of the elements it reserves
  std::string_view name;
};

struct Header {
  std::uint32_t tag;
  std::uint32_t length;
  DcmEVR vr;
};

std::string text_of_tag(std::uint32_t tag) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "(%04X,%04X)", tag >> 16U, tag & 0xFFFFU);
  return text.data();
}

class Walker {
 public:
  Walker(ByteView bytes, Encoding encoding, const WalkLimits& limits)
      : bytes_(bytes), limits_(limits) {
    levels_.reserve(2 * static_cast<std::size_t>(limits.nesting) +
                    2);  // sequence and item for each nesting, data set, fragments
    levels_.push_back({Kind::DataSet, false, encoding == Encoding::ImplicitLittle,
                       encoding == Encoding::ExplicitBig, bytes.size(), 0, 0});
  }

  Result<Walked> run() {
    while (!levels_.empty()) {
      const Level& level = levels_.back();
      std::optional<Error> error;
      if (at_ == level.limit) {
        if (level.undefined) return broken("a sequence or item of undefined length is not closed");
        error = close();
      } else if (++found_.elements > limits_.elements) {
        return broken("more than " + std::to_string(limits_.elements) + " elements");
      } else if (level.limit - at_ < 8) {
        return broken("bytes are left over that are too few for an element");
      } else if (level.kind == Kind::Sequence) {
        error = in_sequence();
      } else if (level.kind == Kind::Fragments) {
        error = in_fragments();
      } else {
        error = in_item();
      }
      if (error) return *error;
    }
    return found_;
  }

 private:
  std::size_t left() const { return levels_.back().limit - at_; }

  std::uint32_t u16() {
    const unsigned first = bytes_[at_];
    const unsigned second = bytes_[at_ + 1];
    at_ += 2;
    return levels_.back().big ? first << 8U | second : second << 8U | first;
  }

  std::uint32_t u32() {
    const std::uint32_t first = u16();
    const std::uint32_t second = u16();
    return levels_.back().big ? first << 16U | second : second << 16U | first;
  }

  std::uint32_t tag() {
    const std::uint32_t group = u16();
    return group << 16U | u16();
  }

  Error broken(const std::string& what) const {
    return fail(Fault::NotDicom, what + ", at byte " + std::to_string(at_) + " of the data set");
  }

  std::optional<Error> open(Kind kind, std::uint32_t length, bool as_implicit_little) {
    if (kind == Kind::Sequence && ++depth_ > limits_.nesting)
      return broken("sequences are nested deeper than " + std::to_string(limits_.nesting));
    if (length != kUndefined && length > left())
      return broken("a declared length of " + std::to_string(length) + " exceeds what is left");
    const Level around = levels_.back();
    levels_.push_back({kind, length == kUndefined, around.implicit || as_implicit_little,
                       around.big && !as_implicit_little,
                       length == kUndefined ? around.limit : at_ + length, creators_.size(),
                       tags_.size()});
    return std::nullopt;
  }

  std::optional<Error> close() {
    const Level& level = levels_.back();
    if (level.is_pixel_data) found_.pixel_end = at_;
    if (level.kind == Kind::Sequence) --depth_;
    const auto first = tags_.begin() + static_cast<std::ptrdiff_t>(level.first_tag);
    if (level.disordered) {
      // Of two elements with one tag DCMTK keeps one, another reader perhaps the other.
      std::sort(first, tags_.end());
      if (const auto twice = std::adjacent_find(first, tags_.end()); twice != tags_.end())
        return broken(text_of_tag(*twice) + " stands twice in one item");
    }
    tags_.erase(first, tags_.end());
    creators_.resize(level.first_creator);
    levels_.pop_back();
    return std::nullopt;
  }

  std::optional<Error> in_sequence() {
    const std::uint32_t found = tag();
    const std::uint32_t length = u32();
    if (found == kItem) return open(Kind::Item, length, false);
    if (found != kSequenceDelimitation || length != 0 || !levels_.back().undefined)
      return broken(text_of_tag(found) + " where an item of a sequence must stand");
    return close();
  }

  std::optional<Error> in_fragments() {
    const std::uint32_t found = tag();
    const std::uint32_t length = u32();
    if (found == kSequenceDelimitation && length == 0) return close();
    if (found != kItem || length > left())
      return broken(text_of_tag(found) +
                    " where a fragment of pixel data must stand, or one that is too long");
    at_ += length;
    return std::nullopt;
  }

  std::optional<Error> in_item() {
    const std::uint32_t found = tag();
    const std::uint32_t group = found >> 16U;
    if (group == 0xFFFE) {
      const bool closes = found == kItemDelimitation && levels_.back().kind == Kind::Item &&
                          levels_.back().undefined;
      if (!closes || u32() != 0) return broken(text_of_tag(found) + " where an element must stand");
      return close();
    }
    // Group 0002 does occur inside items (a Philips CT writes it into its exposure sequence).
    if (group == 0x0000 || (group == 0x0002 && levels_.back().kind == Kind::DataSet))
      return broken(text_of_tag(found) + " has no place in a data set");

    Header header{found, 0, EVR_UNKNOWN};
    if (auto error = levels_.back().implicit ? read_implicit(header) : read_explicit(header))
      return error;
    if (auto error = check_order(found)) return error;
    if (auto error = note_creator(header)) return error;
    return value_of(header);
  }

  std::optional<Error> read_explicit(Header& header) {
    const std::array<char, 3> letters{static_cast<char>(bytes_[at_]),
                                      static_cast<char>(bytes_[at_ + 1]), '\0'};
    at_ += 2;
    DcmVR vr(letters.data());  // decides on unknown letters and on the size of the length as the
                               // parser will
    if (header.tag == kPixelData && letters[0] == 'O' && letters[1] == 'X') vr.setVR(EVR_OW);
    header.vr = vr.getEVR();
    if (header.vr == EVR_na || header.vr == EVR_pixelItem)
      return broken(text_of_tag(header.tag) + " has a VR that no element can have");
    if (!vr.usesExtendedLengthEncoding()) {
      header.length = u16();
    } else {
      if (left() < 6) return broken("the data set ends inside an element header");
      at_ += 2;
      header.length = u32();
    }
    return std::nullopt;
  }

  std::optional<Error> read_implicit(Header& header) {
    header.length = u32();
    DcmTag key(static_cast<Uint16>(header.tag >> 16U), static_cast<Uint16>(header.tag));
    if (is_private(header.tag) && (header.tag & 0xFFFFU) >= 0x1000) {
      if (const Creator* creator = find_creator(header.tag >> 8U)) {
        key.setPrivateCreator(std::string(creator->name).c_str());
        key.lookupVRinDictionary();
      }
    }
    header.vr = key.getEVR();
    return std::nullopt;
  }

  /// nullptr when nobody has reserved that block in the open item.
  const Creator* find_creator(std::uint32_t block) const {
    const auto first =
        creators_.begin() + static_cast<std::ptrdiff_t>(levels_.back().first_creator);
    const auto at = std::find_if(
        first, creators_.end(), [block](const Creator& creator) { return creator.block == block; });
    return at == creators_.end() ? nullptr : &*at;
  }

  static bool is_private(std::uint32_t tag) { return (tag >> 16U & 1U) != 0; }

  std::optional<Error> check_order(std::uint32_t found) {
    Level& level = levels_.back();
    if (found <= level.last_tag) {
      // Strict at the top level: of two PatientIDs another reader may take the other one.
      if (level.kind == Kind::DataSet || found == level.last_tag ||
          ++out_of_order_ > limits_.out_of_order)
        return broken(text_of_tag(found) + " stands out of order or twice");
      level.disordered = true;
    }
    level.last_tag = std::max(level.last_tag, found);
    if (level.kind == Kind::Item) tags_.push_back(found);
    return std::nullopt;
  }

  std::optional<Error> note_creator(const Header& header) {
    const std::uint32_t element = header.tag & 0xFFFFU;
    if (!is_private(header.tag) || element < 0x0010 || element > 0x00FF ||
        header.length == kUndefined || header.length > left())
      return std::nullopt;
    if (creators_.size() - levels_.back().first_creator >= kPrivateCreators)
      return broken("more than " + std::to_string(kPrivateCreators) +
                    " private creators in one item");
    const std::uint32_t block = (header.tag & 0xFFFF0000U) >> 8U | element;
    // The parser and we could disagree on which of the two counts, and so on what is a sequence.
    if (find_creator(block) != nullptr)
      return broken(text_of_tag(header.tag) + " reserves a block of private elements twice");
    creators_.push_back({block, without_padding(as_text(bytes_.subspan(at_, header.length)))});
    return std::nullopt;
  }

  std::optional<Error> value_of(const Header& header) {
    const bool top = levels_.back().kind == Kind::DataSet;
    const bool pixels = top && (header.tag == kPixelData || header.tag == kFloatPixelData ||
                                header.tag == kDoubleFloatPixelData);
    if (pixels) {
      if (found_.pixel_end != 0) return broken("a second pixel data element");
      found_.pixel_begin = found_.pixel_end = at_;
    }
    if (header.vr == EVR_SQ && !pixels) return open(Kind::Sequence, header.length, false);
    if (header.length != kUndefined) {
      if (header.length > left())
        return broken(text_of_tag(header.tag) + " declares " + std::to_string(header.length) +
                      " bytes, " + std::to_string(left()) + " are left");
      at_ += header.length;
      if (pixels) found_.pixel_end = at_;
      return std::nullopt;
    }
    // Not in Implicit VR, where encapsulation does not exist: DCMTK allocates 4 GiB for it there
    // and reports success.
    if (header.tag == kPixelData &&
        (header.vr == EVR_OB || header.vr == EVR_OW || header.vr == EVR_ox)) {
      if (auto error = open(Kind::Fragments, kUndefined, false)) return error;
      levels_.back().is_pixel_data = pixels;
      return std::nullopt;
    }
    // Something unknown of undefined length is a sequence in Implicit VR Little Endian, whatever
    // surrounds it (PS3.5 6.2.2 note 4).
    if (!pixels && (header.vr == EVR_UN || header.vr == EVR_UNKNOWN || header.vr == EVR_UNKNOWN2B))
      return open(Kind::Sequence, kUndefined, true);
    return broken(text_of_tag(header.tag) + " has a VR that cannot have an undefined length");
  }

  ByteView bytes_;
  WalkLimits limits_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  std::size_t out_of_order_ = 0;
  std::vector<Level> levels_;
  std::vector<Creator> creators_;
  std::vector<std::uint32_t> tags_;  ///< of the open items
  Walked found_;
};

}  // namespace

Result<Walked> walk_data_set(ByteView data_set, Encoding encoding, const WalkLimits& limits) {
  return Walker(data_set, encoding, limits).run();
}

}  // namespace dosigate
