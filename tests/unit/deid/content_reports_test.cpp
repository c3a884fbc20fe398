// Reports through the whole engine: what a dosimetrist reads stays, what names a person goes.

#include <algorithm>
#include <vector>

#include "cleaning.h"
#include "content_lines.h"

namespace dosigate::testing {
namespace {

class Reports : public Cleaning {
 protected:
  std::unique_ptr<DcmDataset> cleaned(DataSet&& source) {
    return output_of(clean(std::move(source)));
  }
  std::string mapped(std::string_view uid) {
    return value(*cleaned(any_instance(kCtImageStorage)
                              .with_nested(DCM_ReferencedImageSequence,
                                           DCM_ReferencedSOPInstanceUID, EVR_UI, uid)),
                 DCM_ReferencedSOPInstanceUID);
  }
};

constexpr const char* kAdministration = "1.2.826.0.1.3680043.10.77.1";

DataSet dose_report() {
  DataSet made = report(kRadiopharmaceuticalDoseSr,
                        {"113500", "DCM", "Radiopharmaceutical Radiation Dose Report"});
  DcmItem& root = made.root();
  content(root, "PNAME", {"121008", "DCM", "Person Observer Name"}, "SOUZAMARKER^PEDRO",
          "HAS OBS CONTEXT");
  content(root, "UIDREF", {"121012", "DCM", "Device Observer UID"}, "1.2.826.0.1.3680043.10.88.1",
          "HAS OBS CONTEXT");
  content(root, "TEXT", {"121013", "DCM", "Device Observer Name"}, "HOSPMARKER-PET",
          "HAS OBS CONTEXT");
  content(root, "TEXT", {"121014", "DCM", "Device Observer Manufacturer"}, "SIEMENS",
          "HAS OBS CONTEXT");
  DcmItem& given = content(root, "CONTAINER", {"113502", "DCM", "Administration"});
  DcmItem& agent =
      content(given, "CODE", {"F-61FDB", "SRT", "Radiopharmaceutical agent"}, "Lutetium Lu-177");
  content(agent, "NUM", {"R-42806", "SRT", "Radionuclide Half Life"}, "574300");
  content(given, "UIDREF", {"113503", "DCM", "Administration Event UID"}, kAdministration);
  content(given, "TEXT", {"113511", "DCM", "Dispense Unit Identifier"}, "UNITMARKER-1");
  content(given, "TEXT", {"113512", "DCM", "Lot Identifier"}, "LOTMARKER-1");
  content(given, "TEXT", {"113513", "DCM", "Reagent Vial Identifier"}, "VIALMARKER-1");
  content(given, "TEXT", {"113516", "DCM", "Prescription Identifier"}, "PRESCMARKER-1");
  content(given, "DATETIME", {"123003", "DCM", "Start"}, "20250303235930.250000-0300");
  content(given, "DATETIME", {"123004", "DCM", "Stop"}, "20250304000410.000000-0300");
  content(given, "NUM", {"113507", "DCM", "Administered activity"}, "7400.5");
  content(given, "NUM", {"113508", "DCM", "Pre-Administration Measured Activity"}, "7431.1");
  DcmItem& after = content(given, "NUM", {"113509", "DCM", "Post-Administration Activity"}, "30.6");
  content(after, "DATETIME", {"121135", "DCM", "Observation DateTime"}, "20250304001500");
  content(given, "CODE", {"G-C340", "SRT", "Route of administration"}, "Intravenous route");
  content(given, "PNAME", {"113870", "DCM", "Person Name"}, "LIMAMARKER^ANA", "HAS OBS CONTEXT");
  content(given, "TEXT", {"121106", "DCM", "Comment"}, "Lu-177 PSMA JOANA SILVAMARKER");
  DcmItem& patient = content(root, "CONTAINER", {"121118", "DCM", "Patient Characteristics"});
  content(patient, "NUM", {"121033", "DCM", "Subject Age"}, "63");
  content(patient, "CODE", {"121032", "DCM", "Subject Sex"}, "Female");
  content(patient, "NUM", {"27113001", "SCT", "Body Weight"}, "72.5");
  content(patient, "NUM", {"8302-2", "LN", "Patient Height"}, "1.68");
  content(patient, "TEXT", {"109054", "DCM", "Patient State"}, "FASTING SILVAMARKER");
  content(patient, "DATE", {"121031", "DCM", "Subject Birth Date"}, "19610503");
  content(patient, "PNAME", {"121029", "DCM", "Subject Name"}, "SILVAMARKER^JOANA");
  content(patient, "TEXT", {"121030", "DCM", "Subject ID"}, "7788123");
  content(patient, "DATE", {"127857", "DCM", "Glucose Measurement Date"}, "20250303");
  content(patient, "TIME", {"127858", "DCM", "Glucose Measurement Time"}, "221500");
  return made;
}

TEST_F(Reports, OfAdministeredDoseKeepEveryNumberAndEveryCode) {
  DataSet source = dose_report();
  std::vector<std::string> before = content_of(source.root());

  std::vector<std::string> after = content_of(*cleaned(std::move(source)));

  const auto is_other = [](const std::string& line) {
    return !line.starts_with("NUM ") && !line.starts_with("CODE ") &&
           !line.starts_with("CONTAINER ");
  };
  std::erase_if(before, is_other);
  std::erase_if(after, is_other);
  EXPECT_EQ(after, before);
  EXPECT_EQ(after.size(), 12U);
}

TEST_F(Reports, OfAdministeredDoseMoveInstantsByWholeDaysOnly) {
  const auto out = cleaned(dose_report());
  const long offset = days_moved("20250304", text_at(*out, DCM_StudyDate));

  for (const auto& [code, before] :
       std::vector<std::pair<std::string, std::string>>{{"123003", "20250303235930.250000-0300"},
                                                        {"123004", "20250304000410.000000-0300"},
                                                        {"121135", "20250304001500"},
                                                        {"127857", "20250303"}}) {
    const std::string after = value_of(*out, code);
    ASSERT_EQ(after.size(), before.size()) << code;
    EXPECT_EQ(days_moved(before, after), offset) << code;
    EXPECT_EQ(after.substr(8), before.substr(8)) << code;
  }
  EXPECT_NE(offset, 0);
  EXPECT_EQ(value_of(*out, "127858"), "221500");
}

TEST_F(Reports, OfAdministeredDoseNameTheInjectionAsTheImageDoes) {
  const auto report = cleaned(dose_report());
  const auto image = cleaned(any_instance(kNmImageStorage)
                                 .with_nested(DCM_RadiopharmaceuticalInformationSequence,
                                              DCM_RadiopharmaceuticalAdministrationEventUID, EVR_UI,
                                              kAdministration));

  EXPECT_EQ(value_of(*report, "113503"),
            value(*image, DCM_RadiopharmaceuticalAdministrationEventUID));
  EXPECT_TRUE(value_of(*report, "113503").starts_with("2.25."));
}

TEST_F(Reports, NameNobody) {
  const Verdict verdict = clean(dose_report());
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "19610503"));
  EXPECT_EQ(value_of(*out, "121008"), "REMOVED");
  EXPECT_EQ(value_of(*out, "113870"), "REMOVED");
  for (const auto* gone : {"113511", "113512", "113513", "113516", "121031", "121013"})
    EXPECT_EQ(value_of(*out, gone), "-") << gone;
}

TEST_F(Reports, NameTheirSubjectByThePseudonym) {
  const auto out = cleaned(dose_report());

  EXPECT_EQ(value_of(*out, "121029"), text_at(*out, DCM_PatientID));
  EXPECT_EQ(value_of(*out, "121030"), text_at(*out, DCM_PatientID));
}

TEST_F(Reports, KeepTheWordsOfTextThatSayNothingOfAPerson) {
  const auto out = cleaned(dose_report());

  EXPECT_EQ(value_of(*out, "121106"), "Lu-177 PSMA");
  EXPECT_EQ(value_of(*out, "121014"), "SIEMENS");
}

TEST_F(Reports, NameTheirDeviceAsTheImagesHeaderDoes) {
  const auto report = cleaned(dose_report());
  const auto image =
      cleaned(any_instance(kCtImageStorage).with(DCM_DeviceUID, "1.2.826.0.1.3680043.10.88.1"));

  EXPECT_EQ(value_of(*report, "121012"), text_at(*image, DCM_DeviceUID));
}

DataSet measurements() {
  DataSet made = report(kComprehensive3dSr, {"126000", "DCM", "Imaging Measurement Report"});
  DcmItem& root = made.root();
  DcmItem& group = content(content(root, "CONTAINER", {"126010", "DCM", "Imaging Measurements"}),
                           "CONTAINER", {"125007", "DCM", "Measurement Group"});
  content(group, "TEXT", {"112039", "DCM", "Tracking Identifier"}, "SILVAMARKER",
          "HAS OBS CONTEXT");
  content(group, "UIDREF", {"112040", "DCM", "Tracking Unique Identifier"}, "1.2.826.0.1.77.40",
          "HAS OBS CONTEXT");
  content(group, "TEXT", {"C67447", "NCIt", "Activity Session"}, "1", "HAS OBS CONTEXT");
  content(group, "CODE", {"121071", "DCM", "Finding"}, "Neoplasm");
  content(group, "IMAGE", {"121191", "DCM", "Referenced Segment"}, "1.2.826.0.1.77.41");
  content(group, "UIDREF", {"121232", "DCM", "Source series for segmentation"},
          "1.2.826.0.1.77.42");
  content(group, "COMPOSITE", {"126100", "DCM", "Real World Value Map"}, "1.2.826.0.1.77.43");
  content(group, "NUM", {"126401", "DCM", "SUVbw"}, "5.25");
  DcmItem& second = content(content(root, "CONTAINER", {"126010", "DCM", "Imaging Measurements"}),
                            "CONTAINER", {"125007", "DCM", "Measurement Group"});
  content(second, "TEXT", {"112039", "DCM", "Tracking Identifier"}, "JOANAMARKER",
          "HAS OBS CONTEXT");
  return made;
}

TEST_F(Reports, OfMeasurementsKeepTheirLinksAndNumbers) {
  const Verdict verdict = clean(measurements());
  const auto out = output_of(verdict);

  EXPECT_EQ(value_of(*out, "126401"), "5.25");
  EXPECT_EQ(value_of(*out, "121071"), "Neoplasm");
  EXPECT_EQ(value_of(*out, "112040"), mapped("1.2.826.0.1.77.40"));
  EXPECT_EQ(value_of(*out, "121191"), mapped("1.2.826.0.1.77.41"));
  EXPECT_EQ(value_of(*out, "121232"), mapped("1.2.826.0.1.77.42"));
  EXPECT_EQ(value_of(*out, "126100"), mapped("1.2.826.0.1.77.43"));
  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
}

TEST_F(Reports, OfMeasurementsTellTheirLesionsApart) {
  const auto out = cleaned(measurements());

  std::vector<std::string> labels;
  for (const std::string& line : content_of(*out)) {
    if (line.starts_with("TEXT 112039=")) labels.push_back(line.substr(12));
  }
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_NE(labels[0], labels[1]);
  EXPECT_FALSE(labels[0].empty() || labels[1].empty());
}

TEST_F(Reports, NameALesionAsItsSegmentIsNamed) {
  DataSet segment = any_instance("1.2.840.10008.5.1.4.1.1.66.4").with(DCM_Modality, "SEG");
  put(new_item(segment.root(), DCM_SegmentSequence), DCM_TrackingID, "JFS lesion 7");
  DataSet measured = report(kComprehensive3dSr, {"126000", "DCM", "Imaging Measurement Report"});
  content(measured.root(), "TEXT", {"112039", "DCM", "Tracking Identifier"}, "JFS lesion 7",
          "HAS OBS CONTEXT");

  const std::string of_segment = value(*cleaned(std::move(segment)), DCM_TrackingID);

  EXPECT_EQ(of_segment.size(), 10U);
  EXPECT_EQ(value(*cleaned(std::move(measured)), DCM_TextValue), of_segment);
}

TEST_F(Reports, WithReferencesByPlaceKeepEveryItemInItsPlace) {
  DataSet source = report(kEnhancedSr, {"11528-7", "LN", "Radiology Report"});
  DcmItem& root = source.root();
  content(root, "TEXT", {"121022", "DCM", "Accession Number"}, "ACC55012");
  content(root, "NUM", {"C54627", "NCIt", "Experience"}, "17");
  DcmItem& inferred = content(root, "TEXT", {"121077", "DCM", "Conclusion"}, "PET JOANA");
  DcmItem& reference = new_item(inferred, DCM_ContentSequence);
  put(reference, DCM_RelationshipType, "INFERRED FROM");
  put_value(reference, DCM_ReferencedContentItemIdentifier, EVR_UL, "1\\4");
  content(root, "NUM", {"126401", "DCM", "SUVbw"}, "5.25");

  const auto out = cleaned(std::move(source));

  const std::vector<std::string> expected{"TEXT 121022=REMOVED", "NUM C54627=", "TEXT 121077=PET",
                                          " =", "NUM 126401=5.25"};
  EXPECT_EQ(content_of(*out), expected);
}

TEST_F(Reports, ThatRejectImagesArriveWithTheirReferencesMapped) {
  for (const auto* reason : {"113001", "113037", "113038", "113039"}) {
    SCOPED_TRACE(reason);
    DataSet source = report(kKeyObjectSelection, {reason, "DCM", "Rejected"});
    DcmItem& root = source.root();
    DcmItem& series = new_item(new_item(root, DCM_CurrentRequestedProcedureEvidenceSequence),
                               DCM_ReferencedSeriesSequence);
    put(series, DCM_SeriesInstanceUID, "1.2.826.0.1.77.50");
    DcmItem& evidence = new_item(series, DCM_ReferencedSOPSequence);
    put(evidence, DCM_ReferencedSOPClassUID, kPetImageStorage);
    put(evidence, DCM_ReferencedSOPInstanceUID, "1.2.826.0.1.77.51");
    content(root, "TEXT", {"113012", "DCM", "Key Object Description"}, "wrong patient SILVAMARKER");
    content(root, "IMAGE", {}, "1.2.826.0.1.77.51");

    const auto out = cleaned(std::move(source));

    DcmItem* title = nullptr;
    ASSERT_TRUE(out->findAndGetSequenceItem(DCM_ConceptNameCodeSequence, title).good());
    EXPECT_EQ(text_at(*title, DCM_CodeValue), reason);
    EXPECT_EQ(value(*out, DCM_ReferencedSOPInstanceUID), mapped("1.2.826.0.1.77.51"));
    EXPECT_EQ(value_of(*out, ""), mapped("1.2.826.0.1.77.51"));
    EXPECT_EQ(value(*out, DCM_ReferencedSOPClassUID), kPetImageStorage);
  }
}

TEST_F(Reports, LoseTheirVerifierAndAuthorButStayValid) {
  DataSet source = dose_report();
  DcmItem& verifier = new_item(source.root(), DCM_VerifyingObserverSequence);
  put(verifier, DCM_VerifyingObserverName, "SOUZAMARKER^PEDRO");
  put(verifier, DCM_VerifyingOrganization, "HOSPITALMARKER");
  put(verifier, DCM_VerificationDateTime, "20250304120000");
  put(new_item(source.root(), DCM_AuthorObserverSequence), DCM_PersonName, "LIMAMARKER^ANA");

  const Verdict verdict = clean(std::move(source).with(DCM_VerificationFlag, "VERIFIED"));
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  EXPECT_EQ(text_at(*out, DCM_CompletionFlag), "COMPLETE");
  // VERIFIED asks for a verifier (Type 1C), who is nobody now.
  DcmItem* left = nullptr;
  ASSERT_TRUE(out->findAndGetSequenceItem(DCM_VerifyingObserverSequence, left).good());
  EXPECT_EQ(text_at(*left, DCM_VerifyingObserverName), "REMOVED");
  EXPECT_EQ(text_at(*left, DCM_VerifyingOrganization), "REMOVED");
  EXPECT_EQ(days_moved("20250304", text_at(*left, DCM_VerificationDateTime)),
            days_moved("20250304", text_at(*out, DCM_StudyDate)));
}

TEST_F(Reports, AreHeldByAProfileThatDoesNotCleanThem) {
  EXPECT_EQ(hold_of(clean(dose_report(), "basic")), HoldReason::StructuredReport);
}

TEST_F(Reports, OfWhichNothingMayStayHaveNoEmptySequence) {
  DataSet source = report(kEnhancedSr, {"11528-7", "LN", "Radiology Report"});
  content(content(source.root(), "CONTAINER", {"121070", "DCM", "Findings"}), "TEXT",
          {"121022", "DCM", "Accession Number"}, "ACC55012");

  const auto out = cleaned(std::move(source));

  EXPECT_EQ(content_of(*out), std::vector<std::string>{"CONTAINER 121070="});
  DcmItem* container = nullptr;
  ASSERT_TRUE(out->findAndGetSequenceItem(DCM_ContentSequence, container).good());
  EXPECT_FALSE(container->tagExists(DCM_ContentSequence));
}

TEST_F(Reports, AcquisitionContextIsCleanedByTheSameRules) {
  DataSet source = any_instance(kNmImageStorage);
  DcmItem& weight = new_item(source.root(), DCM_AcquisitionContextSequence);
  put_code(weight, DCM_ConceptNameCodeSequence, {"27113001", "SCT", "Body Weight"});
  put(weight, DCM_NumericValue, "72.5");
  DcmItem& when = new_item(source.root(), DCM_AcquisitionContextSequence);
  put_code(when, DCM_ConceptNameCodeSequence, {"123003", "DCM", "Start"});
  put(when, DCM_ValueType, "DATETIME");
  put(when, DCM_DateTime, "20250303235930");
  DcmItem& who = new_item(source.root(), DCM_AcquisitionContextSequence);
  put_code(who, DCM_ConceptNameCodeSequence, {"121152", "DCM", "Person administering"});
  put(who, DCM_PersonName, "SOUZAMARKER^PEDRO");

  const Verdict verdict = clean(std::move(source));
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  EXPECT_EQ(value(*out, DCM_NumericValue), "72.5");
  EXPECT_EQ(days_moved("20250303", value(*out, DCM_DateTime)),
            days_moved("20250304", text_at(*out, DCM_StudyDate)));
  DcmSequenceOfItems* context = nullptr;
  ASSERT_TRUE(out->findAndGetSequence(DCM_AcquisitionContextSequence, context).good());
  EXPECT_EQ(context->card(), 2U);
}

TEST_F(Reports, AcquisitionContextOfWhichNothingStaysIsThereWithoutItems) {
  DataSet source = any_instance(kNmImageStorage);
  DcmItem& who = new_item(source.root(), DCM_AcquisitionContextSequence);
  put_code(who, DCM_ConceptNameCodeSequence, {"121152", "DCM", "Person administering"});
  put(who, DCM_PersonName, "SOUZAMARKER^PEDRO");

  const auto out = cleaned(std::move(source));

  DcmSequenceOfItems* context = nullptr;
  ASSERT_TRUE(out->findAndGetSequence(DCM_AcquisitionContextSequence, context).good());
  EXPECT_EQ(context->card(), 0U);
}

}  // namespace
}  // namespace dosigate::testing
