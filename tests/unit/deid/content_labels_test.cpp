#include <gtest/gtest.h>

#include "deid/content_labels.h"
#include "support/data_sets.h"

namespace dosigate::testing {
namespace {

std::string label_of(const DcmTagKey& label, const DcmTagKey& number, DcmEVR vr,
                     std::string_view value) {
  DcmItem item;
  put_value(item, number, vr, value);
  put_value(item, label, DcmTag(label).getEVR(), "JOANA");
  const Elements siblings = take_elements(item);
  return label_when_empty(siblings, tag_number(label));
}

TEST(Labels, AreNumberedAfterTheThingTheyName) {
  EXPECT_EQ(label_of(DCM_ROIName, DCM_ROINumber, EVR_IS, "3"), "ROI 3");
  EXPECT_EQ(label_of(DCM_ROIObservationLabel, DCM_ReferencedROINumber, EVR_IS, "3"), "ROI 3");
  EXPECT_EQ(label_of(DCM_SegmentLabel, DCM_SegmentNumber, EVR_US, "12"), "Segment 12");
  EXPECT_EQ(label_of(DCM_BeamName, DCM_BeamNumber, EVR_IS, "1"), "Beam 1");
}

TEST(Labels, FitTheShortestVrThatHoldsThem) {
  const std::string longest =
      label_of(DCM_ROIObservationLabel, DCM_ReferencedROINumber, EVR_IS, "2147483647");

  EXPECT_LE(longest.size(), 16U);  // SH
}

TEST(Labels, TakeNothingFromANumberThatIsNone) {
  EXPECT_EQ(label_of(DCM_ROIName, DCM_ROINumber, EVR_IS, ""), "");
  EXPECT_EQ(label_of(DCM_ROIName, DCM_ROINumber, EVR_IS, "-3"), "");
  EXPECT_EQ(label_of(DCM_ROIName, DCM_ROINumber, EVR_LO, "JOANA"), "");
  EXPECT_EQ(label_of(DCM_ROIName, DCM_ROINumber, EVR_LO, "12345678901"), "");
}

TEST(Labels, AreOnlyThoseOfNumberedThings) {
  EXPECT_EQ(label_of(DCM_RTPlanLabel, DCM_ROINumber, EVR_IS, "3"), "");
}

TEST(Labels, HaveNoNumberWhenItIsGone) {
  Elements siblings(2);

  EXPECT_EQ(label_when_empty(siblings, 0x30060026U), "");
}

}  // namespace
}  // namespace dosigate::testing
