#include "cleaning.h"

namespace dosigate::testing {
namespace {

/// A site's rule that keeps a text: what the leak check is the last gate for.
constexpr std::string_view kKeepDescription = "[[rule]]\ntag = \"0008,103E\"\naction = \"keep\"\n";

class LeakCheck : public Cleaning {
 protected:
  std::optional<HoldReason> described(std::string_view text,
                                      std::string_view rules = kKeepDescription) {
    return hold_of(clean(ct_slice().with(DCM_SeriesDescription, text), settings_with("", rules)));
  }
};

TEST_F(LeakCheck, FindsNamesWhateverTheirCaseOrderAndNeighbours) {
  for (const auto* text : {"SILVAMARKER", "silvamarker 24h", "exame de Joana", "Silvamarker,Joana",
                           "dr. oliveiramarker"})
    EXPECT_EQ(described(text), HoldReason::Leak) << text;
}

TEST_F(LeakCheck, FindsNamesThroughAccentsAndMojibake) {
  const auto keep = settings_with("", kKeepDescription);
  const auto named = [](std::string_view description, std::string_view set) {
    return ct_slice()
        .with(DCM_SpecificCharacterSet, set)
        .with(DCM_PatientName,
              set == "ISO_IR 100" ? "CONCEI\xC7\xC3O^J" : "CONCEI\xC3\x87\xC3\x83O^J")
        .with(DCM_SeriesDescription, description);
  };
  EXPECT_EQ(hold_of(clean(named("conceicao 4h", "ISO_IR 100"), keep)), HoldReason::Leak);
  EXPECT_EQ(hold_of(clean(named("CONCEI\xC7\xC3O 4h", "ISO_IR 100"), keep)), HoldReason::Leak);
  const Verdict mojibake = clean(named("CONCEI\xC3\x87\xC3\x83O 4h", "ISO_IR 100"), keep);
  EXPECT_EQ(hold_of(mojibake), HoldReason::Leak) << describe(mojibake);
}

TEST_F(LeakCheck, FindsIdsDatesAndUidsWhereNoDigitAdjoins) {
  for (const auto* text :
       {"7788123", "id:7788123.", "77.881-23", "acc55012", "19610503", "03/05/1961", "03.05.1961",
        "1961-05-03", "SN 1.2.826.0.1.3680043.10.99.1.1 x"}) {
    EXPECT_EQ(described(text), HoldReason::Leak) << text;
  }
}

TEST_F(LeakCheck, FindsAnIdThatIsGluedToWordsOrHasOtherZeros) {
  for (const auto* text : {"ID7788123SPECT", "P7788123", "7788123X", "0007788123", "P7788123-2"})
    EXPECT_EQ(described(text), HoldReason::Leak) << text;
  const auto with_id = [&](std::string_view id, std::string_view text) {
    return hold_of(clean(ct_slice().with(DCM_AccessionNumber, id).with(DCM_SeriesDescription, text),
                         settings_with("", kKeepDescription)));
  };
  EXPECT_EQ(with_id("0012345", "12345"), HoldReason::Leak);
  EXPECT_EQ(with_id("HC-998877", "998877"), HoldReason::Leak);
  EXPECT_EQ(with_id("HC-9988", "9988"), std::nullopt);
}

TEST_F(LeakCheck, FindsTheWordsOfANameWrittenTogether) {
  for (const auto* text : {"JSILVAMARKER", "silvamarkerj", "joanasilvamarker"})
    EXPECT_EQ(described(text), HoldReason::Leak) << text;
}

TEST_F(LeakCheck, LetsOrdinaryTextPass) {
  for (const auto* text : {"SPECT 24h Lu-177", "177881234", "silvamarkers", "17788123", "WB 1.5mm",
                           "joanete", "4711x"})
    EXPECT_EQ(described(text), std::nullopt) << text;
}

TEST_F(LeakCheck, AShortIdCountsOnlyAsAWholeValue) {
  const auto with_id = [&](std::string_view text) {
    return hold_of(clean(ct_slice().with(DCM_PatientID, "4").with(DCM_SeriesDescription, text),
                         settings_with("", kKeepDescription)));
  };
  EXPECT_EQ(with_id("4"), HoldReason::Leak);
  EXPECT_EQ(with_id("SPECT 4 h"), std::nullopt);
}

TEST_F(LeakCheck, FindsANameInANestedKeptElement) {
  EXPECT_EQ(hold_of(clean(ct_slice().with_nested(DCM_ReferencedImageSequence, DCM_SeriesDescription,
                                                 EVR_LO, "SILVAMARKER", 2),
                          settings_with("", kKeepDescription))),
            HoldReason::Leak);
}

TEST_F(LeakCheck, FindsAnOriginalUidWhereAClassShouldStand) {
  EXPECT_EQ(
      hold_of(clean(ct_slice().with(DCM_RelatedGeneralSOPClassUID, "1.2.826.0.1.3680043.10.99.1"))),
      HoldReason::Leak);
}

TEST_F(LeakCheck, FindsANameInKeptBytes) {
  std::string profile(64, '\x07');
  profile.replace(20, 11, "SILVAMARKER");
  std::string wide(64, '\x07');
  for (std::size_t i = 0; i < 11; ++i)
    wide.replace(10 + 2 * i, 2, std::string{"SILVAMARKER"[i], '\0'});

  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(DCM_ICCProfile, EVR_OB, profile))),
            HoldReason::Leak);
  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(DCM_ICCProfile, EVR_OB, wide))), HoldReason::Leak);
  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(DCM_ICCProfile, EVR_OB, std::string(64, '\x07')))),
            std::nullopt);
}

TEST_F(LeakCheck, FindsANameInNumbersOfEverySize) {
  constexpr std::string_view kText = "0 SILVAMARKER^JOANA 7788123.    ";
  for (const DcmEVR vr : {EVR_OV, EVR_SV, EVR_UV, EVR_OL, EVR_OF, EVR_OD, EVR_UL, EVR_SL, EVR_FL,
                          EVR_FD, EVR_SS, EVR_US, EVR_OW, EVR_AT}) {
    const auto named = [&] { return ct_slice().with_bytes(DCM_ICCProfile, vr, kText); };
    EXPECT_EQ(hold_of(clean(named())), HoldReason::Leak) << DcmVR(vr).getVRName();
    const Verdict big = clean(named(), "dosimetry", "1.2.840.10008.1.2.2");
    EXPECT_EQ(hold_of(big), HoldReason::Leak) << DcmVR(vr).getVRName() << ": " << describe(big);
  }
}

TEST_F(LeakCheck, FindsANameInTextOfANumberThatWasTurnedRoundByItsSender) {
  std::string turned = "0 SILVAMARKER^JOANA 7788123.    ";
  for (std::size_t at = 0; at < turned.size(); at += 8)
    std::reverse(turned.begin() + static_cast<long>(at),
                 turned.begin() + static_cast<long>(at + 8));

  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(DCM_ICCProfile, EVR_OV, turned))),
            HoldReason::Leak);
}

TEST_F(LeakCheck, FindsANameBesideThePixels) {
  constexpr std::string_view kText = "0 SILVAMARKER^JOANA 7788123.    ";
  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(DCM_ExtendedOffsetTable, EVR_OV, kText))),
            HoldReason::Leak);
  // Numbers that are offsets.
  EXPECT_EQ(hold_of(clean(ct_slice().with_bytes(
                DCM_ExtendedOffsetTable, EVR_OV,
                std::string_view("\0\0\0\0\0\0\0\0\x10\x27\0\0\0\0\0\0", 16)))),
            std::nullopt);
}

TEST_F(Cleaning, CoefficientsBesideThePixelsGoInEveryProfile) {
  for (const auto* profile : {"dosimetry", "basic"}) {
    const auto out = output_of(clean(ct_slice()
                                         .with_bytes(DcmTagKey(0x7FE0, 0x0020), EVR_OW, "JOANA7 ")
                                         .with_bytes(DcmTagKey(0x7FE0, 0x0030), EVR_OW, "\1\2\3\4")
                                         .with_bytes(DcmTagKey(0x7FE0, 0x0040), EVR_OW, "\1\2\3\4"),
                                     profile));
    for (const Uint16 element : std::initializer_list<Uint16>{0x0020, 0x0030, 0x0040})
      EXPECT_FALSE(out->tagExists(DcmTagKey(0x7FE0, element))) << element;
    EXPECT_TRUE(out->tagExists(DCM_PixelData));
  }
}

TEST_F(LeakCheck, FindsANameInACodeString) {
  EXPECT_EQ(hold_of(clean(ct_slice().with(DCM_ImageType, "ORIGINAL\\PRIMARY\\JOANA"))),
            HoldReason::Leak);
}

TEST_F(LeakCheck, TwoWordsOfANameAreThePersonThoughBothAreInTheVocabulary) {
  const auto held = [&](std::string_view region) {
    return hold_of(clean(ct_slice()
                             .with(DCM_PatientName, "PELVIS^ABDOMEN")
                             .with(DCM_PatientID, "7788123")
                             .with(DCM_BodyPartExamined, region)));
  };
  EXPECT_EQ(held("PELVIS"), std::nullopt);
  EXPECT_EQ(held("ABDOMEN PELVIS"), HoldReason::Leak);
}

TEST_F(LeakCheck, AShortIdIsFoundAmongSeveralValues) {
  EXPECT_EQ(hold_of(clean(
                ct_slice().with(DCM_PatientID, "4711").with(DCM_SeriesDescription, "SPECT\\4711"),
                settings_with("", kKeepDescription))),
            HoldReason::Leak);
}

TEST_F(LeakCheck, AShortNameIsFoundInTheTextOfAnArray) {
  std::string profile(64, '\x07');
  profile.replace(20, 16, "by Joana, of ACME");

  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DCM_PatientName, "LUZ^JOANA")
                              .with_bytes(DCM_ICCProfile, EVR_OB, profile))),
            HoldReason::Leak);
}

TEST_F(LeakCheck, AVendorsNameIsNoPersonsNameInAVendorsPlace) {
  EXPECT_EQ(hold_of(clean(ct_slice()
                              .with(DCM_ReferringPhysicianName, "PHILIPS^ANN")
                              .with(DCM_Manufacturer, "Philips Medical Systems"))),
            std::nullopt);
  EXPECT_EQ(
      hold_of(clean(
          ct_slice().with(DCM_PatientName, "PHANTOM^CHEST").with(DCM_BodyPartExamined, "CHEST"))),
      std::nullopt);
}

TEST_F(LeakCheck, PersonsWhoAlternateAreEachLookedForByTheirOwnNames) {
  const Deidentifier engine(settings_with("", kKeepDescription), *map_);
  const auto says = [&](std::string_view id, std::string_view name, std::string_view text) {
    return hold_of(engine.clean(ct_slice()
                                    .with(DCM_StudyInstanceUID, "1.2.3." + std::string(id))
                                    .with(DCM_PatientID, id)
                                    .with(DCM_PatientName, name)
                                    .with(DCM_SeriesDescription, text)
                                    .received()));
  };

  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(says("7788001", "ANTARESMARKER^A", "antaresmarker"), HoldReason::Leak);
    EXPECT_EQ(says("7788001", "ANTARESMARKER^A", "vegamarker"), std::nullopt);
    EXPECT_EQ(says("7788002", "VEGAMARKER^B", "vegamarker"), HoldReason::Leak);
    EXPECT_EQ(says("7788002", "VEGAMARKER^B", "antaresmarker 7788001"), std::nullopt);
    EXPECT_EQ(says("7788002", "VEGAMARKER^B", "7788002"), HoldReason::Leak);
    // The second person, spelled otherwise.
    EXPECT_EQ(says("7788002", "VEGA MARKER^B", "vega"), HoldReason::Leak);
  }
}

TEST_F(LeakCheck, ATextOfThePersonBeforeIsCleanedForThisOne) {
  const Deidentifier engine(settings("dosimetry"), *map_);
  const auto description = [&](std::string_view id, std::string_view name) {
    const Verdict verdict = engine.clean(ct_slice()
                                             .with(DCM_StudyInstanceUID, "1.2.3." + std::string(id))
                                             .with(DCM_PatientID, id)
                                             .with(DCM_PatientName, name)
                                             .with(DCM_SeriesDescription, "CT FIGADO")
                                             .received());
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    if (cleaned == nullptr) return describe(verdict);
    const auto out =
        parse_data_set(all_bytes(cleaned->instance), *find_transfer_syntax("1.2.840.10008.1.2.1"));
    return text_at(**out, DCM_SeriesDescription);
  };

  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(description("7788001", "ANTARESMARKER^A"), "CT FIGADO");
    EXPECT_EQ(description("7788002", "FIGADO^ROSA"), "CT");
  }
}

TEST_F(LeakCheck, UidsAreThoseOfTheInstanceAndOfNoOther) {
  const Deidentifier engine(settings_with("", kKeepDescription), *map_);
  const auto says = [&](std::string_view sop_uid, std::string_view text) {
    return hold_of(engine.clean(
        ct_slice().with(DCM_SOPInstanceUID, sop_uid).with(DCM_SeriesDescription, text).received()));
  };

  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(says("1.2.826.0.1.77.1", "1.2.826.0.1.77.1"), HoldReason::Leak);
    EXPECT_EQ(says("1.2.826.0.1.77.2", "1.2.826.0.1.77.1"), std::nullopt);
    EXPECT_EQ(says("1.2.826.0.1.77.2", "1.2.826.0.1.77.2"), HoldReason::Leak);
  }
}

TEST_F(LeakCheck, AnIdentifierThatIsAPublicCodeToBeHoldsNothing) {
  int study = 0;
  const auto another = [&] {
    return ct_slice().with(DCM_StudyInstanceUID, "1.2.3.77." + std::to_string(++study));
  };
  // The codes of what was done are ours.
  for (const auto* id :
       {"113100", "113104", "113105", "113107", "113108", "113111", "00113108", "SP113108"}) {
    for (const DcmTagKey& tag : {DCM_PatientID, DCM_AccessionNumber, DCM_StudyID}) {
      const Verdict verdict = clean(another().with(tag, id));
      EXPECT_EQ(describe(verdict), "cleaned") << id << " in " << tag_text(tag);
    }
  }
  const auto coded = [&](std::string_view id, std::string_view scheme, std::string_view code) {
    DataSet made = another()
                       .with(DCM_AccessionNumber, id)
                       .with_nested(DCM_AnatomicRegionSequence, DCM_CodeValue, EVR_SH, code);
    DcmItem* item = nullptr;
    EXPECT_TRUE(made.root().findAndGetSequenceItem(DCM_AnatomicRegionSequence, item).good());
    EXPECT_TRUE(put_value(*item, DCM_CodingSchemeDesignator, EVR_SH, scheme));
    return hold_of(clean(std::move(made)));
  };
  EXPECT_EQ(coded("39607008", "SCT", "39607008"), std::nullopt);
  EXPECT_EQ(coded("121071", "DCM", "121071"), std::nullopt);
  EXPECT_EQ(coded("211128", "LN", "21112-8"), std::nullopt);
  EXPECT_EQ(coded("39607008", "99HOSP", "39607008"), HoldReason::Leak);
  EXPECT_EQ(coded("SILVA", "SCT", "SILVAMARKER"), HoldReason::Leak);
  EXPECT_EQ(coded("52998224725", "SCT", "52998224725"), HoldReason::Leak) << "a CPF";
  EXPECT_EQ(coded("HC-998877", "SCT", "HC-998877"), HoldReason::Leak);
}

TEST_F(LeakCheck, NeverSaysTheValue) {
  const Verdict verdict = clean(ct_slice().with(DCM_SeriesDescription, "SILVAMARKER"),
                                settings_with("", kKeepDescription));
  EXPECT_EQ(describe(verdict), "held: leak: (0008,103E) still holds a name of the patient");
}

}  // namespace
}  // namespace dosigate::testing
