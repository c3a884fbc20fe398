// One test for each thing that a physicist wants to hear of before computing (dosimetry.md A6).
// Each takes a study that is ready and spoils one value.

#include "dosigate/dosimetry/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "patient.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Codes = std::vector<std::string>;
constexpr const char* kScan = "20250304092200";
constexpr const char* kInjection = "20250303233000";
constexpr const char* kPetScan = "20250304003400";

/// What is found when one thing is changed in a SPECT/CT or a PET/CT that is ready.
template <class Spoil>
Codes spect_with(Spoil spoil) {
  FactsRow row = spect("2.25.11", kScan);
  spoil(row);
  return judged({row, ct("2.25.12")});
}
template <class Spoil>
Codes pet_with(Spoil spoil) {
  FactsRow row = pet("2.25.11", kPetScan, kInjection);
  spoil(row);
  return judged({row, ct("2.25.12")});
}
RadiopharmaceuticalFacts& item_of(FactsRow& row) { return row.facts.radiopharmaceuticals.at(0); }

TEST(Readiness, AStudyWithEverythingIsReady) {
  EXPECT_THAT(spect_with([](FactsRow&) {}), IsEmpty());
  EXPECT_THAT(pet_with([](FactsRow&) {}), IsEmpty()) << "over midnight, with a date";
  EXPECT_EQ(readiness_of({}), Readiness::Ready);
}

TEST(Readiness, AWeightIsJudgedByItsValue) {
  const auto with = [](std::optional<double> kg) {
    FactsRow nm = spect("2.25.11", kScan);
    FactsRow tc = ct("2.25.12");
    nm.facts.weight_kg = tc.facts.weight_kg = kg;
    return judged({nm, tc});
  };
  EXPECT_THAT(with(0.0), ElementsAre("!weight-zero"));
  EXPECT_THAT(with(-1.0), ElementsAre("!weight-zero"));
  EXPECT_THAT(with(std::nullopt), ElementsAre("!weight-missing"));
  EXPECT_THAT(with(0.1), ElementsAre("!weight-implausible"));
  EXPECT_THAT(with(72'500.0), ElementsAre("!weight-implausible")) << "grams";
  EXPECT_THAT(with(3.2), IsEmpty()) << "a newborn";
}

TEST(Readiness, TwoWeightsInAStudyAreNoticed) {
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.weight_kg = 80; }),
              ElementsAre("weight-contradicting"));
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.weight_kg = 72.8; }), IsEmpty());
}

TEST(Readiness, AnActivityIsJudgedInTheUnitOfItsKindOfImage) {
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).dose = 203'000'000; }),
              ElementsAre("!activity-unit"))
      << "becquerel where megabecquerel belong";
  EXPECT_THAT(pet_with([](FactsRow& row) { item_of(row).dose = 340; }),
              ElementsAre("!activity-unit"))
      << "megabecquerel where becquerel belong";
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).dose = 7.4; }),
              ElementsAre("!activity-unit"))
      << "gigabecquerel";
}

TEST(Readiness, AnActivityThatFitsNoUnitIsImplausible) {
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).dose = 1e-9; }),
              ElementsAre("!activity-implausible"));
}

TEST(Readiness, AnActivityThatIsNotThereOrZeroBlocks) {
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).dose.reset(); }),
              ElementsAre("!activity-missing"));
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).dose = 0; }),
              ElementsAre("!activity-zero"));
}

TEST(Readiness, PlausibleDependsOnTheNuclide) {
  EXPECT_THAT(spect_with([](FactsRow& row) {
                item_of(row).nuclide = "Ra-223";
                item_of(row).half_life_s = 987552;
              }),
              ElementsAre("!activity-unit"))
      << "7400 MBq of radium are 7.4 MBq in kilobecquerel";
  EXPECT_THAT(spect_with([](FactsRow& row) {
                item_of(row).nuclide = "Ra-223";
                item_of(row).half_life_s = 987552;
                item_of(row).dose = 3.9;
              }),
              IsEmpty());
}

TEST(Readiness, EveryItemIsJudgedNotTheFirst) {
  FactsRow row = spect("2.25.11", kScan);
  RadiopharmaceuticalFacts maa = item_of(row);
  maa.nuclide = "Tc-99m";
  maa.half_life_s = 21654;
  maa.dose = 0;
  row.facts.radiopharmaceuticals.push_back(maa);
  const PatientFacts one = patient({study("2.25.1", {row, ct("2.25.12")})});

  const auto findings = judge(one.studies[0], one);

  EXPECT_THAT(codes(findings), ElementsAre("!activity-zero", "several-radiopharmaceuticals"));
  EXPECT_EQ(findings[0].item, 2U);
}

TEST(Readiness, AHalfLifeIsComparedWithThatOfTheNuclide) {
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).half_life_s = 574300.8 * 1.03; }),
              ElementsAre("!half-life-mismatch"));
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).half_life_s = 574067.5; }), IsEmpty());
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).half_life_s = 0; }),
              ElementsAre("!half-life-mismatch"));
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).half_life_s.reset(); }),
              ElementsAre("half-life-missing"));
}

TEST(Readiness, AnItemWithoutANuclideBlocksUnlessItSaysAHalfLife) {
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).nuclide.clear(); }),
              ElementsAre("nuclide-missing"));
  EXPECT_THAT(spect_with([](FactsRow& row) {
                item_of(row).nuclide.clear();
                item_of(row).half_life_s.reset();
              }),
              ElementsAre("!nuclide-missing"));
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).nuclide_in_doubt = true; }),
              ElementsAre("!nuclide-contradicting"));
}

TEST(Readiness, AnInjectionAfterTheAcquisitionBlocks) {
  EXPECT_THAT(judged({spect("2.25.11", "20250303091400"), ct("2.25.12")}),
              ElementsAre("!injection-after-acquisition"));
}

TEST(Readiness, AnInjectionOfAnotherAgeIsNoticed) {
  EXPECT_THAT(judged({pet("2.25.11", "20250306003400", kInjection), ct("2.25.12")}),
              ElementsAre("injection-long-before"));
}

TEST(Readiness, WithoutAnInjectionNothingCanBeComputed) {
  EXPECT_THAT(spect_with([](FactsRow& row) {
                item_of(row).injected = Said::Missing;
                item_of(row).injected_at.clear();
              }),
              ElementsAre("!injection-missing"));
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.radiopharmaceuticals.clear(); }),
              ElementsAre("!radiopharmaceutical-missing"));
}

TEST(Readiness, AnInjectionThatIsNoInstantIsNamed) {
  EXPECT_THAT(spect_with([](FactsRow& row) {
                item_of(row).injected = Said::Bad;
                item_of(row).injected_at.clear();
              }),
              ElementsAre("!injection-missing", "injection-invalid"));
}

TEST(Readiness, ATimeAloneWarnsForAShortLivedNuclideOfTheSameDay) {
  EXPECT_THAT(judged({[] {
                        FactsRow row = pet("2.25.11", "20250304101600", "20250304091200");
                        forget_date(row, "091200");
                        return row;
                      }(),
                      ct("2.25.12")}),
              ElementsAre("injection-date-missing"));
}

TEST(Readiness, ATimeAloneThatIsLaterThanTheScanBlocks) {
  EXPECT_THAT(pet_with([](FactsRow& row) { forget_date(row, "233000"); }),
              ElementsAre("!injection-day-unknown"))
      << "the injection before midnight, the scan after it";
}

TEST(Readiness, ATimeAloneBlocksForANuclideThatIsImagedForDays) {
  EXPECT_THAT(spect_with([](FactsRow& row) { forget_date(row, "091500"); }),
              ElementsAre("!injection-day-unknown"));
}

TEST(Readiness, ATimeAloneIsEnoughWhenAnotherSeriesNamesTheDay) {
  FactsRow row = spect("2.25.11", kScan);
  forget_date(row, "091000");

  EXPECT_THAT(judged({row, spect("2.25.13", kScan), ct("2.25.12")}),
              ElementsAre("injection-date-missing"));
}

TEST(Readiness, TwoInjectionTimesThatDifferAreNoticedAlsoOverMidnight) {
  EXPECT_THAT(spect_with([](FactsRow& row) {
                item_of(row).injected_time = Said::Good;
                item_of(row).injected_time_us = parse_time("101500")->count();
              }),
              ElementsAre("injection-contradicting"));
  EXPECT_THAT(judged({[] {
                        FactsRow row = spect("2.25.11", kScan, "20250303235900");
                        item_of(row).injected_time = Said::Good;
                        item_of(row).injected_time_us = parse_time("000100")->count();
                        return row;
                      }(),
                      ct("2.25.12")}),
              IsEmpty())
      << "two minutes apart";
}

TEST(Readiness, ATimeZoneWithoutOneToCompareIsNoticed) {
  EXPECT_THAT(spect_with([](FactsRow& row) { item_of(row).zone_unmatched = true; }),
              ElementsAre("injection-zone"));
}

TEST(Readiness, TheUnitsOfAPetMustBeAnActivity) {
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.units.clear(); }),
              ElementsAre("!units-missing"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.units = "PROPCPS"; }),
              ElementsAre("!units-no-activity"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.units = "CNTS"; }),
              ElementsAre("!units-counts"));
  EXPECT_THAT(pet_with([](FactsRow& row) {
                row.facts.units = "CNTS";
                row.facts.vendor = {"philips-suv"};
              }),
              IsEmpty());
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.units = "GML"; }), IsEmpty());
}

TEST(Readiness, TheDecayCorrectionMustBeSaidAndAgree) {
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.decay_correction.clear(); }),
              ElementsAre("!decay-correction-missing"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.decay_correction = "NONE"; }),
              ElementsAre("decay-correction-none"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.corrections = {"ATTN"}; }),
              ElementsAre("decay-correction-contradicting"));
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.kind = "RECON TOMO"; }),
              ElementsAre("decay-correction-missing"));
}

TEST(Readiness, ASeriesThatBeginsAfterItsFirstAcquisitionNeedsTheVendorsElement) {
  const auto later = [](FactsRow& row) { row.facts.series_at = "20250304005900.000000"; };
  EXPECT_THAT(pet_with(later), ElementsAre("decay-reference-in-doubt"));
  EXPECT_THAT(pet_with([&](FactsRow& row) {
                later(row);
                row.facts.vendor = {"ge-decay"};
              }),
              IsEmpty());
}

TEST(Readiness, CorrectionsAndTimesOfThePetAreAskedFor) {
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.corrections = {"DECY"}; }),
              ElementsAre("attenuation-not-corrected"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.slope = Said::Bad; }),
              ElementsAre("!rescale-missing"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.frame_reference = Said::Missing; }),
              ElementsAre("frame-reference-missing"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.frame_duration = Said::Bad; }),
              ElementsAre("frame-duration-missing"));
}

TEST(Readiness, CountsNeedADurationAndACamera) {
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.frame_duration = Said::Missing; }),
              ElementsAre("!frame-duration-missing"));
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.camera.clear(); }),
              ElementsAre("!camera-unknown"));
  EXPECT_THAT(spect_with([](FactsRow& row) {
                row.facts.mapped_units = "Bq/ml";
                row.facts.camera.clear();
                row.facts.frame_duration = Said::Missing;
              }),
              ElementsAre("frame-duration-missing", "camera-unknown"))
      << "a calibrated image does without";
}

TEST(Readiness, TheCalibrationEpochOfTheCameraMustBeKnown) {
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.camera_epoch = 0; }),
              ElementsAre("calibration-epoch-unknown"));
}

TEST(Readiness, AnEnergyWindowIsAskedFor) {
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.energy_windows = 0; }),
              ElementsAre("energy-window-missing"));
}

TEST(Readiness, ATomographicStudyWantsACtAPlanarOneDoesNot) {
  EXPECT_THAT(judged({spect("2.25.11", kScan)}), ElementsAre("ct-missing"));
  EXPECT_THAT(judged({planar("2.25.11", kScan)}), IsEmpty());
}

TEST(Readiness, AnImageWithoutATimeBlocksAndOneOfTheSeriesWarns) {
  EXPECT_THAT(spect_with([](FactsRow& row) { row.first_acquired.clear(); }),
              ElementsAre("!acquisition-time-missing"));
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.series_at.swap(row.first_acquired); }),
              ElementsAre("acquisition-time-missing"));
}

TEST(Readiness, FewerInstancesThanAnnouncedAreNoticed) {
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.slices = 9; }),
              ElementsAre("series-incomplete"));
  EXPECT_THAT(pet_with([](FactsRow& row) { row.facts.slices = 8; }), IsEmpty());
  EXPECT_THAT(pet_with([](FactsRow& row) {
                row.facts.slices = 8;
                row.facts.time_slices = 2;
              }),
              ElementsAre("series-incomplete"));
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.slices = 128; }), IsEmpty())
      << "a multi-frame image holds them all";
  EXPECT_THAT(spect_with([](FactsRow& row) { row.facts.study_instances = 8; }),
              ElementsAre("study-incomplete"));
}

TEST(Readiness, AStudyWithoutAnEmissionImageIsNotReady) {
  const PatientFacts one = patient({study("2.25.1", {ct("2.25.12")})});

  const auto findings = judge(one.studies[0], one);

  EXPECT_THAT(codes(findings), ElementsAre("!no-emission-image"));
  EXPECT_EQ(readiness_of(findings), Readiness::NotReady);
}

TEST(Readiness, AStudyOfWhichNothingWasKeptSaysOnlyThat) {
  EXPECT_THAT(judged({}), ElementsAre("!facts-missing"));
}

TEST(Readiness, OneFindingNamesAllItsSeries) {
  FactsRow a = spect("2.25.11", kScan), b = spect("2.25.13", kScan);
  item_of(a).dose = item_of(b).dose = 0;
  const PatientFacts one = patient({study("2.25.1", {a, b, ct("2.25.12")})});

  const auto findings = judge(one.studies[0], one);

  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].series, ElementsAre("2.25.11", "2.25.13"));
  EXPECT_THAT(findings_of(findings, {"2.25.99"}), IsEmpty());
}

TEST(Readiness, WarningsAloneLeaveItReady) {
  const PatientFacts one = patient({study("2.25.1", {spect("2.25.11", kScan)})});

  EXPECT_EQ(readiness_of(judge(one.studies[0], one)), Readiness::ReadyWithWarnings);
  EXPECT_THAT(std::string(readiness_text(Readiness::ReadyWithWarnings)), HasSubstr("warnings"));
}

}  // namespace
}  // namespace dosigate::testing
