// Readiness of the real files beside the repository, where they are, and of data sets that went
// through the whole engine.

#include <filesystem>
#include <map>

#include <gmock/gmock.h>

#include "cleaning.h"
#include "deid/dosimetry_facts.h"
#include "dosigate/dosimetry/readiness.h"
#include "judge/instance_files.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

using Codes = std::vector<std::string>;

Codes codes_of(const InstanceFacts& facts, const std::string& acquired) {
  const StudyFacts study{"2.25.1", {{facts, 1, acquired, acquired}}};
  Codes out;
  for (const Finding& one : judge(study, {"DSG-T-0000-0000-000", {study}}))
    out.push_back((one.severity == Severity::Blocks ? "!" : "") + one.code);
  return out;
}

/// As the ledger keeps them: what CleanInstance carries.
Codes codes_of(const CleanInstance& instance) {
  const std::string& text = instance.facts();
  const auto end = std::min(text.find('\n'), text.size());
  const auto facts = parse_facts(std::string_view(text).substr(0, end));
  EXPECT_TRUE(facts) << text;
  return facts ? codes_of(*facts, end < text.size() ? text.substr(end + 1) : "") : Codes{};
}

std::unique_ptr<DcmDataset> parsed(const ReceivedInstance& received) {
  const TransferSyntax* syntax = find_transfer_syntax(received.transfer_syntax_uid);
  if (syntax == nullptr || syntax->encoding == Encoding::DeflatedLittle) return nullptr;
  auto out = parse_data_set(received.data_set, *syntax);
  return out ? std::move(*out) : nullptr;
}

std::vector<std::filesystem::path> real_paths() {
  const auto root = std::filesystem::path(DOSIGATE_SOURCE_DIR) / "../shared/data/dicom";
  std::vector<std::filesystem::path> out;
  if (!std::filesystem::exists(root)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.is_regular_file()) out.push_back(entry.path());
  return out;
}

TEST(RealReadiness, EveryFileWithAWeightOfZeroIsNotReady) {
  const auto paths = real_paths();
  if (paths.empty()) GTEST_SKIP() << "no real files beside the repository";
  Subject camera;
  camera.device_label = "CAM-01";
  camera.device_epoch = 1;

  unsigned zero = 0;
  for (const auto& path : paths) {
    const auto received = received_from(path);
    const auto data_set = received ? parsed(*received) : nullptr;
    if (data_set == nullptr) continue;
    SCOPED_TRACE(path.filename().string());
    const bool is_zero = text_at(*data_set, DCM_PatientWeight) == "0.000000";
    zero += is_zero ? 1U : 0U;
    const Codes codes = codes_of(read_dosimetry_facts(*data_set, camera), acquired_at(*data_set));
    if (is_zero) {
      EXPECT_THAT(codes, Contains("!weight-zero"));
    }
  }

  EXPECT_EQ(zero, 31U);
}

TEST_F(Cleaning, RealNuclearMedicineIsJudgedAfterTheEngine) {
  const auto paths = real_paths();
  if (paths.empty()) GTEST_SKIP() << "no real files beside the repository";
  auto with = settings("dosimetry");
  with.default_charset = "ISO_IR 100";
  const Deidentifier engine(std::move(with), *map_);

  std::map<std::string, unsigned> emission;
  for (const auto& path : paths) {
    const auto received = received_from(path);
    if (!received) continue;
    const Verdict verdict = engine.clean(*received);
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    if (cleaned == nullptr) continue;
    const auto source = parsed(*received);
    if (source == nullptr) continue;
    SCOPED_TRACE(path.filename().string());
    const Codes codes = codes_of(cleaned->instance);
    if (text_at(*source, DCM_PatientWeight) == "0.000000") {
      EXPECT_THAT(codes, Contains("!weight-zero"));
    }
    const std::string& sop_class = cleaned->instance.sop_class_uid();
    if (sop_class != kNmImageStorage && sop_class != kPetImageStorage) continue;
    ++emission[sop_class];
    EXPECT_THAT(codes, Not(Contains("!no-emission-image")));
    EXPECT_THAT(codes, Not(Contains("!activity-unit"))) << "none of the collection has a wrong one";
    EXPECT_THAT(codes, Not(Contains("!half-life-mismatch")));
    if (std::getenv("DOSIGATE_SHOW_VERDICTS") != nullptr) {
      std::cout << path.filename().string() << ":";
      for (const std::string& code : codes) std::cout << " " << code;
      std::cout << "\n";
    }
  }

  EXPECT_GE(emission[kNmImageStorage], 1U) << "the others are secondary captures, and held";
  EXPECT_GE(emission[kPetImageStorage], 20U);
}

/// A SPECT with that activity of technetium.
DataSet spect_of(const std::string& activity) {
  DataSet data = nm_spect();
  DcmItem* item = nullptr;
  EXPECT_TRUE(
      data.root().findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, item).good());
  put_value(*item, DCM_Radiopharmaceutical, EVR_LO, "Tc-99m MDP");
  put_value(*item, DCM_RadionuclideTotalDose, EVR_DS, activity);
  put_value(*item, DCM_RadionuclideHalfLife, EVR_DS, "21624");
  return data;
}

TEST_F(Cleaning, BecquerelWhereMegabecquerelBelongAreSeenBehindTheEngine) {
  const Verdict wrong = clean(spect_of("203000000"));
  const Verdict right = clean(spect_of("203"));

  ASSERT_TRUE(std::holds_alternative<Cleaned>(wrong)) << describe(wrong);
  ASSERT_TRUE(std::holds_alternative<Cleaned>(right)) << describe(right);
  EXPECT_THAT(codes_of(std::get<Cleaned>(wrong).instance), Contains("!activity-unit"));
  EXPECT_THAT(codes_of(std::get<Cleaned>(right).instance), Not(Contains("!activity-unit")));
}

TEST_F(Cleaning, TheFactsHoldNoIdentifierAndDatesThatWereMoved) {
  const Verdict verdict = clean(spect_of("203"));

  ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
  const std::string& facts = std::get<Cleaned>(verdict).instance.facts();
  EXPECT_FALSE(facts.empty());
  for (const char* planted : {"MARKER", "JOANA", "7788123", "20250304", "20250303", "1.2.826"})
    EXPECT_EQ(facts.find(planted), std::string::npos) << planted;
}

}  // namespace
}  // namespace dosigate::testing
