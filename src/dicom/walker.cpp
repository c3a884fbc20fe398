#include "dosigate/dicom/walker.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
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

/// Where a level ends that nothing bounds yet.
constexpr std::size_t kOpen = std::numeric_limits<std::size_t>::max();

/// One open level.
struct Level {
  Kind kind;
  bool undefined;  ///< ends with a delimiter
  bool implicit;
  bool big;
  std::size_t limit;          ///< where it ends, or must end at the latest
  std::size_t first_creator;  ///< its private creators, in State::creators
  std::size_t first_tag;      ///< its elements, in State::tags
  std::uint32_t last_tag = 0;
  bool disordered = false;
  bool is_pixel_data = false;
};

struct Creator {
  std::uint32_t block;      ///< group and the high byte of the elements it reserves
  std::size_t begin, size;  ///< of its name in the bytes
};

struct Header {
  std::uint32_t tag;
  std::uint32_t length;
  DcmEVR vr;
  std::array<char, 2> letters;
};

/// The longest header of an element; what is shorter is waited for, or stands at the end.
constexpr std::size_t kLongestHeader = 12;

/// What the parser will make of the letters of a VR, unknown ones too.
struct Coding {
  DcmEVR vr;
  bool long_length;  ///< 4 bytes, after 2 that are reserved
};

Coding ask_coding(char first, char second) {
  const std::array<char, 3> letters{first, second, '\0'};
  const DcmVR vr(letters.data());
  return {vr.getEVR(), vr.usesExtendedLengthEncoding() != OFFalse};
}

/// DcmVR compares with each VR there is: asked once for each pair of capitals, not for each
/// element.
Coding coding_of(char first, char second) {
  constexpr std::size_t kCapitals = 26;
  static const std::vector<Coding> known = [] {
    std::vector<Coding> out;
    for (char one = 'A'; one <= 'Z'; ++one)
      for (char other = 'A'; other <= 'Z'; ++other) out.push_back(ask_coding(one, other));
    return out;
  }();
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!is_capital(first) || !is_capital(second)) return ask_coding(first, second);
  return known[static_cast<std::size_t>(first - 'A') * kCapitals +
               static_cast<std::size_t>(second - 'A')];
}

std::string text_of_tag(std::uint32_t tag) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "(%04X,%04X)", tag >> 16U, tag & 0xFFFFU);
  return text.data();
}

}  // namespace

struct DataSetWalk::State {
  State(Encoding encoding, const WalkLimits& with, bool keeps) : limits(with), keeps_pixels(keeps) {
    levels.reserve(2 * static_cast<std::size_t>(limits.nesting) +
                   2);  // sequence and item for each nesting, data set, fragments
    levels.push_back({Kind::DataSet, false, encoding == Encoding::ImplicitLittle,
                      encoding == Encoding::ExplicitBig, kOpen, 0, 0});
  }

  Result<At> run() {
    if (last) {
      if (at > bytes.size()) return broken("the data set ends inside a value");
      for (const Level& level : levels) {
        if (level.limit != kOpen && level.limit > bytes.size())
          return broken("a declared length exceeds what is left");
      }
    }
    while (!levels.empty()) {
      const Level& level = levels.back();
      std::optional<Error> error;
      if (at == limit()) {
        if (level.undefined) return broken("a sequence or item of undefined length is not closed");
        error = close();
      } else if (left() < 8) {
        return broken("bytes are left over that are too few for an element");
      } else if (!last && (at > bytes.size() || bytes.size() - at < kLongestHeader)) {
        return At::NeedsMore;
      } else if (found.elements >= limits.elements) {
        return broken("more than " + std::to_string(limits.elements) + " elements");
      } else {
        ++found.elements;
        if (level.kind == Kind::Sequence) {
          error = in_sequence();
        } else if (level.kind == Kind::Fragments) {
          error = in_fragments();
        } else {
          error = in_item();
        }
      }
      if (error) return *error;
      if (waits) {
        waits = false;
        --found.elements;
        return At::NeedsMore;
      }
      if (at_pixels) {
        at_pixels = false;
        return At::Pixels;
      }
    }
    return At::End;
  }

  std::size_t limit() const {
    const std::size_t own = levels.back().limit;
    return last ? std::min(own, bytes.size()) : own;
  }
  std::size_t left() const { return limit() - at; }

  std::uint32_t u16() {
    const unsigned first = bytes[at];
    const unsigned second = bytes[at + 1];
    at += 2;
    return levels.back().big ? first << 8U | second : second << 8U | first;
  }

  std::uint32_t u32() {
    const std::uint32_t first = u16();
    const std::uint32_t second = u16();
    return levels.back().big ? first << 16U | second : second << 16U | first;
  }

  std::uint32_t tag() {
    const std::uint32_t group = u16();
    return group << 16U | u16();
  }

  Error broken(const std::string& what) const {
    return fail(Fault::NotDicom,
                what + ", at byte " + std::to_string(at + passed_over) + " of the data set");
  }

  std::optional<Error> open(Kind kind, std::uint32_t length, bool as_implicit_little) {
    if (kind == Kind::Sequence && ++depth > limits.nesting)
      return broken("sequences are nested deeper than " + std::to_string(limits.nesting));
    if (length != kUndefined && length > left())
      return broken("a declared length of " + std::to_string(length) + " exceeds what is left");
    const Level around = levels.back();
    levels.push_back({kind, length == kUndefined, around.implicit || as_implicit_little,
                      around.big && !as_implicit_little,
                      length == kUndefined ? around.limit : at + length, creators.size(),
                      tags.size()});
    return std::nullopt;
  }

  std::optional<Error> close() {
    const Level& level = levels.back();
    if (level.is_pixel_data) found.pixel_end = at;
    if (level.kind == Kind::Sequence) --depth;
    const auto first = tags.begin() + static_cast<std::ptrdiff_t>(level.first_tag);
    if (level.disordered) {
      // Of two elements with one tag DCMTK keeps one, another reader perhaps the other.
      std::sort(first, tags.end());
      if (const auto twice = std::adjacent_find(first, tags.end()); twice != tags.end())
        return broken(text_of_tag(*twice) + " stands twice in one item");
    }
    tags.erase(first, tags.end());
    creators.resize(level.first_creator);
    levels.pop_back();
    return std::nullopt;
  }

  std::optional<Error> in_sequence() {
    const std::uint32_t next = tag();
    const std::uint32_t length = u32();
    if (next == kItem) return open(Kind::Item, length, false);
    if (next != kSequenceDelimitation || length != 0 || !levels.back().undefined)
      return broken(text_of_tag(next) + " where an item of a sequence must stand");
    return close();
  }

  std::optional<Error> in_fragments() {
    const std::uint32_t next = tag();
    const std::uint32_t length = u32();
    if (next == kSequenceDelimitation && length == 0) return close();
    if (next != kItem || length > left())
      return broken(text_of_tag(next) +
                    " where a fragment of pixel data must stand, or one that is too long");
    at += length;
    return std::nullopt;
  }

  std::optional<Error> in_item() {
    const std::size_t begin = at;
    const std::uint32_t next = tag();
    const std::uint32_t group = next >> 16U;
    if (group == 0xFFFE) {
      const bool closes =
          next == kItemDelimitation && levels.back().kind == Kind::Item && levels.back().undefined;
      if (!closes || u32() != 0) return broken(text_of_tag(next) + " where an element must stand");
      return close();
    }
    // Group 0002 does occur inside items (a Philips CT writes it into its exposure sequence).
    if (group == 0x0000 || (group == 0x0002 && levels.back().kind == Kind::DataSet))
      return broken(text_of_tag(next) + " has no place in a data set");

    Header header{next, 0, EVR_UNKNOWN, {}};
    if (auto error = levels.back().implicit ? read_implicit(header) : read_explicit(header))
      return error;
    if (names_creator(header) && !last &&
        (at > bytes.size() || bytes.size() - at < header.length)) {
      at = begin;
      waits = true;
      return std::nullopt;
    }
    if (auto error = check_order(next)) return error;
    if (levels.back().kind == Kind::DataSet && !found.after_mark && next > limits.mark)
      found.after_mark = begin;
    if (auto error = note_creator(header)) return error;
    return value_of(header, begin);
  }

  std::optional<Error> read_explicit(Header& header) {
    header.letters = {static_cast<char>(bytes[at]), static_cast<char>(bytes[at + 1])};
    at += 2;
    const auto [first, second] = header.letters;
    const bool is_ox_pixels = header.tag == kPixelData && first == 'O' && second == 'X';
    const Coding coding = is_ox_pixels ? coding_of('O', 'W') : coding_of(first, second);
    header.vr = coding.vr;
    if (header.vr == EVR_na || header.vr == EVR_pixelItem)
      return broken(text_of_tag(header.tag) + " has a VR that no element can have");
    if (!coding.long_length) {
      header.length = u16();
    } else {
      if (left() < 6) return broken("the data set ends inside an element header");
      at += 2;
      header.length = u32();
    }
    return std::nullopt;
  }

  std::optional<Error> read_implicit(Header& header) {
    header.length = u32();
    DcmTag key(static_cast<Uint16>(header.tag >> 16U), static_cast<Uint16>(header.tag));
    if (is_private(header.tag) && (header.tag & 0xFFFFU) >= 0x1000) {
      if (const Creator* creator = find_creator(header.tag >> 8U)) {
        key.setPrivateCreator(std::string(without_padding(name_of(*creator))).c_str());
        key.lookupVRinDictionary();
      }
    }
    header.vr = key.getEVR();
    return std::nullopt;
  }

  std::string_view name_of(const Creator& creator) const {
    return as_text(bytes.subspan(creator.begin, creator.size));
  }

  /// nullptr when nobody has reserved that block in the open item.
  const Creator* find_creator(std::uint32_t block) const {
    const auto first = creators.begin() + static_cast<std::ptrdiff_t>(levels.back().first_creator);
    const auto found_at = std::find_if(
        first, creators.end(), [block](const Creator& creator) { return creator.block == block; });
    return found_at == creators.end() ? nullptr : &*found_at;
  }

  static bool is_private(std::uint32_t tag) { return (tag >> 16U & 1U) != 0; }

  std::optional<Error> check_order(std::uint32_t next) {
    Level& level = levels.back();
    if (next <= level.last_tag) {
      // Strict at the top level: of two PatientIDs another reader may take the other one.
      if (level.kind == Kind::DataSet || next == level.last_tag ||
          ++out_of_order > limits.out_of_order)
        return broken(text_of_tag(next) + " stands out of order or twice");
      level.disordered = true;
    }
    level.last_tag = std::max(level.last_tag, next);
    if (level.kind == Kind::Item) tags.push_back(next);
    return std::nullopt;
  }

  bool names_creator(const Header& header) const {
    const std::uint32_t element = header.tag & 0xFFFFU;
    return is_private(header.tag) && element >= 0x0010 && element <= 0x00FF &&
           header.length != kUndefined && header.length <= left();
  }

  std::optional<Error> note_creator(const Header& header) {
    if (!names_creator(header)) return std::nullopt;
    if (creators.size() - levels.back().first_creator >= kPrivateCreators)
      return broken("more than " + std::to_string(kPrivateCreators) +
                    " private creators in one item");
    const std::uint32_t block = (header.tag & 0xFFFF0000U) >> 8U | (header.tag & 0xFFFFU);
    // The parser and we could disagree on which of the two counts, and so on what is a sequence.
    if (find_creator(block) != nullptr)
      return broken(text_of_tag(header.tag) + " reserves a block of private elements twice");
    creators.push_back({block, at, header.length});
    return std::nullopt;
  }

  std::optional<Error> value_of(const Header& header, std::size_t begin) {
    const bool top = levels.back().kind == Kind::DataSet;
    const bool pixels = top && (header.tag == kPixelData || header.tag == kFloatPixelData ||
                                header.tag == kDoubleFloatPixelData);
    if (pixels) {
      if (found.pixels.tag != 0) return broken("a second pixel data element");
      found.pixels = {header.tag, header.letters, header.length == kUndefined, header.length,
                      begin};
      found.pixel_begin = found.pixel_end = at;
    }
    if (header.vr == EVR_SQ && !pixels) return open(Kind::Sequence, header.length, false);
    if (header.length != kUndefined) {
      if (pixels && !keeps_pixels) {
        at_pixels = true;
        return std::nullopt;
      }
      if (header.length > left())
        return broken(text_of_tag(header.tag) + " declares " + std::to_string(header.length) +
                      " bytes, " + std::to_string(left()) + " are left");
      at += header.length;
      if (pixels) found.pixel_end = at;
      return std::nullopt;
    }
    // Not in Implicit VR, where encapsulation does not exist: DCMTK allocates 4 GiB for it there
    // and reports success.
    if (pixels && levels.back().big)
      return broken("encapsulated pixel data exist in little endian only");
    if (header.tag == kPixelData &&
        (header.vr == EVR_OB || header.vr == EVR_OW || header.vr == EVR_ox)) {
      if (pixels && !keeps_pixels) {
        at_pixels = true;
        return std::nullopt;
      }
      if (auto error = open(Kind::Fragments, kUndefined, false)) return error;
      levels.back().is_pixel_data = pixels;
      return std::nullopt;
    }
    // Something unknown of undefined length is a sequence in Implicit VR Little Endian, whatever
    // surrounds it (PS3.5 6.2.2 note 4).
    if (!pixels && (header.vr == EVR_UN || header.vr == EVR_UNKNOWN || header.vr == EVR_UNKNOWN2B))
      return open(Kind::Sequence, kUndefined, true);
    return broken(text_of_tag(header.tag) + " has a VR that cannot have an undefined length");
  }

  ByteView bytes;
  bool last = false;
  WalkLimits limits;
  bool keeps_pixels;
  bool waits = false, at_pixels = false;
  std::size_t at = 0;
  std::uint64_t passed_over = 0;
  unsigned depth = 0;
  std::size_t out_of_order = 0;
  std::vector<Level> levels;
  std::vector<Creator> creators;
  std::vector<std::uint32_t> tags;  ///< of the open items
  Walked found;
};

DataSetWalk::DataSetWalk(Encoding encoding, const WalkLimits& limits, bool keeps_pixels)
    : state_(std::make_unique<State>(encoding, limits, keeps_pixels)) {}
DataSetWalk::DataSetWalk(DataSetWalk&&) noexcept = default;
DataSetWalk::~DataSetWalk() = default;

Result<DataSetWalk::At> DataSetWalk::go_on(ByteView so_far, bool last) {
  state_->bytes = so_far;
  state_->last = last;
  return state_->run();
}

Result<void> DataSetWalk::pixels_passed(std::uint64_t bytes, std::size_t items) {
  state_->passed_over += bytes;
  state_->found.elements += items;
  if (state_->found.elements > state_->limits.elements)
    return state_->broken("more than " + std::to_string(state_->limits.elements) + " elements");
  return {};
}

const Walked& DataSetWalk::found() const { return state_->found; }

Result<Walked> walk_data_set(ByteView data_set, Encoding encoding, const WalkLimits& limits) {
  DataSetWalk walk(encoding, limits, true);
  const auto done = walk.go_on(data_set, true);
  if (!done) return done.error();
  return walk.found();
}

}  // namespace dosigate
