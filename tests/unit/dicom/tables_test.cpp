#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <gtest/gtest.h>

#include "dosigate/dicom/sop_class.h"
#include "dosigate/dicom/status.h"
#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate {
namespace {

TEST(TransferSyntaxes, AreSortedAndUnique) {
  const auto table = transfer_syntaxes();

  EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                             [](const auto& a, const auto& b) { return a.uid < b.uid; }));
  EXPECT_EQ(std::adjacent_find(table.begin(), table.end(),
                               [](const auto& a, const auto& b) { return a.uid == b.uid; }),
            table.end());
}

TEST(TransferSyntaxes, ContainEverySyntaxThatDcmtkKnowsWithTheSameLayout) {
  for (int i = 0; i <= EXS_PrivateGE_LEI_WithBigEndianPixelData; ++i) {
    const DcmXfer known(static_cast<E_TransferSyntax>(i));
    // Virtual: used inside DCMTK only.
    if (known.getXfer() == EXS_BigEndianImplicit) continue;

    const TransferSyntax* ours = find_transfer_syntax(known.getXferID());

    ASSERT_NE(ours, nullptr) << known.getXferName();
    EXPECT_EQ(ours->dcmtk, known.getXfer());
    EXPECT_EQ(ours->encapsulated, known.isEncapsulated() && !ours->referenced)
        << known.getXferName();
    EXPECT_EQ(ours->encoding == Encoding::ImplicitLittle, known.isImplicitVR() == OFTrue)
        << known.getXferName();
    EXPECT_EQ(ours->encoding == Encoding::ExplicitBig, known.getByteOrder() == EBO_BigEndian)
        << known.getXferName();
    EXPECT_EQ(ours->encoding == Encoding::DeflatedLittle, known.getStreamCompression() == ESC_zlib)
        << known.getXferName();
  }
}

TEST(TransferSyntaxes, ContainThoseThatDcmtk367Lacks) {
  for (const char* uid :
       {"1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.4.100.1", "1.2.840.10008.1.2.4.106.1",
        "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.8.1"}) {
    const TransferSyntax* ours = find_transfer_syntax(uid);

    ASSERT_NE(ours, nullptr) << uid;
    EXPECT_TRUE(ours->encapsulated) << uid;
    EXPECT_TRUE(DcmXfer(ours->dcmtk).isEncapsulated()) << uid;
    EXPECT_FALSE(ours->dcmtk_decodes) << uid;
  }
}

TEST(TransferSyntaxes, IgnorePaddingAndRefuseWhatIsNoDataSet) {
  EXPECT_NE(find_transfer_syntax(std::string_view("1.2.840.10008.1.2\0", 18)), nullptr);
  EXPECT_EQ(find_transfer_syntax("1.2.840.10008.1.2.6.1"), nullptr);  // RFC 2557
  EXPECT_EQ(find_transfer_syntax("1.2.840.10008.1.2.6.2"), nullptr);  // XML
  EXPECT_EQ(find_transfer_syntax(""), nullptr);
}

TEST(TransferSyntaxes, SayWhatARegisteredCodecDecodes) {
  for (const TransferSyntax& syntax : transfer_syntaxes()) {
    if (!syntax.encapsulated) {
      EXPECT_FALSE(syntax.dcmtk_decodes) << syntax.uid;
      continue;
    }
    const DcmXfer from(syntax.dcmtk);
    EXPECT_EQ(syntax.dcmtk_decodes,
              DcmCodecList::canChangeCoding(from.getXfer(), EXS_LittleEndianExplicit) == OFTrue)
        << syntax.uid;
  }
}

TEST(SopClasses, AreSortedUniqueAndFound) {
  const auto table = storage_sop_classes();
  EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                             [](const auto& a, const auto& b) { return a.uid < b.uid; }));

  for (const SopClass& row : table) EXPECT_EQ(find_storage_sop_class(row.uid), &row);

  EXPECT_EQ(find_storage_sop_class("1.2.840.10008.5.1.4.1.1"), nullptr);
}

TEST(SopClasses, ContainEveryStorageClassThatDcmtkKnows) {
  for (int i = 0; i < numberOfDcmAllStorageSOPClassUIDs; ++i)
    EXPECT_NE(find_storage_sop_class(dcmAllStorageSOPClassUIDs[i]), nullptr)
        << dcmAllStorageSOPClassUIDs[i];
}

TEST(SopClasses, ContainRetiredStorageClassesOfOldCameras) {
  for (const char* uid :
       {UID_RETIRED_NuclearMedicineImageStorage, UID_RETIRED_UltrasoundImageStorage,
        UID_RETIRED_UltrasoundMultiframeImageStorage,
        UID_RETIRED_XRayAngiographicBiPlaneImageStorage, UID_RETIRED_StandaloneCurveStorage,
        UID_RETIRED_StandalonePETCurveStorage, UID_RETIRED_VLImageStorage,
        UID_RETIRED_HardcopyColorImageStorage, UID_RETIRED_StoredPrintStorage}) {
    const SopClass* row = find_storage_sop_class(uid);

    ASSERT_NE(row, nullptr) << uid;
    EXPECT_TRUE(row->retired) << uid;
  }
}

TEST(SopClasses, TellKindsApart) {
  EXPECT_EQ(find_storage_sop_class(UID_NuclearMedicineImageStorage)->kind, ContentKind::Image);
  EXPECT_EQ(find_storage_sop_class(UID_RETIRED_NuclearMedicineImageStorage)->kind,
            ContentKind::Image);
  EXPECT_EQ(find_storage_sop_class(UID_SecondaryCaptureImageStorage)->kind,
            ContentKind::SecondaryCapture);
  EXPECT_EQ(find_storage_sop_class(UID_MultiframeTrueColorSecondaryCaptureImageStorage)->kind,
            ContentKind::SecondaryCapture);
  EXPECT_EQ(find_storage_sop_class(UID_RETIRED_UltrasoundImageStorage)->kind,
            ContentKind::Ultrasound);
  EXPECT_EQ(find_storage_sop_class(UID_RadiopharmaceuticalRadiationDoseSRStorage)->kind,
            ContentKind::StructuredReport);
  EXPECT_EQ(find_storage_sop_class(UID_KeyObjectSelectionDocumentStorage)->kind,
            ContentKind::StructuredReport);
  EXPECT_EQ(find_storage_sop_class(UID_EncapsulatedPDFStorage)->kind,
            ContentKind::EncapsulatedDocument);
  EXPECT_EQ(find_storage_sop_class(UID_RTDoseStorage)->kind, ContentKind::Radiotherapy);
  EXPECT_EQ(find_storage_sop_class(UID_RTStructureSetStorage)->kind, ContentKind::Radiotherapy);
  EXPECT_EQ(find_storage_sop_class("1.2.840.10008.5.1.4.1.1.66.7")->kind,
            ContentKind::Segmentation);
  EXPECT_EQ(find_storage_sop_class(UID_RawDataStorage)->kind, ContentKind::Other);
}

TEST(SopClasses, DecideOnAProposedAbstractSyntax) {
  EXPECT_EQ(classify_abstract_syntax(UID_VerificationSOPClass), AbstractSyntax::Verification);
  EXPECT_EQ(classify_abstract_syntax(std::string_view("1.2.840.10008.5.1.4.1.1.20\0", 27)),
            AbstractSyntax::Storage);
  EXPECT_EQ(classify_abstract_syntax("1.3.12.2.1107.5.9.1"), AbstractSyntax::UnknownStorage);
  EXPECT_EQ(classify_abstract_syntax("1.2.840.10008.5.1.4.1.1.999"),
            AbstractSyntax::UnknownStorage);
  EXPECT_EQ(classify_abstract_syntax(UID_FINDStudyRootQueryRetrieveInformationModel),
            AbstractSyntax::NotStorage);
  EXPECT_EQ(classify_abstract_syntax(UID_StorageCommitmentPushModelSOPClass),
            AbstractSyntax::NotStorage);
  EXPECT_EQ(classify_abstract_syntax("1.2.840.10008.5.1.4.1.1.200.4"), AbstractSyntax::NotStorage);
  EXPECT_EQ(classify_abstract_syntax(""), AbstractSyntax::NotStorage);
}

TEST(Status, GivesEachFaultItsAnswer) {
  EXPECT_EQ(to_dimse(Fault::Busy), 0xA700);
  EXPECT_EQ(to_dimse(Fault::Unavailable), 0xA700);
  EXPECT_EQ(to_dimse(Fault::Corrupt), 0xA700);
  EXPECT_EQ(to_dimse(Fault::NotDicom), 0xC000);
  EXPECT_EQ(to_dimse(Fault::Mismatch), 0xA900);
  EXPECT_EQ(to_dimse(Fault::Uncertain), 0x0124);
  EXPECT_EQ(to_dimse(Fault::Invalid), 0x0110);
}

TEST(Status, OfAnArchiveDecidesWhatTheQueueDoes) {
  for (const std::uint16_t delivered :
       std::initializer_list<std::uint16_t>{0x0000, 0xB000, 0xB006, 0xB007})
    EXPECT_EQ(classify_store_status(delivered), Delivery::Delivered);
  for (const std::uint16_t retry :
       std::initializer_list<std::uint16_t>{0xA700, 0xA7FF, 0x0110, 0x0213, 0xB001, 0x0001, 0xFF00})
    EXPECT_EQ(classify_store_status(retry), Delivery::Retry);
  for (const std::uint16_t park :
       std::initializer_list<std::uint16_t>{0xA800, 0xA900, 0xA9FF, 0xC000, 0xCFFF, 0x0122, 0x0124})
    EXPECT_EQ(classify_store_status(park), Delivery::Park);
  EXPECT_EQ(classify_store_status(0x0111), Delivery::DeliveredIfSentBefore);
}

TEST(Status, IsSaidInWords) {
  EXPECT_EQ(status_text(0xA700), "A700 out of resources");
  EXPECT_EQ(status_text(0x0000), "0000 success");
  EXPECT_EQ(status_text(0xC123), "C123 cannot understand");
  EXPECT_EQ(status_text(0x1234), "1234 unknown status");
}

}  // namespace
}  // namespace dosigate
