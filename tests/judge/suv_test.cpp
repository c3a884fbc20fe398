// SUV factors before and after de-identification, computed by @cornerstonejs/calculate-suv from
// values that pydicom read: neither shares code with the node (dosimetry.md A3-1, A5).

#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>

#include "judge/instance_files.h"
#include "judge/judges.h"
#include "support/temp_dir.h"
#include "unit/deid/cleaning.h"

namespace dosigate::testing {
namespace {

constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kImplicit = "1.2.840.10008.1.2";
const DcmTagKey kGeCreator(0x0009, 0x0010), kGeScan(0x0009, 0x100D);
const DcmTagKey kSiemensCreator(0x0071, 0x0010), kSiemensDecay(0x0071, 0x1022);
const DcmTagKey kPhilipsCreator(0x7053, 0x0010), kPhilipsSuv(0x7053, 0x1000),
    kPhilipsActivity(0x7053, 0x1009);

/// When a series was taken. Acquisition is one per bed position.
struct Times {
  std::string study, series_date, series_time;
  std::vector<std::pair<std::string, std::string>> beds;  ///< AcquisitionDate, AcquisitionTime
  std::string injection;                                  ///< DT
  bool injection_date = true;  ///< (0018,1078); (0018,1072) is always there
};
/// F-18, 72.5 kg, 340 MBq, 64 minutes before the scan.
Times one_morning() {
  return {"20250304", "20250304", "101600", {{"20250304", "101601.5"}}, "20250304091200.00"};
}

DataSet slice(const Times& times, std::size_t bed, const std::string& patient) {
  const std::string number = std::to_string(bed + 1);
  DataSet pet = pet_slice()
                    .with(DCM_PatientID, patient)
                    .with(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.99." + patient)
                    .with(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.99.1." + number)
                    .with(DCM_InstanceNumber, number)
                    .with(DCM_StudyDate, times.study)
                    .with(DCM_SeriesDate, times.series_date)
                    .with(DCM_SeriesTime, times.series_time)
                    .with(DCM_AcquisitionDate, times.beds[bed].first)
                    .with(DCM_AcquisitionTime, times.beds[bed].second)
                    .with(DCM_ActualFrameDuration, "180000");
  // pet_slice() has the blocks of three vendors at once; a case puts in what its vendor writes.
  for (const DcmTagKey& tag :
       {kGeCreator, kGeScan, DcmTagKey(0x0009, 0x1038), DcmTagKey(0x0009, 0x1010), kSiemensCreator,
        kSiemensDecay, kPhilipsCreator, kPhilipsSuv})
    pet = std::move(pet).without(tag);
  DcmSequenceOfItems* radio = nullptr;
  pet.root().findAndGetSequence(DCM_RadiopharmaceuticalInformationSequence, radio);
  DcmItem& item = *radio->getItem(0);
  put_value(item, DCM_RadiopharmaceuticalStartTime, EVR_TM, times.injection.substr(8));
  if (times.injection_date)
    put_value(item, DCM_RadiopharmaceuticalStartDateTime, EVR_DT, times.injection);
  else
    delete item.remove(DCM_RadiopharmaceuticalStartDateTime);
  return pet;
}

using Vendor = std::function<DataSet(DataSet)>;
DataSet nothing_private(DataSet pet) { return pet; }
DataSet ge(DataSet pet) {  // decay reference of a series reconstructed after its acquisition
  return std::move(pet)
      .with(kGeCreator, EVR_LO, "GEMS_PETD_01")
      .with(kGeScan, EVR_DT, "20250304101200.00");
}
DataSet siemens(DataSet pet) {
  return std::move(pet)
      .with(kSiemensCreator, EVR_LO, "SIEMENS MED PT")
      .with(kSiemensDecay, EVR_DT, "20250304101200.123000");
}
DataSet philips_suv(DataSet pet) {
  return std::move(pet)
      .with(DCM_Units, "CNTS")
      .with(kPhilipsCreator, EVR_LO, "Philips PET Private Group")
      .with(kPhilipsSuv, EVR_DS, "0.000314159265")
      .with(kPhilipsActivity, EVR_DS, "1.71828");
}
DataSet philips_activity(DataSet pet) {
  return std::move(pet)
      .with(DCM_Units, "CNTS")
      .with(kPhilipsCreator, EVR_LO, "Philips PET Private Group")
      .with(kPhilipsSuv, EVR_DS, "0")
      .with(kPhilipsActivity, EVR_DS, "1.71828182845905");
}
DataSet gml(DataSet pet) { return std::move(pet).with(DCM_Units, "GML"); }

struct Case {
  std::string name;
  Times times;
  Vendor vendor = nothing_private;
};

std::vector<Case> cases() {
  Times late_series = one_morning();  // Series > Acquisition: post-processed
  late_series.series_time = "113000";
  Times beds = one_morning();
  beds.beds = {{"20250304", "101900.250000"}, {"20250304", "101601.5"}, {"20250304", "102201.75"}};
  Times by_time = one_morning();
  by_time.injection_date = false;
  Times midnight{"20250303",
                 "20250304",
                 "003400",
                 {{"20250304", "003400.000000"}, {"20250304", "003700"}},
                 "20250303233000.000000"};
  Times bed_over_midnight{"20250304",
                          "20250304",
                          "235800",
                          {{"20250304", "235800"}, {"20250305", "000100.5"}},
                          "20250304225400.5"};
  Times leap{"20240229", "20240229", "003400", {{"20240229", "003401"}}, "20240228233000.25"};
  Times after_leap{"20240229", "20240301", "003400", {{"20240301", "003401"}}, "20240229233000.25"};
  Times year_end{
      "20241231", "20250101", "003400", {{"20250101", "003401"}}, "20241231233000.999999"};
  Times zone = one_morning();
  zone.injection = "20250304091200.123456-0300";
  return {{"bqml-start", one_morning()},
          {"series-after-acquisition", late_series},
          {"ge-post-processed", late_series, ge},
          {"siemens-post-processed", late_series, siemens},
          {"philips-suv-factor", one_morning(), philips_suv},
          {"philips-activity-factor", one_morning(), philips_activity},
          {"gml", one_morning(), gml},
          {"bed-positions", beds},
          {"bed-positions-ge",
           [&] {
             Times t = beds;
             t.series_time = "113000";
             return t;
           }(),
           ge},
          {"injection-by-time-only", by_time},
          {"injection-before-midnight", midnight},
          {"bed-over-midnight", bed_over_midnight},
          {"leap-day", leap},
          {"day-after-leap-day", after_leap},
          {"year-end", year_end},
          {"time-zone", zone}};
}

/// One line per instance or refused series, by "series[index]" or "series".
using Factors = std::map<std::string, std::string>;
Factors judge(const std::filesystem::path& tree) {
  const std::filesystem::path values = tree.string() + ".json";
  const Finished read =
      run({kPython, judge_script("suv_headers.py").string(), tree.string(), values.string()});
  EXPECT_EQ(read.code, 0) << read.output;
  const Finished judged =
      run({"node", judge_script("suv.mjs").string(), calculate_suv().string(), values.string()});
  EXPECT_EQ(judged.code, 0) << judged.output;
  Factors out;
  std::istringstream lines(judged.output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t space = line.find(' ');
    out[line.substr(0, space)] = line.substr(space + 1);
  }
  return out;
}

class Suv : public Cleaning {
 protected:
  /// Writes every case for one patient, before and after; the name says case, syntax and patient.
  void write_cases(const std::string& patient, const char* syntax) {
    const Deidentifier deidentifier(settings("dosimetry"), *map_);
    for (const Case& one : cases()) {
      const std::string name =
          one.name + (syntax == kImplicit ? "-implicit-" : "-explicit-") + patient;
      for (std::size_t bed = 0; bed < one.times.beds.size(); ++bed) {
        DataSet data = one.vendor(slice(one.times, bed, patient));
        const ReceivedInstance received = data.received(syntax);
        const std::string file = name + "/" + std::to_string(bed) + ".dcm";
        write_part10(before() / file, received);
        const Verdict verdict = deidentifier.clean(received);
        const auto* cleaned = std::get_if<Cleaned>(&verdict);
        ASSERT_NE(cleaned, nullptr) << name << ": " << describe(verdict);
        write_part10(after() / file, cleaned->instance);
        ++written_;
      }
    }
  }
  std::filesystem::path before() const { return dir_.path / "before"; }
  std::filesystem::path after() const { return dir_.path / "after"; }

  TempDir dir_;
  std::size_t written_ = 0;
};

TEST_F(Suv, TheJudgeFindsEqualDoublesBeforeAndAfterForEveryVendor) {
  DOSIGATE_NEEDS_JUDGE(missing_calculate_suv());
  // Several patients: several offsets meet the leap day and the end of the year differently.
  for (const char* patient : {"7788123", "7788124", "7788125", "7788126"}) {
    write_cases(patient, kExplicit);
    write_cases(patient, kImplicit);
  }

  const Factors was = judge(before()), is = judge(after());

  EXPECT_EQ(was.size(), written_) << "the judge refused a series as it came";
  EXPECT_EQ(is, was);
  // And the judge was given what stands in the files: weight over the activity left after 64
  // minutes.
  const double expected = 72.5e3 / (340e6 * std::exp2(-64 * 60 / 6586.2));
  const std::string first = was.at("bqml-start-explicit-7788123[0]");
  const std::size_t at = first.find("suvbw=");
  ASSERT_NE(at, std::string::npos) << first;
  const auto suvbw = std::bit_cast<double>(std::stoull(first.substr(at + 6, 16), nullptr, 16));
  EXPECT_NEAR(suvbw / expected, 1, 1e-12);
}

TEST_F(Suv, TheJudgeSeesWhatAWrongDeidentificationWouldDo) {
  DOSIGATE_NEEDS_JUDGE(missing_calculate_suv());
  write_cases("7788123", kExplicit);
  const Factors was = judge(before());
  const std::map<std::string, std::string> spoiled{
      // Series, acquisition and injection each a day further than the rest.
      {"bqml-start",
       "ds.SeriesDate = later(ds.SeriesDate, 1)\n"
       "ds.AcquisitionDate = later(ds.AcquisitionDate, 1)"},
      {"year-end", "ds.SeriesDate = later(ds.SeriesDate, -1)"},
      {"injection-before-midnight",
       "r = ds.RadiopharmaceuticalInformationSequence[0]\n"
       "r.RadiopharmaceuticalStartDateTime = later(r.RadiopharmaceuticalStartDateTime, 1)"},
      {"ge-post-processed",
       "block = ds.private_block(0x0009, 'GEMS_PETD_01')\n"
       "block[0x0D].value = later(block[0x0D].value, 1)"},
      {"siemens-post-processed", "del ds[0x0071, 0x1022]"},
      {"philips-suv-factor", "del ds[0x7053, 0x1000]"},
      {"philips-activity-factor", "del ds[0x7053, 0x1009]"},
      {"bed-over-midnight", "ds.AcquisitionTime = '000000'"},
      {"leap-day", "ds.PatientWeight = '72'"},
      {"time-zone", "ds.SeriesTime = '101600.5'"}};
  for (const auto& [name, change] : spoiled)
    for (const auto& file :
         std::filesystem::directory_iterator(after() / (name + "-explicit-7788123")))
      spoil(file.path(), change);

  const Factors is = judge(after());

  for (const Case& one : cases()) {
    const std::string name = one.name + "-explicit-7788123", first = name + "[0]";
    ASSERT_TRUE(was.contains(first)) << name;
    const bool same = is.contains(first) && is.at(first) == was.at(first);
    EXPECT_EQ(same, !spoiled.contains(one.name)) << name;
  }
}

}  // namespace
}  // namespace dosigate::testing
