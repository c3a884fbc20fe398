#include "support/grey_images.h"

#include <stdexcept>

namespace dosigate::testing {
namespace {

constexpr unsigned kSize = 64;

void must(const OFCondition& condition) {
  if (condition.bad()) throw std::runtime_error(std::string("grey image: ") + condition.text());
}

DcmDataset object(const char* sop_class, const std::string& sop, const char* modality) {
  DcmDataset out;
  must(out.putAndInsertString(DCM_SOPClassUID, sop_class));
  must(out.putAndInsertString(DCM_SOPInstanceUID, sop.c_str()));
  must(out.putAndInsertString(DCM_StudyInstanceUID, "2.25.100"));
  must(out.putAndInsertString(DCM_SeriesInstanceUID, "2.25.101"));
  must(out.putAndInsertString(DCM_Modality, modality));
  must(out.putAndInsertString(DCM_PatientID, "DSG-T-0000-0000-000"));
  return out;
}

struct Shape {
  Uint16 columns, rows, allocated, stored, representation;
  Uint16 samples = 1;
  const char* photometric = "MONOCHROME2";
};

void describe(DcmDataset& image, const Shape& shape) {
  must(image.putAndInsertUint16(DCM_SamplesPerPixel, shape.samples));
  must(image.putAndInsertString(DCM_PhotometricInterpretation, shape.photometric));
  if (shape.samples > 1) must(image.putAndInsertUint16(DCM_PlanarConfiguration, 0));
  must(image.putAndInsertUint16(DCM_Rows, shape.rows));
  must(image.putAndInsertUint16(DCM_Columns, shape.columns));
  must(image.putAndInsertUint16(DCM_BitsAllocated, shape.allocated));
  must(image.putAndInsertUint16(DCM_BitsStored, shape.stored));
  must(image.putAndInsertUint16(DCM_HighBit, static_cast<Uint16>(shape.stored - 1)));
  must(image.putAndInsertUint16(DCM_PixelRepresentation, shape.representation));
}

/// A disc: 0 outside, up to 1000 in its middle, with a little noise.
int body(unsigned x, unsigned y, unsigned frame) {
  const int dx = static_cast<int>(x) - 32;
  const int dy = static_cast<int>(y) - 32;
  const int inside = 900 - dx * dx - dy * dy;
  const auto noise = static_cast<int>((x * 7919U + y * 104'729U + frame * 15'485'863U) % 7U);
  return inside < 0 ? 0 : inside + noise + static_cast<int>(frame);
}

template <class Value>
void fill(DcmDataset& image, unsigned frames, const Value& value) {
  std::vector<Uint16> pixels;
  for (unsigned frame = 0; frame < frames; ++frame) {
    for (unsigned y = 0; y < kSize; ++y) {
      for (unsigned x = 0; x < kSize; ++x)
        pixels.push_back(static_cast<Uint16>(value(x, y, frame)));
    }
  }
  must(image.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()));
}

}  // namespace

DcmDataset ct_signed(const std::string& sop) {
  DcmDataset out = object(UID_CTImageStorage, sop, "CT");
  describe(out, {kSize, kSize, 16, 16, 1});
  must(out.putAndInsertString(DCM_RescaleSlope, "1"));
  must(out.putAndInsertString(DCM_RescaleIntercept, "0"));
  must(out.putAndInsertSint16(DcmTag(DCM_PixelPaddingValue, EVR_SS), -2000));
  fill(out, 1, [](unsigned x, unsigned y, unsigned) {
    const int value = body(x, y, 0);
    return x < 4 ? -2000 : value == 0 ? -1000 : value - 100;
  });
  return out;
}

DcmDataset nm_frames(const std::string& sop) {
  DcmDataset out = object(UID_NuclearMedicineImageStorage, sop, "NM");
  describe(out, {kSize, kSize, 16, 16, 0});
  must(out.putAndInsertString(DCM_NumberOfFrames, "12"));
  must(out.putAndInsertTagKey(DCM_FrameIncrementPointer, DCM_DetectorVector));
  fill(out, 12, [](unsigned x, unsigned y, unsigned frame) { return body(x, y, frame) / 40; });
  return out;
}

DcmDataset pet_image(const std::string& sop) {
  DcmDataset out = object(UID_PositronEmissionTomographyImageStorage, sop, "PT");
  describe(out, {kSize, kSize, 16, 16, 1});
  must(out.putAndInsertString(DCM_RescaleSlope, "0.731219"));
  must(out.putAndInsertString(DCM_RescaleIntercept, "0"));
  must(out.putAndInsertString(DCM_Units, "BQML"));
  must(out.putAndInsertString(DcmTag(0x7053, 0x0010, EVR_LO), "Philips PET Private Group"));
  must(out.putAndInsertString(DcmTag(0x7053, 0x1000, EVR_DS), "0.00031415"));
  fill(out, 1, [](unsigned x, unsigned y, unsigned) { return body(x, y, 0) * 30; });
  return out;
}

DcmDataset sc_grey(const std::string& sop) {
  DcmDataset out = object(UID_SecondaryCaptureImageStorage, sop, "OT");
  describe(out, {63, 63, 8, 8, 0});
  std::vector<Uint8> pixels;
  for (unsigned i = 0; i < 63U * 63U; ++i)
    pixels.push_back(static_cast<Uint8>(body(i % 63U, i / 63U, 0) / 8));
  must(out.putAndInsertUint8Array(DCM_PixelData, pixels.data(), pixels.size()));
  return out;
}

DcmDataset sc_colour(const std::string& sop) {
  DcmDataset out = object(UID_SecondaryCaptureImageStorage, sop, "OT");
  describe(out, {kSize, kSize, 8, 8, 0, 3, "RGB"});
  const std::vector<Uint8> pixels(std::size_t{kSize} * kSize * 3, 77);
  must(out.putAndInsertUint8Array(DCM_PixelData, pixels.data(), pixels.size()));
  return out;
}

DcmDataset ct_with_overlay_bits(const std::string& sop) {
  DcmDataset out = object(UID_CTImageStorage, sop, "CT");
  describe(out, {kSize, kSize, 16, 12, 0});
  fill(out, 1,
       [](unsigned x, unsigned y, unsigned) { return body(x, y, 0) | (x == y ? 0x8000 : 0); });
  return out;
}

DcmDataset report(const std::string& sop) {
  DcmDataset out = object(UID_EnhancedSRStorage, sop, "SR");
  must(out.putAndInsertString(DCM_ValueType, "CONTAINER"));
  return out;
}

Bytes pixel_bytes(DcmDataset& data_set) {
  DcmElement* element = nullptr;
  if (data_set.findAndGetElement(DCM_PixelData, element).bad()) return {};
  Bytes out(element->getLength());
  // Words lie in memory as this machine has them, which is little-endian as on the wire.
  const void* begin = nullptr;
  Uint16* words = nullptr;
  Uint8* bytes = nullptr;
  if (element->getUint16Array(words).good() && words != nullptr) {
    begin = words;
  } else if (element->getUint8Array(bytes).good()) {
    begin = bytes;
  }
  if (begin == nullptr) throw std::runtime_error("pixel data in no native form");
  std::copy_n(static_cast<const Byte*>(begin), out.size(), out.begin());
  return out;
}

}  // namespace dosigate::testing
