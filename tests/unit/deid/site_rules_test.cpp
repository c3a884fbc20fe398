// What a profile of a site can say: rules by path, VR, SOP class and creator, drop rules, subjects,
// words, and the trace that names them.

#include "cleaning.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

constexpr std::string_view kDates = "retain_long_modified_dates = true";

std::string rule(const std::string& keys, const std::string& action) {
  return "[[rule]]\n" + keys + "\naction = \"" + action + "\"\n";
}

TEST_F(Cleaning, ARuleWithAPathCountsOnlyInsideThoseSequences) {
  const auto source = [] {
    return ct_slice()
        .with(DCM_PatientComments, "HOSP TEXT")
        .with_nested(DCM_ReferencedStudySequence, DCM_PatientComments, EVR_LT, "HOSP TEXT")
        .with_nested(DCM_SourceImageSequence, DCM_PatientComments, EVR_LT, "HOSP TEXT");
  };
  const auto out = output_of(
      clean(source(), settings_with("", rule("tag = \"0008,2112 > 0010,4000\"", "keep"))));

  DcmItem* item = nullptr;
  ASSERT_TRUE(out->findAndGetSequenceItem(DCM_SourceImageSequence, item).good());
  EXPECT_EQ(value(*item, DCM_PatientComments), "HOSP TEXT");
  EXPECT_FALSE(out->tagExists(DCM_PatientComments));
}

TEST_F(Cleaning, ARuleWithAVrCountsForEveryAttributeOfItAndAnEarlierRuleWins) {
  const auto out = output_of(clean(
      ct_slice().with(DCM_ImageComments, "FREE TEXT").with(DCM_AdditionalPatientHistory, "MORE"),
      settings_with("", rule("tag = \"0020,4000\"", "keep") + rule("vr = \"LT\"", "dummy"))));

  EXPECT_EQ(value(*out, DCM_ImageComments), "FREE TEXT");
  EXPECT_EQ(value(*out, DCM_AdditionalPatientHistory), "REMOVED");
}

TEST_F(Cleaning, ACopyOfTheExampleCleansWhatACameraSends) {
  Deidentifier::Settings copy = settings("dosimetry");
  auto example = Profile::load_file(std::filesystem::path(DOSIGATE_SOURCE_DIR) /
                                    "conf/profiles/site-example.toml");
  ASSERT_TRUE(example) << example.error().detail;
  copy.profile = std::move(*example);

  const Verdict verdict =
      clean(nm_spect().with(DCM_TimezoneOffsetFromUTC, "-0300"), std::move(copy));

  EXPECT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
}

TEST_F(Cleaning, ARuleByVrNeverDecidesWhoseInstanceItIs) {
  for (const std::string condition : {"vr = \"PN\"", "vr = \"LO\"", "vr = \"UI\"",
                                      "vr = \"PN\"\nsop_class = \"CT Image Storage\"",
                                      "vr = \"LO\"\nsop_class = \"CT Image Storage\""}) {
    const Verdict verdict = clean(
        ct_slice()
            .without(DCM_ReferringPhysicianName)
            .with_nested(DCM_SourceImageSequence, DCM_PatientName, EVR_PN, "SILVAMARKER^JOANA")
            .with_nested(DCM_ReferencedImageSequence, DCM_PatientID, EVR_LO, "7788123"),
        settings_with("", rule(condition, "keep")));
    if (const auto* cleaned = std::get_if<Cleaned>(&verdict)) {
      EXPECT_FALSE(has_bytes(cleaned->instance, "SILVAMARKER")) << condition;
      EXPECT_FALSE(has_bytes(cleaned->instance, "7788123")) << condition;
      EXPECT_TRUE(cleaned->instance.sop_instance_uid().starts_with("2.25.")) << condition;
    } else {
      EXPECT_EQ(hold_of(verdict), HoldReason::Leak) << condition;
    }
  }
}

TEST_F(Cleaning, EncryptedAttributesAndSignaturesGoInAProfileThatSaysNothingOfThem) {
  const auto out = output_of(clean(
      ct_slice()
          .with_nested(DCM_EncryptedAttributesSequence, DcmTagKey(0x0400, 0x0520), EVR_OB, "SEALED")
          .with_nested(DCM_MACParametersSequence, DcmTagKey(0x0400, 0x0005), EVR_US, "1"),
      settings_with("clean_descriptors = true", "")));

  EXPECT_FALSE(out->tagExists(DCM_EncryptedAttributesSequence));
  EXPECT_FALSE(out->tagExists(DCM_MACParametersSequence));
}

TEST_F(Cleaning, ANameMadeACodeOfALocalSchemeBecomesALabelAndOtherCodesStay) {
  const auto code = [&](const char* scheme, const char* code_value) {
    DataSet source =
        ct_slice().with_nested(DCM_ProcedureCodeSequence, DCM_CodeValue, EVR_SH, code_value);
    DcmItem* item = nullptr;
    EXPECT_TRUE(source.root().findAndGetSequenceItem(DCM_ProcedureCodeSequence, item).good());
    EXPECT_TRUE(put_value(*item, DCM_CodingSchemeDesignator, EVR_SH, scheme));
    return value(*output_of(clean(std::move(source))), DCM_CodeValue);
  };
  EXPECT_EQ(code("99OPER", "SALGUEIRO").size(), 10U);
  EXPECT_EQ(code("99OPER", "SALGUEIRO"), code("99OPER", "SALGUEIRO"));
  EXPECT_EQ(code("99PMP", "P5-B3000"), "P5-B3000");
  EXPECT_EQ(code("99OPER", "TORAX"), "TORAX");
  EXPECT_EQ(code("SCT", "SALGUEIRO"), "SALGUEIRO") << "the scheme is claimed to be public";
  for (const char* person : {"52998224725", "529.982.247-25", "CRM52123", "ana@hosp.br"})
    EXPECT_EQ(code("99OPER", person).size(), 10U) << person;
  EXPECT_EQ(code("99TUSS", "40701042"), "40701042");
}

TEST_F(Cleaning, ARuleWithASopClassCountsForThatClass) {
  const std::string rules = rule("sop_class = \"CT Image Storage\"\ntag = \"0018,0060\"", "remove");
  EXPECT_EQ(
      value(*output_of(clean(ct_slice().with(DCM_KVP, "120"), settings_with("", rules))), DCM_KVP),
      "-");
  EXPECT_EQ(
      value(*output_of(clean(nm_spect().with(DCM_KVP, "120"), settings_with("", rules))), DCM_KVP),
      "120");
}

TEST_F(Cleaning, ARuleWithACreatorKeepsShiftsOrRemovesItsElement) {
  const auto source = [] {
    return ct_slice()
        .with(DcmTagKey(0x0099, 0x0012), EVR_LO, "OUR CAMERA")
        .with_bytes(DcmTagKey(0x0099, 0x1201), EVR_UN, std::string_view("\x00\x00\x20\x41", 4))
        .with_bytes(DcmTagKey(0x0099, 0x1202), EVR_UN, "20250304101500")
        .with_bytes(DcmTagKey(0x0099, 0x1203), EVR_UN, "SOME")
        .with_bytes(DcmTagKey(0x0099, 0x1204), EVR_UN, "FIGADO");
  };
  const auto creator = [](const std::string& low, const std::string& vr,
                          const std::string& action) {
    return rule("creator = \"OUR CAMERA\"\ntag = \"0099,xx" + low + "\"\nvr = \"" + vr + "\"",
                action);
  };
  const auto with = [&] {
    return settings_with(kDates, creator("01", "FL", "keep") + creator("02", "DT", "shift") +
                                     creator("04", "LO", "clean"));
  };
  const auto out = output_of(clean(source(), with()));
  const std::string moved = value(*out, DcmTagKey(0x0099, 0x1202));
  EXPECT_EQ(value(*out, DcmTagKey(0x0099, 0x0012)), "OUR CAMERA");
  EXPECT_TRUE(out->tagExists(DcmTagKey(0x0099, 0x1201)));
  EXPECT_EQ(days_moved("20250304", moved), days_moved("20250304", value(*out, DCM_StudyDate)));
  EXPECT_EQ(moved.substr(8), "101500");
  EXPECT_FALSE(out->tagExists(DcmTagKey(0x0099, 0x1203)));
  EXPECT_EQ(value(*out, DcmTagKey(0x0099, 0x1204)), "FIGADO");

  // Implicit VR says no VR: the rule does.
  const Verdict implicit = clean(source(), with(), "1.2.840.10008.1.2");
  ASSERT_TRUE(std::holds_alternative<Cleaned>(implicit)) << describe(implicit);
  const CleanInstance& instance = std::get<Cleaned>(implicit).instance;
  EXPECT_TRUE(has_bytes(instance, moved));
  EXPECT_TRUE(has_bytes(instance, "FIGADO"));
  EXPECT_FALSE(has_bytes(instance, "20250304"));
}

TEST_F(Cleaning, ARuleOfTheSiteRemovesWhatTheListOfPrivateElementsKeeps) {
  const auto with = [&](const std::string& rules) {
    return value(*output_of(clean(pet_slice(), settings_with("retain_safe_private = true", rules))),
                 DcmTagKey(0x7053, 0x1000));
  };
  EXPECT_NE(with(""), "-");
  EXPECT_EQ(with(rule("creator = \"Philips PET Private Group\"\ntag = \"7053,xx00\"", "remove")),
            "-");
}

TEST_F(Cleaning, ADropRuleOfTheProfileDropsLikeOneOfTheRoute) {
  const Verdict verdict =
      clean(ct_slice().with(DCM_ImageType, "DERIVED\\SECONDARY\\SCREEN SAVE"),
            settings_with("", "[[drop]]\nimage_type = \"SCREEN SAVE\"\nmodality = \"CT\"\n"));
  EXPECT_EQ(describe(verdict), "dropped: { modality = \"CT\", image_type = \"SCREEN SAVE\" }");
}

TEST_F(Cleaning, APhantomKeepsItsTrueDatesAndAPersonDoesNot) {
  const std::string subject =
      "[[subject]]\nname = \"phantoms\"\npatient_id = \"qc-*\"\npatient_name = \"*PHANTOM*\"\n"
      "dates = \"keep\"\n";
  const auto source = [](const char* id, const char* name) {
    return ct_slice()
        .with(DCM_PatientID, id)
        .with(DCM_PatientName, name)
        .with(DCM_StudyInstanceUID, "1.2.3." + std::to_string(std::hash<std::string>{}(id)));
  };
  const auto phantom =
      output_of(clean(source("QC-0007", "NEMA^PHANTOM"), settings_with(kDates, subject)));
  EXPECT_EQ(value(*phantom, DCM_StudyDate), "20250304");
  EXPECT_EQ(value(*phantom, DCM_LongitudinalTemporalInformationModified), "UNMODIFIED");

  for (const auto& [id, name] : {std::pair("QC-0008", "SILVA^JOANA"), {"7788", "NEMA^PHANTOM"}}) {
    const auto person = output_of(clean(source(id, name), settings_with(kDates, subject)));
    EXPECT_NE(value(*person, DCM_StudyDate), "20250304") << id;
    EXPECT_EQ(value(*person, DCM_LongitudinalTemporalInformationModified), "MODIFIED");
  }
}

TEST_F(Cleaning, ARuleThatShiftsLeavesAPhantomItsTrueDate) {
  const std::string rules =
      rule("tag = \"0008,0012\"", "shift") +
      rule("creator = \"GEMS_PETD_01\"\ntag = \"0009,xx0D\"\nvr = \"DT\"", "shift") +
      "[[subject]]\nname = \"phantoms\"\npatient_id = \"QC-*\"\ndates = \"keep\"\n";
  const auto source = [](const char* id) {
    return pet_slice().with(DCM_PatientID, id).with(DCM_InstanceCreationDate, "20250304");
  };
  const std::string true_scan = value(source("QC-1").root(), DcmTagKey(0x0009, 0x100D));

  const auto phantom = output_of(clean(source("QC-1"), settings_with(kDates, rules)));

  EXPECT_EQ(value(*phantom, DCM_InstanceCreationDate), "20250304");
  EXPECT_EQ(value(*phantom, DcmTagKey(0x0009, 0x100D)), true_scan);
}

TEST_F(Cleaning, APhantomsCalibrationDatesGoForTheyAreThePatientsToo) {
  const std::string subject =
      "[[subject]]\nname = \"phantoms\"\npatient_id = \"QC-*\"\ndates = \"keep\"\n";
  const std::string keeps_true =
      rule("tag = \"0018,1200\"", "shift") + rule("tag = \"0018,1201\"", "keep") + subject;
  const auto source = [](const char* id) {
    return pet_slice()
        .with(DCM_PatientID, id)
        .with(DCM_StudyInstanceUID, "1.2.3." + std::to_string(std::hash<std::string>{}(id)))
        .with(DCM_DateOfLastCalibration, "20250227")
        .with(DCM_TimeOfLastCalibration, "073512")
        .with(DCM_DateTimeOfLastCalibration, "20250227073512")
        .with(DCM_CalibrationDateTime, "20250227073512")
        .with(DCM_DateOfLastDetectorCalibration, "20250227")
        .with(DCM_TimeOfLastDetectorCalibration, "073512")
        .with(DcmTagKey(0x0017, 0x0010), EVR_LO, "GEMS_PETD_01")
        .with(DcmTagKey(0x0017, 0x1004), EVR_DT, "20250227073512")
        .with(DcmTagKey(0x0019, 0x0010), EVR_LO, "GEMS_PETD_01")
        .with(DcmTagKey(0x0019, 0x1004), EVR_DT, "20250227073512")
        .with(DcmTagKey(0x0019, 0x1010), EVR_DT, "20250227073512");
  };
  for (const std::string& rules : {subject, keeps_true}) {
    const auto with = [&] {
      return settings_with(std::string(kDates) + "\nretain_safe_private = true", rules);
    };
    const Verdict phantom = clean(source("QC-1"), with());
    const auto out = output_of(phantom);
    EXPECT_FALSE(has_bytes(std::get<Cleaned>(phantom).instance, "20250227"));
    EXPECT_FALSE(has_bytes(std::get<Cleaned>(phantom).instance, "073512"));
    EXPECT_EQ(value(*out, DCM_StudyDate), "20250304");

    // The epoch of a patient's calibration factor stays, moved.
    const auto patient = output_of(clean(source("7788"), with()));
    const long offset = days_moved("20250304", value(*patient, DCM_StudyDate));
    EXPECT_EQ(days_moved("20250227", value(*patient, DCM_DateOfLastCalibration)), offset);
    EXPECT_EQ(value(*patient, DCM_TimeOfLastCalibration), "073512");
    EXPECT_EQ(days_moved("20250227", value(*patient, DcmTagKey(0x0019, 0x1004))), offset);
  }
}

TEST_F(Cleaning, WordsOfTheSiteStayInCleanedText) {
  const auto cleaned = [&](const std::string& words) {
    auto profile = Profile::parse("name = \"t\"\nversion = \"1\"\nedition = \"2026d\"\n" + words +
                                      "[options]\nclean_descriptors = true\n",
                                  "t.toml");
    EXPECT_TRUE(profile);
    return value(*output_of(clean(ct_slice().with(DCM_SeriesDescription, "PET protlux"),
                                  {std::move(*profile), site_a(), {}, "", 64U << 20U})),
                 DCM_SeriesDescription);
  };
  EXPECT_EQ(cleaned(""), "PET");
  EXPECT_EQ(cleaned("words = [\"ProtLux\"]\n"), "PET protlux");
}

TEST_F(Cleaning, AnUnknownCollimatorStaysDistinctAndTheSameForEveryPatient) {
  const auto label = [&](const char* id, const char* collimator) {
    return value(*output_of(clean(nm_spect()
                                      .with(DCM_PatientID, id)
                                      .with(DCM_StudyInstanceUID, "1.2.3." + std::string(id))
                                      .with(DcmTagKey(0x0018, 0x1180), collimator))),
                 DcmTagKey(0x0018, 0x1180));
  };
  EXPECT_EQ(label("7001", "LEHR"), "LEHR");
  const std::string unknown = label("7001", "Qzxcol");
  EXPECT_EQ(unknown.size(), 10U);
  EXPECT_EQ(label("7002", "Qzxcol"), unknown);
  EXPECT_NE(label("7002", "Qzxcos"), unknown);
}

TEST_F(Cleaning, TheTraceHasALineForEveryElementWithRuleActionAndChange) {
  auto received = pet_slice()
                      .with(DCM_OperatorsName, "SOUZA^ANA")
                      .with(DcmTagKey(0x0099, 0x0010), EVR_LO, "NOBODY")
                      .with(DcmTagKey(0x0099, 0x1001), EVR_LO, "X")
                      .received();
  Trace trace;
  const Verdict verdict = Deidentifier(settings("dosimetry"), *map_).clean(received, {}, &trace);
  ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
  const auto line = [&](std::string_view path) -> const TraceLine& {
    static const TraceLine kNone;
    for (const TraceLine& each : trace) {
      if (each.path == path) return each;
    }
    ADD_FAILURE() << path;
    return kNone;
  };
  EXPECT_EQ(line("0008,0020").change, Change::Shifted);
  EXPECT_EQ(line("0008,0020").action, "shift");
  EXPECT_NE(line("0008,0020").source.find("E.3.6 Retain Modified Dates"), std::string::npos);
  EXPECT_EQ(line("0008,1070").source, "PS3.15 Table E.1-1: X/Z/D, Type 3 here");
  EXPECT_EQ(line("0010,0010").change, Change::Pseudonymised);
  EXPECT_EQ(line("0008,0018").change, Change::Mapped);
  EXPECT_EQ(line("0010,1030").change, Change::Kept);
  EXPECT_EQ(line("0054,0016").change, Change::Entered);
  EXPECT_EQ(line("0054,0016[0].0018,1074").change, Change::Kept);
  EXPECT_EQ(line("0099,xx01 NOBODY").change, Change::Removed);
  EXPECT_EQ(line("0012,0062").change, Change::Added);
  EXPECT_NE(line("0018,1000").source.find("profile dosimetry line "), std::string::npos);
  EXPECT_EQ(line("0008,0020").before, Phi("20250304"));
  const auto& creators = std::get<Cleaned>(verdict).removed_creators;
  EXPECT_EQ(std::count(creators.begin(), creators.end(), "NOBODY"), 1);
}

}  // namespace
}  // namespace dosigate::testing
