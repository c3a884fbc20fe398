// Objects whose worth is in their links, shapes and labels: presentation states, registrations,
// real world values, structure sets, segmentations, waveforms.

#include "cleaning.h"
#include "content_trees.h"

namespace dosigate::testing {
namespace {

class Objects : public Cleaning {
 protected:
  static constexpr const char* kOptions =
      "retain_patient_characteristics = true\nretain_long_modified_dates = true\n"
      "clean_descriptors = true\nclean_structured_content = true\n";

  Verdict cleaned(DataSet&& source, const std::string& more = "clean_graphics = true") {
    return clean(std::move(source), settings_with(kOptions + more, ""));
  }
  std::string mapped(std::string_view uid) {
    return value(*output_of(cleaned(any_instance(kCtImageStorage)
                                        .with_nested(DCM_ReferencedImageSequence,
                                                     DCM_ReferencedSOPInstanceUID, EVR_UI, uid))),
                 DCM_ReferencedSOPInstanceUID);
  }
};

/// The item at that place of a sequence; fails the test when it is not there.
DcmItem& item_at(DcmItem& parent, const DcmTagKey& sequence, int at = 0) {
  static DcmItem none;
  DcmItem* found = nullptr;
  if (parent.findAndGetSequenceItem(sequence, found, at).bad() || found == nullptr) {
    ADD_FAILURE() << "no item " << at << " in " << tag_text(sequence);
    return none;
  }
  return *found;
}

DataSet presentation_state() {
  DataSet made = any_instance("1.2.840.10008.5.1.4.1.1.11.1").with(DCM_Modality, "PR");
  DcmItem& root = made.root();
  DcmItem& series = new_item(root, DCM_ReferencedSeriesSequence);
  put(series, DCM_SeriesInstanceUID, "1.2.826.0.1.77.60");
  DcmItem& image = new_item(series, DCM_ReferencedImageSequence);
  put(image, DCM_ReferencedSOPClassUID, kPetImageStorage);
  put(image, DCM_ReferencedSOPInstanceUID, "1.2.826.0.1.77.61");
  DcmItem& annotation = new_item(root, DCM_GraphicAnnotationSequence);
  put(annotation, DCM_GraphicLayer, "LAYER1");
  DcmItem& text = new_item(annotation, DCM_TextObjectSequence);
  put(text, DCM_UnformattedTextValue, "liver JOANA SILVAMARKER");
  put(text, DCM_AnchorPointVisibility, "Y");
  DcmItem& only_name = new_item(annotation, DCM_TextObjectSequence);
  put(only_name, DCM_UnformattedTextValue, "SILVAMARKER");
  DcmItem& shape = new_item(annotation, DCM_GraphicObjectSequence);
  put(shape, DCM_GraphicType, "CIRCLE");
  put_value(shape, DCM_GraphicData, EVR_FL, "10.5\\20\\12.5\\20");
  DcmItem& layer = new_item(root, DCM_GraphicLayerSequence);
  put(layer, DCM_GraphicLayer, "LAYER1");
  put(layer, DCM_GraphicLayerDescription, "by SILVAMARKER");
  return std::move(made).with_bytes(DcmTagKey(0x6000, 0x3000), EVR_OB, "OVERLAYMARKER!");
}

TEST_F(Objects, PresentationStatesKeepShapesAndLoseNames) {
  const Verdict verdict = cleaned(presentation_state());
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  DcmItem& annotation = item_at(*out, DCM_GraphicAnnotationSequence);
  EXPECT_EQ(value(item_at(annotation, DCM_TextObjectSequence, 0), DCM_UnformattedTextValue),
            "liver");
  EXPECT_EQ(value(item_at(annotation, DCM_TextObjectSequence, 1), DCM_UnformattedTextValue),
            "REMOVED");
  EXPECT_EQ(value(annotation, DCM_GraphicData), "10.5\\20\\12.5\\20");
  EXPECT_EQ(text_at(annotation, DCM_GraphicLayer), "LAYER1");
  EXPECT_EQ(text_at(item_at(*out, DCM_GraphicLayerSequence), DCM_GraphicLayer), "LAYER1");
}

TEST_F(Objects, PresentationStatesPointToTheCleanedImages) {
  const auto out = output_of(cleaned(presentation_state()));

  EXPECT_EQ(value(*out, DCM_ReferencedSOPInstanceUID), mapped("1.2.826.0.1.77.61"));
  EXPECT_EQ(text_at(item_at(*out, DCM_ReferencedSeriesSequence), DCM_SeriesInstanceUID),
            mapped("1.2.826.0.1.77.60"));
  EXPECT_EQ(value(*out, DCM_ReferencedSOPClassUID), kPetImageStorage);
}

TEST_F(Objects, PresentationStatesLoseAllAnnotationsWithoutTheOption) {
  const auto out = output_of(cleaned(presentation_state(), ""));

  EXPECT_EQ(value(*out, DCM_UnformattedTextValue), "-");
  EXPECT_EQ(value(*out, DCM_GraphicData), "-");
}

TEST_F(Objects, RegistrationsJoinTheCleanedFramesOfReference) {
  DataSet source = any_instance("1.2.840.10008.5.1.4.1.1.66.1").with(DCM_Modality, "REG");
  DcmItem& registration = new_item(source.root(), DCM_RegistrationSequence);
  put(registration, DCM_FrameOfReferenceUID, "1.2.826.0.1.77.70");
  DcmItem& matrix =
      new_item(new_item(registration, DCM_MatrixRegistrationSequence), DCM_MatrixSequence);
  put(matrix, DCM_FrameOfReferenceTransformationMatrix, "1\\0\\0\\5.25\\0\\1\\0\\0\\0\\0\\1\\0");
  const auto image = output_of(
      cleaned(any_instance(kCtImageStorage).with(DCM_FrameOfReferenceUID, "1.2.826.0.1.77.70")));

  const auto out = output_of(cleaned(std::move(source)));

  DcmItem& item = item_at(*out, DCM_RegistrationSequence);
  EXPECT_EQ(text_at(item, DCM_FrameOfReferenceUID), text_at(*image, DCM_FrameOfReferenceUID));
  EXPECT_EQ(value(item, DCM_FrameOfReferenceTransformationMatrix),
            "1\\0\\0\\5.25\\0\\1\\0\\0\\0\\0\\1\\0");
}

TEST_F(Objects, RealWorldValuesKeepTheirSlopeForTheCleanedImage) {
  DataSet source = any_instance("1.2.840.10008.5.1.4.1.1.67").with(DCM_Modality, "RWV");
  DcmItem& of_image = new_item(source.root(), DCM_ReferencedImageRealWorldValueMappingSequence);
  DcmItem& image = new_item(of_image, DCM_ReferencedImageSequence);
  put(image, DCM_ReferencedSOPClassUID, kPetImageStorage);
  put(image, DCM_ReferencedSOPInstanceUID, "1.2.826.0.1.77.71");
  DcmItem& mapping = new_item(of_image, DCM_RealWorldValueMappingSequence);
  put_value(mapping, DCM_RealWorldValueSlope, EVR_FD, "0.000125");
  put_code(mapping, DCM_MeasurementUnitsCodeSequence, {"Bq/ml", "UCUM", "Becquerels/milliliter"});

  const auto out = output_of(cleaned(std::move(source)));

  EXPECT_EQ(value(*out, DCM_ReferencedSOPInstanceUID), mapped("1.2.826.0.1.77.71"));
  EXPECT_EQ(value(*out, DCM_RealWorldValueSlope), "0.000125");
  EXPECT_EQ(text_at(item_at(item_at(item_at(*out, DCM_ReferencedImageRealWorldValueMappingSequence),
                                    DCM_RealWorldValueMappingSequence),
                            DCM_MeasurementUnitsCodeSequence),
                    DCM_CodeValue),
            "Bq/ml");
}

TEST_F(Objects, StructureSetsKeepOrgansNumbersAndContours) {
  DataSet source = any_instance("1.2.840.10008.5.1.4.1.1.481.3")
                       .with(DCM_Modality, "RTSTRUCT")
                       .with(DCM_StructureSetLabel, "SILVAMARKER");
  const std::string contour = "1.5\\-2.25\\3\\4.125\\5\\6\\7\\8\\9";
  for (const auto& [number, name] : std::vector<std::pair<std::string, std::string>>{
           {"1", "liver"}, {"2", "JOANA SILVAMARKER"}, {"3", "SILVAMARKER"}}) {
    DcmItem& roi = new_item(source.root(), DCM_StructureSetROISequence);
    put(roi, DCM_ROINumber, number);
    put(roi, DCM_ROIName, name);
    DcmItem& drawn = new_item(source.root(), DCM_ROIContourSequence);
    put(drawn, DCM_ReferencedROINumber, number);
    put(new_item(drawn, DCM_ContourSequence), DCM_ContourData, contour);
    DcmItem& observed = new_item(source.root(), DCM_RTROIObservationsSequence);
    put(observed, DCM_ObservationNumber, number);
    put(observed, DCM_ReferencedROINumber, number);
    put(observed, DCM_ROIObservationLabel, name.substr(0, 11));
  }

  const Verdict verdict = cleaned(std::move(source));
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  const std::vector<std::string> expected{"liver", "ROI 2", "ROI 3"};
  for (int at = 0; at < 3; ++at) {
    const auto& name = expected[static_cast<std::size_t>(at)];
    DcmItem& roi = item_at(*out, DCM_StructureSetROISequence, at);
    EXPECT_EQ(text_at(roi, DCM_ROINumber), std::to_string(at + 1));
    EXPECT_EQ(text_at(roi, DCM_ROIName), name);
    EXPECT_EQ(text_at(item_at(*out, DCM_RTROIObservationsSequence, at), DCM_ROIObservationLabel),
              name);
    EXPECT_EQ(value(item_at(*out, DCM_ROIContourSequence, at), DCM_ContourData), contour);
  }
}

TEST_F(Objects, SegmentationsKeepOrgansAndSegmentNumbers) {
  DataSet source = any_instance("1.2.840.10008.5.1.4.1.1.66.4").with(DCM_Modality, "SEG");
  unsigned number = 0;
  for (const auto* name : {"kidney left", "SILVAMARKER"}) {
    DcmItem& segment = new_item(source.root(), DCM_SegmentSequence);
    put_value(segment, DCM_SegmentNumber, EVR_US, std::to_string(++number));
    put(segment, DCM_SegmentLabel, name);
    put(segment, DCM_SegmentDescription, "drawn by SILVAMARKER");
    put(segment, DCM_SegmentAlgorithmType, "MANUAL");
  }
  // The embedded profile cleans these labels by rules of its own: they are not in Table E.1-1.
  const auto with = settings_with(std::string(kOptions),
                                  "[[rule]]\ntag = \"0062,0005\"\naction = \"clean\"\n"
                                  "otherwise = \"dummy\"\n"
                                  "[[rule]]\ntag = \"0062,0006\"\naction = \"remove\"\n");

  const Verdict verdict = clean(std::move(source), with);
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  EXPECT_EQ(text_at(item_at(*out, DCM_SegmentSequence, 0), DCM_SegmentLabel), "kidney left");
  EXPECT_EQ(text_at(item_at(*out, DCM_SegmentSequence, 1), DCM_SegmentLabel), "Segment 2");
}

TEST_F(Objects, WaveformAnnotationsAreCleanedAsContentItems) {
  DataSet source = any_instance("1.2.840.10008.5.1.4.1.1.9.1.2").with(DCM_Modality, "ECG");
  DcmItem& typed = new_item(source.root(), DCM_WaveformAnnotationSequence);
  put(typed, DCM_UnformattedTextValue, "SILVAMARKER");
  put_value(typed, DCM_ReferencedWaveformChannels, EVR_US, "1\\0");
  DcmItem& measured = new_item(source.root(), DCM_WaveformAnnotationSequence);
  put_code(measured, DCM_ConceptNameCodeSequence, {"8867-4", "LN", "Heart rate"});
  put(measured, DCM_NumericValue, "64");
  DcmItem& gone = new_item(source.root(), DCM_WaveformAnnotationSequence);
  put_code(gone, DCM_ConceptNameCodeSequence, {"121022", "DCM", "Accession Number"});
  put(gone, DCM_UnformattedTextValue, "ACC55012");

  const Verdict verdict = cleaned(std::move(source), "");
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  EXPECT_EQ(text_at(item_at(*out, DCM_WaveformAnnotationSequence, 0), DCM_UnformattedTextValue),
            "REMOVED");
  EXPECT_EQ(text_at(item_at(*out, DCM_WaveformAnnotationSequence, 1), DCM_NumericValue), "64");
  DcmSequenceOfItems* left = nullptr;
  ASSERT_TRUE(out->findAndGetSequence(DCM_WaveformAnnotationSequence, left).good());
  EXPECT_EQ(left->card(), 2U);
}

TEST_F(Objects, SpecimenPreparationStepsAreCleanedAsContentItems) {
  DataSet source = any_instance("1.2.840.10008.5.1.4.1.1.77.1.6").with(DCM_Modality, "SM");
  DcmItem& specimen = new_item(source.root(), DCM_SpecimenDescriptionSequence);
  DcmItem& step = new_item(specimen, DCM_SpecimenPreparationSequence);
  DcmItem& id = new_item(step, DCM_SpecimenPreparationStepContentItemSequence);
  put(id, DCM_ValueType, "TEXT");
  put_code(id, DCM_ConceptNameCodeSequence, {"121041", "DCM", "Specimen Identifier"});
  put(id, DCM_TextValue, "SPECMARKER-1");
  DcmItem& when = new_item(step, DCM_SpecimenPreparationStepContentItemSequence);
  put(when, DCM_ValueType, "DATETIME");
  put_code(when, DCM_ConceptNameCodeSequence, {"111702", "DCM", "DateTime of processing"});
  put(when, DCM_DateTime, "20250303080000");

  const Verdict verdict = Deidentifier(settings_with(kOptions, ""), *map_)
                              .clean(source.received(), {{HoldReason::Recording}});
  const auto out = output_of(verdict);

  EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "MARKER"));
  EXPECT_EQ(days_moved("20250303", value(*out, DCM_DateTime)),
            days_moved("20250304", text_at(*out, DCM_StudyDate)));
}

}  // namespace
}  // namespace dosigate::testing
