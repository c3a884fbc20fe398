// Time points stand under the injection that they follow, whatever study they are in.

#include "dosigate/dosimetry/cycles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "dosigate/dosimetry/report.h"
#include "patient.h"

namespace dosigate::testing {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::SizeIs;

/// "hours modalities xinstances" of each time point, two decimals.
std::vector<std::string> shown(const Cycle& cycle) {
  std::vector<std::string> out;
  for (const TimePoint& point : cycle.time_points) {
    char text[80];
    std::snprintf(text, sizeof text, "%.2f %s x%llu", point.hours.value_or(-1),
                  point.modalities().c_str(), static_cast<unsigned long long>(point.instances()));
    out.emplace_back(text);
  }
  return out;
}

/// Two cycles of Lu-177, eight weeks apart, and an F-18 PET between them. Of the first cycle planar
/// and SPECT at 4, 24, 72 and 168 h; the planar images are studies of their own.
PatientFacts two_cycles() {
  const std::string first = "20250303091500", second = "20250428100000";
  return patient({
      study("2.25.1", {planar("2.25.11", "20250303131500", first)}),
      study("2.25.2", {spect("2.25.21", "20250303134500", first), ct("2.25.22")}),
      study("2.25.3", {planar("2.25.31", "20250304091500", first),
                       spect("2.25.32", "20250304094500", first), ct("2.25.33")}),
      study("2.25.4", {spect("2.25.41", "20250306091500", first), ct("2.25.42")}),
      study("2.25.5", {planar("2.25.51", "20250310091500", first)}),
      study("2.25.6", {pet("2.25.61", "20250401003400", "20250331233000"), ct("2.25.62")}),
      study("2.25.7", {spect("2.25.71", "20250429100000", second), ct("2.25.72")}),
  });
}

TEST(Cycles, TwoCyclesAndAPetAreKeptApartByTheirInjections) {
  const auto cycles = cycles_of(two_cycles());

  ASSERT_THAT(cycles, SizeIs(3));
  EXPECT_EQ(cycles[0].nuclide, "Lu-177");
  EXPECT_THAT(shown(cycles[0]),
              ElementsAre("4.00 NM+CT x2", "24.00 NM+CT x2", "72.00 NM+CT x1", "168.00 NM x1"));
  EXPECT_EQ(cycles[1].nuclide, "F-18");
  EXPECT_THAT(shown(cycles[1]), ElementsAre("1.07 PT+CT x8")) << "over midnight";
  EXPECT_THAT(shown(cycles[2]), ElementsAre("24.00 NM+CT x1"));
  EXPECT_THAT(*cycles[0].activity_mbq, DoubleNear(7400, 0.01));
  EXPECT_THAT(cycles[0].time_points[0].cameras(), ElementsAre("CAM-07/2"));
}

TEST(Cycles, TheSeriesOfATimePointHaveHoursOfTheirOwn) {
  const auto cycles = cycles_of(two_cycles());

  const TimePoint& first = cycles.at(0).time_points.at(0);
  ASSERT_THAT(first.series, SizeIs(2));
  EXPECT_EQ(first.series[0].study_uid, "2.25.1");
  EXPECT_THAT(*first.series[1].hours, DoubleNear(4.5, 1e-9));
}

TEST(Cycles, InjectionTimesThatWereRoundedAreOneCycle) {
  const auto cycles =
      cycles_of(patient({study("2.25.1", {spect("2.25.11", "20250304091500", "20250303091700")}),
                         study("2.25.2", {spect("2.25.21", "20250306091500", "20250303091000")}),
                         study("2.25.3", {spect("2.25.31", "20250307091500", "20250303091000")})}));

  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_EQ(instant_text(*cycles[0].injected), "20250303091000.000000") << "what most say";
  EXPECT_FALSE(cycles[0].instants_disagree);
}

TEST(Cycles, InjectionsFurtherApartThanTheToleranceAreTwo) {
  const PatientFacts one =
      patient({study("2.25.1", {spect("2.25.11", "20250304091500", "20250303091500")}),
               study("2.25.2", {spect("2.25.21", "20250306091500", "20250303092600")})});

  EXPECT_THAT(cycles_of(one), SizeIs(2));
  EXPECT_THAT(cycles_of(one, std::chrono::minutes(15)), SizeIs(1)) << "the tolerance is a setting";
}

TEST(Cycles, AChainOfNearInjectionsDoesNotGrow) {
  EXPECT_THAT(
      cycles_of(patient({study("2.25.1", {spect("2.25.11", "20250304091500", "20250303090000"),
                                          spect("2.25.12", "20250304091500", "20250303090800"),
                                          spect("2.25.13", "20250304091500", "20250303091600")})})),
      SizeIs(2));
}

TEST(Cycles, AnotherNuclideAtTheSameTimeIsAnotherCycle) {
  FactsRow tc = spect("2.25.12", "20250304091500");
  tc.facts.radiopharmaceuticals[0].nuclide = "Tc-99m";

  EXPECT_THAT(cycles_of(patient({study("2.25.1", {spect("2.25.11", "20250304091500"), tc})})),
              SizeIs(2));
}

TEST(Cycles, ATimeWithoutADateJoinsTheCycleWhoseDayIsKnown) {
  FactsRow later = spect("2.25.21", "20250306091500");
  forget_date(later, "092000");

  const auto cycles = cycles_of(patient({study("2.25.1", {spect("2.25.11", "20250304091500")}),
                                         study("2.25.2", {later, ct("2.25.22")})}));

  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_THAT(shown(cycles[0]), ElementsAre("24.00 NM x1", "72.00 NM+CT x1"));
  EXPECT_EQ(cycles[0].basis, InjectionBasis::DateTime);
}

TEST(Cycles, ATimeWithoutADateDoesNotJoinAnInjectionThatCameAfterTheScan) {
  FactsRow before = spect("2.25.11", "20250306091500");
  forget_date(before, "092000");

  const auto cycles =
      cycles_of(patient({study("2.25.1", {before}),
                         study("2.25.2", {spect("2.25.21", "20250430091500", "20250428091500")})}));

  ASSERT_THAT(cycles, SizeIs(2));
  EXPECT_FALSE(cycles[1].injected);
  EXPECT_THAT(codes(cycles[1].time_points.at(0).findings),
              ElementsAre("!injection-day-unknown", "ct-missing"));
  EXPECT_EQ(cycles[1].time_points.at(0).series.at(0).study_uid, "2.25.1");
}

TEST(Cycles, OneEventIsOneCycleAlsoWhenItsInstantsDisagree) {
  FactsRow a = spect("2.25.11", "20250304091500", "20250303091500");
  FactsRow b = spect("2.25.21", "20250306091500", "20250303104500");
  a.facts.radiopharmaceuticals[0].event_uid = b.facts.radiopharmaceuticals[0].event_uid = "2.25.9";

  const auto cycles = cycles_of(patient({study("2.25.1", {a}), study("2.25.2", {b})}));

  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_TRUE(cycles[0].instants_disagree);
}

TEST(Cycles, WithoutAnInjectionThereAreNoHours) {
  FactsRow row = spect("2.25.11", "20250304091500");
  row.facts.radiopharmaceuticals[0].injected_at.clear();
  row.facts.radiopharmaceuticals[0].injected = Said::Missing;

  const auto cycles = cycles_of(patient({study("2.25.1", {row})}));

  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_FALSE(cycles[0].injected);
  ASSERT_THAT(cycles[0].time_points, SizeIs(1));
  EXPECT_FALSE(cycles[0].time_points[0].hours);
  EXPECT_EQ(cycles[0].time_points[0].readiness, Readiness::NotReady);
}

TEST(Cycles, AnImageOfTwoRadiopharmaceuticalsStandsUnderBothAndNotUnderOneGivenLater) {
  FactsRow row = spect("2.25.11", "20250310091500", "20250310081500");
  RadiopharmaceuticalFacts maa = row.facts.radiopharmaceuticals[0];
  row.facts.radiopharmaceuticals[0].nuclide = "Y-90";
  maa.nuclide = "Tc-99m";
  maa.injected_at = "20250310060000.000000";
  RadiopharmaceuticalFacts planned = maa;
  planned.nuclide = "Lu-177";
  planned.injected_at = "20250311060000.000000";
  row.facts.radiopharmaceuticals.push_back(maa);
  row.facts.radiopharmaceuticals.push_back(planned);

  const auto cycles = cycles_of(patient({study("2.25.1", {row})}));

  ASSERT_THAT(cycles, SizeIs(2));
  EXPECT_EQ(cycles[0].nuclide, "Tc-99m");
  EXPECT_EQ(cycles[1].nuclide, "Y-90");
}

TEST(Cycles, AnActivityThatSeriesContradictIsNotShown) {
  FactsRow other = spect("2.25.12", "20250304091500");
  other.facts.radiopharmaceuticals[0].dose = 6000;

  const auto cycles =
      cycles_of(patient({study("2.25.1", {spect("2.25.11", "20250304091500"), other})}));

  EXPECT_FALSE(cycles.at(0).activity_mbq);
}

TEST(Cycles, WhatIsMissingIsNamedAtItsTimePoint) {
  PatientFacts one = two_cycles();
  one.studies[3].rows[0].facts.radiopharmaceuticals[0].dose = 0;  // at 72 h

  const auto cycles = cycles_of(one);

  EXPECT_EQ(cycles[0].time_points[1].readiness, Readiness::Ready);
  EXPECT_EQ(cycles[0].time_points[2].readiness, Readiness::NotReady);
  EXPECT_THAT(codes(cycles[0].time_points[2].findings), ElementsAre("!activity-zero"));
}

TEST(Cycles, SlicesThatDifferInAValueAreOneSeries) {
  FactsRow a = pet("2.25.11", "20250304101600", "20250304091200");
  FactsRow b = a;
  b.facts.weight_kg = 80;

  const auto cycles = cycles_of(patient({study("2.25.1", {a, b})}));

  EXPECT_THAT(shown(cycles.at(0)), ElementsAre("1.07 PT x16"));
  EXPECT_THAT(cycles[0].time_points[0].series, SizeIs(1));
}

TEST(Report, OfAStudyHasItsTimePointsAndNoOthers) {
  const auto report = study_report(two_cycles(), "2.25.3");

  EXPECT_EQ(report.at("study_uid"), "2.25.3");
  EXPECT_EQ(report.at("readiness"), "ready");
  EXPECT_EQ(report.at("instances"), 8);
  ASSERT_EQ(report.at("cycles").as_array().size(), 1U);
  const auto& points = report.at("cycles").at(0).at("time_points").as_array();
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].at("hours"), 24.0);
  EXPECT_TRUE(study_report(two_cycles(), "2.25.99").empty());
}

TEST(Report, OfAPatientHasAllStudiesAndCyclesAndSaysTheTolerance) {
  const auto report = patient_report(two_cycles());

  EXPECT_EQ(report.at("injection_tolerance_min"), 10);
  EXPECT_EQ(report.at("studies").as_array().size(), 7U);
  EXPECT_EQ(report.at("cycles").as_array().size(), 3U);
  EXPECT_EQ(report.at("studies").at(1).at("series").at(1).at("instances"), 6);
  EXPECT_EQ(report.at("studies").at(1).at("series").at(0).at("calibration_epoch"), 2);
}

TEST(Report, AStudyThatIsWithdrawnSaysSo) {
  PatientFacts patient = two_cycles();
  patient.studies[0].withdrawn = {
      {"113038", "Incorrect Modality Worklist Entry", "reassigned", 1'700'000'000, false, 3}};

  const auto studies = patient_report(patient).at("studies").as_array();

  const auto& withdrawn = studies[0].at("withdrawn").as_array();
  ASSERT_EQ(withdrawn.size(), 1U);
  EXPECT_EQ(withdrawn[0].at("code"), "113038");
  EXPECT_EQ(withdrawn[0].at("meaning"), "Incorrect Modality Worklist Entry");
  EXPECT_EQ(withdrawn[0].at("cause"), "reassigned");
  EXPECT_EQ(withdrawn[0].at("ordered"), 1'700'000'000);
  EXPECT_EQ(withdrawn[0].at("whole_study"), false);
  EXPECT_EQ(withdrawn[0].at("objects"), 3);
  EXPECT_TRUE(studies[1].at("withdrawn").is_null());
}

}  // namespace
}  // namespace dosigate::testing
