// Stories of identities that were wrong, on a node from its association to its queue.

#include "dosigate/app/corrections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "dosigate/crypto/hash.h"
#include "support/data_sets.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::ct_slice;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kNoteClass = "1.2.840.10008.5.1.4.1.1.88.59";
constexpr const char* kStudy = "1.2.840.9.1";

struct Patient {
  const char *id, *name, *birth;
  const char* issuer = "";
};
const Patient kAna{"1001", "SOUZAMARKER^ANA", "19500102"};
const Patient kAnaElsewhere{"A-77", "SOUZAMARKER^ANA", "19500102"};
const Patient kRui{"2002", "PEREIRAMARKER^RUI", "19610708"};

class CorrectionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Keyring::create(home_.path / "keyring", master_));
    keys_ = std::make_unique<Keyring>(std::move(*Keyring::open(home_.path / "keyring", master_)));
    PseudonymMap::Settings map;
    map.directory = home_.path / "identity";
    ASSERT_TRUE(PseudonymMap::create(map, *keys_));
    map_ = std::move(*PseudonymMap::open(map, *keys_));
    ledger_ = std::move(*Ledger::open(home_.path / "ledger.db"));
    ArchiveSpool::Settings spool;
    spool.directory = home_.path / "archive";
    spool.min_free_bytes = 1;
    spool_ = std::move(*ArchiveSpool::open(spool, *keys_, *ledger_));
    quarantine_ = std::make_unique<Quarantine>(home_.path / "quarantine", *keys_, 1U << 30U);
    withdrawals_ = std::make_unique<Withdrawals>(*map_, *spool_, *ledger_);
    ingest_ = std::make_unique<Ingest>(*map_, *spool_, *ledger_, *quarantine_, *withdrawals_);
    corrections_ =
        std::make_unique<Corrections>(*map_, *ledger_, *quarantine_, *ingest_, *withdrawals_);
    Config config;
    config.sites = {{"HSP", {"HSP", {}, {}}}};
    Config::Route route;
    route.name = "all";
    route.site = "HSP";
    route.destinations = {"ARCHIVE"};
    config.routes = {route};
    auto routing = Routing::make(config, *map_);
    ASSERT_TRUE(routing) << routing.error().detail;
    ingest_->use(*routing);
  }

  void send(const Patient& patient, const std::string& study, int number = 1,
            const char* burned_in = "NO") {
    ReceivedInstance received = ct_slice()
                                    .with(DCM_PatientID, patient.id)
                                    .with(DCM_PatientName, patient.name)
                                    .with(DCM_PatientBirthDate, patient.birth)
                                    .with(DCM_IssuerOfPatientID, patient.issuer)
                                    .with(DCM_StudyInstanceUID, study)
                                    .with(DCM_SOPInstanceUID, study + "." + std::to_string(number))
                                    .with(DCM_BurnedInAnnotation, burned_in)
                                    .received();
    received.origin = {"DOSIGATE", "CAMERA", "127.0.0.1", "all"};
    ASSERT_EQ(ingest_->accept(received).status, 0x0000);
    (void)spool_->files();  // its row comes after the answer: for whoever claims now
  }

  void deliver() { spool_->delivered(spool_->claim("ARCHIVE", 100), 0); }

  std::string pseudonym(const Patient& patient) {
    const auto whose = map_->known_as({"HSP", {}, {}}, Phi(patient.id), Phi(patient.issuer));
    return whose.empty() ? "" : whose.front();
  }
  /// The UID under which the last study of a patient is at the archive.
  std::string study_of(const Patient& patient) {
    const auto studies = map_->studies_of(pseudonym(patient));
    return studies && !studies->empty() ? studies->back().study_uid : "";
  }

  /// (pseudonym, study) of what waits, each once, without notes.
  std::set<std::pair<std::string, std::string>> waiting() const {
    std::set<std::pair<std::string, std::string>> out;
    for (const auto& row : spool_->list(1'000))
      if (row.sop_class != kNoteClass) out.insert({row.pseudonym, row.study_uid});
    return out;
  }
  /// (pseudonym, study) of notes that wait.
  std::set<std::pair<std::string, std::string>> notes() const {
    std::set<std::pair<std::string, std::string>> out;
    for (const auto& row : spool_->list(1'000))
      if (row.sop_class == kNoteClass) out.insert({row.pseudonym, row.study_uid});
    return out;
  }
  std::vector<Ledger::Withdrawal> orders(const std::string& study) const {
    return ledger_->withdrawals(study, 100);
  }
  Result<Corrections::Done> alias(const std::string& winner, const Patient& patient,
                                  bool resend = false) {
    return corrections_->alias(winner, Phi(patient.id), Phi(patient.issuer), resend);
  }
  std::string release_all() {
    std::string out;
    for (const auto& entry : quarantine_->list()) {
      const auto released = ingest_->release(entry.id, {});
      out += (released ? released->outcome : released.error().detail) + " ";
    }
    return out;
  }

  testing::TempDir home_;
  Secret master_ = random_secret();
  std::unique_ptr<Keyring> keys_;
  std::unique_ptr<PseudonymMap> map_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<ArchiveSpool> spool_;
  std::unique_ptr<Quarantine> quarantine_;
  std::unique_ptr<Withdrawals> withdrawals_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<Corrections> corrections_;
};

TEST_F(CorrectionsTest, AStudyThatReturnsUnderAnAliasOfItsPatientGoesOnUnderTheSamePseudonym) {
  send(kAna, kStudy, 1);
  const std::string ana = pseudonym(kAna), study = study_of(kAna);
  deliver();
  send(kAnaElsewhere, kStudy, 2);
  ASSERT_THAT(quarantine_->list(), SizeIs(1)) << "another id for a known study is in doubt";

  const auto done = alias(ana, kAnaElsewhere);

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->pseudonym, ana);
  EXPECT_THAT(done->stale_studies, IsEmpty());
  EXPECT_THAT(done->send_again, IsEmpty());
  EXPECT_EQ(release_all(), "queued ");
  EXPECT_THAT(waiting(), ElementsAre(std::pair(ana, study)));
}

TEST_F(CorrectionsTest, TwoPatientsWhoWereBothSentAreNotJoinedUnlessStudiesMayBeSentAgain) {
  send(kAna, kStudy);
  send(kAnaElsewhere, "1.2.840.9.2");
  deliver();
  const std::string ana = pseudonym(kAna), other = pseudonym(kAnaElsewhere);

  const auto done = alias(ana, kAnaElsewhere);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::Conflict);
  EXPECT_THAT(done.error().detail, ::testing::AllOf(HasSubstr("--resend"), HasSubstr(other)));
  EXPECT_EQ(pseudonym(kAnaElsewhere), other);
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(CorrectionsTest, AJoinWithdrawsTheOthersStudiesAndWhatReturnsIsTheWinners) {
  send(kAna, kStudy);
  send(kAnaElsewhere, "1.2.840.9.2", 1);
  deliver();
  send(kAnaElsewhere, "1.2.840.9.2", 2);  // waits
  const std::string ana = pseudonym(kAna), other = pseudonym(kAnaElsewhere),
                    stale = study_of(kAnaElsewhere);

  const auto done = alias(ana, kAnaElsewhere, true);

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->pseudonym, ana);
  EXPECT_THAT(done->stale_studies, ElementsAre(stale));
  EXPECT_THAT(done->send_again, ElementsAre(stale));
  EXPECT_THAT(done->told, ElementsAre("ARCHIVE"));
  EXPECT_EQ(done->objects, 1U);
  EXPECT_EQ(done->withdrawn_from_queue, 1U);
  EXPECT_THAT(notes(), ElementsAre(std::pair(other, stale)))
      << "the note is about what the archive has";
  ASSERT_THAT(orders(stale), SizeIs(1));
  EXPECT_EQ(orders(stale)[0].code, "113038");
  EXPECT_EQ(orders(stale)[0].cause, "joined");

  send(kAnaElsewhere, "1.2.840.9.2", 1);
  ASSERT_THAT(waiting(), SizeIs(1));
  EXPECT_EQ(waiting().begin()->first, ana);
  EXPECT_NE(waiting().begin()->second, stale);
}

TEST_F(CorrectionsTest, WhenOnlyTheOtherWasSentItsPseudonymHoldsAndNothingIsSentAgain) {
  send(kAna, kStudy);
  const std::string ana = pseudonym(kAna);
  spool_->withdraw(study_of(kAna), {});  // known, and nothing of it anywhere
  send(kAnaElsewhere, "1.2.840.9.2");
  deliver();
  const std::string other = pseudonym(kAnaElsewhere);

  const auto done = alias(ana, kAnaElsewhere);

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->pseudonym, other);
  EXPECT_THAT(done->stale_studies, IsEmpty());
  EXPECT_EQ(pseudonym(kAna), other);
}

TEST_F(CorrectionsTest, AJoinThatWasCutOffIsFinishedByTheSameCommandAndNotDoneTwice) {
  send(kAna, kStudy);
  send(kAnaElsewhere, "1.2.840.9.2");
  deliver();
  const std::string ana = pseudonym(kAna), other = pseudonym(kAnaElsewhere),
                    stale = study_of(kAnaElsewhere);
  ASSERT_TRUE(map_->join(ana, other));  // and then the power went

  const auto by_id = alias(ana, kAnaElsewhere);
  ASSERT_TRUE(by_id) << by_id.error().detail;
  EXPECT_THAT(by_id->stale_studies, ElementsAre(stale));
  const auto by_pseudonym = corrections_->alias(ana, other, false);
  ASSERT_TRUE(by_pseudonym) << by_pseudonym.error().detail;
  EXPECT_THAT(by_pseudonym->stale_studies, IsEmpty());
  EXPECT_THAT(by_pseudonym->send_again, ElementsAre(stale)) << "it has not come back yet";

  EXPECT_THAT(orders(stale), SizeIs(1));
  send(kAnaElsewhere, "1.2.840.9.2");
  EXPECT_THAT(corrections_->alias(ana, other, false)->send_again, IsEmpty());
}

TEST_F(CorrectionsTest, AReassignedStudyGetsThePseudonymAndUidsOfItsPerson) {
  send(kAna, kStudy, 1);
  deliver();
  const std::string ana = pseudonym(kAna), old = study_of(kAna);
  send(kRui, kStudy, 1);  // corrected in the PACS
  ASSERT_THAT(quarantine_->list(), SizeIs(1));

  const auto done = corrections_->reassign(old, Phi(kRui.id), {});

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->pseudonym, pseudonym(kRui));
  EXPECT_NE(done->pseudonym, ana);
  EXPECT_NE(done->study_uid, old);
  EXPECT_THAT(done->stale_studies, ElementsAre(old));
  EXPECT_THAT(notes(), ElementsAre(std::pair(ana, old)));
  EXPECT_EQ(orders(old).at(0).cause, "reassigned");
  EXPECT_EQ(corrections_->awaited(), 1U);
  EXPECT_EQ(release_all(), "queued ");
  EXPECT_THAT(waiting(), ElementsAre(std::pair(done->pseudonym, done->study_uid)));
  EXPECT_EQ(corrections_->awaited(), 0U);
}

TEST_F(CorrectionsTest, AReassignmentThatWasCutOffIsFinishedAndAThirdPersonIsRefused) {
  send(kAna, kStudy);
  deliver();
  const std::string old = study_of(kAna);
  const auto moved = map_->reassign({"HSP", {}, {}}, old, Phi(kRui.id), {});
  ASSERT_TRUE(moved);  // and then the power went

  const auto third = corrections_->reassign(old, Phi("3003"), {});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().fault, Fault::Conflict);
  EXPECT_THAT(third.error().detail, HasSubstr(moved->new_study_uid));
  EXPECT_THAT(orders(old), IsEmpty());
  const auto same = corrections_->reassign(old, Phi(kRui.id), {});
  ASSERT_TRUE(same) << same.error().detail;
  EXPECT_EQ(same->study_uid, moved->new_study_uid);
  EXPECT_THAT(same->stale_studies, ElementsAre(old));
  ASSERT_TRUE(corrections_->reassign(old, Phi(kRui.id), {}));

  EXPECT_THAT(orders(old), SizeIs(1));
}

TEST_F(CorrectionsTest, WhatComesOfAWithdrawnStudyIsHeldUntilItIsAdmitted) {
  send(kAna, kStudy, 1);
  deliver();
  const std::string study = study_of(kAna);

  const auto done = corrections_->withdraw(study, "113001");

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_THAT(done->told, ElementsAre("ARCHIVE"));
  EXPECT_THAT(done->send_again, IsEmpty());
  EXPECT_THAT(notes(), SizeIs(1));
  send(kAna, kStudy, 2);
  EXPECT_THAT(quarantine_->list(), SizeIs(1));
  ASSERT_TRUE(corrections_->admit(study));
  EXPECT_EQ(release_all(), "queued ");
  const auto again = corrections_->admit(study);
  ASSERT_FALSE(again) << "there is nothing to admit any more";
  EXPECT_EQ(again.error().fault, Fault::Conflict);
  EXPECT_THAT(again.error().detail, HasSubstr("is not withdrawn"));
}

TEST_F(CorrectionsTest, WithdrawingNeedsACodeAndAStudyThatIsNotSomebodyElses) {
  send(kAna, kStudy);
  const std::string old = study_of(kAna);
  ASSERT_TRUE(corrections_->reassign(old, Phi(kRui.id), {}));

  EXPECT_EQ(corrections_->withdraw(study_of(kRui), "113000").error().fault, Fault::Invalid);
  EXPECT_EQ(corrections_->withdraw(old, "113001").error().fault, Fault::Conflict);
  EXPECT_EQ(corrections_->admit(old).error().fault, Fault::Conflict);
  EXPECT_EQ(corrections_->withdraw("2.25.1", "113001").error().fault, Fault::NotFound);
}

TEST_F(CorrectionsTest, AForgottenPersonLeavesTheQueueTheQuarantineTheLedgerAndTheMap) {
  send(kAna, kStudy, 1);
  deliver();
  send(kAna, kStudy, 2);         // waits
  send(kAna, kStudy, 3, "YES");  // held
  send(kRui, "1.2.840.9.3", 1, "YES");
  send({"1001", "OUTRAMARKER^LIA", "19770707", "ELSEWHERE"}, "1.2.840.9.4", 1, "YES");
  const std::string ana = pseudonym(kAna), study = study_of(kAna);
  ASSERT_THAT(quarantine_->list(), SizeIs(3));

  const auto done = corrections_->forget(ana);

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->pseudonym, "");
  EXPECT_EQ(done->studies, 1U);
  EXPECT_THAT(done->told, ElementsAre("ARCHIVE"));
  EXPECT_EQ(done->originals_destroyed, 1U);
  EXPECT_EQ(done->originals_unread, 0U);
  EXPECT_THAT(done->send_again, IsEmpty());
  EXPECT_THAT(quarantine_->list(), SizeIs(2))
      << "of another person, and of the id of another issuer";
  EXPECT_EQ(ledger_->reasons(Outcome::Discarded).at("forgotten"), 1U);
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_THAT(notes(), ElementsAre(std::pair(ana, study))) << "the destination has yet to be told";
  EXPECT_EQ(orders(study).at(0).code, "113039");
  EXPECT_EQ(ledger_->pseudonym_of(study), "");
  EXPECT_EQ(map_->studies_of(ana).error().fault, Fault::NotFound);
  EXPECT_THAT(map_->lookup(Phi(kAna.id)), IsEmpty());

  deliver();
  EXPECT_GT(orders(study).at(0).told.at("ARCHIVE"), 0);
  send(kAna, kStudy, 1);
  EXPECT_THAT(quarantine_->list(), SizeIs(3)) << "a forgotten study is held";
  send(kAna, "1.2.840.9.9", 1);
  EXPECT_THAT(waiting(), SizeIs(1));
  EXPECT_NE(waiting().begin()->first, ana);
}

TEST_F(CorrectionsTest, AForgettingThatWasCutOffIsFinishedByTheSameCommand) {
  send(kAna, kStudy, 1);
  deliver();
  send(kAna, kStudy, 2, "YES");
  const std::string ana = pseudonym(kAna), study = study_of(kAna);
  ASSERT_TRUE(withdrawals_->order({study, "113039", "forgotten", {}}));
  ASSERT_TRUE(map_->set_withdrawn(study, true));
  ledger_->forget({study});  // and then the power went

  const auto done = corrections_->forget(ana);

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->originals_destroyed, 1U);
  EXPECT_THAT(quarantine_->list(), IsEmpty());
  EXPECT_EQ(map_->studies_of(ana).error().fault, Fault::NotFound);
  deliver();
  EXPECT_GT(orders(study).at(0).told.at("ARCHIVE"), 0);
}

TEST_F(CorrectionsTest, APersonIsForgottenUnderEveryIdAndAlsoByAPseudonymThatWasJoined) {
  send(kAna, kStudy);
  send(kAnaElsewhere, "1.2.840.9.2");
  deliver();
  const std::string ana = pseudonym(kAna), other = pseudonym(kAnaElsewhere);
  ASSERT_TRUE(alias(ana, kAnaElsewhere, true));
  send(kAnaElsewhere, "1.2.840.9.2", 2, "YES");

  const auto done = corrections_->forget(other);

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->originals_destroyed, 1U);
  EXPECT_EQ(pseudonym(kAna), "");
  EXPECT_EQ(pseudonym(kAnaElsewhere), "");
}

TEST_F(CorrectionsTest, OriginalsThatCannotBeReadAreCountedAndStay) {
  send(kAna, kStudy, 1);
  deliver();
  send(kAna, kStudy, 2, "YES");
  for (const auto& file : std::filesystem::directory_iterator(home_.path / "quarantine")) {
    std::fstream damaged(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(-20, std::ios::end);
    damaged.put('x');
  }

  const auto done = corrections_->forget(pseudonym(kAna));

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->originals_destroyed, 0U);
  EXPECT_EQ(done->originals_unread, 1U);
  EXPECT_THAT(quarantine_->list(), SizeIs(1));
}

}  // namespace
}  // namespace dosigate
