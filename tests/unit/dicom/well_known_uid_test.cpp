#include <fstream>
#include <set>
#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <gtest/gtest.h>

#include "dosigate/dicom/sop_class.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "support/paths.h"

namespace dosigate {
namespace {

TEST(WellKnownUid, HoldsForEveryClassAndSyntaxOfTheStandard) {
  for (const SopClass& row : storage_sop_classes())
    EXPECT_TRUE(is_well_known_uid(row.uid)) << row.uid;
  for (const TransferSyntax& row : transfer_syntaxes())
    EXPECT_EQ(is_well_known_uid(row.uid), row.uid.starts_with("1.2.840.10008.")) << row.uid;
}

TEST(WellKnownUid, HoldsForOtherRegisteredNames) {
  for (const char* uid :
       {UID_VerificationSOPClass, UID_StandardApplicationContext,
        UID_StorageCommitmentPushModelSOPInstance, UID_TalairachBrainAtlasFrameOfReference,
        UID_DICOMControlledTerminologyCodingScheme, "1.2.840.10008.2.6.1",
        UID_LDAP_dicomTransferCapability, UID_HotIronColorPaletteSOPInstance, "1.2.840.10008.6.1.1",
        "1.2.840.10008.6.1.1479", "1.2.840.10008.7.1.1", "1.2.840.10008.8.1.1",
        "1.2.840.10008.15.1.1", "1.2.840.10008.15.0.3.31"})
    EXPECT_TRUE(is_well_known_uid(uid)) << uid;
  EXPECT_TRUE(is_well_known_uid(std::string_view("1.2.840.10008.1.1\0", 18)));
}

TEST(WellKnownUid, DoesNotHoldForInstancesThatABrokenDeviceMadeUnderTheRootOfTheStandard) {
  for (const char* uid :
       {"1.2.840.10008.5.1.4.1.1.20.20240311", "1.2.840.10008.5.1.4.1.1.7.1.2.3.4",
        "1.2.840.10008.6.1.20240311", "1.2.840.10008.123456", "1.2.840.10008.1", "1.2.840.10008.",
        "1.2.840.10008", "1.2.840.10008.1..2", "1.2.840.10008.1.02", "1.2.840.10008.1.2a",
        "1.2.840.10008.99.1.1", "1.2.840.100081.1.2"})
    EXPECT_FALSE(is_well_known_uid(uid)) << uid;
}

TEST(WellKnownUid, DoesNotHoldForPrivateRoots) {
  for (const char* uid : {"", "2.25.1", "1.3.12.2.1107.5.9.1", "1.2.840.113619.2.1"})
    EXPECT_FALSE(is_well_known_uid(uid)) << uid;
}

TEST(ClassUidTag, DecidesOnEveryUidAttributeOfTheDictionaryByItsName) {
  // A name that says class, transfer syntax, scheme, context, template, implementation or version,
  // or the organisation that made such a thing.
  const auto says_class = [](const std::string& name) {
    for (const char* word :
         {"SOPClass", "TransferSyntax", "CodingScheme", "ContextUID",
          "ContextGroupExtensionCreator", "MappingResource", "ImplementationClass",
          "PrivateInformationCreator", "CreatorVersion", "SegmentationTemplate"})
      if (name.find(word) != std::string::npos) return true;
    return false;
  };
  const DcmDataDictionary& dictionary = dcmDataDict.rdlock();
  int uids = 0;
  for (auto at = const_cast<DcmDataDictionary&>(dictionary).normalBegin();
       at != const_cast<DcmDataDictionary&>(dictionary).normalEnd(); ++at) {
    const DcmDictEntry* entry = *at;
    if (entry->getEVR() != EVR_UI || entry->getPrivateCreator() != nullptr) continue;
    ++uids;
    EXPECT_EQ(is_class_uid_tag(entry->getGroup(), entry->getElement()),
              says_class(entry->getTagName()))
        << entry->getTagName();
  }
  dcmDataDict.rdunlock();
  EXPECT_GT(uids, 90);
}

TEST(ClassUidTag, NeverHoldsForAUidThatTheConfidentialityTableReplaces) {
  std::ifstream table(std::string(DOSIGATE_SOURCE_DIR) + "/conf/ps315/table_e1_1.tsv");
  ASSERT_TRUE(table);
  int replaced = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.find("\tUI\t") == std::string::npos) continue;
    ++replaced;
    const auto group = static_cast<std::uint16_t>(std::stoul(line.substr(0, 4), nullptr, 16));
    const auto element = static_cast<std::uint16_t>(std::stoul(line.substr(5, 4), nullptr, 16));
    EXPECT_FALSE(is_class_uid_tag(group, element)) << line;
  }
  EXPECT_GT(replaced, 50);
}

}  // namespace
}  // namespace dosigate
