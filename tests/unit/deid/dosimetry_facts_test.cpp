// The facts of data sets built here; what a hospital may not be recognised by is not among them.

#include "deid/dosimetry_facts.h"

#include <gtest/gtest.h>

#include "support/data_sets.h"

namespace dosigate::testing {
namespace {

Subject subject() {
  Subject out;
  out.device_label = "CAM-03";
  out.device_epoch = 2;
  return out;
}

DcmItem& first_item(DataSet& data) {
  DcmItem* item = nullptr;
  EXPECT_TRUE(
      data.root().findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, item).good());
  return *item;
}
/// A second item behind the first.
DcmItem& second_item(DataSet& data) {
  DcmItem* item = nullptr;
  EXPECT_TRUE(data.root()
                  .findOrCreateSequenceItem(DCM_RadiopharmaceuticalInformationSequence, item, -2)
                  .good());
  return *item;
}

TEST(DosimetryFacts, ASpectSaysItsNuclideActivityUnitAndCamera) {
  DataSet data = nm_spect();
  put_value(first_item(data), DCM_Radiopharmaceutical, EVR_LO, "177Lu-PSMA");

  const InstanceFacts facts = read_dosimetry_facts(data.root(), subject());

  EXPECT_TRUE(facts.emission);
  EXPECT_TRUE(facts.dose_in_mbq);
  EXPECT_EQ(facts.camera, "CAM-03");
  EXPECT_EQ(facts.camera_epoch, 2U);
  EXPECT_GE(facts.energy_windows, 1U);
  ASSERT_EQ(facts.radiopharmaceuticals.size(), 1U);
  EXPECT_EQ(facts.radiopharmaceuticals[0].nuclide, "Lu-177");
  EXPECT_GT(facts.radiopharmaceuticals[0].dose.value_or(0), 0);
}

TEST(DosimetryFacts, APetSliceIsInBecquerelAndKnowsItsVendorInputs) {
  DataSet data = pet_slice();
  DcmItem* code = nullptr;
  ASSERT_TRUE(
      first_item(data).findOrCreateSequenceItem(DCM_RadionuclideCodeSequence, code, -2).good());
  put_value(*code, DCM_CodeValue, EVR_SH, "C-111A1");
  put_value(*code, DCM_CodingSchemeDesignator, EVR_SH, "SRT");

  const InstanceFacts facts = read_dosimetry_facts(data.root(), subject());

  EXPECT_TRUE(facts.emission);
  EXPECT_FALSE(facts.dose_in_mbq);
  EXPECT_EQ(facts.units, "BQML");
  EXPECT_EQ(facts.decay_correction, "START");
  EXPECT_EQ(facts.radiopharmaceuticals.at(0).nuclide, "F-18");
  EXPECT_EQ(facts.radiopharmaceuticals.at(0).injected, Said::Good);
  EXPECT_EQ(facts.vendor, (std::vector<std::string>{"ge-decay", "siemens-decay", "philips-suv"}));
}

TEST(DosimetryFacts, EveryItemIsReadNotTheFirst) {
  DataSet data = nm_spect();
  DcmItem& item = second_item(data);
  put_value(item, DCM_Radiopharmaceutical, EVR_LO, "Tc-99m MAA");
  put_value(item, DCM_RadionuclideTotalDose, EVR_DS, "150");

  const InstanceFacts facts = read_dosimetry_facts(data.root(), subject());

  ASSERT_EQ(facts.radiopharmaceuticals.size(), 2U);
  EXPECT_EQ(facts.radiopharmaceuticals[1].nuclide, "Tc-99m");
  EXPECT_EQ(facts.radiopharmaceuticals[1].dose, 150);
}

TEST(DosimetryFacts, TheSlicesOfASeriesAgreeButForTheirTime) {
  DataSet first = pet_slice().with(DCM_AcquisitionTime, "101600").with(DCM_RescaleSlope, "1.5");
  DataSet second = pet_slice().with(DCM_AcquisitionTime, "101900").with(DCM_RescaleSlope, "2.5");

  const std::string a = dosimetry_facts(first.root(), subject());
  const std::string b = dosimetry_facts(second.root(), subject());

  EXPECT_NE(a, b);
  EXPECT_EQ(a.substr(0, a.find('\n')), b.substr(0, b.find('\n')));
  EXPECT_TRUE(a.ends_with("101600.000000")) << a;
}

TEST(DosimetryFacts, ACtSliceSaysOnlyWhatIsCounted) {
  DataSet data = ct_slice();

  const std::string text = dosimetry_facts(data.root(), subject());

  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_LT(text.size(), 220U) << text;
}

TEST(DosimetryFacts, ATimeZoneOfTheInjectionIsBroughtToThatOfTheStudy) {
  DataSet data = nm_spect().with(DCM_TimezoneOffsetFromUTC, "-0300");
  put_value(first_item(data), DCM_RadiopharmaceuticalStartDateTime, EVR_DT, "20250303121500+0000");

  const InstanceFacts facts = read_dosimetry_facts(data.root(), subject());

  EXPECT_EQ(facts.radiopharmaceuticals.at(0).injected_at, "20250303091500.000000");
}

TEST(DosimetryFacts, ATimeZoneOfTheAcquisitionIsBroughtToThatOfTheStudy) {
  DataSet data = nm_spect()
                     .with(DCM_TimezoneOffsetFromUTC, "-0300")
                     .with(DCM_AcquisitionDate, "")
                     .with(DCM_AcquisitionDateTime, "20250304122210+0000");

  EXPECT_EQ(acquired_at(data.root()), "20250304092210.000000");
}

TEST(DosimetryFacts, NoFreeTextIsInThem) {
  DataSet data = nm_spect()
                     .with(DCM_Modality, "JOANA")
                     .with(DCM_ImageType, "ORIGINAL\\PRIMARY\\JOANA")
                     .with(DCM_Units, "JOANA")
                     .with(DCM_CorrectedImage, "DECY\\JOANA")
                     .with(DCM_SeriesDescription, "JOANA")
                     .with(DCM_DecayCorrection, "JOANA");
  DcmItem& item = second_item(data);
  put_value(item, DCM_Radiopharmaceutical, EVR_LO, "Lu-177 JOANA");
  put_value(item, DCM_RadiopharmaceuticalStartDateTime, EVR_DT, "JOANA");
  put_value(item, DCM_RadionuclideTotalDose, EVR_DS, "JOANA");

  const std::string text = dosimetry_facts(data.root(), subject());

  EXPECT_EQ(text.find("JOANA"), std::string::npos) << text;
  EXPECT_EQ(text.find("SILVAMARKER"), std::string::npos) << text;
}

}  // namespace
}  // namespace dosigate::testing
