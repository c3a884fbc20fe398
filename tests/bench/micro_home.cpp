#include "bench/micro_home.h"

#include "support/data_sets.h"

namespace dosigate::bench {
namespace {

using testing::put_value;

DcmItem& item_of(DcmItem& parent, const DcmTagKey& sequence) {
  DcmItem* item = nullptr;
  if (parent.findOrCreateSequenceItem(sequence, item, -2).bad())
    throw std::runtime_error("cannot append an item");
  return *item;
}

void put(DcmItem& item, const DcmTagKey& tag, DcmEVR vr, const std::string& value) {
  if (!put_value(item, tag, vr, value)) throw std::runtime_error("a value does not fit");
}

constexpr std::size_t kOfOneFrame = 20;

/// What a frame of an enhanced CT says of itself: 20 elements, 6 of them sequences.
void put_frame(DcmItem& frame, unsigned number) {
  const std::string n = std::to_string(number);
  DcmItem& content = item_of(frame, DCM_FrameContentSequence);
  put(content, DCM_FrameAcquisitionDateTime, EVR_DT, "20250304101601.500000");
  put(content, DCM_FrameReferenceDateTime, EVR_DT, "20250304101601.750000");
  put(content, DCM_FrameAcquisitionNumber, EVR_US, "1");
  put(content, DCM_StackID, EVR_SH, "1");
  put(content, DCM_InStackPositionNumber, EVR_UL, n);
  put(content, DCM_FrameComments, EVR_LT, "axial");
  DcmItem& position = item_of(frame, DCM_PlanePositionSequence);
  put(position, DCM_ImagePositionPatient, EVR_DS, "-200\\-200\\" + n + ".5");
  DcmItem& orientation = item_of(frame, DCM_PlaneOrientationSequence);
  put(orientation, DCM_ImageOrientationPatient, EVR_DS, "1\\0\\0\\0\\1\\0");
  DcmItem& measures = item_of(frame, DCM_PixelMeasuresSequence);
  put(measures, DCM_SliceThickness, EVR_DS, "2");
  put(measures, DCM_PixelSpacing, EVR_DS, "0.78125\\0.78125");
  DcmItem& exposure = item_of(frame, DCM_CTExposureSequence);
  put(exposure, DCM_ExposureTimeInms, EVR_FD, "500");
  put(exposure, DCM_XRayTubeCurrentInmA, EVR_FD, "40");
  DcmItem& referenced = item_of(frame, DCM_ReferencedImageSequence);
  put(referenced, DCM_ReferencedSOPClassUID, EVR_UI, "1.2.840.10008.5.1.4.1.1.2");
  put(referenced, DCM_ReferencedSOPInstanceUID, EVR_UI, "1.2.826.0.1.3680043.10.99.7." + n);
}

}  // namespace

ReceivedInstance enhanced_header(std::size_t elements) {
  testing::DataSet data = testing::any_instance("1.2.840.10008.5.1.4.1.1.2.1");
  put(data.root(), DCM_Modality, EVR_CS, "CT");
  const std::size_t frames = elements / kOfOneFrame;
  put(data.root(), DCM_NumberOfFrames, EVR_IS, std::to_string(frames));
  for (std::size_t i = 0; i < frames; ++i)
    put_frame(item_of(data.root(), DCM_PerFrameFunctionalGroupsSequence),
              static_cast<unsigned>(i + 1));
  return data.received();
}

ReceivedInstance pet_image() {
  testing::DataSet data = testing::pet_slice();
  return data.received();
}

}  // namespace dosigate::bench
