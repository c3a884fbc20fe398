#include "dosigate/dicom/private_vr.h"

#include <algorithm>
#include <string>
#include <tuple>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

namespace dosigate {
namespace {

DcmEVR vr_of(std::string_view creator, std::uint16_t group, std::uint8_t element) {
  const PrivateElement* found = find_private_element(creator, group, element);
  return found == nullptr ? EVR_UNKNOWN : found->vr;
}

TEST(PrivateVr, KnowsWhatQuantificationNeeds) {
  EXPECT_EQ(vr_of("Philips PET Private Group", 0x7053, 0x00), EVR_DS);
  EXPECT_EQ(vr_of("Philips PET Private Group", 0x7053, 0x09), EVR_DS);
  EXPECT_EQ(vr_of("GEMS_PETD_01", 0x0009, 0x0D), EVR_DT);
  EXPECT_EQ(vr_of("GEMS_PETD_01", 0x0009, 0x38), EVR_FL);
  EXPECT_EQ(vr_of("SIEMENS MED PT", 0x0071, 0x22), EVR_DT);
  EXPECT_EQ(vr_of("SIEMENS MED NM", 0x0033, 0x38), EVR_FL);
  EXPECT_EQ(vr_of("GEMS_GENIE_1", 0x0055, 0x22), EVR_SQ);
}

TEST(PrivateVr, ComparesCreatorsWithoutPaddingAndByCase) {
  EXPECT_EQ(vr_of("SIEMENS MED PT  ", 0x0071, 0x22), EVR_DT);
  EXPECT_EQ(vr_of("siemens med pt", 0x0071, 0x22), EVR_UNKNOWN);
  EXPECT_EQ(vr_of("SIEMENS MED PT", 0x0073, 0x22), EVR_UNKNOWN);
  EXPECT_EQ(vr_of("", 0x0071, 0x22), EVR_UNKNOWN);
}

TEST(PrivateVr, TableIsSortedUniqueAndFound) {
  const auto table = private_elements();
  const auto key = [](const PrivateElement& row) {
    return std::tuple(row.creator, row.group, row.element);
  };

  EXPECT_EQ(std::adjacent_find(table.begin(), table.end(),
                               [&](const auto& a, const auto& b) { return key(a) >= key(b); }),
            table.end());
  for (const PrivateElement& row : table) {
    EXPECT_EQ(find_private_element(row.creator, row.group, row.element), &row);
    EXPECT_EQ(row.group % 2, 1);
  }
}

TEST(PrivateVr, AgreesWithTheParserWhereBothKnowASequence) {
  // The walker and the parser trust DCMTK's dictionary; a sequence that only we see is walked again
  // by the de-identifier.
  for (const PrivateElement& row : private_elements()) {
    const DcmTag tag(row.group, static_cast<Uint16>(0x1000U | row.element),
                     std::string(row.creator).c_str());
    if (tag.getEVR() == EVR_UNKNOWN || tag.getEVR() == EVR_UN) continue;
    EXPECT_EQ(tag.getEVR() == EVR_SQ, row.vr == EVR_SQ) << row.creator << row.meaning;
  }
}

}  // namespace
}  // namespace dosigate
