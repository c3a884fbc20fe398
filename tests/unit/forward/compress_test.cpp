#include "forward/compress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/dcmtk.h"
#include "support/grey_images.h"

// Lossless compression before sending: bit exact or not at all.

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kExplicit = UID_LittleEndianExplicitTransferSyntax;
constexpr const char* kImplicit = UID_LittleEndianImplicitTransferSyntax;

Bytes encoded(DcmDataset object, const char* syntax = kExplicit) {
  EncodedDataSet parts = encode_data_set(object, *find_transfer_syntax(syntax));
  Bytes out = std::move(parts.header);
  out.insert(out.end(), parts.body.begin(), parts.body.end());
  out.insert(out.end(), parts.trailer.begin(), parts.trailer.end());
  return out;
}

/// Attributes with their values, but for the pixel data.
std::vector<std::string> attributes(DcmDataset& object) {
  std::vector<std::string> out;
  for (unsigned long i = 0; i < object.card(); ++i) {
    DcmElement* element = object.getElement(i);
    if (element->getTag() == DCM_PixelData) continue;
    OFString value;
    (void)element->getOFStringArray(value);
    // A private element that came in Implicit VR goes as UN in Explicit VR (PS3.5 6.2.2).
    const bool is_private = element->getTag().isPrivate();
    out.push_back(tag_text(element->getTag()) + "=" +
                  (is_private ? text_at(object, element->getTag()) : std::string(value.c_str())));
  }
  return out;
}

struct Kind {
  std::string name;
  DcmDataset (*make)(const std::string&);
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class Compressed : public ::testing::TestWithParam<std::tuple<Kind, const char*, const char*>> {};

TEST_P(Compressed, IsSmallerAndTheSameInEveryPixelAndAttribute) {
  const auto& [kind, to, from] = GetParam();
  DcmDataset source = kind.make("2.25.1");
  const Bytes plain = encoded(source, from);

  const auto made = make_compressed(plain, from, to, "2.25.1");

  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_LT(made->size(), plain.size());
  RecordProperty("ratio", std::to_string(static_cast<double>(plain.size()) /
                                         static_cast<double>(made->size())));
  auto parsed = parse_data_set(*made, *find_transfer_syntax(to));
  ASSERT_TRUE(parsed);
  DcmDataset& object = **parsed;
  EXPECT_EQ(attributes(object), attributes(source)) << "in the compressed form itself";
  EXPECT_FALSE(object.tagExists(DCM_LossyImageCompression));
  ASSERT_TRUE(object.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).good());
  EXPECT_EQ(pixel_bytes(object), pixel_bytes(source));
  EXPECT_EQ(attributes(object), attributes(source));
}

INSTANTIATE_TEST_SUITE_P(
    Each, Compressed,
    ::testing::Combine(::testing::Values(Kind{"CtSigned", ct_signed}, Kind{"NmFrames", nm_frames},
                                         Kind{"Pet", pet_image}, Kind{"Sc8", sc_grey},
                                         Kind{"OverlayBits", ct_with_overlay_bits}),
                       ::testing::Values(UID_JPEGLSLosslessTransferSyntax,
                                         UID_RLELosslessTransferSyntax),
                       ::testing::Values(kExplicit, kImplicit)),
    [](const auto& p) {
      return std::get<0>(p.param).name +
             (std::get<1>(p.param) == std::string(UID_RLELosslessTransferSyntax) ? "Rle"
                                                                                 : "JpegLs") +
             (std::get<2>(p.param) == std::string(kExplicit) ? "Explicit" : "Implicit");
    });

TEST(Compress, WithoutPixelDataThereIsNothingToCompress) {
  const auto made = make_compressed(encoded(report("2.25.1")), kExplicit,
                                    UID_JPEGLSLosslessTransferSyntax, "2.25.1");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::NotFound);
}

TEST(Compress, ColourIsDeclined) {
  const auto made = make_compressed(encoded(sc_colour("2.25.1")), kExplicit,
                                    UID_RLELosslessTransferSyntax, "2.25.1");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::Invalid);
  EXPECT_THAT(made.error().detail, HasSubstr("no grey image"));
}

TEST(Compress, FloatingPointPixelsAreNotTouched) {
  DcmDataset object = nm_frames("2.25.1");
  delete object.remove(DCM_PixelData);
  const std::vector<Float32> pixels(std::size_t{64} * 64 * 12, 0.5F);
  ASSERT_TRUE(
      object.putAndInsertFloat32Array(DCM_FloatPixelData, pixels.data(), pixels.size()).good());

  const auto made =
      make_compressed(encoded(object), kExplicit, UID_JPEGLSLosslessTransferSyntax, "2.25.1");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::NotFound);
}

TEST(Compress, ThirtyTwoBitsAreDeclined) {
  DcmDataset object = ct_signed("2.25.1");
  ASSERT_TRUE(object.putAndInsertUint16(DCM_BitsAllocated, 32).good());

  EXPECT_FALSE(
      make_compressed(encoded(object), kExplicit, UID_JPEGLSLosslessTransferSyntax, "2.25.1"));
}

TEST(Compress, PixelDataThatAreTooShortAreSentAsTheyAre) {
  DcmDataset object = ct_signed("2.25.1");
  ASSERT_TRUE(object.putAndInsertUint16(DCM_Rows, 640).good());

  EXPECT_FALSE(
      make_compressed(encoded(object), kExplicit, UID_JPEGLSLosslessTransferSyntax, "2.25.1"));
}

TEST(Compress, PixelDataWithMoreThanTheImageAreSentAsTheyAre) {
  DcmDataset object = ct_signed("2.25.1");
  ASSERT_TRUE(object.putAndInsertUint16(DCM_Rows, 60).good());  // four rows would be lost

  EXPECT_FALSE(
      make_compressed(encoded(object), kExplicit, UID_JPEGLSLosslessTransferSyntax, "2.25.1"));
  EXPECT_FALSE(
      make_compressed(encoded(object), kExplicit, UID_RLELosslessTransferSyntax, "2.25.1"));
}

TEST(Compress, WhatGetsNoSmallerIsSentAsItIs) {
  DcmDataset object = ct_signed("2.25.1");
  std::vector<Uint16> noise(std::size_t{64} * 64);
  std::uint32_t state = 1;
  for (auto& value : noise) {
    state = state * 1'664'525U + 1'013'904'223U;
    value = static_cast<Uint16>(state >> 16U);
  }
  ASSERT_TRUE(object.putAndInsertUint16Array(DCM_PixelData, noise.data(), noise.size()).good());

  const auto made =
      make_compressed(encoded(object), kExplicit, UID_RLELosslessTransferSyntax, "2.25.1");

  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().detail, HasSubstr("no smaller"));
}

TEST(Compress, WhatIsCompressedAlreadyIsNoCandidate) {
  EXPECT_TRUE(can_be_compressed(kExplicit));
  EXPECT_TRUE(can_be_compressed(kImplicit));
  EXPECT_FALSE(can_be_compressed(UID_JPEGLSLosslessTransferSyntax));
  EXPECT_FALSE(can_be_compressed(UID_DeflatedExplicitVRLittleEndianTransferSyntax));
  EXPECT_FALSE(can_be_compressed("1.2.3"));
}

}  // namespace
}  // namespace dosigate::testing
