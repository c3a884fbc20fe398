// The invariants of dosimetry.md A3 over several objects of a patient, by the real engine. Where
// the others are:
//   1 SUV factors                     judge/suv_test.cpp
//   5 dates that are none             unit/deid/dates_test.cpp, unit/deid/clean_test.cpp
//   6 private instants, row by row    unit/deid/private_rows_test.cpp (nested ones here)
//   7 age                             unit/deid/clean_test.cpp, unit/deid/dates_test.cpp
//   8 the graph of references         judge/graph_test.cpp
//   9 untouched set, 10 syntax and dciodvfy, 11 every value    judge/reader_test.cpp
//  12 one person under two numbers    unit/identity/map_test.cpp, wire/identity_test.cpp

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "judge/cleaned_tree.h"
#include "judge/instance_files.h"
#include "judge/nested_item.h"
#include "support/phantom_compare.h"
#include "support/phantom_leaks.h"
#include "support/temp_dir.h"
#include "unit/deid/cleaning.h"

namespace dosigate::testing {
namespace {

constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kImplicit = "1.2.840.10008.1.2";

using Invariants = Cleaning;

std::string date_of(DcmItem& item, const DcmTagKey& tag) { return value(item, tag).substr(0, 8); }

/// One more patient of nobody, with a study of its own.
DataSet of_patient(DataSet data, const std::string& id) {
  return std::move(data)
      .with(DCM_PatientID, id)
      .with(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.99." + id)
      .with(DCM_PatientName,
            "MARKER" + std::string(1, static_cast<char>('A' + id.back() - '0')) + "^X");
}

// ---- 2, 3: instants --------------------------------------------------------------------------

TEST_F(Invariants, IntervalsOverAllStudiesAndModalitiesStayToTheMicrosecond) {
  TempDir dir;
  write_phantom({.directory = dir.path / "before"});

  const CleanedTree tree =
      clean_tree(dir.path / "before", dir.path / "after", settings("dosimetry"), *map_);

  std::vector<std::unique_ptr<LoadedFile>> files;
  const auto load = [&](const std::filesystem::path& path) {
    files.push_back(std::make_unique<LoadedFile>());
    files.back()->path = path;
    EXPECT_TRUE(files.back()->format.loadFile(path.c_str()).good());
    return files.back().get();
  };
  std::vector<std::pair<LoadedFile*, LoadedFile*>> pairs;
  for (const auto& pair : tree.pairs) pairs.emplace_back(load(pair.before), load(pair.after));
  const IntervalProof proof = prove_intervals(pairs);
  EXPECT_EQ(proof.failures, std::vector<std::string>{});
  EXPECT_GT(proof.instants, 150U);
  std::set<std::string> modalities;
  for (const auto& pair : pairs) modalities.insert(value_of(pair.second->data(), DCM_Modality));
  EXPECT_EQ(modalities, (std::set<std::string>{"CT", "NM", "PT"}));
}

TEST_F(Invariants, EveryDateOfEveryObjectOfAPatientMovesByOneOffsetThatIsNotZero) {
  std::set<long> offsets;
  int number = 0;
  for (const char* date :
       {"19991231", "20000229", "20240228", "20240229", "20241231", "20250101"}) {
    for (DataSet (*make)() : {+[] { return ct_slice(); }, &nm_spect, &pet_slice}) {
      const std::string uid = "1.2.826.0.1.3680043.10.99.2." + std::to_string(++number);
      DataSet data = make()
                         .with(DCM_SOPInstanceUID, uid)
                         .with(DCM_StudyInstanceUID, uid + ".1")
                         .with(DCM_StudyDate, date)
                         .with(DCM_SeriesDate, date)
                         .with(DCM_AcquisitionDate, date)
                         .with(DCM_ContentDate, date)
                         .with(DCM_AcquisitionDateTime, std::string(date) + "235959.999999-0300");
      const auto output = output_of(clean(std::move(data)));
      for (const DcmTagKey& tag : {DCM_StudyDate, DCM_SeriesDate, DCM_AcquisitionDate,
                                   DCM_ContentDate, DCM_AcquisitionDateTime})
        offsets.insert(days_moved(date, date_of(*output, tag)));
    }
  }

  EXPECT_EQ(offsets.size(), 1U);
  EXPECT_FALSE(offsets.contains(0));
}

TEST_F(Invariants, OffsetsOfPatientsDiffer) {
  std::set<long> offsets;
  for (int patient = 0; patient < 20; ++patient) {
    const auto output = output_of(clean(of_patient(ct_slice(), std::to_string(8800100 + patient))));
    offsets.insert(days_moved("20250304", value(*output, DCM_StudyDate)));
  }

  EXPECT_FALSE(offsets.contains(0));
  // Twenty out of thousands of days: some two may meet by chance, but not many.
  EXPECT_GE(offsets.size(), 17U);
}

TEST_F(Invariants, TheSameInstanceIsTheSameBytesAfterARestart) {
  const Verdict first = clean(pet_slice());
  map_.reset();
  map_ = node_.open();
  const Verdict second = clean(pet_slice());

  ASSERT_TRUE(std::holds_alternative<Cleaned>(first)) << describe(first);
  ASSERT_TRUE(std::holds_alternative<Cleaned>(second)) << describe(second);
  EXPECT_EQ(all_bytes(std::get<Cleaned>(second).instance),
            all_bytes(std::get<Cleaned>(first).instance));
}

TEST_F(Invariants, TheSameInstanceIsTheSameBytesInASecondProcess) {
  TempDir dir;
  const Verdict here = clean(pet_slice());
  ASSERT_TRUE(std::holds_alternative<Cleaned>(here)) << describe(here);
  write_part10(dir.path / "here.dcm", std::get<Cleaned>(here).instance);
  map_.reset();  // one process at a time has the map, and no thread of it crosses the fork

  const pid_t child = fork();
  if (child == 0) {
    map_ = node_.open();
    const Verdict there = clean(pet_slice());
    if (const auto* cleaned = std::get_if<Cleaned>(&there))
      write_part10(dir.path / "there.dcm", cleaned->instance);
    map_.reset();
    _exit(std::holds_alternative<Cleaned>(there) ? 0 : 1);
  }

  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(received_from(dir.path / "there.dcm")->data_set,
            received_from(dir.path / "here.dcm")->data_set);
}

// ---- 4, 5: forms of dates and times ----------------------------------------------------------

TEST_F(Invariants, TimesStayByteForByteInEveryPrecision) {
  for (const char* time :
       {"10", "1016", "101601", "101601.5", "101601.123456", "000000.000000", "235959.999999"}) {
    const auto output =
        output_of(clean(pet_slice()
                            .with(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.99.3.1")
                            .with(DCM_SeriesTime, time)
                            .with(DCM_AcquisitionTime, time)));

    EXPECT_EQ(value(*output, DCM_SeriesTime), time);
    EXPECT_EQ(value(*output, DCM_AcquisitionTime), time);
  }
}

TEST_F(Invariants, OfADateTimeOnlyTheDayMovesInEveryPrecision) {
  std::set<long> offsets;
  for (const char* rest : {"", "23", "2359", "235959", "235959.9", "235959.999999",
                           "235959.999999-0300", "0000+0000"}) {
    const auto output =
        output_of(clean(pet_slice().with(DCM_AcquisitionDateTime, "20240229" + std::string(rest))));
    const std::string after = value(*output, DCM_AcquisitionDateTime);

    ASSERT_GE(after.size(), 8U);
    EXPECT_EQ(after.substr(8), rest);
    offsets.insert(days_moved("20240229", after));
  }

  EXPECT_EQ(offsets.size(), 1U);
}

TEST_F(Invariants, ASeriesOverMidnightStaysTwoMinutesLong) {
  const auto instant = [&](const char* uid, const char* date, const char* time) {
    const auto output = output_of(clean(pet_slice()
                                            .with(DCM_SOPInstanceUID, uid)
                                            .with(DCM_AcquisitionDate, date)
                                            .with(DCM_AcquisitionTime, time)));
    return std::pair(value(*output, DCM_AcquisitionDate), value(*output, DCM_AcquisitionTime));
  };

  const auto before = instant("1.2.826.0.1.3680043.10.99.4.1", "20241231", "235900");
  const auto after = instant("1.2.826.0.1.3680043.10.99.4.2", "20250101", "000100");

  EXPECT_EQ(days_moved(before.first, after.first), 1);
  EXPECT_EQ(before.second, "235900");
  EXPECT_EQ(after.second, "000100");
}

TEST_F(Invariants, DatesInOldAndOddFormsKeepTheirForm) {
  const auto output = output_of(clean(pet_slice()
                                          .with(DCM_SeriesDate, "2025.03.04")
                                          .with(DCM_DateOfLastCalibration, "20250102\\20250203")
                                          .with(DCM_TimeOfLastCalibration, "0800\\0930")
                                          .with(DCM_AcquisitionDateTime, "202503")
                                          .with(DCM_ContentDate, "00000000")
                                          .with(DCM_InstanceCreationDate, "19000101")));
  const long offset = days_moved("20250304", value(*output, DCM_StudyDate));

  std::string series = value(*output, DCM_SeriesDate);
  ASSERT_EQ(series.size(), 10U);
  EXPECT_EQ(series[4], '.');
  std::erase(series, '.');
  EXPECT_EQ(days_moved("20250304", series), offset);
  const std::string calibrations = value(*output, DCM_DateOfLastCalibration);
  ASSERT_EQ(calibrations.size(), 17U) << "two values";
  EXPECT_EQ(days_moved("20250102", calibrations.substr(0, 8)), offset);
  EXPECT_EQ(days_moved("20250203", calibrations.substr(9)), offset);
  EXPECT_EQ(value(*output, DCM_TimeOfLastCalibration), "0800\\0930");
  const auto month = std::chrono::year_month_day(
      std::chrono::sys_days(std::chrono::year(2025) / 3 / 1) + std::chrono::days(offset));
  const std::string expected =
      std::to_string(static_cast<int>(month.year()) * 100 +
                     static_cast<int>(static_cast<unsigned>(month.month())));
  EXPECT_EQ(value(*output, DCM_AcquisitionDateTime), expected);
  EXPECT_EQ(value(*output, DCM_ContentDate), "");
  EXPECT_EQ(value(*output, DCM_InstanceCreationDate), "19000101");
}

// ---- 6: private instants below sequences -----------------------------------------------------

TEST_F(Invariants, PrivateInstantsBelowSequencesMoveWithThePatient) {
  const DcmTagKey creator(0x0009, 0x0011), scan(0x0009, 0x110D);
  const DcmTagKey xeleris(0x0055, 0x0010), detectors(0x0055, 0x1022);
  for (const char* syntax : {kExplicit, kImplicit}) {
    for (const DcmEVR vr : {EVR_DT, EVR_UN}) {
      DataSet data = pet_slice();
      DcmItem& standard = child(data.root(), DCM_DetectorInformationSequence);
      put_value(data.root(), xeleris, EVR_LO, "GEMS_GENIE_1");
      DcmItem& own = child(data.root(), detectors);
      for (DcmItem* item : {&standard, &own}) {
        put_value(*item, creator, EVR_LO, "GEMS_PETD_01");  // not in block 10 as it is outside
        put_value(*item, scan, vr, "20250304101601.25-0300");
      }

      const Verdict verdict = clean(std::move(data), "dosimetry", syntax);

      const auto output = output_of(verdict);
      const std::string moved = value(*output, DCM_StudyDate) + "101601.25-0300";
      const std::string bytes(as_text(all_bytes(std::get<Cleaned>(verdict).instance)));
      EXPECT_EQ(bytes.find("20250304101601.25"), std::string::npos);
      std::size_t found = 0;
      for (std::size_t at = bytes.find(moved); at != std::string::npos;
           at = bytes.find(moved, at + 1))
        ++found;
      EXPECT_EQ(found, 2U) << syntax << (vr == EVR_UN ? " as UN" : " as DT");
    }
  }
}

// ---- 11: the bytes ---------------------------------------------------------------------------

TEST_F(Invariants, NoPlantedIdentifierIsAnywhereInTheBytesOfTheOutput) {
  TempDir dir;
  std::vector<Planted> planted;
  for (const unsigned patient : {1U, 2U}) {
    const Phantom phantom =
        write_phantom({.directory = dir.path / "before" / std::to_string(patient),
                       .patient = patient,
                       .seed = patient,
                       .issuer = patient == 2});
    planted.insert(planted.end(), phantom.planted.begin(), phantom.planted.end());
  }

  const CleanedTree tree =
      clean_tree(dir.path / "before", dir.path / "after", settings("dosimetry"), *map_);

  EXPECT_EQ(tree.verdicts.size(), 1U) << "something was held";
  EXPECT_GT(find_leaks(dir.path / "before", planted).size(), 1000U) << "the search finds nothing";
  for (const Leak& leak : find_leaks(dir.path / "after", planted))
    ADD_FAILURE() << "a " << leak.kind << " is in " << leak.file.filename();
}

}  // namespace
}  // namespace dosigate::testing
