#include "real_files.h"

#include <map>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcostrmb.h>
#include <gtest/gtest.h>

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/walker.h"

namespace dosigate {
namespace {

/// Inflated when deflated, so that it can be walked and parsed.
Result<Bytes> plain(const RealFile& file, const TransferSyntax& syntax) {
  if (syntax.encoding == Encoding::DeflatedLittle)
    return inflate_data_set(file.data_set, 1U << 30U);
  return file.data_set;
}

Encoding plain_encoding(const TransferSyntax& syntax) {
  return syntax.encoding == Encoding::DeflatedLittle ? Encoding::ExplicitLittle : syntax.encoding;
}

/// Header and value as written in Explicit VR. (DcmElement::compare counts the values again for
/// each one: minutes for long lists.)
Bytes value_of(DcmElement& element) {
  Bytes out(element.calcElementLength(EXS_LittleEndianExplicit, EET_UndefinedLength) + 64U);
  DcmOutputBufferStream stream(out.data(), static_cast<offile_off_t>(out.size() / 2 * 2));
  element.transferInit();
  EXPECT_TRUE(element.write(stream, EXS_LittleEndianExplicit, EET_UndefinedLength, nullptr).good());
  out.resize(static_cast<std::size_t>(stream.tell()));
  return out;
}

/// The first difference of two items, as a tag; empty when they are equal element by element.
std::string difference(DcmItem& before, DcmItem& after) {
  if (before.card() != after.card()) return "number of elements in " + tag_text(before.getTag());
  DcmObject* left_next = nullptr;
  DcmObject* right_next = nullptr;
  while ((left_next = before.nextInContainer(left_next)) != nullptr) {
    right_next = after.nextInContainer(right_next);
    auto* left = dynamic_cast<DcmElement*>(left_next);
    auto* right = dynamic_cast<DcmElement*>(right_next);
    if (left->getTag() != right->getTag()) return tag_text(left->getTag());
    auto* left_items = dynamic_cast<DcmSequenceOfItems*>(left);
    auto* right_items = dynamic_cast<DcmSequenceOfItems*>(right);
    if ((left_items == nullptr) != (right_items == nullptr)) return tag_text(left->getTag());
    if (left_items == nullptr) {
      if (left->getTag() != DCM_PixelData && value_of(*left) != value_of(*right))
        return tag_text(left->getTag());
      continue;
    }
    if (left_items->card() != right_items->card()) return tag_text(left->getTag());
    for (unsigned long k = 0; k < left_items->card(); ++k)
      if (auto inner = difference(*left_items->getItem(k), *right_items->getItem(k));
          !inner.empty())
        return tag_text(left->getTag()) + inner;
  }
  return {};
}

TEST(RealFiles, AreWalkedParsedAndWrittenWithoutLossOrRefusedWithAReason) {
  std::map<std::string, int> counts;
  for (const RealFile& file : real_files()) {
    const TransferSyntax* syntax = find_transfer_syntax(file.transfer_syntax_uid);
    if (syntax == nullptr) {
      ++counts["unknown transfer syntax"];
      std::cout << file.name << ": unknown transfer syntax\n";
      continue;
    }
    const auto bytes = plain(file, *syntax);
    const auto walked =
        bytes ? walk_data_set(*bytes, plain_encoding(*syntax)) : Result<Walked>(bytes.error());
    if (!walked) {
      ++counts["refused"];
      std::cout << file.name << ": " << walked.error().detail << "\n";
      EXPECT_EQ(walked.error().fault, Fault::NotDicom);
      continue;
    }
    ++counts["walked"];

    const auto parsed = parse_data_set(*bytes, *syntax);
    if (!parsed) {
      ++counts["walked but not parsed"];
      std::cout << file.name << ": " << parsed.error().detail << "\n";
      continue;
    }
    const EncodedDataSet encoded = encode_data_set(**parsed, *syntax);

    if (syntax->encoding == Encoding::DeflatedLittle) {
      ++counts["deflated"];
      continue;
    }
    const ByteView pixels =
        ByteView(*bytes).subspan(walked->pixel_begin, walked->pixel_end - walked->pixel_begin);
    ByteView body = encoded.body;
    if (pixels.size() % 2 != 0 && body.size() == pixels.size() + 1)
      body = body.first(pixels.size());
    EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), body.begin(), body.end()))
        << file.name << " " << pixels.size() << " " << body.size();
    Bytes all = encoded.header;
    all.insert(all.end(), encoded.body.begin(), encoded.body.end());
    all.insert(all.end(), encoded.trailer.begin(), encoded.trailer.end());
    const auto again = parse_data_set(all, *syntax);
    ASSERT_TRUE(again) << file.name << again.error().detail;
    // Group lengths are not written: they would be wrong after any edit.
    for (unsigned long i = (*parsed)->card(); i-- > 0;)
      if ((*parsed)->getElement(i)->getETag() == 0) delete (*parsed)->remove(i);
    EXPECT_EQ(difference(**parsed, **again), "") << file.name;
    ++counts["equal after a round trip"];
  }
  for (const auto& [what, count] : counts) std::cout << what << ": " << count << "\n";
  EXPECT_EQ(counts["walked but not parsed"], 0);
}

}  // namespace
}  // namespace dosigate
