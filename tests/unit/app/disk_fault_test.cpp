// The disk fails at every place where the node changes a file, one after the other: full, broken,
// read-only; for a moment and for good. Whoever was told "stored" is found after a restart, whoever
// was refused left nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "dosigate/store/database.h"
#include "gateway_home.h"
#include "support/disk_layer.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr std::uint16_t kSuccess = 0x0000, kOutOfResources = 0xA700;

std::string patient_id(std::size_t patient) { return "K" + std::to_string(1'000 + patient); }

ReceivedInstance slice(std::size_t patient, int number) {
  const std::string of = patient_id(patient);
  return ct_slice()
      .with(DCM_PatientID, of)
      .with(DCM_PatientName, "FAULT^" + of)
      .with(DCM_StudyInstanceUID, "1.2.3." + std::to_string(patient))
      .with(DCM_SOPInstanceUID, "1.2.3." + std::to_string(patient) + "." + std::to_string(number))
      .received();
}

ReceivedInstance burned_in(std::size_t patient) {
  return ct_slice()
      .with(DCM_SOPInstanceUID, "1.2.4." + std::to_string(patient))
      .with(DCM_BurnedInAnnotation, "YES")
      .received();
}

ReceivedInstance screen_save(std::size_t patient) {
  return ct_slice()
      .with(DCM_SOPInstanceUID, "1.2.5." + std::to_string(patient))
      .with(DCM_ImageType, "DERIVED\\SECONDARY\\SCREEN SAVE")
      .received();
}

/// But for empty ones, which wait for the next instances.
std::size_t files_below(const std::filesystem::path& directory, const std::string& extension) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    count += entry.path().extension() == extension && entry.file_size() > 0 ? 1 : 0;
  return count;
}

using Kind = DiskStep::Kind;

/// Work on a node in memory, so that the syncs that succeed cost nothing.
class DiskFails : public ::testing::Test {
 protected:
  DiskFails() { GatewayHome::create(path_, master_); }
  ~DiskFails() override {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// What is said to the sender.
  static void expect_said(std::uint16_t status, std::uint64_t& acknowledged) {
    EXPECT_THAT(status, AnyOf(kSuccess, kOutOfResources)) << DiskFault::what_failed();
    if (status == kSuccess) ++acknowledged;
  }

  /// Everything that changes files, for a patient of this round, while the disk fails as planned;
  /// false when the plan never came to its turn.
  bool work(DiskFault::Plan plan) {
    plan.root = path_;
    std::optional<GatewayHome> home(std::in_place, path_, master_);
    const DiskFault failing(plan);
    expect_said(home->send(slice(round_, 0)).status, queued_);
    expect_said(home->send(slice(round_, 1)).status, queued_);
    expect_said(home->send(burned_in(round_)).status, held_);
    expect_said(home->send(screen_save(round_)).status, dropped_);
    try {
      home->spool->delivered(home->spool->claim("ARCHIVE", 1), 0);
      (void)move_pairs(*home->spool, *home->map);
    } catch (const std::exception&) {
      // Nobody was promised anything: it goes out once more.
    }
    home.reset();
    return DiskFault::failed() > 0;
  }

  /// @param exactly  nothing is there that was refused; a disk that fails for good may not even let
  ///                 a file be removed.
  void judge_after_a_restart(bool exactly) {
    SCOPED_TRACE("round " + std::to_string(round_) + ", failed: " + DiskFault::what_failed());
    GatewayHome home(path_, master_);
    const auto totals = home.ledger->totals();
    EXPECT_EQ(totals.received, totals.duplicate + totals.delivered + totals.queued + totals.parked +
                                   totals.quarantined + totals.dropped + totals.discarded);
    EXPECT_EQ(totals.parked, 0U);
    EXPECT_GE(totals.queued + totals.delivered, queued_);
    EXPECT_EQ(home.quarantine->totals().count, totals.quarantined);
    EXPECT_GE(totals.quarantined, held_);
    EXPECT_GE(totals.dropped, dropped_);
    const auto& recovered = home.spool->recovered();
    EXPECT_EQ(recovered.damaged + recovered.lost + recovered.rows_without_file, 0U);
    if (exactly) {
      EXPECT_EQ(totals.quarantined, held_) << "what was refused was kept";
      EXPECT_EQ(totals.queued + totals.delivered, queued_) << "what was refused was kept";
      EXPECT_EQ(totals.dropped, dropped_);
    }

    // The disk is well again: everything of this round is taken, is one person's, and leaves.
    for (int number : {0, 1}) EXPECT_EQ(home.send(slice(round_, number)).status, kSuccess);
    EXPECT_EQ(home.map->lookup(Phi(patient_id(round_))).size(), 1U);
    for (;;) {
      auto claimed = home.spool->claim("ARCHIVE", 100);
      if (claimed.empty()) break;
      for (const auto& one : claimed) EXPECT_TRUE(one.read([](ByteView) { return true; }));
      home.spool->delivered(std::move(claimed), 0);
    }
    while (*move_pairs(*home.spool, *home.map) > 0) {
    }
    EXPECT_EQ(files_below(path_ / "archive", ".dsg"), 0U);
    EXPECT_EQ(files_below(path_ / "quarantine", ".part"), 0U);
    const auto now = home.ledger->totals();
    queued_ = now.delivered;
    held_ = now.quarantined;
    dropped_ = now.dropped;
    ++round_;
  }

  std::filesystem::path path_ = std::filesystem::path("/dev/shm") / TempDir().path.filename();
  Secret master_ = random_secret();
  std::size_t round_ = 0;
  std::uint64_t queued_ = 0, held_ = 0, dropped_ = 0;  ///< acknowledged
};

struct Place {
  const char* path;
  Kind kind;
  /// Times that one round of work comes by here, at least.
  std::size_t times;
};

constexpr Place kPlaces[] = {{"identity.journal", Kind::Write, 1},
                             {"identity.journal", Kind::Sync, 1},
                             {"map.db-wal", Kind::Write, 10},
                             {"map.db-wal", Kind::Sync, 1},
                             {"/identity", Kind::SyncDirectory, 1},
                             {".dsg", Kind::Create, 2},
                             {".dsg", Kind::Write, 2},
                             {".dsg", Kind::Sync, 2},
                             {".dsg", Kind::Unlink, 1},
                             {"archive/spool/", Kind::SyncDirectory, 1},
                             {"queue.db-wal", Kind::Write, 10},
                             {"queue.db-wal", Kind::Sync, 1},
                             {"ledger.db-wal", Kind::Write, 10},
                             {"ledger.db-wal", Kind::Sync, 1},
                             {".dsq.part", Kind::Create, 1},
                             {".dsq.part", Kind::Write, 1},
                             {".dsq.part", Kind::Sync, 1},
                             {".dsq.part", Kind::Rename, 1},
                             {"/quarantine", Kind::SyncDirectory, 1}};

class DiskFailsAtAPlace : public DiskFails, public ::testing::WithParamInterface<int> {};

TEST_P(DiskFailsAtAPlace, ForAMomentAndNothingAcknowledgedIsLostNorAnythingRefusedKept) {
  for (const Place& place : kPlaces) {
    const bool takes_room = place.kind == Kind::Create || place.kind == Kind::Write;
    if (GetParam() == ENOSPC && !takes_room) continue;
    for (std::size_t first = 0;; ++first) {
      DiskFault::Plan plan;
      plan.error = GetParam();
      plan.path = place.path;
      plan.kind = place.kind;
      plan.first = first;
      if (!work(plan)) {
        EXPECT_GE(first, place.times) << "the work no longer comes by " << place.path;
        judge_after_a_restart(true);
        break;
      }
      judge_after_a_restart(true);
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DiskFailsAtAPlace, ::testing::Values(ENOSPC, EIO),
                         [](const auto& error) { return error.param == EIO ? "Broken" : "Full"; });

class DiskFailsForGood : public DiskFails, public ::testing::WithParamInterface<int> {};

TEST_P(DiskFailsForGood, FromAnyStepOnAndNothingAcknowledgedIsLost) {
  constexpr std::size_t kSteps = 130, kEvery = 3;
  for (std::size_t first = 0; first < kSteps; first += kEvery) {
    DiskFault::Plan plan;
    plan.error = GetParam();
    plan.first = first;
    plan.lasting = true;
    const bool failed = work(plan);
    EXPECT_TRUE(failed || first > kSteps / 2) << "fewer steps than such work has";
    judge_after_a_restart(false);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DiskFailsForGood, ::testing::Values(ENOSPC, EIO, EROFS),
                         [](const auto& error) {
                           return error.param == EIO      ? "Broken"
                                  : error.param == ENOSPC ? "Full"
                                                          : "ReadOnly";
                         });

/// No restart in between: a disk that was full and has room again is all that it takes.
TEST_F(DiskFails, FullFromAnyStepOnAndEveryInstanceIsTakenWhenThereIsRoom) {
  constexpr std::size_t kSteps = 100;
  GatewayHome home(path_, master_);
  for (; round_ < kSteps; ++round_) {
    SCOPED_TRACE("full from step " + std::to_string(round_));
    {
      DiskFault::Plan plan;
      plan.root = path_;
      plan.error = ENOSPC;
      plan.first = round_;
      plan.lasting = true;
      const DiskFault full(plan);
      for (int number : {0, 1}) expect_said(home.send(slice(round_, number)).status, queued_);
      expect_said(home.send(burned_in(round_)).status, held_);
    }

    for (int number : {0, 1}) ASSERT_EQ(home.send(slice(round_, number)).status, kSuccess);

    const auto totals = home.ledger->totals();
    ASSERT_EQ(totals.queued, 2 * (round_ + 1));
    ASSERT_EQ(totals.quarantined, held_) << "what was refused was kept";
    ASSERT_EQ(home.spool->claim("ARCHIVE", 1'000).size(), totals.queued);
  }
}

/// What was written and not synced is in the kernel's cache, where it looks as if it were there.
TEST_F(DiskFails, NobodyIsTakenOnARecordOfTheJournalThatWasNeverSynced) {
  {
    GatewayHome home(path_, master_);
    {
      DiskFault::Plan plan;
      plan.root = path_;
      plan.path = "identity.journal";
      plan.kind = Kind::Sync;
      const DiskFault broken(plan);
      ASSERT_EQ(home.send(slice(0, 0)).status, kOutOfResources);
    }
    EXPECT_EQ(home.send(slice(0, 0)).status, kOutOfResources);
    EXPECT_EQ(home.send(slice(1, 0)).status, kOutOfResources);
    EXPECT_THAT(home.map->trouble(), HasSubstr("journal"));
  }

  GatewayHome home(path_, master_);
  EXPECT_EQ(home.map->trouble(), "");
  EXPECT_EQ(home.send(slice(0, 0)).status, kSuccess);
}

TEST_F(DiskFails, NobodyDecidesWithoutAnInstanceThatTheLedgerCannotBeToldOf) {
  GatewayHome home(path_, master_);
  ASSERT_EQ(home.send(slice(0, 0)).status, kSuccess);
  {
    DiskFault::Plan plan;
    plan.root = path_;
    plan.error = ENOSPC;
    plan.path = "ledger.db-wal";
    plan.lasting = true;
    const DiskFault full(plan);
    ASSERT_EQ(home.send(slice(0, 1)).status, kSuccess) << "its file is durable";

    EXPECT_THROW((void)home.ingest->still(), SQLite::Exception);
  }

  EXPECT_NO_THROW((void)home.ingest->still());
  EXPECT_EQ(home.ledger->totals().queued, 2U);
}

}  // namespace
}  // namespace dosigate::testing
