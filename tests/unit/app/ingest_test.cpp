#include "ingest_fixture.h"

namespace dosigate {
namespace {

using testing::ct_slice;
using testing::DataSet;
using testing::IngestTest;

DataSet with_burned_in_name() { return ct_slice().with(DCM_BurnedInAnnotation, "YES"); }

TEST_F(IngestTest, ACleanInstanceIsQueuedForEveryDestinationOfItsRoute) {
  route_.destinations = {"ARCHIVE", "COPY"};
  use_route();

  EXPECT_EQ(send(ct_slice()).status, 0x0000);

  EXPECT_EQ(ledger_->totals().received, 1U);
  EXPECT_EQ(ledger_->totals().queued, 1U);
  EXPECT_EQ(spool_->claim("ARCHIVE", 10).size(), 1U);
  EXPECT_EQ(spool_->claim("COPY", 10).size(), 1U);
}

TEST_F(IngestTest, RemovedPrivateCreatorsAreCountedForTheCameraAndNotBeforeTheAnswer) {
  const auto with_acme = [](const char* uid) {
    return ct_slice()
        .with(DCM_SOPInstanceUID, uid)
        .with(DcmTagKey(0x0009, 0x0010), EVR_LO, "ACME 1")
        .with(DcmTagKey(0x0009, 0x1001), EVR_LO, "x");
  };

  EXPECT_EQ(send(with_acme("1.2.3.1")).status, 0x0000);
  EXPECT_EQ(send(with_acme("1.2.3.2")).status, 0x0000);

  EXPECT_TRUE(map_->devices().at(0).creators.empty()) << "a statistic that nobody waits for";
  ASSERT_TRUE(map_->write_removed_creators());
  const auto devices = map_->devices();
  ASSERT_EQ(devices.at(0).creators.size(), 1U);
  EXPECT_EQ(devices.at(0).label, "CAM-01");
  EXPECT_EQ(devices.at(0).creators[0].text, "ACME 1");
  EXPECT_EQ(devices.at(0).creators[0].instances, 2);
}

TEST_F(IngestTest, TheSameInstanceInTheQueueIsADuplicate) {
  send(ct_slice());

  EXPECT_EQ(send(ct_slice()).status, 0x0000);

  EXPECT_EQ(ledger_->totals().received, 2U);
  EXPECT_EQ(ledger_->totals().queued, 1U);
  EXPECT_EQ(ledger_->totals().duplicate, 1U);
  EXPECT_EQ(spool_->files(), 1U);
}

TEST_F(IngestTest, TheSameInstanceAfterItsDeliveryIsForwardedAgain) {
  send(ct_slice());
  deliver_all();

  EXPECT_EQ(send(ct_slice()).status, 0x0000);

  EXPECT_EQ(ledger_->totals().delivered, 1U);
  EXPECT_EQ(ledger_->totals().queued, 1U);
  EXPECT_EQ(ledger_->totals().received, 2U);
}

TEST_F(IngestTest, OtherPixelsUnderTheSameUidAreHeldAsARevisionQueuedOrDelivered) {
  const std::string other(512, '\x05');
  send(ct_slice());

  EXPECT_EQ(send(ct_slice().with_bytes(DCM_PixelData, EVR_OW, other)).status, 0x0000);
  deliver_all();
  EXPECT_EQ(send(ct_slice().with_bytes(DCM_PixelData, EVR_OW, other)).status, 0x0000);

  EXPECT_EQ(ledger_->reasons(Outcome::Quarantined).at("revision"), 2U);
  EXPECT_EQ(ledger_->totals().delivered, 1U);
}

TEST_F(IngestTest, WhatCannotBeCleanedIsHeldSealedAndAcknowledged) {
  EXPECT_EQ(send(with_burned_in_name()).status, 0x0000);

  ASSERT_EQ(quarantine_->list().size(), 1U);
  EXPECT_EQ(quarantine_->list()[0].reason, "burned-in");
  EXPECT_EQ(ledger_->totals().quarantined, 1U);
  EXPECT_EQ(spool_->files(), 0U);
}

TEST_F(IngestTest, ARouteMayRefuseInsteadOfHolding) {
  route_.on_uncertain = Config::OnUncertain::Refuse;
  use_route();

  EXPECT_EQ(send(with_burned_in_name()).status, 0x0124);

  EXPECT_TRUE(quarantine_->list().empty());
  EXPECT_EQ(ledger_->totals().received, 0U);
  EXPECT_EQ(ledger_->refusals().at("burned-in"), 1U);
}

TEST_F(IngestTest, ADropRuleKeepsNothingAndCountsByReason) {
  DropRule rule;
  rule.modality = "CT";
  rule.text = "modality = CT";
  route_.drop = {rule};
  use_route();

  EXPECT_EQ(send(ct_slice()).status, 0x0000);

  EXPECT_EQ(ledger_->reasons(Outcome::Dropped).at("modality = CT"), 1U);
  EXPECT_EQ(map_->totals().patients, 0);
  EXPECT_EQ(spool_->files(), 0U);
}

TEST_F(IngestTest, AReleaseNeedsTheReasonAcceptedAndMovesOneInstance) {
  send(with_burned_in_name());
  const InstanceId id = quarantine_->list().at(0).id;

  const auto without = ingest_->release(id, {});
  ASSERT_TRUE(without);
  EXPECT_EQ(without->outcome, "held");
  const auto with = ingest_->release(id, {{HoldReason::BurnedIn}});
  ASSERT_TRUE(with) << with.error().detail;
  EXPECT_EQ(with->outcome, "queued");

  EXPECT_TRUE(quarantine_->list().empty());
  EXPECT_EQ(ledger_->totals().received, 1U);
  EXPECT_EQ(ledger_->totals().queued, 1U);
  EXPECT_EQ(ledger_->totals().quarantined, 0U);
}

TEST_F(IngestTest, AReleasedCopyOfAQueuedInstanceIsDiscardedAsADuplicate) {
  send(with_burned_in_name());
  send(with_burned_in_name());
  const auto held = quarantine_->list();
  ASSERT_EQ(held.size(), 2U);
  ASSERT_EQ(ingest_->release(held[0].id, {{HoldReason::BurnedIn}})->outcome, "queued");

  const auto second = ingest_->release(held[1].id, {{HoldReason::BurnedIn}});

  ASSERT_TRUE(second);
  EXPECT_EQ(second->outcome, "duplicate");
  EXPECT_EQ(ledger_->totals().received, 2U);
  EXPECT_EQ(ledger_->totals().discarded, 1U);
  EXPECT_TRUE(quarantine_->list().empty());
}

TEST_F(IngestTest, ADiscardedOriginalIsGoneAndRemembered) {
  send(with_burned_in_name());
  const InstanceId id = quarantine_->list().at(0).id;

  ASSERT_TRUE(ingest_->discard(id, "sent by mistake"));

  EXPECT_TRUE(quarantine_->list().empty());
  EXPECT_EQ(ledger_->totals().received, 1U);
  EXPECT_EQ(ledger_->totals().discarded, 1U);
  EXPECT_EQ(ingest_->discard(id, "again").error().fault, Fault::NotFound);
}

TEST_F(IngestTest, PairsThatTheMapDoesNotTakeDoNotHoldUpTheOthers) {
  const InstanceId bad = random_id();
  const auto verdict = ingest_->routing()
                           ->engine("all", "CAMERA")
                           .clean(ct_slice().with(DCM_SOPInstanceUID, "1.2.3.9").received());
  const auto& cleaned = std::get<Cleaned>(verdict);
  PairBatch of_no_study = cleaned.memory;
  of_no_study.study = 999;
  const Bytes pairs = map_->seal_pairs(bad, of_no_study);
  ASSERT_TRUE(spool_->put({bad, cleaned.instance, cleaned.memory.fingerprint, pairs, {"ARCHIVE"}}));
  send(ct_slice());
  auto claimed = spool_->claim("ARCHIVE", 100);
  ASSERT_EQ(claimed.size(), 2U);
  spool_->delivered(std::move(claimed), 0);

  const auto moved = move_pairs(*spool_, *map_);

  ASSERT_TRUE(moved) << moved.error().detail;
  EXPECT_EQ(spool_->files(), 1U) << "the good one is done with, the other is kept";
  EXPECT_EQ(spool_->pairs_stuck(), 1U);
  EXPECT_EQ(*move_pairs(*spool_, *map_), 0U) << "not offered again and again";
}

TEST_F(IngestTest, AFullQuarantineRefusesAndAcknowledgesNothing) {
  open_quarantine(10);
  use_route();

  EXPECT_EQ(send(with_burned_in_name()).status, 0xA700);

  EXPECT_EQ(ledger_->totals().received, 0U);
  EXPECT_EQ(ledger_->totals().refused, 1U);
}

TEST_F(IngestTest, ABrokenDataSetIsRefusedAndNothingIsKept) {
  ReceivedInstance received = ct_slice().received();
  received.origin.route = route_.name;
  received.data_set.resize(received.data_set.size() - 3);

  EXPECT_EQ(ingest_->accept(received).status, 0xC000);

  EXPECT_EQ(ledger_->totals().received, 0U);
  EXPECT_EQ(ledger_->refusals().at("not-dicom"), 1U);
}

TEST_F(IngestTest, AnInstanceOfARouteThatWasRemovedStaysWithItsSender) {
  ReceivedInstance received = ct_slice().received();
  received.origin.route = "removed";

  EXPECT_EQ(ingest_->accept(received).status, 0xA700);

  EXPECT_EQ(ledger_->totals().received, 0U);
}

TEST_F(IngestTest, TellsOfALeakHitWhosePseudonymItIsAndNeverTheValue) {
  std::vector<std::string> told;
  watch_.leak = [&](const std::string& route, const Held& held) {
    told = {route, held.detail, held.pseudonym};
  };
  open_quarantine(1U << 30U);
  use_route();

  EXPECT_EQ(send(ct_slice()
                     .with(DCM_PatientTelephoneNumbers, "11987654321")
                     .with(DCM_SoftwareVersions, EVR_LO, "VB20A (11) 98765-4321"))
                .status,
            0x0000);

  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0], "all");
  EXPECT_EQ(told[1].find("98765"), std::string::npos);
  EXPECT_TRUE(is_pseudonym(told[2])) << told[2];
  EXPECT_EQ(ledger_->totals().quarantined, 1U);
}

TEST_F(IngestTest, TellsOfAnArrivalBeforeTheAnswerAndRefusesWhatCannotBeRecorded) {
  std::vector<std::string> told;
  bool full = false;
  watch_.arrived = [&](const Origin& origin, const std::string& study) {
    if (full) throw std::runtime_error("no space left");
    told.push_back(origin.calling_ae + " " + study.substr(0, 5));
  };
  open_quarantine(1U << 30U);
  use_route();

  EXPECT_EQ(send(ct_slice()).status, 0x0000);
  EXPECT_EQ(told, std::vector<std::string>{"CAMERA 2.25."});
  full = true;
  EXPECT_EQ(send(ct_slice()).status & 0xFF00, 0xA700);
  full = false;
  EXPECT_EQ(send(ct_slice()).status, 0x0000) << "sent again, it is a duplicate and recorded";
  EXPECT_EQ(told.size(), 2U);
}

}  // namespace
}  // namespace dosigate
