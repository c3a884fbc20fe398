// The invariants of dosimetry.md A3 over several objects of a patient, by the real engine. Where
// the others are:
//   1 SUV factors                     judge/suv_test.cpp
//   5 dates that are none             unit/deid/dates_test.cpp, unit/deid/clean_test.cpp
//   6 private instants, row by row    unit/deid/private_rows_test.cpp (nested ones here)
//   7 age                             unit/deid/clean_test.cpp, unit/deid/dates_test.cpp
//   9 untouched set, 10 syntax and dciodvfy, 11 every value    judge/reader_test.cpp
//  12 one person under two numbers    unit/identity/map_test.cpp, wire/identity_test.cpp

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "judge/cleaned_tree.h"
#include "judge/instance_files.h"
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

DcmItem& child(DcmItem& parent, const DcmTagKey& sequence) {
  DcmItem* item = nullptr;
  if (parent.findOrCreateSequenceItem(DcmTag(sequence, EVR_SQ), item, -2).bad())
    throw std::runtime_error("test data set: no sequence");
  return *item;
}

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

// ---- 8: the graph of references --------------------------------------------------------------

constexpr std::string_view kRoot = "1.2.826.0.1.3680043.10.99.7";
std::string uid(int number) { return std::string(kRoot) + "." + std::to_string(number); }
enum Uid {
  Study = 1,
  Frame,
  CtSeries,
  PetSeries,
  Ct1,
  Ct2,
  Ct3,
  Pet,
  Struct,
  Plan,
  Dose,
  Seg,
  Reg,
  Rwvm
};

DataSet object(const char* sop_class, const char* modality, int instance, int series) {
  return any_instance(sop_class)
      .with(DCM_Modality, modality)
      .with(DCM_SOPInstanceUID, uid(instance))
      .with(DCM_StudyInstanceUID, uid(Study))
      .with(DCM_SeriesInstanceUID, uid(series))
      .with(DCM_FrameOfReferenceUID, uid(Frame));
}
DataSet image(DataSet data, int instance, int series) {
  return std::move(data)
      .with(DCM_SOPInstanceUID, uid(instance))
      .with(DCM_StudyInstanceUID, uid(Study))
      .with(DCM_SeriesInstanceUID, uid(series))
      .with(DCM_FrameOfReferenceUID, uid(Frame));
}
void refer(DcmItem& item, const char* sop_class, int instance) {
  put_value(item, DCM_ReferencedSOPClassUID, EVR_UI, sop_class);
  put_value(item, DCM_ReferencedSOPInstanceUID, EVR_UI, uid(instance));
}

/// A hybrid study with everything that points at its images. Ct3 and the plan are never among them.
std::vector<DataSet> objects() {
  std::vector<DataSet> all;
  all.push_back(image(ct_slice(), Ct1, CtSeries));
  all.push_back(image(ct_slice(), Ct2, CtSeries));
  all.push_back(image(pet_slice(), Pet, PetSeries));

  DataSet structures = object(UID_RTStructureSetStorage, "RTSTRUCT", Struct, 21);
  DcmItem& frame = child(structures.root(), DCM_ReferencedFrameOfReferenceSequence);
  put_value(frame, DCM_FrameOfReferenceUID, EVR_UI, uid(Frame));
  DcmItem& study = child(frame, DCM_RTReferencedStudySequence);
  refer(study, "1.2.840.10008.3.1.2.3.1", Study);
  DcmItem& series = child(study, DCM_RTReferencedSeriesSequence);
  put_value(series, DCM_SeriesInstanceUID, EVR_UI, uid(CtSeries));
  for (const int slice : {Ct1, Ct2, Ct3})
    refer(child(series, DCM_ContourImageSequence), kCtImageStorage, slice);
  all.push_back(std::move(structures));

  DataSet dose = object(UID_RTDoseStorage, "RTDOSE", Dose, 22);
  refer(child(dose.root(), DCM_ReferencedStructureSetSequence), UID_RTStructureSetStorage, Struct);
  refer(child(dose.root(), DCM_ReferencedRTPlanSequence), UID_RTPlanStorage, Plan);
  all.push_back(std::move(dose));

  DataSet segments = object(UID_SegmentationStorage, "SEG", Seg, 23);
  DcmItem& segmented = child(segments.root(), DCM_ReferencedSeriesSequence);
  put_value(segmented, DCM_SeriesInstanceUID, EVR_UI, uid(PetSeries));
  refer(child(segmented, DCM_ReferencedInstanceSequence), kPetImageStorage, Pet);
  DcmItem& group = child(segments.root(), DCM_PerFrameFunctionalGroupsSequence);
  refer(child(child(group, DCM_DerivationImageSequence), DCM_SourceImageSequence), kPetImageStorage,
        Pet);
  all.push_back(std::move(segments));

  DataSet registration = object(UID_SpatialRegistrationStorage, "REG", Reg, 24);
  DcmItem& moved = child(registration.root(), DCM_RegistrationSequence);
  put_value(moved, DCM_FrameOfReferenceUID, EVR_UI, uid(Frame));
  for (const int slice : {Ct1, Ct3})
    refer(child(moved, DCM_ReferencedImageSequence), kCtImageStorage, slice);
  all.push_back(std::move(registration));

  DataSet values = object(UID_RealWorldValueMappingStorage, "RWV", Rwvm, 25);
  DcmItem& mapping = child(values.root(), DCM_ReferencedImageRealWorldValueMappingSequence);
  refer(child(mapping, DCM_ReferencedImageSequence), kPetImageStorage, Pet);
  all.push_back(std::move(values));
  return all;
}

/// Every UID at every place: "3006,0010[0].0020,0052".
void collect_uids(DcmItem& item, const std::string& prefix,
                  std::map<std::string, std::string>& out) {
  for (unsigned long i = 0; i < item.card(); ++i) {
    DcmElement* element = item.getElement(i);
    const std::string path = prefix + std::string(element->getTag().toString().c_str());
    if (element->ident() == EVR_SQ) {
      auto& sequence = static_cast<DcmSequenceOfItems&>(*element);
      for (unsigned long n = 0; n < sequence.card(); ++n)
        collect_uids(*sequence.getItem(n), path + "[" + std::to_string(n) + "].", out);
    } else if (element->getVR() == EVR_UI) {
      OFString text;
      element->getOFStringArray(text);
      out[path] = std::string(text.data(), text.size());
    }
  }
}
std::map<std::string, std::string> uids_of(DcmItem& item) {
  std::map<std::string, std::string> out;
  collect_uids(item, "", out);
  return out;
}

/// What became of each original UID; fails the test where it became two, or two became one.
class Bijection {
 public:
  void add(DcmItem& before, DcmItem& after) {
    const auto was = uids_of(before), is = uids_of(after);
    for (const auto& [path, original] : was) {
      ASSERT_TRUE(is.contains(path)) << path << " is gone";
      const std::string now = is.at(path);
      if (!original.starts_with(kRoot)) {
        EXPECT_EQ(now, original) << path << " names a class";
        continue;
      }
      EXPECT_TRUE(now.starts_with("2.25.")) << path;
      EXPECT_EQ(there_.emplace(original, now).first->second, now) << path;
      EXPECT_EQ(back_.emplace(now, original).first->second, original) << path;
    }
  }
  const std::map<std::string, std::string>& there() const { return there_; }

 private:
  std::map<std::string, std::string> there_, back_;
};

/// Cleans the objects in this order over a map and returns what became of their UIDs.
std::map<std::string, std::string> cleaned_graph(const std::vector<std::size_t>& order,
                                                 const Deidentifier& deidentifier) {
  Bijection uids;
  for (const std::size_t which : order) {
    DataSet data = std::move(objects()[which]);
    const auto before = std::make_unique<DcmDataset>(data.root());
    const auto after = output_of(deidentifier.clean(data.received(kExplicit)));
    SCOPED_TRACE(value(*before, DCM_Modality));
    uids.add(*before, *after);
  }
  return uids.there();
}

TEST_F(Invariants, TheGraphOfReferencesIsTheSameInWhateverOrderObjectsArrive) {
  std::vector<std::size_t> order(objects().size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::mt19937 random(4711);
  std::set<std::size_t> nodes;

  for (int round = 0; round < 8; ++round) {
    const Node node(false);
    const auto map = node.open();
    ASSERT_TRUE(map->declare_site(site_a()));
    const Deidentifier deidentifier(settings("dosimetry"), *map);

    // A map that has never seen the patient, then the same one with everything in another order.
    const auto first = cleaned_graph(order, deidentifier);
    std::shuffle(order.begin(), order.end(), random);
    const auto again = cleaned_graph(order, deidentifier);

    EXPECT_EQ(again, first) << "round " << round;
    nodes.insert(first.size());
  }
  // 14 named above and the five series of the derived objects; Ct3 and the plan are among them
  // though they were never sent.
  EXPECT_EQ(nodes, std::set<std::size_t>{19});
}

TEST_F(Invariants, AnInstanceThatArrivesAfterItsReferencesIsTheOneTheyName) {
  const Deidentifier deidentifier(settings("dosimetry"), *map_);
  const auto referred =
      cleaned_graph({3, 6}, deidentifier);  // structures and registration name Ct3

  DataSet late = image(ct_slice(), Ct3, CtSeries);
  const auto output = output_of(deidentifier.clean(late.received(kExplicit)));

  EXPECT_EQ(value(*output, DCM_SOPInstanceUID), referred.at(uid(Ct3)));
  EXPECT_EQ(value(*output, DCM_SeriesInstanceUID), referred.at(uid(CtSeries)));
  EXPECT_EQ(value(*output, DCM_FrameOfReferenceUID), referred.at(uid(Frame)));
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
