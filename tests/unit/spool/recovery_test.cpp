#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "dosigate/base/durable_file.h"
#include "support/spool_home.h"

// What a restart finds, and what it must make of it. The disasters: a kill between two steps of a
// put, a deleted or lost queue.db, a file that vanished, a file that rotted, a file of the other
// domain.

namespace dosigate {
namespace {

using testing::SpoolHome;
using testing::TempDir;

void delete_queue(const SpoolHome& home) {
  for (const char* name : {"queue.db", "queue.db-wal", "queue.db-shm"})
    std::filesystem::remove(home.path / "archive" / name);
}

/// A complete spool file of another spool, put where this one will find it at its next start.
InstanceId plant_file(SpoolHome& home, const std::string& sop, Byte fingerprint = 1) {
  TempDir elsewhere;
  std::filesystem::copy(home.path / "keyring", elsewhere.path / "keyring");
  SpoolHome other(elsewhere.path);
  const InstanceId id = random_id();
  EXPECT_EQ(*other.offer(SpoolHome::instance(sop), {"A"}, id, fingerprint), SpoolPut::Queued);
  std::filesystem::copy(other.file_of(id), home.file_of(id));
  return id;
}

TEST(SpoolRecovery, ADeletedQueueIsRebuiltFromTheFilesWithWhatTheLedgerKnows) {
  TempDir dir;
  SpoolHome home(dir.path);
  for (int i = 0; i < 20; ++i) home.put("2.25.1" + std::to_string(i), {"A", "B"}, 10);
  home.spool->delivered(home.spool->claim("A", 5), 0);
  home.spool->delivered(home.spool->claim("B", 2), 0);
  home.spool->park(std::move(home.spool->claim("B", 1).at(0)), 0xC000, "C000");
  const auto before = home.ledger->by_destination();
  const auto totals = home.ledger->totals();
  home.close();
  delete_queue(home);

  home.open();

  EXPECT_EQ(home.spool->recovered().taken_in + home.spool->recovered().finished, 20U);
  EXPECT_EQ(home.spool->claim("A", 100).size(), 15U);
  EXPECT_EQ(home.spool->claim("B", 100).size(), 17U);
  EXPECT_EQ(home.spool->destinations().at("B").parked, 1U);
  EXPECT_EQ(home.ledger->by_destination().at("A").queued, before.at("A").queued);
  EXPECT_EQ(home.ledger->by_destination().at("B").parked, 1U);
  EXPECT_EQ(home.ledger->totals().received, totals.received);
  EXPECT_EQ(home.ledger->totals().delivered, totals.delivered);
  EXPECT_EQ(home.spool->pairs_to_move(100).size(), 20U)
      << "moving pairs twice changes nothing, losing them would";
}

TEST(SpoolRecovery, ACompleteFileWithoutARowIsTakenIn) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = plant_file(home, "2.25.7");

  home.restart();

  EXPECT_EQ(home.spool->recovered().taken_in, 1U);
  const auto claimed = home.spool->claim("A", 10);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].id(), id);
  EXPECT_EQ(home.ledger->totals().queued, 1U);
}

TEST(SpoolRecovery, AFileWithoutAnEndIsRemoved) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = plant_file(home, "2.25.7");
  std::filesystem::resize_file(home.file_of(id), std::filesystem::file_size(home.file_of(id)) - 9);

  home.restart();

  EXPECT_EQ(home.spool->recovered().removed_incomplete, 1U);
  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_EQ(home.ledger->totals().received, 0U);
}

TEST(SpoolRecovery, AnUnknownFileWithAHoleInItsBodyIsNotForwarded) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = plant_file(home, "2.25.7");
  {
    std::fstream file(home.file_of(id), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1'000);
    file.write(std::string(500, '\0').data(), 500);
  }

  home.restart();

  EXPECT_EQ(home.spool->recovered().taken_in, 0U);
  EXPECT_EQ(home.spool->recovered().damaged, 1U);
  EXPECT_TRUE(home.spool->claim("A", 1).empty());
  EXPECT_EQ(home.files_on_disk(), 1U) << "kept for a person to look at";
}

TEST(SpoolRecovery, ADamagedAcknowledgedFileIsKeptAndParked) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.7");
  home.close();
  delete_queue(home);
  std::filesystem::resize_file(home.file_of(id), 200);

  home.open();

  EXPECT_EQ(home.spool->recovered().damaged, 1U);
  EXPECT_EQ(home.files_on_disk(), 1U);
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Parked);
  home.restart();
  EXPECT_EQ(home.spool->recovered().damaged, 0U) << "reported once";
  EXPECT_EQ(home.spool->recovered().lost, 0U);
}

TEST(SpoolRecovery, OfTwoFilesOfOneInstanceTheAcknowledgedOneIsKept) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId kept = home.put("2.25.7");
  const InstanceId lost_race = plant_file(home, "2.25.7", 2);
  home.close();
  delete_queue(home);

  home.open();

  EXPECT_TRUE(std::filesystem::exists(home.file_of(kept)));
  EXPECT_FALSE(std::filesystem::exists(home.file_of(lost_race)));
  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
  EXPECT_EQ(home.ledger->totals().received, 1U);
}

// The ledger's entry of a release is not synced, the removal of its original is: after a power cut
// this file may be all that is left of the instance.
TEST(SpoolRecovery, AReleaseWhoseLedgerEntryAPowerCutTookIsTakenIn) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = plant_file(home, "2.25.7");
  home.ledger->quarantined(id, "revision");

  home.restart();

  EXPECT_EQ(home.spool->claim("A", 10).size(), 1U);
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Queued);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(SpoolRecovery, AReleaseThatWasCutOffStaysHeld) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = plant_file(home, "2.25.7");
  home.ledger->quarantined(id, "revision");
  std::filesystem::resize_file(home.file_of(id), std::filesystem::file_size(home.file_of(id)) - 9);

  home.restart();

  EXPECT_TRUE(home.spool->claim("A", 10).empty());
  EXPECT_FALSE(std::filesystem::exists(home.file_of(id)));
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Quarantined);
}

TEST(SpoolRecovery, ARowWhoseFileVanishedIsParkedWithTheReason) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.7", {"A", "B"});
  home.spool->delivered(home.spool->claim("A", 1), 0);
  std::filesystem::remove(home.file_of(id));

  home.restart();

  EXPECT_EQ(home.spool->recovered().rows_without_file, 1U);
  ASSERT_EQ(home.spool->list(10).size(), 1U);
  EXPECT_EQ(home.spool->list(10)[0].destination, "B");
  EXPECT_EQ(home.spool->list(10)[0].reason, "the spool file is missing");
  EXPECT_EQ(home.ledger->outcome(id), Outcome::Parked);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST(SpoolRecovery, WhatLostItsFileIsTakenInAgainWhenItIsSentAgain) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId lost = home.put("2.25.7", {"A", "B"});
  home.spool->delivered(home.spool->claim("A", 1), 0);
  std::filesystem::remove(home.file_of(lost));
  home.restart();

  const InstanceId again = random_id();
  const auto put = home.offer(SpoolHome::instance("2.25.7"), {"A", "B"}, again);

  ASSERT_TRUE(put);
  EXPECT_EQ(*put, SpoolPut::Queued) << "a duplicate of nothing would be lost for good";
  EXPECT_EQ(home.ledger->outcome(again), Outcome::Queued);
  EXPECT_EQ(home.ledger->outcome(lost), Outcome::Duplicate);
  EXPECT_EQ(home.ledger->by_destination().at("B").withdrawn, 1U);
  EXPECT_EQ(home.ledger->totals().parked, 0U);
  EXPECT_TRUE(home.ledger_adds_up());
  home.restart();
  EXPECT_EQ(home.spool->recovered().lost, 0U);
  const auto claimed = home.spool->claim("B", 10);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].id(), again);
}

TEST(SpoolRecovery, AQueuedInstanceWhoseFileRottedIsNoDuplicateOfAnything) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId rotten = home.put("2.25.7");
  {
    std::fstream file(home.file_of(rotten), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1'000);
    file.write(std::string(500, '\0').data(), 500);
  }

  const auto while_queued = home.offer(SpoolHome::instance("2.25.7"));
  home.spool->park(std::move(home.spool->claim("A", 1).at(0)), 0, "damaged");
  const auto while_parked = home.offer(SpoolHome::instance("2.25.7"));

  ASSERT_FALSE(while_queued);
  EXPECT_EQ(while_queued.error().fault, Fault::Busy);
  ASSERT_TRUE(while_parked);
  EXPECT_EQ(*while_parked, SpoolPut::Queued);
  EXPECT_FALSE(std::filesystem::exists(home.file_of(rotten)));
}

TEST(SpoolRecovery, WhatHasNeitherRowNorFileIsReportedAndNotShownAsQueued) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.7");
  home.close();
  delete_queue(home);
  std::filesystem::remove(home.file_of(id));

  home.open();

  EXPECT_EQ(home.spool->recovered().lost, 1U);
  EXPECT_EQ(home.ledger->totals().parked, 1U);
  EXPECT_EQ(home.ledger->totals().queued, 0U);
}

TEST(SpoolRecovery, WhatTheLedgerSaysIsDeliveredIsNotSentAgain) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = home.put("2.25.7");
  home.ledger->changed(
      {{id, "A", DeliveryState::Delivered, 0}});  // killed before the row was changed

  home.restart();

  EXPECT_EQ(home.spool->recovered().finished, 1U);
  EXPECT_TRUE(home.spool->claim("A", 1).empty());
  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST(SpoolRecovery, AFileOfTheOtherDomainNeitherOpensNorIsDeleted) {
  TempDir dir;
  SpoolHome home(dir.path);
  const InstanceId id = random_id();
  {
    SpoolSettings settings;
    settings.directory = home.path / "hospital";
    settings.min_free_bytes = 0;
    const auto hospital = HospitalSpool::open(settings, home.keys, *home.ledger);
    ASSERT_TRUE(hospital);
    const CleanInstance instance = SpoolHome::instance("2.25.7");
    ASSERT_EQ(*(*hospital)->put({id, instance, Bytes(32, 1), {}, {"PACS"}}), SpoolPut::Queued);
    const std::string name = to_hex(id);
    std::filesystem::copy(home.path / "hospital" / "spool" / name.substr(0, 2) / (name + ".dsg"),
                          home.file_of(id));
  }

  home.restart();

  EXPECT_EQ(home.spool->recovered().taken_in, 0U);
  EXPECT_EQ(home.spool->files(), 0U);
  EXPECT_EQ(home.files_on_disk(), 1U);
}

TEST(SpoolRecovery, AQueueThatIsNoDatabaseIsRefusedWithWhatToDo) {
  TempDir dir;
  SpoolHome home(dir.path);
  home.close();
  delete_queue(home);
  std::ofstream(home.path / "archive" / "queue.db")
      << "this is not a database, and long enough to be looked at as one";
  const auto ledger = Ledger::open(home.path / "ledger.db");
  ASSERT_TRUE(ledger);

  SpoolSettings settings;
  settings.directory = home.path / "archive";
  const auto opened = ArchiveSpool::open(settings, home.keys, **ledger);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::Corrupt);
  EXPECT_THAT(opened.error().detail, ::testing::HasSubstr("rebuilt from the spool files"));
}

}  // namespace
}  // namespace dosigate
