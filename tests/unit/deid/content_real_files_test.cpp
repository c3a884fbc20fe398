// The real reports beside the repository, where they are: dose reports of six vendors,
// measurements, key images, free text.

#include <algorithm>
#include <filesystem>

#include "cleaning.h"
#include "content_lines.h"
#include "dosigate/dicom/sop_class.h"
#include "judge/instance_files.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

struct RealReport {
  std::string name;
  std::unique_ptr<DcmDataset> before, after;
};

/// Reports that came out clean. Each has a hospital of its own: several of the files claim the same
/// patient number for different people.
std::vector<RealReport> cleaned_reports(const std::filesystem::path& root) {
  std::vector<RealReport> out;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const auto received = received_from(entry.path());
    if (!received) continue;
    const SopClass* sop_class = find_storage_sop_class(received->sop_class_uid);
    if (sop_class == nullptr || sop_class->kind != ContentKind::StructuredReport) continue;
    auto before =
        parse_data_set(received->data_set, *find_transfer_syntax(received->transfer_syntax_uid));
    auto profile = Profile::load({}, "dosimetry");
    if (!before || !profile) continue;
    Node node{false};
    const auto map = node.open();
    if (!map->declare_site(site_a())) continue;
    const Deidentifier deidentifier(
        {std::move(*profile), site_a(), {}, "ISO_IR 100", std::size_t{64} << 20U}, *map);
    const Verdict verdict = deidentifier.clean(*received);
    if (!std::holds_alternative<Cleaned>(verdict)) continue;
    out.push_back({entry.path().filename().string(), std::move(*before), output_of(verdict)});
  }
  return out;
}

class RealReports : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::filesystem::exists(kRoot)) reports_ = cleaned_reports(kRoot);
  }
  static void TearDownTestSuite() { reports_.clear(); }
  void SetUp() override {
    if (!std::filesystem::exists(kRoot)) GTEST_SKIP() << "no real files beside the repository";
    EXPECT_GE(reports_.size(), 12U);
  }

  inline static const std::filesystem::path kRoot =
      std::filesystem::path(DOSIGATE_SOURCE_DIR) / "../shared/data/dicom/sr";
  inline static std::vector<RealReport> reports_;
};

std::vector<std::string> texts_of(DcmItem& root, const std::string& type) {
  std::vector<std::string> out;
  for (const ContentLine& line : content_lines(root)) {
    if (line.type == type) out.push_back(line.text());
  }
  return out;
}

TEST_F(RealReports, KeepEveryNumberAndEveryCode) {
  std::size_t numbers = 0;
  for (const RealReport& report : reports_) {
    SCOPED_TRACE(report.name);
    EXPECT_EQ(texts_of(*report.after, "NUM"), texts_of(*report.before, "NUM"));
    // The kind of an event label goes with the label.
    auto codes = texts_of(*report.before, "CODE");
    std::erase_if(codes, [](const std::string& code) { return code.starts_with("CODE 113606="); });
    EXPECT_EQ(texts_of(*report.after, "CODE").size(), codes.size());
    numbers += texts_of(*report.after, "NUM").size();
  }
  EXPECT_GT(numbers, 500U);
}

TEST_F(RealReports, MoveAllInstantsByOneOffset) {
  for (const RealReport& report : reports_) {
    SCOPED_TRACE(report.name);
    const long offset = days_moved(text_at(*report.before, DCM_StudyDate).substr(0, 8),
                                   text_at(*report.after, DCM_StudyDate));
    for (const std::string type : {"DATETIME", "DATE"}) {
      const auto before = texts_of(*report.before, type), after = texts_of(*report.after, type);
      ASSERT_EQ(before.size(), after.size());
      for (std::size_t at = 0; at < before.size(); ++at) {
        const auto day = before[at].find('=') + 1;
        EXPECT_EQ(days_moved(before[at].substr(day), after[at].substr(day)), offset);
        EXPECT_EQ(before[at].substr(day + 8), after[at].substr(day + 8));
      }
    }
  }
}

TEST_F(RealReports, NameNobodyAndNoInstanceOfTheHospital) {
  for (const RealReport& report : reports_) {
    SCOPED_TRACE(report.name);
    const std::string pseudonym = text_at(*report.after, DCM_PatientID);
    for (const ContentLine& line : content_lines(*report.after)) {
      if (line.type == "PNAME") {
        EXPECT_TRUE(line.value == "REMOVED" || line.value == pseudonym) << line.code;
      } else if (line.type == "UIDREF" || line.type == "IMAGE" || line.type == "COMPOSITE") {
        EXPECT_TRUE(line.value.starts_with("2.25.") || line.value.empty()) << line.code;
      }
      for (const auto* listed : {"121022", "113880", "113877", "121013", "121016", "121017",
                                 "113873", "110119", "113605"}) {
        if (line.code == listed) {
          EXPECT_EQ(line.value, "REMOVED") << line.code;
        }
      }
    }
  }
}

}  // namespace
}  // namespace dosigate::testing
