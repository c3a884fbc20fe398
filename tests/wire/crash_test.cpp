// The promise of custody: what the sender was told is stored arrives, wherever the node dies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <thread>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;

std::vector<std::string> verbose_storescu(const NodeProcess& node,
                                          const std::vector<PhantomFile>& files) {
  std::vector<std::filesystem::path> paths;
  for (const PhantomFile& file : files) paths.push_back(file.path);
  auto argv = storescu_arguments(node.port(), paths);
  argv.insert(argv.begin() + 1, "-v");
  return argv;
}

/// Acknowledged files that are not among what arrived.
std::vector<std::string> lost(const std::set<std::string>& acknowledged, const Phantom& phantom,
                              const NodeProcess& node) {
  const Arrival arrival = match_arrival(phantom.files, node.arrived());
  std::vector<std::string> out;
  for (const std::string& path : arrival.missing)
    if (acknowledged.count(path) != 0) out.push_back(path);
  return out;
}

TEST(KillMinusNine, LosesNothingAcknowledgedWhenItHitsAgainAndAgainWhileSending) {
  TempDir dir;
  const Phantom phantom =
      write_phantom({.directory = dir.path / "sent", .ct_slices = 80, .ct_matrix = 128});
  NodeProcess node(dir.path / "node", {});
  std::set<std::string> stored;
  for (int round = 0; round < 5; ++round) {
    node.start();
    Process sender(verbose_storescu(node, phantom.files),
                   dir.path / ("sender" + std::to_string(round)));
    const std::size_t wanted = 10 + 25 * static_cast<std::size_t>(round);
    ASSERT_TRUE(eventually([&] {
      return acknowledged(sender.output()).size() >= wanted || !sender.running();
    })) << sender.output();

    node.kill();

    sender.wait(std::chrono::seconds(20));
    const auto now = acknowledged(sender.output());
    EXPECT_GE(now.size(), wanted);
    stored.insert(now.begin(), now.end());
  }

  node.start();
  ASSERT_TRUE(node.settles());
  EXPECT_THAT(lost(stored, phantom, node), IsEmpty());
  EXPECT_TRUE(node.totals().add_up());
  EXPECT_EQ(match_arrival(phantom.files, node.arrived()).pseudonyms.size(), 1U);
}

/// Steps that nobody passes who only sends: of a key rotation (key_rotation_test.cpp), of
/// corrections and forgetting (story_cut_off_test.cpp, unit/identity/forget_test.cpp), of backup
/// and restore (unit/app/restore_test.cpp).
bool is_told_elsewhere(const std::string& name) {
  for (const char* of : {"key.", "keyring.", "map.reseal", "sealed-file.", "journal.", "backup.",
                         "restore.", "spool.after-ledger-withdrawn", "map.before-forget-commit"})
    if (name.starts_with(of)) return true;
  return false;
}

/// Names that the daemon's own steps go through. Read from the source, so that a new step is tested
/// from the day it is written.
std::vector<std::string> fail_points() {
  static const std::regex call("fail_point\\(\"([^\"]+)\"\\)");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(DOSIGATE_SOURCE_DIR) / "src")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream in(entry.path());
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (std::sregex_iterator hit(text.begin(), text.end(), call), end; hit != end; ++hit)
      if (!is_told_elsewhere((*hit)[1])) names.insert((*hit)[1]);
  }
  return {names.begin(), names.end()};
}

/// A screen copy with a name on it, which the node holds.
PhantomFile held_copy_of(const PhantomFile& file, const std::filesystem::path& path) {
  DcmFileFormat format;
  if (format.loadFile(file.path.c_str()).bad()) throw std::runtime_error("cannot read the phantom");
  DcmDataset& data = *format.getDataset();
  const std::string uid = file.sop_instance_uid + ".7";
  data.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
  data.putAndInsertString(DCM_SOPInstanceUID, uid.c_str());
  data.putAndInsertString(DCM_BurnedInAnnotation, "YES");
  if (format.saveFile(path.c_str(), EXS_LittleEndianExplicit).bad())
    throw std::runtime_error("cannot write");
  return {path, file.study, file.series, UID_SecondaryCaptureImageStorage, uid};
}

class FailPoint : public ::testing::TestWithParam<std::string> {};

TEST_P(FailPoint, LosesNothingAndTheNextStartFinishesTheWork) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent", .ct_slices = 3});
  std::vector<PhantomFile> files{held_copy_of(phantom.files.back(), dir.path / "held.dcm")};
  files.insert(files.end(), phantom.files.begin(), phantom.files.end());
  NodeProcess node(dir.path / "node", {});
  std::set<std::string> stored;

  // The daemon may die while it starts, while it receives or while it forwards.
  bool died = false;
  try {
    node.start({"DOSIGATE_FAIL_POINT=" + GetParam()});
    Process sender(verbose_storescu(node, files), dir.path / "sender");
    sender.wait(std::chrono::seconds(30));
    stored = acknowledged(sender.output());
    died = node.ends_within(std::chrono::seconds(10));
    if (!died) node.stop();
  } catch (const std::runtime_error&) {
    died = true;
  }
  node.start();
  EXPECT_TRUE(node.settles());
  EXPECT_THAT(lost(stored, phantom, node), IsEmpty());

  // The sender tries again, as a PACS does: now everything is there, once.
  Process again(verbose_storescu(node, files), dir.path / "sender-again");
  EXPECT_EQ(again.wait(std::chrono::seconds(60)), 0) << again.output();
  ASSERT_TRUE(node.settles());
  EXPECT_THAT(faults_of(phantom, node.arrived()), IsEmpty());
  EXPECT_EQ(match_arrival(phantom.files, node.arrived()).arrived.size(), phantom.files.size());
  EXPECT_TRUE(node.totals().add_up());
  EXPECT_GE(node.totals().quarantined, 1U);
  EXPECT_EQ(node.stop(), 0);
  EXPECT_THAT(leak_lines(dir.path / "node", phantom.planted, {}), IsEmpty());
  EXPECT_TRUE(died) << "nothing that this test does passes " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Each, FailPoint, ::testing::ValuesIn(fail_points()), [](const auto& point) {
      std::string name = point.param;
      std::replace_if(
          name.begin(), name.end(),
          [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace dosigate::testing
