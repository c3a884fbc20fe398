// The output read a second time by software that shares nothing with the node: pydicom element by
// element, and dciodvfy.

#include <sstream>

#include "judge/cleaned_tree.h"
#include "judge/judges.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

const std::filesystem::path kSource = DOSIGATE_SOURCE_DIR;
const std::filesystem::path kRealFiles = kSource / ".." / "shared" / "data" / "dicom";

/// What a judge printed: findings by line, and its counts.
struct Report {
  std::vector<std::string> findings;
  std::map<std::string, std::size_t> counts;
};
Report report_of(const Finished& judge) {
  Report report;
  EXPECT_EQ(judge.code, 0) << judge.output;
  std::istringstream lines(judge.output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t tab = line.find('\t'), second = line.find('\t', tab + 1);
    if (line.starts_with("count\t"))
      report.counts[line.substr(tab + 1, second - tab - 1)] = std::stoul(line.substr(second + 1));
    else if (line.starts_with("note\t"))
      std::cout << "  " << line << "\n";
    else
      report.findings.push_back(line);
  }
  return report;
}

/// Cleans a tree for the judges. DOSIGATE_JUDGE_KEEP=directory leaves what was judged for a look.
class JudgedTree {
 public:
  JudgedTree(const std::filesystem::path& root, Deidentifier::Settings with, PseudonymMap& map) {
    const char* keep = std::getenv("DOSIGATE_JUDGE_KEEP");
    const auto out = keep != nullptr ? std::filesystem::path(keep) : dir_.path / "after";
    with.default_charset = "ISO_IR 100";
    tree_ = clean_tree(root, out, with, map);
    write_pairs(tree_, out / "pairs.tsv");
    pairs_ = out / "pairs.tsv";
    for (const auto& [what, count] : tree_.verdicts)
      std::cout << "  " << count << "  " << what << "\n";
  }
  const CleanedTree& tree() const { return tree_; }

  /// @param allowed  a file of tests/judge, or nothing is allowed.
  Report second_reader(const std::string& allowed = {}) const {
    return ask({judge_script("second_reader.py").string(), pairs_.string(),
                (kSource / "conf/ps315/table_e1_1.tsv").string()},
               allowed);
  }
  Report dciodvfy(const std::string& allowed = {}) const {
    return ask({judge_script("dciodvfy.py").string(), pairs_.string()}, allowed);
  }

 private:
  static Report ask(std::vector<std::string> script, const std::string& allowed) {
    script.insert(script.begin(), {kPython, "-B"});
    if (!allowed.empty()) script.push_back(judge_script(allowed).string());
    const Report report = report_of(run(script, std::chrono::seconds(150)));
    for (const auto& [what, count] : report.counts)
      std::cout << "  " << count << "  " << what << "\n";
    return report;
  }

  TempDir dir_;
  std::filesystem::path pairs_;
  CleanedTree tree_;
};

/// The invented patients.
class SecondReader : public Cleaning {
 protected:
  JudgedTree clean_phantoms(std::initializer_list<unsigned> patients) {
    for (const unsigned patient : patients)
      write_phantom(
          {.directory = dir_.path / std::to_string(patient), .patient = patient, .seed = patient});
    return {dir_.path, settings("dosimetry"), *map_};
  }
  TempDir dir_;
};

TEST_F(SecondReader, FindsThePhantomDeidentifiedAndItsDosimetryUntouched) {
  DOSIGATE_NEEDS_JUDGE(missing_pydicom());

  const JudgedTree judged = clean_phantoms({1, 2, 3});
  const Report report = judged.second_reader();

  EXPECT_EQ(judged.tree().verdicts.size(), 1U) << "something was held";
  EXPECT_EQ(report.counts.at("patients"), 3U);
  EXPECT_GT(report.counts.at("dates shifted"), 100U);
  EXPECT_GT(report.counts.at("UIDs mapped"), 100U);
  for (const std::string& finding : report.findings) ADD_FAILURE() << finding;
}

std::string name_of(unsigned patient) {
  for (const Planted& planted : planted_identifiers({.directory = {}, .patient = patient}))
    if (planted.kind == "name") return planted.value;
  throw std::logic_error("the phantom plants no name");
}

TEST_F(SecondReader, SeesWhatAWrongDeidentificationWouldDo) {
  DOSIGATE_NEEDS_JUDGE(missing_pydicom());
  const JudgedTree judged = clean_phantoms({1});
  const CleanedTree& tree = judged.tree();
  std::vector<CleanedTree::Pair> pet;
  std::copy_if(tree.pairs.begin(), tree.pairs.end(), std::back_inserter(pet),
               [](const auto& pair) { return pair.name.find("/PT") != std::string::npos; });
  const std::string injection = "r = ds.RadiopharmaceuticalInformationSequence[0]\n";
  const std::vector<std::pair<std::string, std::string>> faults{
      {"ds.SeriesDate = later(ds.SeriesDate, 1)", "several offsets for one patient"},
      {injection + "r.RadiopharmaceuticalStartDateTime = r.RadiopharmaceuticalStartDateTime[:17]",
       "date is not a shifted date"},
      {"ds.AcquisitionTime = ds.AcquisitionTime[:6]", "time changed"},
      {"ds.FrameOfReferenceUID = '2.25.77'", "one UID became two"},
      {"ds.SOPClassUID = '1.2.840.10008.5.1.4.1.1.20'", "class UID changed"},
      {"ds.PixelData = b'\\x01' + ds.PixelData[1:]", "number changed"},
      {"ds.RescaleSlope = '1.5'", "number changed"},
      {injection + "del r.RadiopharmaceuticalStartTime", "needed by dosimetry and gone"},
      {"ds.add_new(0x00081030, 'LO', '" + name_of(1) + "')", "a name in"}};
  ASSERT_FALSE(pet.empty());
  for (std::size_t i = 0; i < faults.size(); ++i) spoil(pet[i % pet.size()].after, faults[i].first);

  const Report report = judged.second_reader();

  for (std::size_t i = 0; i < faults.size(); ++i) {
    const std::string finding = faults[i].second + "\t";
    const bool of_the_patient = finding.starts_with("several");
    const bool seen =
        std::any_of(report.findings.begin(), report.findings.end(), [&](const std::string& line) {
          return line.starts_with(of_the_patient ? finding
                                                 : finding + pet[i % pet.size()].name + "\t");
        });
    EXPECT_TRUE(seen) << finding << faults[i].first;
  }
}

/// The public files of other projects, cleaned once for all judges.
class RealFiles : public Cleaning {
 protected:
  static bool there() { return std::filesystem::is_directory(kRealFiles); }
  const JudgedTree& judged() {
    static const JudgedTree cleaned(kRealFiles, settings("dosimetry"), *map_);
    return cleaned;
  }
};

TEST_F(RealFiles, AreFoundDeidentifiedAndTheirDosimetryUntouchedByTheSecondReader) {
  DOSIGATE_NEEDS_JUDGE(missing_pydicom());
  if (!there()) GTEST_SKIP() << "no real files beside the repository";

  const Report report = judged().second_reader("allowed.tsv");

  EXPECT_GT(judged().tree().pairs.size(), 320U);
  for (const std::string& finding : report.findings) ADD_FAILURE() << finding;
}

TEST_F(RealFiles, AreNotHeldForALeakOrForTheProofWhenNothingIsWrongWithThem) {
  if (!there()) GTEST_SKIP() << "no real files beside the repository";
  const std::map<std::string, std::string> rightly{
      {"ct-mr/dicom-test-files__badVR.dcm", "the number of frames is no number"},
      {"sr/openREM__CT-ESR-GE_Optima.dcm", "the patient is called like the model"},
      {"sr/openREM__RF-ESR-Siemens-Varic.dcm", "the patient is called like the model"},
  };

  for (const auto& [name, reason] : judged().tree().held) {
    const bool by_check = reason.starts_with("held: leak") || reason.starts_with("held: proof");
    EXPECT_TRUE(!by_check || rightly.contains(name)) << name << " " << reason;
  }
}

TEST_F(RealFiles, HaveNoErrorForDciodvfyThatTheyHadNotBefore) {
  DOSIGATE_NEEDS_JUDGE(find_program("dciodvfy").empty() ? "dciodvfy is not installed" : "");
  if (!there()) GTEST_SKIP() << "no real files beside the repository";

  const Report report = judged().dciodvfy("allowed.tsv");

  EXPECT_GT(report.counts.at("errors before"), 300U);
  for (const std::string& finding : report.findings) ADD_FAILURE() << finding;
}

}  // namespace
}  // namespace dosigate::testing
