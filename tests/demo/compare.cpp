// Reads the synthetic patient's files before and after the gateway, shows what changed, and proves
// what must not have. Exit 0: every instance arrived, all intervals are equal to the microsecond,
// pixels are byte-identical, no planted identifier is in any arrived byte. Exit 1: one of these
// does not hold. Exit 2: cannot be judged.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "support/phantom_compare.h"
#include "support/phantom_leaks.h"

namespace {

using namespace dosigate::testing;
using Files = std::map<std::string, std::unique_ptr<LoadedFile>>;  // by match key
using Pairs = std::vector<std::pair<LoadedFile*, LoadedFile*>>;

std::unique_ptr<LoadedFile> load(const std::filesystem::path& path) {
  auto file = std::make_unique<LoadedFile>();
  file->path = path;
  if (file->format.loadFile(path.c_str()).bad())
    throw std::runtime_error("cannot read " + path.string());
  return file;
}

/// UTF-8 for the terminal, whatever the file's character set; "-" for what is not there.
std::string shown(LoadedFile& file, const DcmTagKey& tag, bool in_injection) {
  DcmItem* item = &file.data();
  if (in_injection &&
      file.data().findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, item).bad())
    return "-";
  std::string value = value_of(*item, tag);
  if (value.empty()) return "-";
  if (value_of(file.data(), DCM_SpecificCharacterSet) == "ISO_IR 100") {
    std::string utf8;
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) {
        utf8 += c;
      } else {
        utf8 += static_cast<char>(0xC0U | (byte >> 6U));
        utf8 += static_cast<char>(0x80U | (byte & 0x3FU));
      }
    }
    value = utf8;
  }
  if (value.size() > 34 && value.find('.') != std::string::npos && tag != DCM_PatientName)
    value = value.substr(0, 16) + "..." + value.substr(value.size() - 10);
  return value;
}

/// Pads by characters, not bytes.
void print_cell(const std::string& text, std::size_t width) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  std::printf("%s%s", text.c_str(),
              std::string(characters < width ? width - characters : 1, ' ').c_str());
}

void print_table(const std::string& title, LoadedFile& before, LoadedFile& after) {
  struct Row {
    const char* name;
    DcmTagKey tag;
    bool in_injection;
  };
  const Row rows[] = {
      {"PatientName", DCM_PatientName, false},
      {"PatientID", DCM_PatientID, false},
      {"PatientBirthDate", DCM_PatientBirthDate, false},
      {"PatientAge", DCM_PatientAge, false},
      {"PatientSex", DCM_PatientSex, false},
      {"PatientWeight (kg)", DCM_PatientWeight, false},
      {"PatientSize (m)", DCM_PatientSize, false},
      {"PatientComments", DCM_PatientComments, false},
      {"AccessionNumber", DCM_AccessionNumber, false},
      {"ReferringPhysicianName", DCM_ReferringPhysicianName, false},
      {"InstitutionName", DCM_InstitutionName, false},
      {"StationName", DCM_StationName, false},
      {"DeviceSerialNumber", DCM_DeviceSerialNumber, false},
      {"StudyDescription", DCM_StudyDescription, false},
      {"StudyInstanceUID", DCM_StudyInstanceUID, false},
      {"StudyDate", DCM_StudyDate, false},
      {"AcquisitionDate", DCM_AcquisitionDate, false},
      {"AcquisitionTime", DCM_AcquisitionTime, false},
      {"Injection (DateTime)", DCM_RadiopharmaceuticalStartDateTime, true},
      {"Injection (Time)", DCM_RadiopharmaceuticalStartTime, true},
      {"Administered activity", DCM_RadionuclideTotalDose, true},
      {"Half-life (s)", DCM_RadionuclideHalfLife, true},
      {"RescaleSlope", DCM_RescaleSlope, false},
      {"PatientIdentityRemoved", DCM_PatientIdentityRemoved, false},
      {"DeidentificationMethod", DCM_DeidentificationMethod, false},
  };
  std::printf("\n%s\n", title.c_str());
  for (const Row& row : rows) {
    const std::string was = shown(before, row.tag, row.in_injection);
    const std::string is = shown(after, row.tag, row.in_injection);
    if (was == "-" && is == "-") continue;
    std::printf("  ");
    print_cell(row.name, 25);
    print_cell(was.size() > 40 ? was.substr(0, 34) + "..." : was, 40);
    std::printf("%s\n", was == is ? "(same)" : is.c_str());
  }
}

std::string interval(Microseconds span) {
  const auto days = std::chrono::duration_cast<std::chrono::days>(span);
  const std::chrono::hh_mm_ss clock(span - days);
  char text[60];
  std::snprintf(text, sizeof text, "%3d d %02d:%02d:%02d.%06d", static_cast<int>(days.count()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

/// Moments of scan and injection of each study, as they stand in one of its NM or PT objects.
struct Moments {
  Microseconds injection, acquisition;
};

Moments moments(LoadedFile& file) {
  Moments found{};
  for (const auto& [place, at] : instants_of(file.data())) {
    if (place == DCM_AcquisitionDate.toString().c_str()) found.acquisition = at;
    if (place.find(DCM_RadiopharmaceuticalStartDateTime.toString().c_str()) != std::string::npos)
      found.injection = at;
  }
  return found;
}

bool print_intervals(
    const std::vector<std::pair<std::string, std::pair<LoadedFile*, LoadedFile*>>>& studies) {
  bool equal = true;
  const auto line = [&](const std::string& name, Microseconds was, Microseconds is) {
    std::printf("  ");
    print_cell(name, 48);
    std::printf("%s  %s  %s\n", interval(was).c_str(), interval(is).c_str(),
                was == is ? "equal" : "DIFFERENT");
    equal = equal && was == is;
  };
  std::printf(
      "\nIntervals                                         before                    after\n");
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const Moments was = moments(*studies[i].second.first);
    const Moments is = moments(*studies[i].second.second);
    line("injection to acquisition, " + studies[i].first, was.acquisition - was.injection,
         is.acquisition - is.injection);
    if (i == 0) continue;
    const Moments was_first = moments(*studies[0].second.first);
    const Moments is_first = moments(*studies[0].second.second);
    const bool later = was.acquisition > was_first.acquisition;
    line(later ? studies[0].first + " to " + studies[i].first
               : studies[i].first + " to " + studies[0].first,
         later ? was.acquisition - was_first.acquisition : was_first.acquisition - was.acquisition,
         later ? is.acquisition - is_first.acquisition : is_first.acquisition - is.acquisition);
  }
  return equal;
}

int run(const std::string& before_dir, const std::string& after_dir,
        const std::string& planted_file) {
  Files arrived;
  std::size_t others = 0;
  const auto originals = part10_files(before_dir);
  if (originals.empty()) throw std::runtime_error("no DICOM file in " + before_dir);
  const auto after_files = part10_files(after_dir);
  for (const auto& path : after_files) {
    auto file = load(path);
    std::string key = match_key(file->data());
    if (!arrived.emplace(std::move(key), std::move(file)).second) ++others;
  }

  int failures = 0;
  const auto fail = [&](const std::string& what) {
    std::printf("  FAILED: %s\n", what.c_str());
    ++failures;
  };
  std::vector<std::unique_ptr<LoadedFile>> keep;
  Pairs pairs;
  std::set<std::string> pseudonyms;
  std::vector<std::pair<std::string, std::pair<LoadedFile*, LoadedFile*>>> shown_studies;
  std::size_t missing = 0;
  std::size_t pixels_differ = 0;
  for (const auto& path : originals) {
    keep.push_back(load(path));
    LoadedFile* before = keep.back().get();
    const auto found = arrived.find(match_key(before->data()));
    if (found == arrived.end()) {
      ++missing;
      continue;
    }
    LoadedFile* after = found->second.get();
    pairs.emplace_back(before, after);
    pseudonyms.insert(value_of(after->data(), DCM_PatientID));
    if (pixels_of(before->data()) != pixels_of(after->data())) ++pixels_differ;
    const std::string modality = value_of(before->data(), DCM_Modality);
    const std::string study = path.parent_path().filename().string();
    if (modality != "CT" && (shown_studies.empty() || shown_studies.back().first != study))
      shown_studies.push_back({study, {before, after}});
  }

  for (const auto& [study, pair] : shown_studies) {
    const bool first_of_kind = study == shown_studies.front().first || study.rfind("PET", 0) == 0;
    if (first_of_kind)
      print_table(study + ", " + value_of(pair.first->data(), DCM_Modality) + ":   before, after",
                  *pair.first, *pair.second);
  }
  if (!shown_studies.empty() && !print_intervals(shown_studies)) fail("an interval has changed");

  std::printf("\nProof\n");
  if (missing != 0)
    fail(std::to_string(missing) + " of " + std::to_string(originals.size()) +
         " instances did not arrive");
  std::printf(
      "  %zu of %zu instances of the synthetic patient arrived (%zu files at the archive)\n",
      pairs.size(), originals.size(), after_files.size());
  if (pixels_differ != 0) fail(std::to_string(pixels_differ) + " instances have other pixel bytes");
  if (pixels_differ == 0 && !pairs.empty())
    std::printf("  pixel data byte-identical in all of them\n");
  if (pseudonyms.size() != 1)
    fail(std::to_string(pseudonyms.size()) + " pseudonyms for one patient");
  const IntervalProof proof = prove_intervals(pairs);
  for (const std::string& failure : proof.failures) fail(failure);
  if (proof.failures.empty())
    std::printf(
        "  %zu moments in %zu instances moved by the same %d days: all intervals are equal to the "
        "microsecond\n",
        proof.instants, proof.instances,
        static_cast<int>(std::chrono::duration_cast<std::chrono::days>(proof.shift).count()));

  if (!planted_file.empty()) {
    const auto planted = load_planted(planted_file);
    const auto leaks = find_leaks(after_dir, planted);
    std::map<std::string, std::size_t> by_kind;
    for (const Leak& leak : leaks) ++by_kind[leak.kind];
    for (const auto& [kind, count] : by_kind)
      fail("a planted " + kind + " is there " + std::to_string(count) + " times, first in " +
           std::find_if(leaks.begin(), leaks.end(), [&](const Leak& leak) {
             return leak.kind == kind;
           })->file.string());
    if (leaks.empty())
      std::printf("  none of %zu planted identifiers is in any arrived byte or file name\n",
                  planted.size());
  }
  if (others != 0)
    std::printf("  (%zu further files share all their numbers and times with another one)\n",
                others);
  std::printf("%s\n", failures == 0 ? "PROVED" : "NOT PROVED");
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string before;
  std::string after;
  std::string planted;
  CLI::App app{"Compares the synthetic patient's files before and after de-identification"};
  app.add_option("before", before, "folder with what was sent")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("after", after, "folder with what arrived")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--planted", planted, "file with the planted identifiers, as the phantom wrote it")
      ->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);
  return run(before, after, planted);
} catch (const std::exception& error) {
  std::fprintf(stderr, "compare: %s\n", error.what());
  return 2;
}
