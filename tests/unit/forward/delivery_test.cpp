#include <set>

#include "fixture.h"
#include "support/disk_layer.h"

// What is sent, and what each answer of an archive makes of it.

namespace dosigate::testing {
namespace {

Bytes whole(const CleanInstance& instance) {
  Bytes out(instance.header().begin(), instance.header().end());
  out.insert(out.end(), instance.body().begin(), instance.body().end());
  out.insert(out.end(), instance.trailer().begin(), instance.trailer().end());
  return out;
}

TEST_F(Forwarding, TheArchiveGetsTheDataSetBitForBitInItsOwnTransferSyntax) {
  const CleanInstance large = SpoolHome::instance("2.25.1", 300'001);
  const CleanInstance jpeg =
      Deidentifier::make({.sop_instance_uid = "2.25.2",
                          .transfer_syntax_uid = "1.2.840.10008.1.2.4.201",
                          .header = Bytes(10, 'j')});  // HTJ2K: unknown to DCMTK
  ASSERT_TRUE(home.offer(large));
  ASSERT_TRUE(home.offer(jpeg));

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(2));
  for (const auto& got : archive.received()) {
    const CleanInstance& sent = got.sop_instance_uid == "2.25.1" ? large : jpeg;
    EXPECT_EQ(got.data_set, whole(sent));
    EXPECT_EQ(got.sop_class_uid, sent.sop_class_uid());
    EXPECT_EQ(got.transfer_syntax_uid, sent.transfer_syntax_uid());
  }
  EXPECT_EQ(forwarder.state().state, "up");
  EXPECT_EQ(forwarder.state().last_error, "");
  EXPECT_EQ(forwarder.state().sent, 2U);
  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST_F(Forwarding, WhatIsDeliveredIsWrittenDownWhileTheDiskIsSlowToErase) {
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  {
    const DiskHold slow(".dsg");
    put(1);
    ASSERT_TRUE(eventually([&] { return !slow.held().empty(); }));

    put(100, 1);
    EXPECT_TRUE(eventually([&] {
      return home.ledger->totals().delivered == 101 && home.files_on_disk() == 1;
    })) << home.files_on_disk()
        << " files are there";
    EXPECT_TRUE(std::filesystem::exists(slow.held()));
  }
  EXPECT_TRUE(all_delivered(101));
  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST_F(Forwarding, ASmallPduOfThePeerIsRespected) {
  archive.set({.max_pdu = 512});
  const CleanInstance instance = SpoolHome::instance("2.25.1", 50'000);
  ASSERT_TRUE(home.offer(instance));

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(1));
  EXPECT_EQ(archive.received().at(0).data_set, whole(instance));
}

TEST_F(Forwarding, ManyInstancesShareAFewAssociationsAndEachIsSentOnce) {
  put(60);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(60));
  EXPECT_EQ(archive.received().size(), 60U);
  EXPECT_EQ(archive.kept(), 60U);
  EXPECT_LE(archive.associations(), 2U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(Forwarding, AClassThatWasNotProposedYetOpensANewAssociation) {
  auto to = dicom_destination(archive.port());
  to.associations = 1;
  put(1);
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(all_delivered(1));

  ASSERT_TRUE(home.offer(Deidentifier::make({.sop_instance_uid = "2.25.5",
                                             .sop_class_uid = "1.2.840.10008.5.1.4.1.1.20",
                                             .header = Bytes(10, 'n')})));

  ASSERT_TRUE(all_delivered(2));
  EXPECT_EQ(archive.associations(), 2U);
}

TEST_F(Forwarding, WhatIsWithdrawnFromTheBatchInHandIsNotSent) {
  auto to = dicom_destination(archive.port());
  to.associations = 1;
  put(6);
  const std::string study = home.spool->list(1).at(0).study_uid;
  SpoolWithdrawn withdrawn;
  archive.set({.status = [&](const std::string&, int) {
    // While the first one is on its way.
    withdrawn = home.spool->withdraw(study, {}, std::chrono::milliseconds(0));
    return std::uint16_t{0};
  }});

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return home.spool->files() == 0; }));
  EXPECT_EQ(archive.received().size(), 1U);
  EXPECT_EQ(withdrawn.withdrawn, 5U);
  EXPECT_THAT(withdrawn.in_flight, ::testing::ElementsAre("A"));
  EXPECT_EQ(home.ledger->by_destination().at("A").delivered, 1U);
  EXPECT_EQ(home.ledger->by_destination().at("A").withdrawn, 5U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(Forwarding, WarningsAreDeliveredAndRecorded) {
  archive.set({.status = [](const std::string& uid, int) {
    return static_cast<std::uint16_t>(uid.back() == '0'   ? 0xB000
                                      : uid.back() == '1' ? 0xB006
                                                          : 0xB007);
  }});
  put(3);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  EXPECT_TRUE(all_delivered(3));
  EXPECT_EQ(archive.received().size(), 3U);
}

TEST_F(Forwarding, PermanentRefusalsAreParkedAtOnceWithStatusAndComment) {
  for (const std::uint16_t status :
       std::vector<std::uint16_t>{0xA801, 0xA900, 0xC123, 0x0122, 0x0124}) {
    archive.set(
        {.status = [=](const std::string&, int) { return status; }, .comment = "no such thing"});
    TempDir own;
    const SpoolHome other(own.path);
    other.put("2.25.1");
    const ArchiveForwarder forwarder(dicom_destination(archive.port()), *other.spool);

    // The ledger knows a moment before the queue.
    ASSERT_TRUE(eventually([&] {
      return other.ledger->totals().parked == 1 &&
             other.spool->list(1).at(0).state == DeliveryState::Parked;
    })) << status;
    const auto row = other.spool->list(1).at(0);
    EXPECT_EQ(row.status, status);
    EXPECT_THAT(row.reason, ::testing::HasSubstr("no such thing"));
    EXPECT_EQ(forwarder.state().state, "up") << "the archive is well, the instance is not";
  }
  EXPECT_EQ(archive.received().size(), 5U) << "never asked twice";
}

TEST_F(Forwarding, OutOfResourcesIsRetriedUntilItPasses) {
  std::atomic<int> refusals{0};
  archive.set({.status = [&](const std::string&, int) {
    return static_cast<std::uint16_t>(++refusals <= 4 ? 0xA700 : 0);
  }});
  put(2);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_THAT(forwarder.state().last_error, ::testing::HasSubstr("out of resources"));
  EXPECT_TRUE(all_delivered(2));
  EXPECT_EQ(archive.kept(), 2U);
}

TEST_F(Forwarding, AnUnusualStatusIsRetriedAndThenParked) {
  archive.set({.status = [](const std::string&, int) { return std::uint16_t{0x0110}; }});
  auto to = dicom_destination(archive.port());
  to.max_attempts = 3;
  put(1);

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_EQ(archive.received().size(), 3U);
  EXPECT_THAT(reason(), ::testing::HasSubstr("given up after 3 attempts"));
}

TEST_F(Forwarding, AlreadyThereIsNotBelievedOfAnInstanceThatWasNeverSent) {
  archive.set({.status = [](const std::string&, int) { return std::uint16_t{0x0111}; }});
  put(1);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_THAT(reason(), ::testing::HasSubstr("that we did not send"));
}

TEST_F(Forwarding, AlreadyThereIsBelievedAfterAnAttemptWhoseAnswerWasLost) {
  archive.set({.on_response = FakeArchive::OnResponse::CloseBefore});
  put(1);
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  ASSERT_TRUE(archive.wait_for_kept(1));

  archive.set({.status = [](const std::string&, int times) {
    return static_cast<std::uint16_t>(times > 0 ? 0x0111 : 0);
  }});

  EXPECT_TRUE(all_delivered(1));
  EXPECT_EQ(parked(), 0U);
}

TEST_F(Forwarding, WhatIsDeliveredIsWrittenDownWithoutWaitingForMore) {
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  put(1);
  ASSERT_TRUE(archive.wait_for_kept(1));

  // Deliberately far above the two syncs it takes on a busy disk, and far below the five idle
  // seconds.
  EXPECT_TRUE(
      eventually([&] { return home.ledger->totals().delivered == 1; }, std::chrono::seconds(3)));
}

TEST_F(Forwarding, ADamagedSpoolFileIsParkedAndTheOthersGoOn) {
  const InstanceId damaged = home.put("2.25.1");
  put(3);
  std::filesystem::resize_file(home.file_of(damaged), 300);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(3));
  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_EQ(home.spool->list(1).at(0).id, damaged);
  EXPECT_EQ(archive.kept(), 3U);
}

TEST_F(Forwarding, ADestinationThatIsDownDoesNotDelayAnother) {
  FakeArchive other;
  archive.down();
  for (int i = 0; i < 20; ++i) home.put(sop(i), {"A", "B"});
  const ArchiveForwarder dead(dicom_destination(archive.port(), "A"), *home.spool);
  const ArchiveForwarder alive(dicom_destination(other.port(), "B"), *home.spool);

  EXPECT_TRUE(other.wait_for_kept(20));
  EXPECT_TRUE(eventually([&] { return home.ledger->by_destination().at("B").delivered == 20; }));
  EXPECT_EQ(home.ledger->by_destination().at("A").queued, 20U);
  EXPECT_EQ(home.files_on_disk(), 20U);
}

TEST_F(Forwarding, AnIdleAssociationIsReleased) {
  put(1);
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  ASSERT_TRUE(all_delivered(1));

  EXPECT_TRUE(eventually([&] { return archive.releases() == archive.associations(); },
                         std::chrono::seconds(12)));
  // It is counted until its connection is closed.
  EXPECT_TRUE(eventually([&] { return forwarder.state().associations == 0; }));
}

}  // namespace
}  // namespace dosigate::testing
