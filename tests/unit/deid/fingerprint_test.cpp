// The same instance again, whatever a PACS or an archive did to it on its way, and what is a
// revision.

#include "dosigate/identity/fingerprint.h"
#include "cleaning.h"
#include "content_trees.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpls/djencode.h>

namespace dosigate::testing {
namespace {

constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kDeflated = "1.2.840.10008.1.2.1.99";
constexpr const char* kBigEndian = "1.2.840.10008.1.2.2";
constexpr const char* kRle = "1.2.840.10008.1.2.5";
constexpr const char* kJpegLossless = "1.2.840.10008.1.2.4.57";
constexpr const char* kJpegLosslessSv1 = "1.2.840.10008.1.2.4.70";
constexpr const char* kJpegLs = "1.2.840.10008.1.2.4.80";

class FingerprintOfSource : public Cleaning {
 protected:
  static void SetUpTestSuite() {
    DcmRLEEncoderRegistration::registerCodecs();
    DJEncoderRegistration::registerCodecs();
    DJLSEncoderRegistration::registerCodecs();
  }
  static void TearDownTestSuite() {
    DJLSEncoderRegistration::cleanup();
    DJEncoderRegistration::cleanup();
    DcmRLEEncoderRegistration::cleanup();
  }

  Fingerprint of(const ReceivedInstance& received) {
    const Verdict verdict = deidentifier_.clean(received);
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    if (cleaned == nullptr) {
      ADD_FAILURE() << describe(verdict);
      return {};
    }
    return cleaned->memory.fingerprint;
  }
  Fingerprint of(DataSet&& data, std::string_view syntax = kExplicit) {
    ReceivedInstance received = data.received(kExplicit);
    received.transfer_syntax_uid = syntax;
    // DCMTK's stream does not deflate; the program's own writer does.
    if (syntax == kDeflated)
      received.data_set = encode_data_set(data.root(), *find_transfer_syntax(syntax)).header;
    else if (syntax != kExplicit)
      return of(data.received(syntax));
    return of(received);
  }
  /// Compressed by DCMTK's own encoder.
  ReceivedInstance as_compressed(DataSet&& data, std::string_view syntax) {
    const auto changed =
        data.root().chooseRepresentation(find_transfer_syntax(syntax)->dcmtk, nullptr);
    if (changed.bad()) throw std::runtime_error(changed.text());
    // The encoder may think that it made a new object; a PACS that compresses in silence does not.
    return std::move(data)
        .with(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.99.1.1")
        .received(syntax);
  }
  Fingerprint compressed(DataSet&& data, std::string_view syntax) {
    return of(as_compressed(std::move(data), syntax));
  }
  FingerprintDifference changed(DataSet&& data) {
    return difference(of(pet_slice()), of(std::move(data)));
  }

  Deidentifier deidentifier_{settings("dosimetry"), *map_};
};

DataSet signed_ct() {
  std::string pixels(512, '\0');
  for (std::size_t i = 0; i < 256; ++i) {
    const auto value = static_cast<std::int16_t>(static_cast<int>(i) * 9 - 1024);
    pixels[2 * i] = static_cast<char>(value & 0xFF);
    pixels[2 * i + 1] = static_cast<char>((value >> 8) & 0xFF);
  }
  return ct_slice()
      .with(DCM_BitsStored, "12")
      .with(DCM_HighBit, "11")
      .with(DCM_PixelRepresentation, "1")
      .with_bytes(DCM_PixelData, EVR_OW, pixels);
}

DataSet planar_frames() {
  return nm_spect()
      .with(DCM_BitsStored, "16")
      .with(DCM_HighBit, "15")
      .with(DCM_PixelRepresentation, "0")
      .with(DCM_SamplesPerPixel, "1")
      .with(DCM_PhotometricInterpretation, "MONOCHROME2");
}

DataSet odd_bytes(std::string_view pixels, DcmEVR vr) {
  return ct_slice()
      .with(DCM_Rows, "3")
      .with(DCM_Columns, "5")
      .with(DCM_BitsAllocated, "8")
      .with(DCM_BitsStored, "8")
      .with(DCM_HighBit, "7")
      .with_bytes(DCM_PixelData, vr, pixels);
}

TEST_F(FingerprintOfSource, IsOneInEveryNativeSyntax) {
  for (const auto make : {+[] { return ct_slice(); }, +[] { return pet_slice(); }, &nm_spect}) {
    const Fingerprint expected = of(make(), kExplicit);
    for (const char* syntax : {kImplicit, kDeflated, kBigEndian})
      EXPECT_EQ(of(make(), syntax), expected) << syntax;
  }
}

TEST_F(FingerprintOfSource, IsThatOfTheNativeFramesUnderEveryLosslessCompressionThatIsDecoded) {
  for (const auto make : {+[] { return pet_slice(); }, &planar_frames}) {
    const Fingerprint expected = of(make());
    for (const char* syntax : {kRle, kJpegLossless, kJpegLosslessSv1, kJpegLs}) {
      EXPECT_EQ(compressed(make(), syntax), expected) << syntax;
    }
  }
}

TEST_F(FingerprintOfSource, TakesNoNoticeOfASignInUnusedBits) {
  const Fingerprint expected = of(signed_ct());

  EXPECT_EQ(compressed(signed_ct(), kJpegLosslessSv1), expected);
  EXPECT_EQ(compressed(signed_ct(), kRle), expected);
}

TEST_F(FingerprintOfSource, SeesAnotherPixelUnderACompression) {
  const Fingerprint base = compressed(ct_slice(), kJpegLs);

  const auto other = difference(
      base,
      compressed(ct_slice().with_bytes(DCM_PixelData, EVR_OW, std::string(512, '\x05')), kJpegLs));

  EXPECT_TRUE(other.pixels);
  EXPECT_FALSE(other.inputs);
}

TEST_F(FingerprintOfSource, IsOfTheFragmentsWhereFramesDoNotDecode) {
  const auto broken = [&](Byte mark) {
    ReceivedInstance received = as_compressed(ct_slice(), kJpegLs);
    const auto frame = as_text(received.data_set).find("\xFF\xD8\xFF");
    if (frame == std::string_view::npos) throw std::runtime_error("test data set: no frame");
    received.data_set[frame] = 0;  // no JPEG any more
    received.data_set[frame + 1] = mark;
    return received;
  };

  const Fingerprint one = of(broken(1));

  EXPECT_EQ(one[1], static_cast<Byte>(PixelForm::Encapsulated));
  EXPECT_EQ(of(broken(1)), one);
  EXPECT_NE(of(broken(2)), one);
}

TEST_F(FingerprintOfSource, LeavesOutThePaddingByteOfNativePixels) {
  const std::string pixels = "fifteen pixels.";
  const Fingerprint expected = of(odd_bytes(pixels + '\0', EVR_OB));

  EXPECT_EQ(of(odd_bytes(pixels + ' ', EVR_OB)), expected);
  EXPECT_EQ(of(odd_bytes(pixels + '\0', EVR_OW)), expected);
  EXPECT_EQ(of(odd_bytes(pixels + '\0', EVR_OW), kBigEndian), expected);
  EXPECT_EQ(compressed(odd_bytes(pixels + '\0', EVR_OB), kRle), expected);
  EXPECT_NE(of(odd_bytes("fifteen Pixels." + std::string(1, '\0'), EVR_OB)), expected);
}

TEST_F(FingerprintOfSource, TakesSixteenBitsInBytesForSixteenBitsInWords) {
  const std::string pixels(512, 'q');

  EXPECT_EQ(of(ct_slice().with_bytes(DCM_PixelData, EVR_OB, pixels)),
            of(ct_slice().with_bytes(DCM_PixelData, EVR_OW, pixels)));
}

TEST_F(FingerprintOfSource, DoesNotChangeWithWhatAPacsPutsIntoTheHeader) {
  const auto different = changed(pet_slice()
                                     .with(DCM_PatientName, "SILVA MARKER^JOANA^^^")
                                     .with(DCM_AccessionNumber, "RIS99")
                                     .with(DCM_StudyDescription, "corrected")
                                     .with(DCM_SeriesDescription, "corrected")
                                     .with(DCM_InstitutionName, "HOSPITAL")
                                     .with(DCM_StudyID, "1")
                                     .with(DCM_InstanceCreationDate, "20250305")
                                     .with(DCM_InstanceCreationTime, "120000")
                                     .with(DCM_TimeSliceVector, "")
                                     .with(DCM_RETIRED_StudyComments, "x")
                                     .with(DCM_RequestedProcedureDescription, "x")
                                     .with(DCM_SpecificCharacterSet, "ISO_IR 192"));

  EXPECT_FALSE(different.pixels);
  EXPECT_FALSE(different.inputs);
}

TEST_F(FingerprintOfSource, DoesNotChangeWithPaddingOrWithUnForAKnownVr) {
  EXPECT_FALSE(changed(pet_slice().with(DCM_PatientWeight, " 72.5 ")).inputs);
  EXPECT_FALSE(changed(pet_slice().with(DCM_CorrectedImage, "DECY \\ATTN ")).inputs);
  EXPECT_FALSE(changed(pet_slice().with_bytes(DCM_PatientWeight, EVR_UN, "72.5")).inputs);
  EXPECT_FALSE(
      changed(pet_slice().with_bytes(DcmTagKey(0x7053, 0x1000), EVR_UN, "0.00031415")).inputs);
  EXPECT_FALSE(changed(pet_slice().with_bytes(DcmTagKey(0x0009, 0x1038), EVR_UN,
                                              std::string_view("\x00\x40\xB9\x43", 4)))
                   .inputs);
}

TEST_F(FingerprintOfSource, ChangesWithEveryInputOfDosimetry) {
  const auto nuclide = [](const DcmTagKey& tag, std::string_view value) {
    DataSet data = pet_slice();
    DcmItem* item = nullptr;
    if (data.root()
            .findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, item, 0)
            .bad())
      throw std::runtime_error("test data set: no radiopharmaceutical");
    put(*item, tag, value);
    return data;
  };

  EXPECT_TRUE(changed(pet_slice().with(DCM_PatientWeight, "73")).inputs);
  EXPECT_TRUE(changed(nuclide(DCM_RadionuclideTotalDose, "350000000")).inputs);
  EXPECT_TRUE(changed(nuclide(DCM_RadiopharmaceuticalStartTime, "233100.00")).inputs);
  EXPECT_TRUE(changed(nuclide(DCM_RadionuclideHalfLife, "6586")).inputs);
  EXPECT_TRUE(changed(pet_slice().with(DCM_RescaleSlope, "2")).inputs);
  EXPECT_TRUE(changed(pet_slice().with(DCM_Units, "CNTS")).inputs);
  EXPECT_TRUE(changed(pet_slice().with(DCM_DoseCalibrationFactor, "1.1")).inputs);
  EXPECT_TRUE(changed(pet_slice().with(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0")).inputs);
  EXPECT_TRUE(changed(pet_slice().with(DcmTagKey(0x7053, 0x1000), EVR_DS, "0.0004")).inputs);
  EXPECT_TRUE(changed(pet_slice().without(DCM_PatientWeight)).inputs);
  EXPECT_FALSE(changed(pet_slice().with(DCM_PatientWeight, "73")).pixels);
}

}  // namespace
}  // namespace dosigate::testing
