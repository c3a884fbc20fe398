#include "dosigate/dicom/splitter.h"

#include <random>

#include <gtest/gtest.h>

#include "builder.h"
#include "dosigate/dicom/data_set.h"
#include "real_files.h"

namespace dosigate {
namespace {

constexpr Encoding kAll[] = {Encoding::ImplicitLittle, Encoding::ExplicitLittle,
                             Encoding::ExplicitBig};

struct Split {
  Bytes kept, pixels;
  std::optional<PassedPixels> passed;
};

/// In pieces that end where `next_size` says.
template <class NextSize>
Result<Split> split(ByteView whole, Encoding encoding, NextSize next_size,
                    const WalkLimits& limits = {}) {
  Split out;
  DataSetSplitter splitter(encoding, limits, out.kept);
  const auto take = [&](ByteView piece) {
    out.pixels.insert(out.pixels.end(), piece.begin(), piece.end());
  };
  while (!whole.empty()) {
    const std::size_t size = std::min<std::size_t>(next_size(), whole.size());
    const auto added = splitter.add(whole.first(size), take);
    if (!added) return added.error();
    whole = whole.subspan(size);
  }
  auto passed = splitter.finish(take);
  if (!passed) return passed.error();
  out.passed = *passed;
  return out;
}

Result<Split> split_in(ByteView whole, Encoding encoding, std::size_t size) {
  return split(whole, encoding, [size] { return size; });
}

Bytes joined(const Split& split) {
  Bytes out = split.kept;
  if (split.passed)
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(split.passed->at), split.pixels.begin(),
               split.pixels.end());
  return out;
}

Wire image(Encoding encoding, bool encapsulated, bool trailer) {
  Wire wire = small_header(encoding);
  wire.element(0x00290010, "LO", "MADE UP CREATOR")
      .header(0x00540016, "SQ", Wire::kUndefined)
      .item()
      .element(kModality, "CS", "PT")
      .end_item()
      .end_sequence();
  if (encapsulated) {
    wire.header(kPixels, "OB", Wire::kUndefined).fragment(std::string_view("\0\0\0\0", 4));
    wire.fragment("abcdefgh").fragment("").fragment("ij").end_sequence();
  } else {
    wire.element(kPixels, "OW", "0123456789abcdefghijklmnopqrstuv");
  }
  if (trailer)
    wire.element(0x7FE10010, "LO", "MADE UP CREATOR").element(0x7FE11001, "LO", "afterwards");
  return wire;
}

TEST(Splitter, GivesBackEveryByteWhereverItIsCut) {
  for (const Encoding encoding : kAll) {
    for (const bool encapsulated : {false, true}) {
      if (encapsulated && encoding != Encoding::ExplicitLittle) continue;
      for (const bool trailer : {false, true}) {
        const Wire wire = image(encoding, encapsulated, trailer);
        const auto walked = walk_data_set(wire.bytes, encoding);
        ASSERT_TRUE(walked) << walked.error().detail;
        for (std::size_t size = 1; size <= wire.bytes.size(); ++size) {
          const auto out = split_in(wire.bytes, encoding, size);
          ASSERT_TRUE(out) << out.error().detail << " in pieces of " << size;
          ASSERT_TRUE(out->passed);
          EXPECT_EQ(out->passed->at, walked->pixel_begin);
          EXPECT_EQ(out->passed->length, walked->pixel_end - walked->pixel_begin);
          EXPECT_EQ(out->passed->elements, walked->elements);
          EXPECT_EQ(out->passed->element.begin, walked->pixels.begin);
          EXPECT_EQ(out->passed->element.encapsulated, encapsulated);
          EXPECT_EQ(out->pixels.size(), out->passed->length);
          EXPECT_EQ(joined(*out), wire.bytes);
        }
      }
    }
  }
}

TEST(Splitter, KeepsADataSetWithoutPixelDataWhole) {
  const Wire wire = small_header();

  const auto out = split_in(wire.bytes, Encoding::ExplicitLittle, 7);

  ASSERT_TRUE(out);
  EXPECT_FALSE(out->passed);
  EXPECT_EQ(out->kept, wire.bytes);
}

TEST(Splitter, TakesAndRefusesWhatTheWalkerDoes) {
  std::mt19937 random(7);
  const auto upto = [&random](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  int refused = 0, taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Encoding encoding = kAll[upto(3)];
    Bytes bytes =
        image(encoding, encoding == Encoding::ExplicitLittle && upto(2) == 0, upto(2) == 0).bytes;
    for (std::size_t change = upto(4); change-- > 0;) {
      switch (upto(4)) {
        case 0:
          bytes[upto(bytes.size())] = static_cast<Byte>(upto(256));
          break;
        case 1:
          bytes[upto(bytes.size())] ^= static_cast<Byte>(1U << upto(8));
          break;
        case 2:
          bytes.resize(1 + upto(bytes.size()));
          break;
        default:
          bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(upto(bytes.size())));
          break;
      }
      if (bytes.empty()) bytes.push_back(0);
    }
    const auto walked = walk_data_set(bytes, encoding);
    const auto out = split(bytes, encoding, [&] { return 1 + upto(40); });
    ASSERT_EQ(out.has_value(), walked.has_value())
        << (walked ? out.error().detail : walked.error().detail) << " in round " << round;
    if (!walked) {
      ++refused;
      continue;
    }
    ++taken;
    EXPECT_EQ(joined(*out), bytes);
    EXPECT_EQ(out->passed.has_value(), walked->pixels.tag != 0);
  }
  EXPECT_GT(refused, 2'000);
  EXPECT_GT(taken, 2'000);
}

TEST(Splitter, CountsFragmentsAmongTheElements) {
  Wire wire = small_header();
  wire.header(kPixels, "OB", Wire::kUndefined);
  for (int i = 0; i < 100; ++i) wire.fragment("ab");
  wire.end_sequence();
  WalkLimits limits;
  limits.elements = 50;

  EXPECT_FALSE(walk_data_set(wire.bytes, Encoding::ExplicitLittle, limits));
  EXPECT_FALSE(split(
      wire.bytes, Encoding::ExplicitLittle, [] { return 10U; }, limits));
}

TEST(Splitter, SplitsRealFilesAsTheyAre) {
  for (const RealFile& file : real_files()) {
    const TransferSyntax* syntax = find_transfer_syntax(file.transfer_syntax_uid);
    if (syntax == nullptr || syntax->encoding == Encoding::DeflatedLittle) continue;
    const auto walked = walk_data_set(file.data_set, syntax->encoding);
    const auto out = split_in(file.data_set, syntax->encoding, 16'384);
    ASSERT_EQ(out.has_value(), walked.has_value()) << file.name;
    if (!walked) continue;
    EXPECT_EQ(joined(*out), file.data_set) << file.name;
    EXPECT_EQ(out->passed ? out->passed->elements : walked->elements, walked->elements)
        << file.name;
  }
}

}  // namespace
}  // namespace dosigate
