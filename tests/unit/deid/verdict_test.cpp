#include "cleaning.h"

namespace dosigate::testing {
namespace {

constexpr const char* kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";
constexpr const char* kBasicTextSr = "1.2.840.10008.5.1.4.1.1.88.11";
constexpr const char* kEncapsulatedPdf = "1.2.840.10008.5.1.4.1.1.104.1";
constexpr const char* kVlPhotograph = "1.2.840.10008.5.1.4.1.1.77.1.4";
constexpr const char* kVoice = "1.2.840.10008.5.1.4.1.1.9.4.1";
constexpr const char* kUltrasound = "1.2.840.10008.5.1.4.1.1.6.1";

TEST_F(Cleaning, WhatCannotBeCleanedIsHeldWithItsReason) {
  EXPECT_EQ(hold_of(clean(any_instance("1.2.3.4.5"))), HoldReason::UnknownSopClass);
  EXPECT_EQ(hold_of(clean(any_instance(kSecondaryCapture))), HoldReason::SecondaryCapture);
  EXPECT_EQ(hold_of(clean(any_instance(kBasicTextSr), "basic")), HoldReason::StructuredReport);
  EXPECT_EQ(hold_of(clean(any_instance(kEncapsulatedPdf))), HoldReason::EncapsulatedDocument);
  EXPECT_EQ(hold_of(clean(any_instance(kUltrasound))), HoldReason::Ultrasound);
  EXPECT_EQ(hold_of(clean(any_instance(kVlPhotograph))), HoldReason::Recording);
  EXPECT_EQ(hold_of(clean(any_instance(kVoice))), HoldReason::Recording);
  EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_BurnedInAnnotation, "YES"))), HoldReason::BurnedIn);
  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(DCM_BurnedInAnnotation, EVR_UN, "YES "))),
            HoldReason::BurnedIn);
  EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_ImageType, "DERIVED\\SECONDARY\\SCREEN SAVE"))),
            HoldReason::SecondaryCapture);
}

TEST_F(Cleaning, AScreenSaveIsHeldHoweverTheDeviceSpellsIt) {
  for (const auto* type : {"SCREEN SAVE", "SCREEN_SAVE", "SCREENSAVE", "Screen Save",
                           "SCREEN CAPTURE", "ScreenCapture", "screen-shot"})
    EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_ImageType,
                                            std::string("DERIVED\\SECONDARY\\") + type + " "))),
              HoldReason::SecondaryCapture)
        << type;
  for (const auto* said : {"yes", "Yes "})
    EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_BurnedInAnnotation, said))), HoldReason::BurnedIn);
  EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_BurnedInAnnotation, "NO"))), std::nullopt);
}

TEST_F(Cleaning, ACountedOrReconstructedImageInColourIsACaptureOfTheScreen) {
  for (const auto* sop_class : {kCtImageStorage, kNmImageStorage, kPetImageStorage,
                                "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.130"}) {
    const auto held = [&](const char* colours) {
      return hold_of(clean(any_instance(sop_class).with(DCM_PhotometricInterpretation, colours)));
    };
    EXPECT_EQ(held("RGB"), HoldReason::SecondaryCapture) << sop_class;
    EXPECT_EQ(held("YBR_FULL_422"), HoldReason::SecondaryCapture) << sop_class;
    EXPECT_EQ(held("ybr_rct "), HoldReason::SecondaryCapture) << sop_class;
    EXPECT_EQ(held("MONOCHROME2"), std::nullopt) << sop_class;
    EXPECT_EQ(held("PALETTE COLOR"), std::nullopt) << sop_class;
  }
  EXPECT_EQ(describe(Deidentifier(settings("dosimetry"), *map_)
                         .clean(nm_spect().with(DCM_PhotometricInterpretation, "RGB").received(),
                                {{HoldReason::SecondaryCapture}})),
            "cleaned");
}

TEST_F(Cleaning, AnOverlayDrawnIntoUnusedBitsOfThePixelsIsHeld) {
  EXPECT_EQ(hold_of(clean(ct_slice().with(DcmTagKey(0x6000, 0x0102), EVR_US, "12"))),
            HoldReason::BurnedIn);
  EXPECT_EQ(hold_of(clean(ct_slice().with(DcmTagKey(0x6000, 0x0102), EVR_US, "0"))), std::nullopt);
  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DcmTagKey(0x6000, 0x0102), EVR_US, "0")
                              .with(DcmTagKey(0x6002, 0x0102), EVR_US, "0")
                              .with(DcmTagKey(0x60FE, 0x0102), EVR_US, "15"))),
            HoldReason::BurnedIn);
  // Whatever VR says where the plane is.
  using namespace std::string_view_literals;
  for (const DcmEVR vr : {EVR_UN, EVR_SS, EVR_UL, EVR_OB, EVR_OV}) {
    const auto at = [&](char bit) {
      std::string position(8, '\0');
      position[0] = bit;
      return ct_slice().with_bytes(DcmTagKey(0x6000, 0x0102), vr, position);
    };
    EXPECT_EQ(hold_of(clean(at(12))), HoldReason::BurnedIn) << DcmVR(vr).getVRName();
    EXPECT_EQ(hold_of(clean(at(0))), std::nullopt) << DcmVR(vr).getVRName();
  }
  EXPECT_EQ(hold_of(clean(ct_slice().with(DcmTagKey(0x6000, 0x0102), EVR_IS, "12"))),
            HoldReason::BurnedIn);
  EXPECT_EQ(hold_of(clean(ct_slice().with(DcmTagKey(0x6000, 0x0102), EVR_IS, "0"))), std::nullopt);
  EXPECT_EQ(hold_of(clean(ct_slice().with(DcmTagKey(0x6000, 0x0102), EVR_US, ""))), std::nullopt);
  // No overlay planes.
  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DcmTagKey(0x6001, 0x0102), EVR_US, "12")
                              .with(DcmTagKey(0x6100, 0x0102), EVR_US, "12")
                              .with(DcmTagKey(0x6000, 0x0100), EVR_US, "16"))),
            std::nullopt);
}

TEST_F(Cleaning, PixelDataElsewhereAndUnknownSyntaxesAreHeld) {
  const Deidentifier deidentifier(settings("dosimetry"), *map_);
  ReceivedInstance received = ct_slice().received();
  for (const auto* syntax : {"1.2.840.10008.1.2.4.94", "1.2.3.4"}) {
    received.transfer_syntax_uid = syntax;
    EXPECT_EQ(hold_of(deidentifier.clean(received)), HoldReason::TransferSyntax) << syntax;
  }
}

TEST_F(Cleaning, APersonMayAcceptWhatALookAtThePixelsAnswers) {
  const Deidentifier deidentifier(settings("dosimetry"), *map_);

  const auto after = [&](DataSet&& data, HoldReason reason) {
    return describe(deidentifier.clean(data.received(), {{reason}}));
  };
  EXPECT_EQ(after(any_instance(kSecondaryCapture), HoldReason::SecondaryCapture), "cleaned");
  EXPECT_EQ(after(ct_slice().with(DCM_BurnedInAnnotation, "YES"), HoldReason::BurnedIn), "cleaned");
  EXPECT_EQ(after(any_instance(kUltrasound), HoldReason::Ultrasound), "cleaned");
  EXPECT_EQ(after(any_instance(kVlPhotograph), HoldReason::Recording), "cleaned");
  const Deidentifier basic(settings("basic"), *map_);
  EXPECT_EQ(
      hold_of(basic.clean(any_instance(kBasicTextSr).received(), {{HoldReason::StructuredReport}})),
      HoldReason::StructuredReport);
}

TEST_F(Cleaning, AcceptingALeakChangesNothing) {
  const Deidentifier deidentifier(
      settings_with("", "[[rule]]\ntag = \"0008,103E\"\naction = \"keep\"\n"), *map_);

  EXPECT_EQ(
      hold_of(deidentifier.clean(ct_slice().with(DCM_SeriesDescription, "SILVAMARKER").received(),
                                 {{HoldReason::Leak}})),
      HoldReason::Leak);
}

TEST_F(Cleaning, ADropRuleNeedsEveryConditionAndNeverTouchesTheMap) {
  Deidentifier::Settings with = settings("dosimetry");
  with.drop = {{kCtImageStorage, "MR", "", false, "mr"},
               {"", "CT", "LOCALIZER", false, "localizers"},
               {"", "", "", true, "burned-in"},
               {"", "", "", false, "everything"}};
  const Deidentifier deidentifier(std::move(with), *map_);

  EXPECT_EQ(describe(deidentifier.clean(
                ct_slice().with(DCM_ImageType, "ORIGINAL\\PRIMARY\\LOCALIZER").received())),
            "dropped: localizers");
  EXPECT_EQ(describe(deidentifier.clean(ct_slice().with(DCM_BurnedInAnnotation, "YES").received())),
            "dropped: burned-in");
  EXPECT_EQ(map_->totals().patients, 0);
  EXPECT_EQ(describe(deidentifier.clean(ct_slice().received())), "cleaned");
}

TEST_F(Cleaning, ADataSetThatIsNotWhatTheCommandSaidIsRefused) {
  const Deidentifier deidentifier(settings("dosimetry"), *map_);
  const auto fault = [&](const ReceivedInstance& received) {
    const Verdict verdict = deidentifier.clean(received);
    const auto* refused = std::get_if<Refused>(&verdict);
    return refused == nullptr ? std::optional<Fault>() : refused->fault;
  };

  ReceivedInstance other_class = ct_slice().received(), other_instance = ct_slice().received(),
                   cut = ct_slice().received();
  other_class.sop_class_uid = kNmImageStorage;
  other_instance.sop_instance_uid = Phi("1.2.3");
  cut.data_set.resize(cut.data_set.size() - 100);
  EXPECT_EQ(fault(other_class), Fault::Mismatch);
  EXPECT_EQ(fault(other_instance), Fault::Mismatch);
  EXPECT_EQ(fault(cut), Fault::NotDicom);
  EXPECT_EQ(fault(ct_slice().without(DCM_StudyInstanceUID).received()), Fault::NotDicom);
  EXPECT_EQ(fault(ct_slice().without(DCM_SOPInstanceUID).received()), Fault::NotDicom);
  EXPECT_EQ(fault(ct_slice().received()), std::nullopt);
}

TEST_F(Cleaning, APatientInDoubtIsHeld) {
  EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_PatientID, ""))), HoldReason::PatientInDoubt);
  EXPECT_EQ(describe(clean(ct_slice())), "cleaned");
  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DCM_PatientName, "PEREIRA^CARLOS")
                              .with(DCM_PatientBirthDate, "19800101"))),
            HoldReason::PatientInDoubt);
}

TEST_F(Cleaning, NamesAreReadInTheirCharacterSet) {
  const auto with_set = [](std::string_view set, std::string_view name) {
    return ct_slice().with(DCM_SpecificCharacterSet, set).with(DCM_PatientName, name);
  };

  const auto latin = output_of(clean(with_set("ISO_IR 100", "CONCEI\xC7\xC3O^JOS\xC9")));
  const auto utf8 = output_of(clean(with_set("ISO_IR 192", "CONCEI\xC3\x87\xC3\x83O^JOS\xC3\x89")));
  EXPECT_EQ(value(*latin, DCM_PatientName), value(*utf8, DCM_PatientName));
}

TEST_F(Cleaning, AnIdentityThatCannotBeReadIsHeld) {
  const auto undeclared = [] {
    return ct_slice()
        .without(DCM_SpecificCharacterSet)
        .with(DCM_PatientName, "CONCEI\xC7\xC3O^JOSE");
  };
  Deidentifier::Settings brazilian = settings("dosimetry");
  brazilian.default_charset = "ISO_IR 100";

  EXPECT_EQ(hold_of(clean(undeclared())), HoldReason::CharacterSet);
  EXPECT_EQ(describe(clean(undeclared(), std::move(brazilian))), "cleaned");
  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DCM_SpecificCharacterSet, "ISO_IR 999")
                              .with(DCM_PatientName, "CONCEI\xC7\xC3O^JOSE"))),
            HoldReason::CharacterSet);
}

TEST_F(Cleaning, KeptTextThatCannotBeReadIsHeld) {
  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DCM_SpecificCharacterSet, "ISO_IR 192")
                              .with(DCM_Manufacturer, "Ger\xE4te"))),
            HoldReason::CharacterSet);
}

TEST_F(Cleaning, ADateThatARuleWouldLeaveWhereItIsIsHeldByTheProof) {
  for (const auto* tag : {"0008,0022", "0018,1078", "0008,0023"}) {
    const std::string rule = "[[rule]]\ntag = \"" + std::string(tag) + "\"\naction = \"keep\"\n";
    const Verdict verdict = clean(pet_slice().with(DCM_ContentDate, "20250304"),
                                  settings_with("retain_long_modified_dates = true", rule));
    EXPECT_EQ(hold_of(verdict), HoldReason::Proof) << tag << " " << describe(verdict);
  }
}

TEST_F(Cleaning, AnInputOfDosimetryThatARuleWouldTakeIsHeldByTheProof) {
  for (const std::string rule :
       {"tag = \"0018,1074\"\naction = \"remove\"", "tag = \"0054,0016\"\naction = \"remove\"",
        "tag = \"0010,1030\"\naction = \"dummy\"", "tag = \"0018,1072\"\naction = \"remove\"",
        "tag = \"0008,0022\"\naction = \"dummy\""}) {
    const Verdict verdict = clean(
        pet_slice(),
        settings_with("retain_long_modified_dates = true\nretain_patient_characteristics = true",
                      "[[rule]]\n" + rule + "\n"));
    EXPECT_EQ(hold_of(verdict), HoldReason::Proof) << rule << " " << describe(verdict);
  }
}

TEST(HoldReasons, HaveATextThatParsesBack) {
  for (const auto reason :
       {HoldReason::UnknownSopClass, HoldReason::TransferSyntax, HoldReason::SecondaryCapture,
        HoldReason::BurnedIn, HoldReason::Ultrasound, HoldReason::StructuredReport,
        HoldReason::EncapsulatedDocument, HoldReason::PatientInDoubt, HoldReason::CharacterSet,
        HoldReason::Leak, HoldReason::Proof, HoldReason::Revision}) {
    EXPECT_EQ(parse_hold_reason(hold_reason_text(reason)), reason);
  }
  EXPECT_EQ(parse_hold_reason("tired"), std::nullopt);
}

}  // namespace
}  // namespace dosigate::testing
