#include "deid/items.h"

#include <gtest/gtest.h>

#include "dosigate/dicom/data_set.h"
#include "support/data_sets.h"

namespace dosigate::testing {
namespace {

/// An element in Implicit VR Little Endian; an even value.
std::string element(unsigned group, unsigned number, std::string_view value) {
  std::string out;
  for (const unsigned half : {group, number, static_cast<unsigned>(value.size()), 0U}) {
    out += static_cast<char>(half);
    out += static_cast<char>(half >> 8U);
  }
  return out.append(value);
}

TEST(ElementsByTag, FindWhatTheItemFinds) {
  DataSet data = nm_spect();
  const ElementsByTag elements(data.root());

  for_each_element(data.root(), [&](DcmElement& each) {
    DcmElement* found = nullptr;
    ASSERT_TRUE(data.root().findAndGetElement(each.getTag(), found).good());
    EXPECT_EQ(elements.find(each.getTag()), found) << tag_text(each.getTag());
  });
  EXPECT_EQ(elements.find(DCM_PatientComments), nullptr);
  EXPECT_EQ(elements.find(DcmTagKey(0x0000, 0x0000)), nullptr);
  EXPECT_EQ(elements.find(DcmTagKey(0xFFFF, 0xFFFF)), nullptr);
}

TEST(ElementsByTag, LookIntoNoSequence) {
  DataSet data =
      ct_slice()
          .without(DCM_PatientComments)
          .with_nested(DCM_ReferencedImageSequence, DCM_PatientComments, EVR_LT, "MARKER");

  EXPECT_EQ(ElementsByTag(data.root()).find(DCM_PatientComments), nullptr);
}

TEST(ElementsByTag, FindWhatTheItemFindsInWhateverOrderItCame) {
  const std::string bytes = element(0x0010, 0x0020, "FIRST ") + element(0x0008, 0x0060, "CT") +
                            element(0x0010, 0x0020, "SECOND") + element(0x0010, 0x0010, "A^");
  const auto parsed = parse_data_set(as_bytes(bytes), *find_transfer_syntax("1.2.840.10008.1.2"));
  ASSERT_TRUE(parsed);
  const ElementsByTag elements(**parsed);

  for (const DcmTagKey& tag : {DCM_PatientID, DCM_Modality, DCM_PatientName, DCM_StudyID}) {
    DcmElement* found = nullptr;
    (void)(*parsed)->findAndGetElement(tag, found);
    EXPECT_EQ(elements.find(tag), found) << tag_text(tag);
  }
}

TEST(ElementsByTag, GiveANumberOnlyWhereOneStands) {
  DataSet data = ct_slice().with(DCM_Rows, "7").with(DCM_Columns, "").without(DCM_BitsStored);
  const ElementsByTag elements(data.root());

  EXPECT_EQ(elements.number(DCM_Rows, 3), 7);
  EXPECT_EQ(elements.number(DCM_Columns, 3), 3);
  EXPECT_EQ(elements.number(DCM_BitsStored, 3), 3);
  EXPECT_EQ(elements.number(DCM_PatientName, 3), 3);
}

}  // namespace
}  // namespace dosigate::testing
