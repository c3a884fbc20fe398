// Types of PS3.3 as conf/ps33 states them. The expectations here are written from the standard and
// not read from the table.

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deid/iod_types.h"
#include "deid/tag_key.h"
#include "deid/tsv.h"
#include "dosigate/deid/profile.h"
#include "support/paths.h"

namespace dosigate {

extern const std::string_view ps33_modules_text, ps33_iods_text;

namespace {

using enum AttributeType;

constexpr std::string_view nm = "1.2.840.10008.5.1.4.1.1.20";
constexpr std::string_view pet = "1.2.840.10008.5.1.4.1.1.128";
constexpr std::string_view enhanced_pet = "1.2.840.10008.5.1.4.1.1.130";
constexpr std::string_view ct = "1.2.840.10008.5.1.4.1.1.2";
constexpr std::string_view enhanced_ct = "1.2.840.10008.5.1.4.1.1.2.1";
constexpr std::string_view mr = "1.2.840.10008.5.1.4.1.1.4";
constexpr std::string_view enhanced_mr = "1.2.840.10008.5.1.4.1.1.4.1";
constexpr std::string_view seg = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr std::string_view rtstruct = "1.2.840.10008.5.1.4.1.1.481.3";
constexpr std::string_view rtdose = "1.2.840.10008.5.1.4.1.1.481.2";
constexpr std::string_view rtplan = "1.2.840.10008.5.1.4.1.1.481.5";
constexpr std::string_view beams_record = "1.2.840.10008.5.1.4.1.1.481.4";
constexpr std::string_view ion_record = "1.2.840.10008.5.1.4.1.1.481.9";
constexpr std::string_view basic_text = "1.2.840.10008.5.1.4.1.1.88.11";
constexpr std::string_view comprehensive = "1.2.840.10008.5.1.4.1.1.88.33";
constexpr std::string_view key_objects = "1.2.840.10008.5.1.4.1.1.88.59";
constexpr std::string_view dose_report = "1.2.840.10008.5.1.4.1.1.88.67";
constexpr std::string_view radiopharmaceutical_report = "1.2.840.10008.5.1.4.1.1.88.68";
constexpr std::string_view registration = "1.2.840.10008.5.1.4.1.1.66.1";
constexpr std::string_view real_world_values = "1.2.840.10008.5.1.4.1.1.67";
constexpr std::string_view presentation_state = "1.2.840.10008.5.1.4.1.1.11.1";
constexpr std::string_view encapsulated_pdf = "1.2.840.10008.5.1.4.1.1.104.1";
constexpr std::string_view slide = "1.2.840.10008.5.1.4.1.1.77.1.6";

constexpr std::uint32_t series_date = 0x00080021, acquisition_date = 0x00080022,
                        content_date = 0x00080023, acquisition_datetime = 0x0008002A,
                        series_time = 0x00080031, content_time = 0x00080033,
                        acquisition_time = 0x00080032, institution = 0x00080080,
                        institution_codes = 0x00080082, station = 0x00081010,
                        operators = 0x00081070, operator_ids = 0x00081072,
                        referenced_study = 0x00081110, performed_step = 0x00081111,
                        referenced_image = 0x00081140, source_image = 0x00082112,
                        patient_id = 0x00100020, contrast_agent = 0x00180010,
                        serial_number = 0x00181000, protocol = 0x00181030,
                        acquisition_context = 0x00400555, observation_datetime = 0x0040A032,
                        content_creator = 0x00700084, machine_name = 0x300A00B2,
                        plan_date = 0x300A0006, reviewer = 0x300E0008;

/// The Type at a path of sequences below the top level. Unknown where the table has no such level.
AttributeType type_at(std::string_view sop_class, std::vector<std::uint32_t> path) {
  const TypeLevel* level = top_level_types(sop_class);
  const std::uint32_t tag = path.back();
  path.pop_back();
  for (const std::uint32_t sequence : path) {
    if (level == nullptr) break;
    level = level->inside(sequence);
  }
  return level == nullptr ? Unknown : level->of(tag);
}

AttributeType type_of(std::string_view sop_class, std::uint32_t tag) {
  return type_at(sop_class, {tag});
}

// ---- top level ---------------------------------------------------------------------------------

TEST(IodTypes, NuclearMedicineDatesAreOptionalButTheContentDateIsConditional) {
  EXPECT_EQ(type_of(nm, series_date), Three);
  EXPECT_EQ(type_of(nm, acquisition_date), Three);
  EXPECT_EQ(type_of(nm, acquisition_datetime), Three);
  EXPECT_EQ(type_of(nm, content_date), Two);  // 2C of General Image
  EXPECT_EQ(type_of(nm, serial_number), Three);
  EXPECT_EQ(type_of(nm, patient_id), Two);
}

TEST(IodTypes, PetNeedsItsSeriesDateAndHasAcquisitionDatesOfType2) {
  EXPECT_EQ(type_of(pet, series_date), One);  // PET Series over the Type 3 of General Series
  EXPECT_EQ(type_of(pet, series_time), One);
  EXPECT_EQ(type_of(pet, acquisition_date), Two);  // PET Image over General Acquisition
  EXPECT_EQ(type_of(pet, acquisition_time), Two);
  EXPECT_EQ(type_of(pet, content_date), Two);
  EXPECT_EQ(type_of(pet, protocol), Three);
}

TEST(IodTypes, CtAndMrHaveOptionalDatesAndAContrastAgentOfType2) {
  for (const auto image : {ct, mr}) {
    EXPECT_EQ(type_of(image, acquisition_date), Three) << image;
    EXPECT_EQ(type_of(image, series_date), Three) << image;
    EXPECT_EQ(type_of(image, content_time), Two) << image;
    EXPECT_EQ(type_of(image, contrast_agent), Two) << image;
    EXPECT_EQ(type_of(image, serial_number), Three) << image;
    EXPECT_EQ(type_of(image, institution), Three) << image;
    EXPECT_EQ(type_of(image, referenced_image), Three) << image;
  }
}

TEST(IodTypes, EnhancedImagesNeedSerialNumberContentDateAndAcquisitionDateTime) {
  for (const auto image : {enhanced_ct, enhanced_mr, enhanced_pet}) {
    EXPECT_EQ(type_of(image, serial_number), One) << image;
    EXPECT_EQ(type_of(image, content_date), One) << image;
    EXPECT_EQ(type_of(image, acquisition_datetime), One) << image;  // 1C
    EXPECT_EQ(type_of(image, performed_step), One) << image;        // 1C
    EXPECT_EQ(type_of(image, acquisition_context), Two) << image;
    EXPECT_EQ(type_of(image, series_date), Three) << image;
  }
}

TEST(IodTypes, SegmentationNeedsContentDateAndSerialNumberAndMayLackItsCreator) {
  EXPECT_EQ(type_of(seg, content_date), One);
  EXPECT_EQ(type_of(seg, serial_number), One);
  EXPECT_EQ(type_of(seg, content_creator), Two);
  EXPECT_EQ(type_of(seg, acquisition_date), Three);
}

TEST(IodTypes, RadiotherapySeriesHaveAnOperatorOfType2) {
  for (const auto object : {rtstruct, rtdose, rtplan, beams_record, ion_record}) {
    EXPECT_EQ(type_of(object, operators), Two) << object;
    EXPECT_EQ(type_of(object, serial_number), Three) << object;
    EXPECT_EQ(type_of(object, series_date), Three) << object;
  }
  EXPECT_EQ(type_of(ct, operators), Three);
}

TEST(IodTypes, RadiotherapyDatesAndReviewersAreOfType2) {
  EXPECT_EQ(type_of(rtplan, plan_date), Two);
  EXPECT_EQ(type_of(rtplan, reviewer), Two);
  EXPECT_EQ(type_of(rtstruct, reviewer), Two);
  EXPECT_EQ(type_of(rtdose, reviewer), Three);
  EXPECT_EQ(type_of(beams_record, 0x30080250), Two);
  EXPECT_EQ(type_of(beams_record, 0x30080251), Two);
}

TEST(IodTypes, ReportsNeedTheContentDateAndMayHaveAnEmptyPerformedStep) {
  for (const auto report :
       {basic_text, comprehensive, dose_report, radiopharmaceutical_report, key_objects}) {
    EXPECT_EQ(type_of(report, content_date), One) << report;
    EXPECT_EQ(type_of(report, content_time), One) << report;
    EXPECT_EQ(type_of(report, performed_step), Two) << report;
    EXPECT_EQ(type_of(report, series_date), Three) << report;
    EXPECT_EQ(type_of(report, observation_datetime), One) << report;  // 1C
  }
  EXPECT_EQ(type_of(basic_text, serial_number), Three);
  EXPECT_EQ(type_of(dose_report, serial_number), One);
  EXPECT_EQ(type_of(radiopharmaceutical_report, serial_number), One);
}

TEST(IodTypes, RegistrationsAndPresentationStatesNameACreatorOfType2) {
  for (const auto object : {registration, real_world_values, presentation_state})
    EXPECT_EQ(type_of(object, content_creator), Two) << object;
  EXPECT_EQ(type_of(registration, content_date), One);
  EXPECT_EQ(type_of(real_world_values, content_date), One);
  EXPECT_EQ(type_of(encapsulated_pdf, content_date), Two);
  EXPECT_EQ(type_of(encapsulated_pdf, acquisition_datetime), Two);
}

TEST(IodTypes, TheLabelOfASlideIsOfType2OnlyOnSlides) {
  EXPECT_EQ(type_of(slide, 0x22000002), Two);
  EXPECT_EQ(type_of(slide, 0x22000005), Two);
  EXPECT_EQ(type_of(slide, acquisition_datetime), One);
  EXPECT_EQ(type_of(ct, 0x22000005), Three);
}

// ---- nested ------------------------------------------------------------------------------------

TEST(IodTypes, APersonIsIdentifiedByAnInstitutionOfType1C) {
  EXPECT_EQ(type_at(nm, {0x00080096, institution}), One);
  EXPECT_EQ(type_at(nm, {0x00080096, institution_codes}), One);
  EXPECT_EQ(type_at(nm, {operator_ids, institution}), One);
  EXPECT_EQ(type_at(rtplan, {operator_ids, institution}), One);
  EXPECT_EQ(type_of(nm, institution), Three);
}

TEST(IodTypes, ContributingEquipmentIsOptionalThroughout) {
  for (const auto tag : {institution, station, serial_number, operators, operator_ids})
    EXPECT_EQ(type_at(enhanced_pet, {0x0018A001, tag}), Three);
  EXPECT_EQ(type_at(enhanced_pet, {0x0018A001, operator_ids, institution}), One);
}

TEST(IodTypes, AnotherPatientIdNeedsItsValue) {
  EXPECT_EQ(type_at(ct, {0x00101002, patient_id}), One);
}

TEST(IodTypes, ReferencesInFunctionalGroupsAreOfType2) {
  for (const std::uint32_t groups : {0x52009229U, 0x52009230U}) {
    EXPECT_EQ(type_at(seg, {groups, 0x00089124, source_image}), Two);
    EXPECT_EQ(type_at(enhanced_ct, {groups, referenced_image}), Two);
  }
  EXPECT_EQ(type_of(enhanced_ct, referenced_image), Three);
}

TEST(IodTypes, AMachineHasANameOfType2) {
  EXPECT_EQ(type_at(rtplan, {0x300A00B0, machine_name}), Two);
  EXPECT_EQ(type_at(rtplan, {0x300A00B0, serial_number}), Three);
  EXPECT_EQ(type_at(rtplan, {0x300A00B0, institution}), Three);
  EXPECT_EQ(type_at(beams_record, {0x300A0206, serial_number}), Two);
  EXPECT_EQ(type_at(beams_record, {0x300A0206, institution}), Two);
  EXPECT_EQ(type_at(beams_record, {0x30080020, 0x30080040, 0x30080060, operators}), Two);
  EXPECT_EQ(type_at(ion_record, {0x30080021, 0x30080041, 0x30080060, operators}), Two);
}

TEST(IodTypes, AReportRequestsAStudyThatMayBeEmpty) {
  EXPECT_EQ(type_at(comprehensive, {0x0040A370, referenced_study}), Two);
  EXPECT_EQ(type_at(comprehensive, {0x0040A370, 0x00321060}), Two);
  EXPECT_EQ(type_at(comprehensive, {0x0040A078, institution}), Two);
  EXPECT_EQ(type_of(comprehensive, referenced_study), Three);
  EXPECT_EQ(type_at(ct, {0x00400275, referenced_study}), Three);
}

TEST(IodTypes, PresentationStatesAndMapsNeedTheImagesTheyShow) {
  EXPECT_EQ(type_at(presentation_state, {0x00081115, referenced_image}), One);
  EXPECT_EQ(type_at(presentation_state, {0x00700001, referenced_image}), One);  // 1C
  EXPECT_EQ(type_at(real_world_values, {0x00409094, referenced_image}), One);
  EXPECT_EQ(type_at(registration, {0x00700308, referenced_image}), One);  // 1C
}

TEST(IodTypes, ContentItemsContainContentItemsToAnyDepth) {
  for (const auto report : {comprehensive, dose_report, key_objects, encapsulated_pdf}) {
    const TypeLevel* level = top_level_types(report);
    ASSERT_NE(level, nullptr);
    for (int depth = 0; depth < 1000; ++depth) {
      level = level->inside(0x0040A730);
      ASSERT_NE(level, nullptr) << report << " at depth " << depth;
      ASSERT_EQ(level->of(observation_datetime), One) << report << " at depth " << depth;
    }
  }
}

TEST(IodTypes, AcquisitionContextHoldsContentItemsAndTheirModifiers) {
  EXPECT_EQ(type_at(nm, {acquisition_context, observation_datetime}), Three);
  EXPECT_EQ(type_at(nm, {acquisition_context, 0x00400441, observation_datetime}), Three);
}

// ---- what is not listed ------------------------------------------------------------------------

TEST(IodTypes, AnAttributeBeyondTheIodIsOfType3) {
  EXPECT_EQ(type_of(ct, plan_date), Three);
  EXPECT_EQ(type_of(ct, 0x00091001), Three);
  EXPECT_EQ(type_at(ct, {0x0018A001, plan_date}), Three);
}

TEST(IodTypes, OfASequenceThatNoModuleListsNothingIsKnown) {
  EXPECT_EQ(top_level_types(ct)->inside(0x300A00B0), nullptr);
  EXPECT_EQ(top_level_types(ct)->inside(patient_id), nullptr);
}

TEST(IodTypes, OfAClassThatIsNotListedNothingIsKnown) {
  EXPECT_EQ(top_level_types(""), nullptr);
  EXPECT_EQ(top_level_types("1.2.276.0.7230010.3.1.0.1"), nullptr);
  EXPECT_EQ(top_level_types("1.2.840.10008.5.1.4.1.1"), nullptr);
}

TEST(IodTypes, ManyThreadsReadOneTable) {
  std::vector<std::jthread> threads;
  std::vector<const TypeLevel*> seen(8);
  for (std::size_t i = 0; i < seen.size(); ++i)
    threads.emplace_back([&seen, i] { seen[i] = top_level_types(pet); });
  threads.clear();
  EXPECT_THAT(seen, ::testing::Each(seen[0]));
  EXPECT_NE(seen[0], nullptr);
}

// ---- coverage ----------------------------------------------------------------------------------

TEST(IodTypes, EveryStorageClassOfTheProductHasATable) {
  const std::vector<std::string> classes = {
      "1",      "1.1",      "1.1.1",  "1.2",    "1.2.1",    "1.3",      "1.3.1",    "2",
      "2.1",    "2.2",      "3.1",    "4",      "4.1",      "4.2",      "4.3",      "4.4",
      "6.1",    "6.2",      "7",      "7.1",    "7.2",      "7.3",      "7.4",      "9.1.1",
      "9.1.2",  "9.1.3",    "9.2.1",  "9.3.1",  "9.4.1",    "11.1",     "11.2",     "11.3",
      "11.4",   "11.5",     "11.8",   "12.1",   "12.1.1",   "12.2",     "12.2.1",   "13.1.1",
      "13.1.2", "13.1.3",   "13.1.4", "13.1.5", "20",       "30",       "66",       "66.1",
      "66.2",   "66.3",     "66.4",   "66.5",   "66.7",     "67",       "77.1.1",   "77.1.1.1",
      "77.1.2", "77.1.2.1", "77.1.3", "77.1.4", "77.1.4.1", "77.1.5.1", "77.1.5.2", "77.1.5.4",
      "77.1.6", "88.11",    "88.22",  "88.33",  "88.34",    "88.35",    "88.40",    "88.50",
      "88.59",  "88.65",    "88.67",  "88.68",  "88.69",    "88.70",    "88.71",    "88.72",
      "88.73",  "88.74",    "88.75",  "88.76",  "91.1",     "104.1",    "104.2",    "104.3",
      "104.4",  "104.5",    "128",    "128.1",  "130",      "481.1",    "481.2",    "481.3",
      "481.4",  "481.5",    "481.6",  "481.7",  "481.8",    "481.9"};
  for (const std::string& last : classes) {
    const TypeLevel* top = top_level_types("1.2.840.10008.5.1.4.1.1." + last);
    ASSERT_NE(top, nullptr) << last;
    EXPECT_EQ(top->of(patient_id), Two) << last;          // Patient is mandatory in every one
    EXPECT_NE(top->inside(0x0018A001), nullptr) << last;  // and so is SOP Common
  }
}

/// SOP Class UID of the file meta information, without a reader: (0002,0002) is explicit VR UI.
std::string media_storage_class(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string head(1024, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  const auto at = head.find(std::string("\x02\0\x02\0UI", 6));
  if (head.compare(128, 4, "DICM") != 0 || at == std::string::npos) return {};
  const auto length = static_cast<unsigned char>(head[at + 6]);
  std::string uid = head.substr(at + 8, length);
  while (!uid.empty() && uid.back() == '\0') uid.pop_back();
  return uid;
}

TEST(IodTypes, EveryStorageClassOfTheRealFilesHasATable) {
  const auto root = std::filesystem::path(DOSIGATE_SOURCE_DIR) / "../shared/data/dicom";
  if (!std::filesystem::is_directory(root)) GTEST_SKIP() << "no real files here";
  std::set<std::string> without;
  int storage = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string uid = media_storage_class(entry.path());
    if (!uid.starts_with("1.2.840.10008.5.1.4.1.1.")) continue;  // directories, private classes
    ++storage;
    if (top_level_types(uid) == nullptr) without.insert(uid);
  }
  EXPECT_GT(storage, 300);
  EXPECT_THAT(without, ::testing::IsEmpty());
}

// ---- the table itself --------------------------------------------------------------------------

TEST(IodTypes, EveryListedAttributeHasACompoundCode) {
  std::set<std::uint32_t> compound;
  for (const TableRow& row : confidentiality_table()) {
    if (row.basic.find('/') != std::string::npos) compound.insert(exact_tag(row.tag));
  }
  std::set<std::uint32_t> listed;
  for (const auto& cell : read_tsv(ps33_modules_text, "modules.tsv").rows) {
    if (!cell[2].starts_with('+')) listed.insert(exact_tag(cell[2]));
  }
  EXPECT_GT(listed.size(), 35U);
  EXPECT_THAT(listed, ::testing::IsSubsetOf(compound));
}

TEST(IodTypes, EveryModuleAndMacroIsUsed) {
  std::set<std::string_view> used, named;
  for (const auto& cell : read_tsv(ps33_modules_text, "modules.tsv").rows) {
    named.insert(cell[0]);
    if (cell[2].starts_with('+')) used.insert(cell[2].substr(1));
  }
  for (const auto& cell : read_tsv(ps33_iods_text, "iods.tsv").rows) {
    std::string_view rest = cell[2];
    for (auto end = rest.find("; "); end != std::string_view::npos; end = rest.find("; ")) {
      used.insert(rest.substr(0, end));
      rest.remove_prefix(end + 2);
    }
    used.insert(rest);
  }
  EXPECT_EQ(used, named);
}

constexpr std::string_view one_iod =
    "# 1 rows.\nsop_class\tiod\tmodules\n1.2\tImage\tFirst; Second\n";

std::string modules_of(const std::vector<std::string>& rows) {
  std::string text = "# " + std::to_string(rows.size()) + " rows.\nmodule\tpath\ttag\ttype\n";
  for (const auto& row : rows) text += row + "\n";
  return text;
}

std::string why_broken(const std::vector<std::string>& rows, std::string_view iods = one_iod) {
  try {
    const std::string modules = modules_of(rows);
    const TypeTable table(modules, iods);
    return "reads";
  } catch (const std::runtime_error& why) {
    return why.what();
  }
}

TEST(TypeTable, OfTwoModulesTheStricterOneHolds) {
  const std::string modules = modules_of({"First\t\t0008,0021\t3", "First\t\t0008,0022\t1C",
                                          "Second\t\t0008,0021\t2C", "Second\t\t0008,0022\t2"});
  const TypeTable table(modules, one_iod);
  EXPECT_EQ(table.top_level("1.2")->of(0x00080021), Two);
  EXPECT_EQ(table.top_level("1.2")->of(0x00080022), One);
}

TEST(TypeTable, MacrosThatIncludeEachOtherEndInARing) {
  const std::string modules =
      modules_of({"First\t0008,1140\t+A\t-", "A\t\t0008,0021\t2", "A\t0008,2112\t+B\t-",
                  "B\t\t0008,0022\t1", "B\t\t+A\t-", "Second\t\t0008,0023\t3"});
  const TypeTable table(modules, one_iod);
  const TypeLevel* a = table.top_level("1.2")->inside(0x00081140);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->of(0x00080022), Three);
  const TypeLevel* b = a->inside(0x00082112);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->of(0x00080021), Two);
  EXPECT_EQ(b->of(0x00080022), One);
  EXPECT_EQ(b->inside(0x00082112), b);
}

TEST(TypeTable, ABrokenRowStopsTheStartAndIsNamed) {
  using ::testing::HasSubstr;
  const std::string good = "First\t\t0008,0021\t3", second = "Second\t\t0008,0021\t3";
  EXPECT_EQ(why_broken({good, second}), "reads");
  EXPECT_THAT(why_broken({good, "Second\t\t0008,0021\t4"}),
              HasSubstr("modules.tsv: row 2: no Type"));
  EXPECT_THAT(why_broken({good, "Second\t\t00080021\t3"}), HasSubstr("modules.tsv: row 2: no tag"));
  EXPECT_THAT(why_broken({good, "Second\t0008,11\t0008,0021\t3"}), HasSubstr("row 2: no tag"));
  EXPECT_THAT(why_broken({good, good, second}), HasSubstr("row 2: a second row of First"));
  EXPECT_THAT(why_broken({good, "Second\t\t+Nobody\t-"}), HasSubstr("no module or macro Nobody"));
  EXPECT_THAT(why_broken({good, "Second\t\t+First\t3"}), HasSubstr("row 2: a macro has no Type"));
  EXPECT_THAT(why_broken({good}), HasSubstr("iods.tsv: row 1: conf/ps33/modules.tsv: no module"));
  EXPECT_THAT(why_broken({good, second},
                         "# 2 rows.\nsop_class\tiod\tmodules\n1.2\tA\tFirst\n1.2\tB\tSecond\n"),
              HasSubstr("iods.tsv: row 2: a second row for 1.2"));
  EXPECT_THAT(why_broken({good, second}, "# 2 rows.\nsop_class\tiod\tmodules\n1.2\tA\tFirst\n"),
              HasSubstr("first line says"));
}

}  // namespace
}  // namespace dosigate
