#include "dosigate/dicom/data_set.h"

#include <chrono>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <gtest/gtest.h>

#include "builder.h"
#include "dosigate/dicom/walker.h"

namespace dosigate {
namespace {

Bytes joined(const EncodedDataSet& parts) {
  Bytes all = parts.header;
  all.insert(all.end(), parts.body.begin(), parts.body.end());
  all.insert(all.end(), parts.trailer.begin(), parts.trailer.end());
  return all;
}

const TransferSyntax& explicit_little() { return *find_transfer_syntax("1.2.840.10008.1.2.1"); }

TEST(DataSet, PassesFragmentsByteForByteInEveryEncapsulatedSyntax) {
  Wire wire = small_header();
  wire.header(kPixels, "OB", Wire::kUndefined)
      .fragment(std::string_view("\0\0\0\0\x0c\0\0\0", 8))
      .fragment("abcd")
      .fragment("efghij")
      .end_sequence();
  wire.element(0x7FE10010, "LO", "MAKER ").element(0x7FE11001, "LO", "AFTER ");
  const std::size_t after = 2 * (8 + 6);
  int tried = 0;
  for (const TransferSyntax& syntax : transfer_syntaxes()) {
    if (!syntax.encapsulated) continue;
    ++tried;

    const auto parsed = parse_data_set(wire.bytes, syntax);
    ASSERT_TRUE(parsed) << syntax.uid << parsed.error().detail;
    const EncodedDataSet encoded = encode_data_set(**parsed, syntax);

    EXPECT_EQ(joined(encoded), wire.bytes) << syntax.uid;
    EXPECT_TRUE(as_text(encoded.body).starts_with(std::string_view("\xfe\xff\x00\xe0", 4)))
        << syntax.uid;
    EXPECT_TRUE(as_text(encoded.body).ends_with(std::string_view("\xfe\xff\xdd\xe0\0\0\0\0", 8)))
        << syntax.uid;
    EXPECT_EQ(encoded.trailer.size(), after) << syntax.uid;
  }
  EXPECT_GT(tried, 40);
}

TEST(DataSet, PassesNativePixelBytesInEveryUncompressedSyntax) {
  for (const char* uid :
       {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.113619.5.2"}) {
    const TransferSyntax& syntax = *find_transfer_syntax(uid);
    Wire wire = small_header(syntax.encoding);
    wire.element(kPixels, "OW", "12345678");

    const auto parsed = parse_data_set(wire.bytes, syntax);
    ASSERT_TRUE(parsed) << uid;
    const EncodedDataSet encoded = encode_data_set(**parsed, syntax);

    EXPECT_EQ(joined(encoded), wire.bytes) << uid;
    EXPECT_EQ(as_text(encoded.body), "12345678") << uid;
  }
}

TEST(DataSet, IsWrittenDeflatedInOnePiece) {
  const TransferSyntax& syntax = *find_transfer_syntax("1.2.840.10008.1.2.1.99");
  Wire wire = small_header();
  wire.element(kPixels, "OW", std::string(10'000, 'x'));

  const auto parsed = parse_data_set(wire.bytes, syntax);
  ASSERT_TRUE(parsed);
  const EncodedDataSet encoded = encode_data_set(**parsed, syntax);

  EXPECT_TRUE(encoded.body.empty() && encoded.trailer.empty());
  EXPECT_LT(encoded.header.size(), 1000U);
  const auto inflated = inflate_data_set(encoded.header, 1U << 20U);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(*inflated, wire.bytes);
}

TEST(DataSet, WithoutPixelDataIsAllHeader) {
  const auto parsed = parse_data_set(small_header().bytes, explicit_little());

  const EncodedDataSet encoded = encode_data_set(**parsed, explicit_little());

  EXPECT_EQ(encoded.header, small_header().bytes);
  EXPECT_TRUE(encoded.body.empty() && encoded.trailer.empty());
}

TEST(DataSet, IsWrittenWithoutGroupLengthsAndTrailingPaddingAndWithAPaddedOddValue) {
  Wire wire;
  wire.element(0x00080000, "UL", std::string_view("\4\0\0\0", 4))
      .element(kModality, "CS", "NMX")
      .element(kPixels, "OB", "123")
      .element(kTrailingPadding, "OB", "HIDDEN");

  const auto parsed = parse_data_set(wire.bytes, explicit_little());
  ASSERT_TRUE(parsed);
  const EncodedDataSet encoded = encode_data_set(**parsed, explicit_little());

  Wire expected;
  expected.element(kModality, "CS", std::string_view("NMX\0", 4))
      .element(kPixels, "OB", std::string_view("123\0", 4));
  EXPECT_EQ(joined(encoded), expected.bytes);
}

TEST(DataSet, IsNotDicomWhenBytesAreMissingOrLeftOver) {
  const Bytes whole = small_header().bytes;

  const auto shorter = parse_data_set(ByteView(whole).first(whole.size() - 1), explicit_little());
  Wire ended = small_header();
  ended.end_item().element(kRows, "US", "12");
  const auto longer = parse_data_set(ended.bytes, explicit_little());
  const auto empty = parse_data_set({}, explicit_little());

  for (const auto* result : {&shorter, &longer, &empty}) {
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().fault, Fault::NotDicom);
    EXPECT_EQ(result->error().detail.find("MARKER"), std::string::npos);
  }
}

TEST(DataSet, KeepsPrivateSequencesOfImplicitVrReadable) {
  const TransferSyntax& implicit = *find_transfer_syntax("1.2.840.10008.1.2");
  Wire wire(Encoding::ImplicitLittle);
  wire.header(0x00091010, "SQ", Wire::kUndefined)
      .item()
      .element(kPatientID, "LO", "MARKER")
      .end_item()
      .end_sequence();

  const auto parsed = parse_data_set(wire.bytes, implicit);
  ASSERT_TRUE(parsed);

  EXPECT_EQ(joined(encode_data_set(**parsed, implicit)), wire.bytes);
}

TEST(DataSet, GivesTextAtTheTopLevelOnly) {
  Wire nested;
  nested.header(kReferencedImageSequence, "SQ", Wire::kUndefined)
      .item()
      .element(kPatientID, "LO", "INNER ")
      .end_item()
      .end_sequence();
  const auto only_nested = parse_data_set(nested.bytes, explicit_little());
  const auto top = parse_data_set(small_header().bytes, explicit_little());

  EXPECT_EQ(text_at(**only_nested, DCM_PatientID), "");
  EXPECT_EQ(text_at(**top, DCM_PatientID), "MARKER");
  EXPECT_EQ(text_at(**top, DCM_SOPClassUID), "1.2.840.10008.5.1.4.1.1.20");
  EXPECT_EQ(text_at(**top, DCM_StudyID), "");
}

TEST(DataSet, GivesTheFirstValueTrimmedAlsoWhenItCameAsUn) {
  Wire wire;
  wire.element(kModality, "UN", std::string_view("NM\\PT\0", 6))
      .element(kPatientName, "PN", " MARKER^ONE \\X")
      .element(kRows, "US", std::string_view("\2\1", 2));
  const auto parsed = parse_data_set(wire.bytes, explicit_little());

  EXPECT_EQ(text_at(**parsed, DCM_Modality), "NM");
  EXPECT_EQ(text_at(**parsed, DCM_PatientName), "MARKER^ONE");
  EXPECT_EQ(text_at(**parsed, DCM_Rows), "258");
}

TEST(DataSet, NamesATag) { EXPECT_EQ(tag_text(DcmTagKey(0x0010, 0x002A)), "(0010,002A)"); }

TEST(Part10, HeaderIsReadByDcmtkAndNamesUs) {
  Bytes file = part10_header("1.2.840.10008.5.1.4.1.1.20", "2.25.1", "1.2.840.10008.1.2.1");
  const Bytes data_set = small_header().bytes;
  file.insert(file.end(), data_set.begin(), data_set.end());
  DcmFileFormat format;
  DcmInputBufferStream stream;
  stream.setBuffer(file.data(), static_cast<offile_off_t>(file.size()));
  stream.setEos();
  format.transferInit();
  ASSERT_TRUE(format.read(stream).good());
  format.transferEnd();

  DcmMetaInfo& meta = *format.getMetaInfo();
  EXPECT_EQ(text_at(meta, DCM_MediaStorageSOPClassUID), "1.2.840.10008.5.1.4.1.1.20");
  EXPECT_EQ(text_at(meta, DCM_MediaStorageSOPInstanceUID), "2.25.1");
  EXPECT_EQ(text_at(meta, DCM_TransferSyntaxUID), "1.2.840.10008.1.2.1");
  EXPECT_EQ(text_at(meta, DCM_ImplementationClassUID), kImplementationClassUid);
  EXPECT_EQ(text_at(meta, DCM_ImplementationVersionName), kImplementationVersionName);
  EXPECT_EQ(text_at(*format.getDataset(), DCM_PatientID), "MARKER");
  Uint32 length = 0;
  ASSERT_TRUE(meta.findAndGetUint32(DCM_FileMetaInformationGroupLength, length).good());
  EXPECT_EQ(length, file.size() - data_set.size() - 144);
}

TEST(Part10, ImplementationNamesAreValid) {
  EXPECT_LE(std::string_view(kImplementationVersionName).size(), 16U);
  EXPECT_TRUE(DcmUniqueIdentifier::checkStringValue(kImplementationClassUid, "1").good());
}

}  // namespace
}  // namespace dosigate
