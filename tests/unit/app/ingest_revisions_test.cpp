// The same instance again, and again with another weight: what is queued, what is held, what is
// rejected.

#include "ingest_fixture.h"

#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "dosigate/dicom/data_set.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNoteClass = "1.2.840.10008.5.1.4.1.1.88.59";

DataSet weighing(const char* kilograms) { return pet_slice().with(DCM_PatientWeight, kilograms); }

class RevisionsAtIngest : public IngestTest {
 protected:
  /// One line per instance that waits: SOP Instance UID, by the order of arrival; notes are "note".
  std::vector<std::string> waiting() {
    std::vector<std::string> out;
    auto claimed = spool_->claim("ARCHIVE", 100);
    for (const auto& one : claimed)
      out.push_back(one.sop_class_uid() == kNoteClass ? "note" : one.sop_instance_uid());
    return out;
  }
  void by_new_uid() {
    route_.revisions = Config::Revisions::NewUid;
    use_route();
  }
  InstanceId held(std::size_t number = 0) { return quarantine_->list().at(number).id; }
  bool adds_up() const {
    const auto t = ledger_->totals();
    return t.received + t.issued == t.duplicate + t.delivered + t.queued + t.parked +
                                        t.quarantined + t.dropped + t.discarded;
  }
};

TEST_F(RevisionsAtIngest, AHeldOneSaysWhatDiffersAndWhichItWouldBe) {
  send(weighing("70"));
  deliver_all();

  EXPECT_EQ(send(weighing("72")).status, 0x0000);

  const auto entry = quarantine_->list().at(0);
  EXPECT_EQ(entry.reason, "revision");
  EXPECT_EQ(entry.detail,
            "other inputs of dosimetry than the version that went out first; sent on, it is "
            "revision 1");
  const auto examined = ingest_->examine(entry.id);
  ASSERT_TRUE(examined) << examined.error().detail;
  EXPECT_EQ(examined->number, 1U);
  EXPECT_EQ(examined->differs, "other inputs of dosimetry");
  EXPECT_FALSE(examined->older_came_back);
  EXPECT_EQ(examined->before_uid, examined->first_uid);
}

TEST_F(RevisionsAtIngest, AReleaseAsRevisionSendsItAndRejectsTheVersionBefore) {
  send(weighing("70"));
  const std::string first = waiting().at(0);
  deliver_all();
  send(weighing("72"));

  EXPECT_EQ(ingest_->release(held(), {})->outcome, "held");
  const auto sent = ingest_->release(held(), {}, true);

  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->outcome, "queued");
  EXPECT_TRUE(quarantine_->list().empty());
  const auto queue = waiting();
  ASSERT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue[0], "note");
  EXPECT_NE(queue[1], first);
  const auto orders = ledger_->withdrawals("", 10);
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].cause, "revision");
  EXPECT_EQ(orders[0].objects, 1U);
  EXPECT_FALSE(orders[0].whole_study);
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, ARouteMaySendThemByItself) {
  by_new_uid();
  send(weighing("70"));
  const std::string first = waiting().at(0);
  deliver_all();

  EXPECT_EQ(send(weighing("72")).status, 0x0000);

  EXPECT_TRUE(quarantine_->list().empty());
  const auto queue = waiting();
  ASSERT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue[0], "note");
  EXPECT_NE(queue[1], first);
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, WhatAnEarlierVersionFingerprintedIsLeftToAPerson) {
  by_new_uid();
  send(weighing("70"));
  deliver_all();
  SQLite::Database map((home_.path / "identity" / "map.db").string(), SQLite::OPEN_READWRITE,
                       5'000);
  ASSERT_EQ(map.exec("UPDATE instance SET fingerprint = x'02' || substr(fingerprint, 2)"), 1);

  EXPECT_EQ(send(weighing("70")).status, 0x0000);
  EXPECT_EQ(send(weighing("72")).status, 0x0000);

  const auto entries = quarantine_->list();
  ASSERT_EQ(entries.size(), 2U) << "neither a new UID nor a rejection goes out by itself";
  std::vector<std::string> details{entries[0].detail, entries[1].detail};
  std::ranges::sort(details);
  EXPECT_THAT(details[0], HasSubstr("perhaps other pixels (an earlier dosigate"));
  EXPECT_THAT(details[0], HasSubstr("and other inputs of dosimetry than the version"));
  EXPECT_THAT(details[1], HasSubstr("in another way) than the version that went out first"));
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, OfWhatHasNotLeftTakesItsPlaceInTheQueueAndNobodyIsTold) {
  by_new_uid();
  send(weighing("70"));
  const std::string first = waiting().at(0);

  EXPECT_EQ(send(weighing("72")).status, 0x0000);

  const auto queue = waiting();
  ASSERT_EQ(queue.size(), 1U);
  EXPECT_NE(queue[0], first);
  EXPECT_NE(queue[0], "note");
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, ARevisionThatComesAgainIsTheSameQueuedOrDelivered) {
  by_new_uid();
  send(weighing("70"));
  deliver_all();
  send(weighing("72"));
  const std::string revision = waiting().at(1);

  send(weighing("72"));
  EXPECT_EQ(ledger_->totals().duplicate, 1U);
  deliver_all();
  send(weighing("72"));

  EXPECT_EQ(waiting(), std::vector<std::string>{revision}) << "the archive may have lost it";
  EXPECT_EQ(ledger_->withdrawals("", 10).size(), 1U);
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, AnOlderVersionThatComesBackWaitsForAPersonOnEveryRoute) {
  by_new_uid();
  send(weighing("70"));
  const std::string first = waiting().at(0);
  deliver_all();
  send(weighing("72"));
  const std::string revision = waiting().at(1);

  EXPECT_EQ(send(weighing("70")).status, 0x0000);

  ASSERT_EQ(quarantine_->list().size(), 1U);
  EXPECT_THAT(quarantine_->list()[0].detail, HasSubstr("an older version came back"));
  EXPECT_THAT(quarantine_->list()[0].detail, HasSubstr("it is revision 2"));
  const auto examined = ingest_->examine(held());
  ASSERT_TRUE(examined);
  EXPECT_TRUE(examined->older_came_back);
  EXPECT_EQ(examined->first_uid, first);
  EXPECT_EQ(examined->before_uid, revision);
  deliver_all();
  ASSERT_EQ(ingest_->release(held(), {}, true)->outcome, "queued");
  EXPECT_EQ(waiting().size(), 2U) << "revision 2 and the note that rejects revision 1";
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, EachChangeGetsTheNextNumberAndNamesTheOneBefore) {
  by_new_uid();
  for (const char* weight : {"70", "71", "72", "73"}) {
    EXPECT_EQ(send(weighing(weight)).status, 0x0000);
    deliver_all();
  }

  const auto verdict = ingest_->routing()->engine("all", "CAMERA").clean(weighing("70").received());
  const auto& memory = std::get<Cleaned>(verdict).memory;
  const auto known = map_->seen(memory.study, memory.sop_uid);
  ASSERT_EQ(known.size(), 4U);
  EXPECT_EQ(known.back().revision, 3U);
  EXPECT_EQ(ledger_->withdrawals("", 10).size(), 3U);
  EXPECT_TRUE(adds_up());
}

TEST_F(RevisionsAtIngest, WhatIsNoRevisionAnyMoreIsNotExaminedAsOne) {
  send(weighing("70"));
  deliver_all();
  send(weighing("72"));
  send(weighing("72"));
  ASSERT_EQ(ingest_->release(held(0), {}, true)->outcome, "queued");

  EXPECT_EQ(ingest_->examine(held()).error().fault, Fault::Conflict);
  EXPECT_EQ(ingest_->release(held(), {}, true)->outcome, "duplicate");
  EXPECT_EQ(ingest_->examine(random_id()).error().fault, Fault::NotFound);
}

TEST_F(RevisionsAtIngest, ADestinationIsAskedForByTheUidThatItGot) {
  by_new_uid();
  send(weighing("70"));
  const std::string first = waiting().at(0);
  deliver_all();
  send(weighing("72"));

  const auto orders = ledger_->withdrawals("", 1);
  ASSERT_EQ(orders.size(), 1U);
  const auto at = ledger_->deliveries_of(orders[0].study_uid, first);

  EXPECT_EQ(at, (std::map<std::string, DeliveryState>{{"ARCHIVE", DeliveryState::Delivered}}));
  EXPECT_TRUE(ledger_->deliveries_of(orders[0].study_uid, "2.25.1").empty());
}

TEST_F(RevisionsAtIngest, ANewCameraIsHeldWhereTheRouteWantsIt) {
  route_.new_devices = NewDevices::Hold;
  use_route();

  EXPECT_EQ(send(ct_slice()).status, 0x0000);

  ASSERT_EQ(quarantine_->list().size(), 1U);
  EXPECT_EQ(quarantine_->list()[0].reason, "new-device");
  EXPECT_THAT(quarantine_->list()[0].detail, HasSubstr("CAM-01"));
  EXPECT_THAT(quarantine_->list()[0].detail, ::testing::Not(HasSubstr("SN-445566")));
  EXPECT_EQ(ingest_->release(held(), {{HoldReason::NewDevice}})->outcome, "held");
  ASSERT_TRUE(map_->accept_device("HSP", "CAM-01"));
  EXPECT_EQ(ingest_->release(held(), {})->outcome, "queued");
}

TEST_F(RevisionsAtIngest, AReceivedRejectionNoteIsSentOnAndRemembered) {
  send(ct_slice());
  deliver_all();
  DataSet note = any_instance(kNoteClass)
                     .with(DCM_SOPInstanceUID, "1.2.3.99")
                     .with(DCM_Modality, "KO")
                     .with(DCM_ValueType, "CONTAINER")
                     .with(DCM_ContinuityOfContent, "SEPARATE")
                     .with(DCM_ContentDate, "20250304")
                     .with(DCM_ContentTime, "113000");
  DcmItem *title = nullptr, *item = nullptr, *reference = nullptr;
  ASSERT_TRUE(note.root().findOrCreateSequenceItem(DCM_ConceptNameCodeSequence, title, -2).good());
  put_value(*title, DCM_CodeValue, EVR_SH, "113037");
  put_value(*title, DCM_CodingSchemeDesignator, EVR_SH, "DCM");
  put_value(*title, DCM_CodeMeaning, EVR_LO, "Rejected for Patient Safety Reasons");
  ASSERT_TRUE(note.root().findOrCreateSequenceItem(DCM_ContentSequence, item, -2).good());
  put_value(*item, DCM_RelationshipType, EVR_CS, "CONTAINS");
  put_value(*item, DCM_ValueType, EVR_CS, "IMAGE");
  ASSERT_TRUE(item->findOrCreateSequenceItem(DCM_ReferencedSOPSequence, reference, -2).good());
  put_value(*reference, DCM_ReferencedSOPClassUID, EVR_UI, kCtImageStorage);
  put_value(*reference, DCM_ReferencedSOPInstanceUID, EVR_UI, "1.2.826.0.1.3680043.10.99.1.1");

  EXPECT_EQ(send(std::move(note)).status, 0x0000);

  EXPECT_EQ(waiting(), std::vector<std::string>{"note"});
  const auto orders = ledger_->withdrawals("", 10);
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].cause, "received");
  EXPECT_EQ(orders[0].code, "113037");
  EXPECT_EQ(orders[0].objects, 1U);
  EXPECT_EQ(orders[0].told, (std::map<std::string, std::int64_t>{{"ARCHIVE", 0}}));
  deliver_all();
  EXPECT_EQ(ledger_->withdrawals_open(), 0U);
  EXPECT_TRUE(adds_up());
}

}  // namespace
}  // namespace dosigate::testing
