// One test for each option of PS3.15 E.3: what it changes, against the same profile without it.

#include "cleaning.h"

namespace dosigate::testing {
namespace {

class Options : public Cleaning {
 protected:
  /// The value at `tag` without and with the option.
  std::pair<std::string, std::string> both(const std::string& option, const DcmTagKey& tag,
                                           const std::function<DataSet()>& source) {
    const auto off = output_of(clean(source(), settings_with("", "")));
    const auto on = output_of(clean(source(), settings_with(option + " = true", "")));
    return {value(*off, tag), value(*on, tag)};
  }
  std::string codes(const std::string& option) {
    const auto out = output_of(clean(ct_slice(), settings_with(option + " = true", "")));
    DcmSequenceOfItems* sequence = nullptr;
    if (out->findAndGetSequence(DCM_DeidentificationMethodCodeSequence, sequence).bad()) return "-";
    std::string all;
    for (unsigned long i = 0; i < sequence->card(); ++i)
      all += value(*sequence->getItem(i), DCM_CodeValue) + " ";
    return all;
  }
};
using Both = std::pair<std::string, std::string>;

TEST_F(Options, RetainSafePrivateKeepsWhatTheListsName) {
  EXPECT_EQ(
      both("retain_safe_private", DcmTagKey(0x7053, 0x1000), [] { return pet_slice(); }).first,
      "-");
  EXPECT_NE(
      both("retain_safe_private", DcmTagKey(0x7053, 0x1000), [] { return pet_slice(); }).second,
      "-");
  EXPECT_EQ(codes("retain_safe_private"), "113100 113111 ");
}

TEST_F(Options, RetainUidsLeavesEveryUidAndRemembersNone) {
  const auto source = [] {
    return ct_slice().with(DCM_FrameOfReferenceUID, "1.2.826.0.1.3680043.10.99.7");
  };
  const auto [off, on] = both("retain_uids", DCM_FrameOfReferenceUID, source);
  EXPECT_TRUE(off.starts_with("2.25."));
  EXPECT_EQ(on, "1.2.826.0.1.3680043.10.99.7");
  const std::string study = value(source().root(), DCM_StudyInstanceUID);
  const Verdict verdict = clean(source(), settings_with("retain_uids = true", ""));
  ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
  EXPECT_EQ(std::get<Cleaned>(verdict).instance.study_instance_uid(), study);
  EXPECT_TRUE(std::get<Cleaned>(verdict).memory.pairs.empty());
  EXPECT_EQ(codes("retain_uids"), "113100 113110 ");
}

TEST_F(Options, RetainDeviceIdentityKeepsTheSerialNumber) {
  EXPECT_EQ(both("retain_device_identity", DCM_DeviceSerialNumber, [] { return ct_slice(); }),
            Both("-", "SN-445566"));
  EXPECT_EQ(codes("retain_device_identity"), "113100 113109 ");
}

TEST_F(Options, RetainInstitutionIdentityKeepsItsName) {
  EXPECT_EQ(both("retain_institution_identity", DCM_InstitutionName,
                 [] { return ct_slice().with(DCM_InstitutionName, "HOSPITAL CENTRAL"); }),
            Both("-", "HOSPITAL CENTRAL"));
  EXPECT_EQ(codes("retain_institution_identity"), "113100 113112 ");
}

TEST_F(Options, RetainPatientCharacteristicsKeepsTheWeightAndCleansAllergies) {
  const auto source = [] {
    return ct_slice().with(DCM_PatientWeight, "72.5").with(DCM_Allergies, "contraste SILVAMARKER");
  };
  EXPECT_EQ(both("retain_patient_characteristics", DCM_PatientWeight, source), Both("-", "72.5"));
  EXPECT_EQ(both("retain_patient_characteristics", DCM_Allergies, source), Both("-", "contraste"));
  EXPECT_EQ(codes("retain_patient_characteristics"), "113100 113108 ");
}

TEST_F(Options, RetainFullDatesKeepsThem) {
  EXPECT_EQ(both("retain_long_full_dates", DCM_SeriesDate,
                 [] { return ct_slice().with(DCM_SeriesDate, "20250304"); })
                .second,
            "20250304");
  EXPECT_EQ(codes("retain_long_full_dates"), "113100 113106 ");
}

TEST_F(Options, RetainModifiedDatesMovesThem) {
  const auto [off, on] = both("retain_long_modified_dates", DCM_SeriesDate,
                              [] { return ct_slice().with(DCM_SeriesDate, "20250304"); });
  EXPECT_EQ(off, "-") << "Type 3 in CT";
  EXPECT_LT(days_moved("20250304", on), 0);
  EXPECT_EQ(codes("retain_long_modified_dates"), "113100 113107 ");
}

const DcmTagKey kTemplateVersion(0x0040, 0xDB06), kTemplateLocalVersion(0x0040, 0xDB07),
    kDateOfManufacture(0x0018, 0x1204), kDateOfInstallation(0x0018, 0x1205);

DataSet with_public_dates() {
  return pet_slice()
      .with_nested(DCM_AnatomicRegionSequence, DCM_ContextGroupVersion, EVR_DT,
                   "20070625000000.000000")
      .with_nested(DCM_PrimaryAnatomicStructureSequence, DCM_ContextGroupLocalVersion, EVR_DT,
                   "20160314000000.000000")
      .with_nested(DCM_SourceImageSequence, kTemplateVersion, EVR_DT, "20170625")
      .with_nested(DCM_ReferencedImageSequence, kTemplateLocalVersion, EVR_DT, "20170626")
      .with(kDateOfManufacture, EVR_DA, "20180102")
      .with(kDateOfInstallation, EVR_DA, "20180304")
      .with(DCM_ProductExpirationDateTime, "20290101");
}

TEST_F(Options, ADateThatOthersKnowNeverMovesWithThePatientsOffset) {
  const Verdict verdict =
      clean(with_public_dates(), settings_with("retain_long_modified_dates = true", ""));

  const auto out = output_of(verdict);
  EXPECT_EQ(value(*out, DCM_ContextGroupVersion), "19000101000000");
  EXPECT_EQ(value(*out, DCM_ContextGroupLocalVersion), "19000101000000");
  for (const DcmTagKey& gone : {kTemplateVersion, kTemplateLocalVersion, kDateOfManufacture,
                                kDateOfInstallation, DCM_ProductExpirationDateTime})
    EXPECT_EQ(value(*out, gone), "-") << tag_text(gone);
}

TEST_F(Options, ARuleOfTheProfileDecidesOfADateThatOthersKnow) {
  Deidentifier::Settings settings = settings_with(
      "retain_long_modified_dates = true", "[[rule]]\ntag = \"0018,1204\"\naction = \"shift\"\n");

  const auto out = output_of(clean(with_public_dates(), std::move(settings)));

  EXPECT_EQ(days_moved("20180102", value(*out, kDateOfManufacture)),
            days_moved("20250304", value(*out, DCM_StudyDate)));
}

TEST_F(Options, CleanDescriptorsKeepsTheWordsOfTechnique) {
  EXPECT_EQ(both("clean_descriptors", DCM_SeriesDescription,
                 [] {
                   return ct_slice().with(DCM_SeriesDescription,
                                          "SPECT 24h Lu-177 PSMA ciclo 2 JOSE CONCEICAO");
                 }),
            Both("-", "SPECT 24h Lu-177 PSMA ciclo 2"));
  EXPECT_EQ(codes("clean_descriptors"), "113100 113105 ");
}

TEST_F(Options, CleanStructuredContentLetsAReportThroughWithItsNumbers) {
  constexpr const char* kBasicTextSr = "1.2.840.10008.5.1.4.1.1.88.11";
  EXPECT_EQ(hold_of(clean(any_instance(kBasicTextSr), settings_with("", ""))),
            HoldReason::StructuredReport);
  EXPECT_EQ(describe(clean(any_instance(kBasicTextSr),
                           settings_with("clean_structured_content = true", ""))),
            "cleaned");
  EXPECT_EQ(codes("clean_structured_content"), "113100 113104 ");
}

TEST_F(Options, CleanGraphicsKeepsAnnotationsWithTheirTextCleaned) {
  constexpr const char* kPresentationState = "1.2.840.10008.5.1.4.1.1.11.1";
  const auto source = [] {
    return any_instance(kPresentationState)
        .with_nested(DcmTagKey(0x0070, 0x0001), DcmTagKey(0x0070, 0x0006), EVR_ST,
                     "figado SILVAMARKER");
  };
  EXPECT_EQ(both("clean_graphics", DcmTagKey(0x0070, 0x0006), source), Both("-", "figado"));
  EXPECT_EQ(codes("clean_graphics"), "113100 113103 ");
}

}  // namespace
}  // namespace dosigate::testing
