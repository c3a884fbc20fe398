// The order on the way to the acknowledgement and on the way out (design 3.5), as the calls to the
// C library show it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "gateway_home.h"
#include "support/disk_layer.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;

using Kind = DiskStep::Kind;

/// What a step means for custody; nothing when it is none of its steps.
std::string meaning(const DiskStep& step) {
  const std::string path = step.path;
  const auto of = [&](const char* part) { return path.find(part) != std::string::npos; };
  if (step.kind == Kind::Mark) return path;
  if (of("identity.journal") && step.kind == Kind::Sync) return "journal synced";
  if (of("map.db-wal") && step.kind == Kind::Sync) return "map synced";
  if (path.ends_with(".dsg") && step.kind == Kind::Write) return "file written";
  if (path.ends_with(".dsg") && step.kind == Kind::Sync) return "file synced";
  if (path.ends_with(".dsg") && step.kind == Kind::Unlink) return "file erased";
  if (of("archive/spool/") && step.kind == Kind::SyncDirectory) return "entry synced";
  if (of("queue.db-wal") && step.kind == Kind::Write) return "row written";
  if (of("ledger.db-wal") && step.kind == Kind::Sync) return "ledger synced";
  return "";
}

/// Without repetitions: "file written" many times is once.
std::vector<std::string> meanings(const std::vector<DiskStep>& steps) {
  std::vector<std::string> out;
  for (const DiskStep& step : steps) {
    const std::string what = meaning(step);
    if (!what.empty() && (out.empty() || out.back() != what)) out.push_back(what);
  }
  return out;
}

ReceivedInstance slice(int number) {
  return ct_slice().with(DCM_SOPInstanceUID, "1.2.3.4." + std::to_string(number)).received();
}

class WriteOrder : public ::testing::Test {
 protected:
  WriteOrder() {
    GatewayHome::create(dir_.path / "home", master_);
    home_ = std::make_unique<GatewayHome>(dir_.path / "home", master_);
  }
  /// The WAL of a database is made, with its entry, by the first commit: once.
  void warm_up() { ASSERT_EQ(home_->send(slice(0)).status, 0); }

  TempDir dir_;
  Secret master_ = random_secret();
  std::unique_ptr<GatewayHome> home_;
};

TEST_F(WriteOrder, ANewPatientIsInJournalAndMapBeforeTheFileAndTheFileBeforeItsRow) {
  warm_up();
  const DiskRecording recording(dir_.path / "home");

  ASSERT_EQ(home_
                ->send(ct_slice()
                           .with(DCM_PatientID, "4711")
                           .with(DCM_StudyInstanceUID, "1.2.3.9")
                           .with(DCM_SOPInstanceUID, "1.2.3.9.1")
                           .received())
                .status,
            0);
  DiskRecording::mark("acknowledged");

  EXPECT_THAT(meanings(DiskRecording::steps()),
              ElementsAre("journal synced", "map synced", "file written", "file synced",
                          "row written", "acknowledged"));
}

TEST_F(WriteOrder, AnInstanceOfAKnownStudyCostsOneSync) {
  warm_up();
  const DiskRecording recording(dir_.path / "home");

  ASSERT_EQ(home_->send(slice(1)).status, 0);

  EXPECT_THAT(meanings(DiskRecording::steps()),
              ElementsAre("file written", "file synced", "row written"));
}

TEST_F(WriteOrder, TheEntryOfAFileIsThereBeforeItsContent) {
  std::vector<std::string> made, entry_synced, written;
  const DiskRecording recording(dir_.path / "home");

  for (int number = 0; number < 40; ++number) ASSERT_EQ(home_->send(slice(number)).status, 0);

  for (const DiskStep& step : DiskRecording::steps()) {
    const std::string path = step.path;
    if (step.kind == Kind::SyncDirectory) {
      const auto in_it = [&](const std::string& file) { return file.starts_with(path + "/"); };
      std::ranges::copy_if(made, std::back_inserter(entry_synced), in_it);
      std::erase_if(made, in_it);
    }
    if (!path.ends_with(".dsg")) continue;
    if (step.kind == Kind::Create) made.push_back(path);
    if (step.kind != Kind::Write || std::ranges::count(written, path) > 0) continue;
    written.push_back(path);
    EXPECT_EQ(std::ranges::count(entry_synced, path), 1) << path;
  }
  EXPECT_EQ(written.size(), 40U);
}

/// "file" and "entry": which of the two syncs fails.
class FailedSyncOf : public WriteOrder, public ::testing::WithParamInterface<const char*> {};

TEST_P(FailedSyncOf, RefusesWithOutOfResourcesAndLeavesNoFile) {
  const bool of_file = std::string(GetParam()) == "file";
  DiskFault::Plan plan;
  plan.root = dir_.path;
  plan.error = EIO;
  plan.path = of_file ? ".dsg" : "archive/spool/";
  plan.kind = of_file ? Kind::Sync : Kind::SyncDirectory;
  const DiskFault fault(plan);

  EXPECT_EQ(home_->send(slice(1)).status, 0xA700);

  EXPECT_EQ(DiskFault::failed(), 1U);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(dir_.path / "home" / "archive")) {
    if (entry.path().extension() != ".dsg") continue;
    EXPECT_TRUE(std::filesystem::is_empty(entry.path()));
  }
  EXPECT_EQ(home_->ledger->totals().queued, 0U);
  EXPECT_EQ(home_->send(slice(1)).status, 0) << "another file, synced anew";
}

INSTANTIATE_TEST_SUITE_P(Each, FailedSyncOf, ::testing::Values("file", "entry"),
                         [](const auto& of) { return std::string(of.param); });

TEST_F(WriteOrder, TheLedgerKnowsOfADeliveryBeforeRowAndFileGo) {
  warm_up();
  const DiskRecording recording(dir_.path / "home");

  home_->spool->delivered(home_->spool->claim("ARCHIVE", 1), 0);
  DiskRecording::mark("delivered");
  while (*move_pairs(*home_->spool, *home_->map) > 0) {
  }

  // The file stays until its UID pairs are in the map.
  EXPECT_THAT(meanings(DiskRecording::steps()),
              ElementsAre("ledger synced", "row written", "delivered", "map synced", "row written",
                          "file erased"));
}

}  // namespace
}  // namespace dosigate::testing
