#include <SQLiteCpp/SQLiteCpp.h>

#include "cleaning.h"
#include "content_trees.h"

namespace dosigate::testing {
namespace {

TEST_F(Cleaning, ThePatientBecomesThePseudonymAndTheRestOfTheIdentityGoes) {
  const Verdict verdict = clean(ct_slice());

  const auto out = output_of(verdict);
  const std::string pseudonym = value(*out, DCM_PatientName);
  EXPECT_TRUE(is_pseudonym(pseudonym));
  EXPECT_EQ(value(*out, DCM_PatientID), pseudonym);
  EXPECT_EQ(std::get<Cleaned>(verdict).instance.pseudonym(), pseudonym);
  EXPECT_EQ(value(*out, DCM_PatientBirthDate), "");
  EXPECT_EQ(value(*out, DCM_AccessionNumber), "");
  EXPECT_EQ(value(*out, DCM_ReferringPhysicianName), "");
  EXPECT_EQ(value(*out, DCM_StudyDescription), "PET CT");
  for (const auto* marker : {"SILVAMARKER", "7788123", "19610503", "ACC55012", "OLIVEIRAMARKER",
                             "SN-445566", "HOSPCT01", "1.2.826.0.1.3680043.10.99", "20250304"}) {
    EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, marker)) << marker;
  }
}

TEST_F(Cleaning, DatesMoveByOneOffsetAndTimesStay) {
  const auto out = output_of(clean(pet_slice()));

  const long offset = days_moved("20250304", value(*out, DCM_StudyDate));
  EXPECT_LT(offset, 0);
  EXPECT_EQ(days_moved("20250304", value(*out, DCM_SeriesDate)), offset);
  EXPECT_EQ(days_moved("20250303", value(*out, DCM_RadiopharmaceuticalStartDateTime)), offset);
  EXPECT_EQ(value(*out, DCM_RadiopharmaceuticalStartDateTime).substr(8), "233000.000000");
  EXPECT_EQ(value(*out, DCM_RadiopharmaceuticalStartTime), "233000.00");
  EXPECT_EQ(value(*out, DCM_StudyTime), "091200.123");
}

TEST_F(Cleaning, PrivateInstantsMoveAndFactorsStayInExplicitVr) {
  const auto out = output_of(clean(pet_slice()));

  const long offset = days_moved("20250304", value(*out, DCM_StudyDate));
  EXPECT_EQ(days_moved("20250304", value(*out, DcmTagKey(0x0009, 0x100D))), offset);
  EXPECT_EQ(days_moved("20250304", value(*out, DcmTagKey(0x0071, 0x1022))), offset);
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x1022)).substr(8), "091200.123456-0300");
  EXPECT_EQ(value(*out, DcmTagKey(0x7053, 0x1000)), "0.00031415");
  EXPECT_EQ(value(*out, DcmTagKey(0x0009, 0x1038)), "370.5");
  EXPECT_EQ(value(*out, DcmTagKey(0x0009, 0x1010)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0009, 0x0010)), "GEMS_PETD_01");
}

TEST_F(Cleaning, PrivateInstantsMoveInImplicitVrWhereTheyArriveAsUn) {
  const auto out = output_of(clean(pet_slice(), "dosimetry", "1.2.840.10008.1.2"));

  const long offset = days_moved("20250304", value(*out, DCM_StudyDate));
  DcmElement* element = nullptr;
  ASSERT_TRUE(out->findAndGetElement(DcmTagKey(0x0071, 0x1022), element).good());
  Uint8* bytes = nullptr;
  ASSERT_TRUE(element->getUint8Array(bytes).good());
  const std::string moved(reinterpret_cast<const char*>(bytes), element->getLengthField());
  EXPECT_EQ(days_moved("20250304", moved), offset);
  EXPECT_EQ(moved.substr(8, 20), "091200.123456-0300");
}

TEST_F(Cleaning, APrivateElementThatNoListNamesGoesWithItsCreator) {
  const auto out = output_of(clean(ct_slice()
                                       .with(DcmTagKey(0x0043, 0x0011), EVR_LO, "UNHEARD OF")
                                       .with(DcmTagKey(0x0043, 0x1101), EVR_LO, "SILVAMARKER")
                                       .with(DcmTagKey(0x0045, 0x1001), EVR_DS, "1")));

  EXPECT_EQ(value(*out, DcmTagKey(0x0043, 0x0011)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0043, 0x1101)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0045, 0x1001)), "-");
}

TEST_F(Cleaning, ABlockStaysWhereItsCreatorReservedIt) {
  const auto out =
      output_of(clean(ct_slice()
                          .with(DcmTagKey(0x7053, 0x0042), EVR_LO, "Philips PET Private Group")
                          .with(DcmTagKey(0x7053, 0x4200), EVR_DS, "1.5")));

  EXPECT_EQ(value(*out, DcmTagKey(0x7053, 0x4200)), "1.5");
  EXPECT_EQ(value(*out, DcmTagKey(0x7053, 0x0042)), "Philips PET Private Group");
}

TEST_F(Cleaning, BasicRemovesEveryPrivateElementAndEveryDate) {
  const Verdict verdict = clean(pet_slice(), "basic");

  const auto out = output_of(verdict);
  EXPECT_EQ(value(*out, DcmTagKey(0x7053, 0x1000)), "-");
  EXPECT_EQ(value(*out, DCM_StudyDate), "");
  EXPECT_EQ(value(*out, DCM_PatientWeight), "-");
  EXPECT_EQ(value(*out, DCM_PatientAge), "-");
  EXPECT_EQ(value(*out, DCM_PatientSex), "");
  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "2025030"));
  EXPECT_EQ(value(*out, DCM_LongitudinalTemporalInformationModified), "REMOVED");
}

TEST_F(Cleaning, AnUnOfDefinedLengthWithAPatientNameInsideIsCleaned) {
  // Implicit little endian items, as PS3.5 6.2.2 has it: (FFFE,E000) length | (0010,0010) length |
  // value | (0008,1155) length | value
  const std::string name = "SILVAMARKER^JO", uid = "1.2.826.0.1.77";
  std::string items("\xFE\xFF\x00\xE0\x2C\x00\x00\x00", 8);
  items += std::string("\x08\x00\x55\x11\x0E\x00\x00\x00", 8) + uid;
  items += std::string("\x10\x00\x10\x00\x0E\x00\x00\x00", 8) + name;

  const Verdict verdict = clean(ct_slice().with_bytes(DCM_ReferencedImageSequence, EVR_UN, items));

  const auto out = output_of(verdict);
  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "SILVAMARKER"));
  EXPECT_EQ(value(*out, DCM_ReferencedSOPInstanceUID).substr(0, 5), "2.25.");
}

TEST_F(Cleaning, BrokenItemsInsideUnAreRefused) {
  const Verdict verdict = clean(ct_slice().with_bytes(
      DCM_ReferencedImageSequence, EVR_UN, std::string("\xFE\xFF\x00\xE0\xFF\x00\x00\x00", 8)));

  ASSERT_TRUE(std::holds_alternative<Refused>(verdict)) << describe(verdict);
  EXPECT_EQ(std::get<Refused>(verdict).fault, Fault::NotDicom);
}

TEST_F(Cleaning, AKnownAttributeSentAsUnIsJudgedByItsTag) {
  const auto out =
      output_of(clean(ct_slice()
                          .with_bytes(DCM_PatientComments, EVR_UN, "ask SILVAMARKER ")
                          .with_bytes(DCM_AcquisitionDateTime, EVR_UN, "20250304101601")));

  EXPECT_EQ(value(*out, DCM_PatientComments), "-");
  EXPECT_EQ(days_moved("20250304", value(*out, DCM_AcquisitionDateTime)),
            days_moved("20250304", value(*out, DCM_StudyDate)));
}

TEST_F(Cleaning, AnAttributeThatNobodyKnowsIsRemoved) {
  const auto out =
      output_of(clean(ct_slice().with(DcmTagKey(0x0018, 0x0FFE), EVR_LO, "SILVAMARKER")));

  EXPECT_EQ(value(*out, DcmTagKey(0x0018, 0x0FFE)), "-");
}

TEST_F(Cleaning, FreeTextThatTheTableForgotIsReplacedAndTechniqueStays) {
  const auto out = output_of(clean(ct_slice()
                                       .with(DCM_FrameLabel, "SILVAMARKER")
                                       .with(DCM_SequenceName, "tfl3d1")
                                       .with(DCM_RetrieveURL, "http://pacs/x")));

  EXPECT_EQ(value(*out, DCM_FrameLabel), "REMOVED");  // Type 1 where it is used: empty is not valid
  EXPECT_EQ(value(*out, DCM_SequenceName), "tfl3d1");
  EXPECT_EQ(value(*out, DCM_RetrieveURL), "-");
  EXPECT_EQ(value(*out, DCM_ConvolutionKernel), "B31f");
  EXPECT_EQ(value(*out, DCM_Manufacturer), "ACME Medical");
}

TEST_F(Cleaning, AWordTypedIntoANumberOrATimeDoesNotPass) {
  const auto out = output_of(
      clean(ct_slice().with(DCM_ContentTime, EVR_LO, "SILVAMARKER").with(DCM_PatientAge, "SILV")));

  EXPECT_EQ(value(*out, DCM_ContentTime), "");
  EXPECT_EQ(value(*out, DCM_PatientAge), "063Y");
}

TEST_F(Cleaning, MeaningsOfLocalCodesGoAndThoseOfPublicOnesStay) {
  DataSet nm = nm_spect().with_nested(DCM_ViewCodeSequence, DCM_CodeMeaning, EVR_LO,
                                      "Dr OLIVEIRAMARKER room");
  DcmSequenceOfItems* codes = nullptr;
  ASSERT_TRUE(nm.root().findAndGetSequence(DCM_ViewCodeSequence, codes).good());
  put_value(*codes->getItem(0), DCM_CodingSchemeDesignator, EVR_SH, "99HOSP");
  nm = std::move(nm).with_nested(DCM_RadionuclideCodeSequence, DCM_CodeMeaning, EVR_LO,
                                 "^177^Lutetium");
  ASSERT_TRUE(nm.root().findAndGetSequence(DCM_RadionuclideCodeSequence, codes).good());
  put_value(*codes->getItem(0), DCM_CodingSchemeDesignator, EVR_SH, "SCT");

  const auto out = output_of(clean(std::move(nm)));

  DcmItem* item = nullptr;
  ASSERT_TRUE(out->findAndGetSequenceItem(DCM_ViewCodeSequence, item).good());
  EXPECT_EQ(value(*item, DCM_CodeMeaning), "local code");
  ASSERT_TRUE(out->findAndGetSequenceItem(DCM_RadionuclideCodeSequence, item).good());
  EXPECT_EQ(value(*item, DCM_CodeMeaning), "^177^Lutetium");
}

TEST_F(Cleaning, TheTracerStaysAndTheNotesBesideItGo) {
  EXPECT_EQ(value(*output_of(clean(pet_slice())), DCM_Radiopharmaceutical), "FDG");
  EXPECT_EQ(value(*output_of(clean(
                      nm_spect().with(DCM_Radiopharmaceutical, "Lu-177 DOTA-TATE JOANA 7788123"))),
                  DCM_Radiopharmaceutical),
            "Lu-177 DOTA-TATE");
  EXPECT_EQ(value(*output_of(clean(nm_spect())), DCM_EnergyWindowName), "Lu-177");
}

TEST_F(Cleaning, VectorsAndCountsOfNmStay) {
  const auto out = output_of(clean(nm_spect()));

  EXPECT_EQ(value(*out, DCM_EnergyWindowVector), "1\\1\\2\\2");
  EXPECT_EQ(value(*out, DCM_FrameIncrementPointer), "(0054,0010)\\(0054,0020)");
  EXPECT_EQ(value(*out, DCM_RadialPosition), "250\\251");
  EXPECT_EQ(value(*out, DCM_RadionuclideTotalDose), "7400");
  EXPECT_EQ(value(*out, DCM_CountsAccumulated), "123456");
}

TEST_F(Cleaning, UidsOfInstancesAreMappedAndThoseOfClassesStay) {
  const auto out =
      output_of(clean(ct_slice()
                          .with_nested(DCM_ReferencedImageSequence, DCM_ReferencedSOPInstanceUID,
                                       EVR_UI, "1.2.826.0.1.3680043.10.99.1.1", 2)
                          .with(DCM_IrradiationEventUID, "1.2.3.4\\1.2.3.5")
                          .with(DCM_RelatedGeneralSOPClassUID, "1.3.12.2.1107.5.9.1")
                          .with(DCM_DeviceUID, "1.2.3.99")));

  EXPECT_EQ(value(*out, DCM_ReferencedSOPInstanceUID), value(*out, DCM_SOPInstanceUID));
  EXPECT_EQ(value(*out, DCM_SOPInstanceUID).substr(0, 5), "2.25.");
  EXPECT_EQ(value(*out, DCM_RelatedGeneralSOPClassUID), "1.3.12.2.1107.5.9.1");
  EXPECT_EQ(value(*out, DCM_SOPClassUID), kCtImageStorage);
  const std::string events = value(*out, DCM_IrradiationEventUID);
  EXPECT_EQ(std::count(events.begin(), events.end(), '\\'), 1);
  EXPECT_EQ(events.find("1.2.3.4"), std::string::npos);
}

TEST_F(Cleaning, TheDeviceUidIsTheSameForTwoPatientsAndTheFrameOfReferenceIsNot) {
  const auto one = output_of(clean(ct_slice().with(DCM_DeviceUID, "1.2.3.99")));
  const auto two = output_of(clean(ct_slice()
                                       .with(DCM_DeviceUID, "1.2.3.99")
                                       .with(DCM_PatientID, "9900123")
                                       .with(DCM_PatientName, "SOUZA^ANA")
                                       .with(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.99.2")));

  EXPECT_EQ(value(*one, DCM_DeviceUID), value(*two, DCM_DeviceUID));
  EXPECT_NE(value(*one, DCM_FrameOfReferenceUID), value(*two, DCM_FrameOfReferenceUID));
  EXPECT_NE(value(*one, DCM_StudyDate), value(*two, DCM_StudyDate));
}

TEST_F(Cleaning, TheCameraGetsAStableLabelAndTheStudyAnId) {
  const auto one = output_of(clean(ct_slice())), two = output_of(clean(nm_spect()));

  EXPECT_EQ(value(*one, DCM_DeviceSerialNumber).substr(0, 4), "CAM-");
  EXPECT_EQ(value(*one, DCM_DeviceSerialNumber), value(*one, DCM_StationName));
  EXPECT_EQ(value(*one, DCM_DeviceSerialNumber), value(*two, DCM_DeviceSerialNumber));
  EXPECT_EQ(value(*one, DCM_StudyID).size(), 10U);
  EXPECT_EQ(value(*output_of(clean(ct_slice().with(DCM_StudyID, ""))), DCM_StudyID).size(), 10U);
}

TEST_F(Cleaning, AgeIsComputedBeforeTheBirthDateGoesAndAGivenOneStays) {
  EXPECT_EQ(value(*output_of(clean(ct_slice())), DCM_PatientAge), "063Y");
  EXPECT_EQ(value(*output_of(clean(ct_slice().with(DCM_PatientAge, "062Y"))), DCM_PatientAge),
            "062Y");
  EXPECT_EQ(value(*output_of(clean(ct_slice().with(DCM_PatientBirthDate, ""))), DCM_PatientAge),
            "-");
}

TEST_F(Cleaning, AnUnknownCharacterSetGoesAndAsciiTextStays) {
  const auto out = output_of(clean(ct_slice()
                                       .with(DCM_SpecificCharacterSet, "ISO-IR 999")
                                       .with(DCM_SeriesDescription, "CT TORAX")));
  EXPECT_FALSE(out->tagExists(DCM_SpecificCharacterSet));
  EXPECT_EQ(value(*out, DCM_SeriesDescription), "CT TORAX");
}

TEST_F(Cleaning, ACharacterSetInAnotherSpellingIsWrittenAsTheStandardHasIt) {
  for (const auto* set : {"ISO-IR 100", "ISO 2022 IR 100"}) {
    const auto out = output_of(clean(ct_slice()
                                         .with(DCM_SpecificCharacterSet, set)
                                         .with(DCM_PatientName, "CONCEI\xC7\xC3O^JO\xC3O")
                                         .with(DCM_SeriesDescription, "CT T\xD3RAX JO\xC3O")));

    EXPECT_EQ(value(*out, DCM_SpecificCharacterSet), "ISO_IR 100") << set;
    EXPECT_EQ(value(*out, DCM_SeriesDescription), "CT T\xD3RAX") << set;
  }
}

TEST_F(Cleaning, AZoneStaysInTheFormOfTheStandardAndInThatOfSomeDevices) {
  const auto zone = [&](const char* text) {
    return value(*output_of(clean(ct_slice().with(DcmTagKey(0x0008, 0x0201), text), "basic")),
                 DcmTagKey(0x0008, 0x0201));
  };
  const auto kept = [&](const char* text) {
    return value(*output_of(clean(ct_slice().with(DcmTagKey(0x0008, 0x0201), text))),
                 DcmTagKey(0x0008, 0x0201));
  };
  EXPECT_EQ(zone("-0300"), "-") << "X in the Basic Profile";
  EXPECT_EQ(kept("-0300"), "-0300");
  EXPECT_EQ(kept("UTC-03:00"), "UTC-03:00");
}

TEST_F(Cleaning, AReferenceOfZeroNamesNothingAndHoldsNothing) {
  EXPECT_EQ(
      describe(clean(
          ct_slice()
              .with_nested(DCM_ReferencedImageSequence, DCM_ReferencedSOPInstanceUID, EVR_UI, "0")
              .with_nested(DCM_SourceImageSequence, DCM_ReferencedSOPClassUID, EVR_UI, "0"))),
      "cleaned");
}

/// The codes of (0012,0064) with a space after each.
std::string method_codes(DcmItem& data_set) {
  DcmSequenceOfItems* codes = nullptr;
  if (data_set.findAndGetSequence(DCM_DeidentificationMethodCodeSequence, codes).bad()) return "-";
  std::string values;
  for (unsigned long i = 0; i < codes->card(); ++i)
    values += value(*codes->getItem(i), DCM_CodeValue) + " ";
  return values;
}

TEST_F(Cleaning, SaysWhatWasDone) {
  const auto out = output_of(clean(ct_slice()));

  EXPECT_EQ(value(*out, DCM_PatientIdentityRemoved), "YES");
  EXPECT_EQ(value(*out, DCM_LongitudinalTemporalInformationModified), "MODIFIED");
  EXPECT_EQ(value(*out, DCM_DeidentificationMethod),
            "dosigate " DOSIGATE_VERSION "\\profile dosimetry 2\\profile digest " +
                Profile::load({}, "dosimetry")->digest() + "\\PS3.15 2026d");
  EXPECT_EQ(method_codes(*out), "113100 113104 113105 113107 113108 113111 ");
}

TEST_F(Cleaning, WhatAnotherHasDoneToThePixelsStaysSaid) {
  DataSet source = ct_slice();
  for (const auto& [code, scheme] : std::vector<std::pair<const char*, const char*>>{
           {"113100", "DCM"},  // ours anyway
           {"113101", "DCM"},  // Clean Pixel Data
           {"113101", "DCM"},  // twice
           {"113101", "99HOSP"},
           {"113102", "DCM"},  // Clean Recognizable Visual Features
           {"113106", "DCM"},  // true dates, which are moved now
           {"113110", "DCM"},  // true UIDs, which are mapped now
           {"121071", "DCM"}}) {
    DcmItem& item = new_item(source.root(), DCM_DeidentificationMethodCodeSequence);
    put(item, DCM_CodeValue, code);
    put(item, DCM_CodingSchemeDesignator, scheme);
    put(item, DCM_CodeMeaning, "said by OLIVEIRAMARKER");
  }

  const Verdict verdict = clean(std::move(source));

  EXPECT_EQ(method_codes(*output_of(verdict)),
            "113100 113104 113105 113107 113108 113111 113101 113102 ");
  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "OLIVEIRAMARKER"));
}

TEST_F(Cleaning, PixelBytesAreTheSameInEverySyntaxAndGroupLengthsAreGone) {
  for (const auto* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}) {
    DataSet source = ct_slice();
    const ReceivedInstance received = source.received(syntax);
    const Verdict verdict = Deidentifier(settings("dosimetry"), *map_).clean(received);
    ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
    const ByteView body = std::get<Cleaned>(verdict).instance.body();
    EXPECT_EQ(body.size(), 512U);
    EXPECT_NE(as_text(received.data_set).find(as_text(body)), std::string_view::npos) << syntax;
  }
}

TEST_F(Cleaning, TheFingerprintDoesNotDependOnTheSyntaxButOnWeightAndPixels) {
  const auto print = [&](DataSet&& data, std::string_view syntax) {
    const Verdict verdict = clean(std::move(data), "dosimetry", syntax);
    EXPECT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
    return std::get<Cleaned>(verdict).memory.fingerprint;
  };
  const Fingerprint explicit_little = print(ct_slice(), "1.2.840.10008.1.2.1");

  EXPECT_EQ(print(ct_slice(), "1.2.840.10008.1.2"), explicit_little);
  EXPECT_EQ(print(ct_slice(), "1.2.840.10008.1.2.2"), explicit_little);
  EXPECT_EQ(print(ct_slice().with(DCM_StudyDescription, "coerced"), "1.2.840.10008.1.2.1"),
            explicit_little);
  EXPECT_NE(print(ct_slice().with(DCM_PatientWeight, "73.5"), "1.2.840.10008.1.2.1"),
            explicit_little);
  EXPECT_NE(print(ct_slice(18), "1.2.840.10008.1.2.1"), explicit_little);
}

TEST_F(Cleaning, RemembersThePairsOfItsUids) {
  const Verdict verdict = clean(ct_slice());

  ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
  const auto& cleaned = std::get<Cleaned>(verdict);
  EXPECT_EQ(cleaned.memory.sop_uid, cleaned.instance.sop_instance_uid());
  EXPECT_EQ(cleaned.memory.pairs.size(), 4U);  // study, series, instance, frame of reference
}

TEST_F(Cleaning, DatesThatAreNoneAreEmptiedAndCounted) {
  const Verdict verdict = clean(ct_slice()
                                    .with(DCM_AcquisitionDate, EVR_DA, "00000000")
                                    .with(DCM_ContentDate, EVR_DA, "20250304-20250305"));

  const auto out = output_of(verdict);
  EXPECT_EQ(value(*out, DCM_AcquisitionDate), "");
  EXPECT_EQ(value(*out, DCM_ContentDate), "");
  EXPECT_EQ(std::get<Cleaned>(verdict).dates_emptied, 2U);
}

TEST_F(Cleaning, ABirthDateIsNotMovedWhereverItStands) {
  const auto out =
      output_of(clean(ct_slice()
                          .with(DCM_ContentDate, "19610503")
                          .with(DCM_AcquisitionDateTime, "20250304101500")
                          .with(DcmTagKey(0x0009, 0x0010), EVR_LO, "GEMS_PETD_01")
                          .with(DcmTagKey(0x0009, 0x103B), EVR_DT, "19610503101500")
                          .with_nested(DCM_SourceImageSequence,
                                       DCM_ScheduledProcedureStepStartDateTime, EVR_DT, "19610503")
                          .with(DCM_DateOfLastCalibration, "20250303\\19610503")));

  EXPECT_EQ(value(*out, DCM_ContentDate), "19000101");
  EXPECT_EQ(value(*out, DcmTagKey(0x0009, 0x103B)), "19000101000000");
  EXPECT_EQ(value(*out, DCM_ScheduledProcedureStepStartDateTime), "19000101000000");
  EXPECT_EQ(value(*out, DCM_DateOfLastCalibration), "19000101");
  EXPECT_NE(value(*out, DCM_StudyDate), "19000101");
  EXPECT_NE(value(*out, DCM_AcquisitionDateTime), "19000101000000");
}

TEST_F(Cleaning, OnTheDayOfBirthEveryDateOfTheStudyMoves) {
  const auto out = output_of(
      clean(pet_slice().with(DCM_PatientBirthDate, "20250304").with(DCM_ContentDate, "20250304")));

  EXPECT_EQ(value(*out, DCM_ContentDate), value(*out, DCM_StudyDate));
  EXPECT_NE(value(*out, DCM_ContentDate), "19000101");
  // Not of the study's day, and dosimetry needs it: a birth date that was typed wrongly.
  const auto wrong = output_of(
      clean(pet_slice().with(DCM_PatientBirthDate, "20250305").with(DCM_SeriesDate, "20250305")));
  EXPECT_EQ(days_moved("20250305", value(*wrong, DCM_SeriesDate)),
            days_moved("20250304", value(*wrong, DCM_StudyDate)));
}

TEST_F(Cleaning, AStudyIdThatCountsStudiesIsNoIdentifier) {
  const auto description = [&](std::string_view id) {
    return value(*output_of(clean(
                     ct_slice()
                         .with(DCM_StudyID, id)
                         .with(DCM_SeriesDescription, "SPECT D+1 corpo 1 de 2, 36 projections"))),
                 DCM_SeriesDescription);
  };
  EXPECT_EQ(description("1"), "SPECT D+1 corpo 1 de 2, 36 projections");
  EXPECT_EQ(description("36"), "SPECT D+1 corpo 1 de 2, 36 projections");
}

TEST_F(Cleaning, TheRouteAndTheTracerStayInOlderWords) {
  const auto kept = [&](const DcmTagKey& tag, std::string_view text) {
    return value(*output_of(clean(nm_spect().with_nested(DCM_RadiopharmaceuticalInformationSequence,
                                                         tag, EVR_LO, text))),
                 tag);
  };
  for (const auto* route : {"Intravenous route", "intravenosa", "endovenosa"})
    EXPECT_EQ(kept(DCM_RadiopharmaceuticalRoute, route), route);
  EXPECT_EQ(kept(DCM_Radiopharmaceutical, "Fludeoxyglucose F^18^"), "Fludeoxyglucose F^18^");

  DataSet coded = nm_spect().with_nested(DCM_PatientOrientationCodeSequence, DCM_CodeMeaning,
                                         EVR_LO, "recumbent, as the glossary says");
  DcmItem* item = nullptr;
  ASSERT_TRUE(coded.root().findAndGetSequenceItem(DCM_PatientOrientationCodeSequence, item).good());
  ASSERT_TRUE(put_value(*item, DCM_CodingSchemeDesignator, EVR_SH, "99SDM"));
  const auto out = output_of(clean(std::move(coded)));
  ASSERT_TRUE(out->findAndGetSequenceItem(DCM_PatientOrientationCodeSequence, item).good());
  EXPECT_EQ(value(*item, DCM_CodeMeaning), "recumbent, as the glossary says");
}

TEST_F(Cleaning, TheMethodOfAttenuationCorrectionKeepsItsCoefficient) {
  const auto method = [&](std::string_view text) {
    return value(*output_of(clean(pet_slice().with(DCM_AttenuationCorrectionMethod, text))),
                 DCM_AttenuationCorrectionMethod);
  };
  EXPECT_EQ(method("measured,, 0.096000 cm-1,"), "measured,, 0.096000 cm-1,");
  EXPECT_EQ(method("CT-derived mu-map"), "CT-derived mu-map");
}

TEST_F(Cleaning, SentinelDatesStayUntouched) {
  const Verdict verdict =
      clean(ct_slice()
                .with(DCM_AcquisitionDate, EVR_DA, "19000101")
                .with(DCM_AcquisitionDateTime, EVR_DT, "99991231235959\\00010101000000"));

  const auto out = output_of(verdict);
  EXPECT_EQ(value(*out, DCM_AcquisitionDate), "19000101");
  EXPECT_EQ(value(*out, DCM_AcquisitionDateTime), "99991231235959\\00010101000000");
  EXPECT_EQ(std::get<Cleaned>(verdict).dates_emptied, 0U);
}

TEST_F(Cleaning, AStudyThatCameBackToItsPatientGetsOtherUids) {
  const auto first = output_of(clean(ct_slice()));
  auto data = ct_slice();
  const std::string study(text_at(data.root(), DCM_StudyInstanceUID));
  SourceIdentity same;
  same.patient_id = Phi(text_at(data.root(), DCM_PatientID));
  same.study_uid = Phi(study);
  const auto salt = map_->resolve(site_a(), same)->salt;
  map_.reset();
  {
    SQLite::Database database(node_.map_db().string(), SQLite::OPEN_READWRITE);
    SQLite::Statement raise(database, "UPDATE study SET revision = 1, study_uid = ?");
    raise.bind(1, map_uid(*salt, 1, study));
    raise.exec();
  }
  map_ = node_.open();
  ASSERT_TRUE(map_->declare_site(site_a()));

  const auto second = output_of(clean(ct_slice()));

  EXPECT_EQ(value(*second, DCM_StudyInstanceUID), map_uid(*salt, 1, study));
  for (const auto& tag :
       {DCM_StudyInstanceUID, DCM_SeriesInstanceUID, DCM_SOPInstanceUID, DCM_FrameOfReferenceUID})
    EXPECT_NE(value(*second, tag), value(*first, tag)) << DcmTag(tag).getTagName();
}

TEST_F(Cleaning, ASequenceThatGoesLeavesNoEmptyOne) {
  // An empty Referenced Study Sequence is not valid (PS3.3 C.7.2.1: one or more items).
  const auto out = output_of(clean(ct_slice().with_nested(
      DCM_ReferencedStudySequence, DCM_ReferencedSOPInstanceUID, EVR_UI, "1.2.3.4")));
  EXPECT_FALSE(out->tagExists(DCM_ReferencedStudySequence));
}

TEST_F(Cleaning, TheTracersThatRealCamerasNameStay) {
  for (const auto* tracer : {"DPD", "99m Technetium", "Fluorodeoxyglucose"})
    EXPECT_EQ(value(*output_of(clean(pet_slice().with(DCM_Radiopharmaceutical, tracer))),
                    DCM_Radiopharmaceutical),
              tracer);
}

}  // namespace
}  // namespace dosigate::testing
