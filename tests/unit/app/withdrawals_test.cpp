// Telling destinations that something is rejected, from the order to what lies at a folder.

#include "dosigate/app/withdrawals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "app/patient_facts.h"
#include "dosigate/app/ingest.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/forward/forwarder.h"
#include "support/data_sets.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::ct_slice;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kNoteClass = "1.2.840.10008.5.1.4.1.1.88.59";

/// A node from its association to its queue, whose destinations are the test itself.
class WithdrawalsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Keyring::create(home_.path / "keyring", master_));
    keys_ = std::make_unique<Keyring>(std::move(*Keyring::open(home_.path / "keyring", master_)));
    PseudonymMap::Settings map;
    map.directory = home_.path / "identity";
    ASSERT_TRUE(PseudonymMap::create(map, *keys_));
    map_ = std::move(*PseudonymMap::open(map, *keys_));
    open();
    Config config;
    config.sites = {{"HSP", {"HSP", {}, {}}}};
    Config::Route route;
    route.name = "all";
    route.site = "HSP";
    route.destinations = {"A", "B"};
    config.routes = {route};
    auto routing = Routing::make(config, *map_);
    ASSERT_TRUE(routing) << routing.error().detail;
    ingest_->use(*routing);
  }

  void open(std::uint64_t min_free_bytes = 1) {
    ingest_.reset();
    withdrawals_.reset();
    spool_.reset();
    ledger_.reset();
    ledger_ = std::move(*Ledger::open(home_.path / "ledger.db"));
    ArchiveSpool::Settings settings;
    settings.directory = home_.path / "archive";
    settings.min_free_bytes = min_free_bytes;
    spool_ = std::move(*ArchiveSpool::open(settings, *keys_, *ledger_));
    quarantine_ = std::make_unique<Quarantine>(home_.path / "quarantine", *keys_, 1U << 30U);
    withdrawals_ = std::make_unique<Withdrawals>(*map_, *spool_, *ledger_);
    ingest_ = std::make_unique<Ingest>(*map_, *spool_, *ledger_, *quarantine_, *withdrawals_);
  }

  /// Slices of one study.
  void send(int first, int last) {
    for (int i = first; i <= last; ++i) {
      ReceivedInstance received =
          ct_slice().with(DCM_SOPInstanceUID, "1.2.3.4." + std::to_string(i)).received();
      received.origin = {"DOSIGATE", "CAMERA", "127.0.0.1", "all"};
      ASSERT_EQ(ingest_->accept(received).status, 0x0000);
    }
    const auto rows = spool_->list(1);
    if (!rows.empty()) study_ = rows[0].study_uid;
  }
  void deliver(const std::string& destination, std::size_t max = 100) {
    spool_->delivered(spool_->claim(destination, max), 0);
  }
  Withdrawals::Order order(std::vector<std::string> sop_uids = {}) const {
    return {study_, "113038", "operator", std::move(sop_uids)};
  }
  /// Destinations for which a note waits.
  std::vector<std::string> notes_waiting() const {
    std::vector<std::string> out;
    for (const auto& row : spool_->list(1'000))
      if (row.sop_class == kNoteClass) out.push_back(row.destination);
    return out;
  }
  bool adds_up() const {
    const auto t = ledger_->totals();
    return t.received + t.issued == t.duplicate + t.delivered + t.queued + t.parked +
                                        t.quarantined + t.dropped + t.discarded;
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
  std::string study_;
};

TEST_F(WithdrawalsTest, EveryDestinationThatHoldsSomeOfItGetsOneNoteWithWhatHasLeft) {
  send(1, 3);
  deliver("A", 2);  // B has got nothing yet

  const auto done = withdrawals_->order(order());

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->objects, 2U) << "the third one never left";
  EXPECT_EQ(done->withdrawn, 4U) << "one for A, three for B";
  EXPECT_THAT(done->destinations, ElementsAre("A"));
  EXPECT_THAT(notes_waiting(), ElementsAre("A"));
  EXPECT_EQ(ledger_->withdrawals_open(), 1U);
  EXPECT_EQ(ledger_->totals().issued, 1U);
  EXPECT_EQ(ledger_->totals().received, 3U);
  EXPECT_TRUE(adds_up());
  deliver("A");
  EXPECT_EQ(ledger_->withdrawals_open(), 0U);
  EXPECT_EQ(spool_->files(), 0U);
}

TEST_F(WithdrawalsTest, TheSameOrderAgainTellsNobodyTwice) {
  send(1, 2);
  deliver("A");
  deliver("B");
  ASSERT_TRUE(withdrawals_->order(order()));

  const auto again = withdrawals_->order(order());

  ASSERT_TRUE(again);
  EXPECT_EQ(again->objects, 0U);
  EXPECT_EQ(again->withdrawn, 0U) << "its own note stays in the queue";
  EXPECT_THAT(again->destinations, IsEmpty());
  EXPECT_THAT(notes_waiting(), ElementsAre("A", "B"));
  EXPECT_THAT(ledger_->withdrawals(study_, 10), SizeIs(1));
}

TEST_F(WithdrawalsTest, WhatWasSentAgainSinceIsNamedAgain) {
  send(1, 2);
  deliver("A");
  deliver("B");
  ASSERT_TRUE(withdrawals_->order(order()));
  deliver("A");
  deliver("B");

  send(2, 2);
  deliver("A");
  const auto again = withdrawals_->order(order());

  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->objects, 1U);
  EXPECT_TRUE(adds_up());
}

TEST_F(WithdrawalsTest, AnErasureIsSaidToThoseWhoWereToldToReject) {
  send(1, 1);
  deliver("A");
  deliver("B");
  ASSERT_TRUE(withdrawals_->order(order()));

  const auto done = withdrawals_->order({study_, "113039", "forgotten", {}});

  ASSERT_TRUE(done);
  EXPECT_THAT(done->destinations, ElementsAre("A", "B"));
  EXPECT_THAT(withdrawals_->order({study_, "113039", "forgotten", {}})->destinations, IsEmpty());
}

TEST_F(WithdrawalsTest, OnlyTheInstancesNamedAreWithdrawn) {
  send(1, 2);
  deliver("A");
  const std::string one = spool_->claim("B", 1).at(0).sop_instance_uid();

  const auto done = withdrawals_->order(order({one}));

  ASSERT_TRUE(done);
  EXPECT_EQ(done->objects, 1U);
  EXPECT_THAT(done->destinations, ElementsAre("A"));
  const auto all = ledger_->withdrawals(study_, 10);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_FALSE(all[0].whole_study);
}

TEST_F(WithdrawalsTest, WhenNothingHadLeftNobodyIsToldAndItIsOnRecordOnce) {
  send(1, 2);

  for (int round = 0; round < 2; ++round) {
    const auto done = withdrawals_->order(order());
    ASSERT_TRUE(done);
    EXPECT_THAT(done->destinations, IsEmpty());
  }

  EXPECT_THAT(notes_waiting(), IsEmpty());
  EXPECT_THAT(ledger_->withdrawals(study_, 10), SizeIs(1));
  EXPECT_EQ(ledger_->withdrawals_open(), 0U);
  EXPECT_EQ(spool_->files(), 0U);
}

TEST_F(WithdrawalsTest, AnOrderThatWasInterruptedBeforeItsNoteIsFinishedWhenItIsRepeated) {
  send(1, 2);
  deliver("A");
  deliver("B");
  open(~0ULL);  // the disk is full
  const auto refused = withdrawals_->order(order());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::Busy);
  ASSERT_EQ(ledger_->withdrawals_open(), 2U) << "seen as not told";
  open();

  const auto done = withdrawals_->order(order());

  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->objects, 2U);
  EXPECT_THAT(done->destinations, ElementsAre("A", "B"));
  EXPECT_THAT(notes_waiting(), ElementsAre("A", "B"));
  EXPECT_THAT(ledger_->withdrawals(study_, 10), SizeIs(1)) << "under the same note";
}

TEST_F(WithdrawalsTest, AnInterruptedOrderIsFinishedAtTheNextStart) {
  send(1, 2);
  deliver("A");
  deliver("B");
  open(~0ULL);
  ASSERT_FALSE(withdrawals_->order(order()));
  open();

  withdrawals_->finish();
  withdrawals_->finish();

  EXPECT_THAT(notes_waiting(), ElementsAre("A", "B"));
  EXPECT_EQ(ledger_->totals().issued, 1U);
}

TEST_F(WithdrawalsTest, AnUnknownStudyOrCodeIsRefused) {
  EXPECT_EQ(withdrawals_->order({"2.25.1", "113038", "operator", {}}).error().fault,
            Fault::NotFound);
  send(1, 1);
  EXPECT_EQ(withdrawals_->order({study_, "113040", "operator", {}}).error().fault, Fault::Invalid);
  EXPECT_EQ(ledger_->totals().queued, 1U) << "and nothing is withdrawn";
}

/// Delivers into a folder as the node does.
class FolderTest : public WithdrawalsTest {
 protected:
  void forward() {
    Destination to;
    to.name = "A";
    to.kind = Destination::Kind::Folder;
    to.path = home_.path / "folder";
    const ArchiveForwarder forwarder(
        to, *spool_, [this](const std::string& study) { return study_card(*ledger_, study); });
    const auto until = steady_now() + std::chrono::seconds(20);
    const auto waiting = [&] { return ledger_->by_destination().at("A").queued > 0; };
    while (waiting() && steady_now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_FALSE(waiting());
  }
  std::filesystem::path study_folder() const {
    for (const auto& patient : std::filesystem::directory_iterator(home_.path / "folder"))
      if (std::filesystem::exists(patient.path() / study_)) return patient.path() / study_;
    return {};
  }
  boost::json::value card() const {
    std::ifstream in(study_folder() / "study.json");
    return boost::json::parse(std::string{std::istreambuf_iterator<char>(in), {}});
  }
  std::size_t files() const {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(study_folder()))
      if (entry.path().extension() == ".dcm") ++out;
    return out;
  }
};

TEST_F(FolderTest, HasTheNoteBesideTheFilesAndARecordInStudyJson) {
  send(1, 2);
  forward();
  ASSERT_TRUE(card().at("withdrawn").is_null());

  ASSERT_TRUE(withdrawals_->order(order()));
  forward();

  EXPECT_EQ(files(), 3U);
  const auto marked = card();
  const auto& withdrawn = marked.at("withdrawn").as_array();
  ASSERT_EQ(withdrawn.size(), 1U);
  EXPECT_EQ(withdrawn[0].at("code"), "113038");
  EXPECT_EQ(withdrawn[0].at("meaning").as_string(), rejection_meaning("113038"));
  EXPECT_EQ(withdrawn[0].at("cause"), "operator");
  EXPECT_EQ(withdrawn[0].at("objects"), 2);
  EXPECT_EQ(withdrawn[0].at("whole_study"), true);
  EXPECT_GT(withdrawn[0].at("ordered").as_int64(), 0);
}

TEST_F(FolderTest, AForgottenStudyIsMarkedThereThoughNothingIsKnownOfItHere) {
  send(1, 2);
  forward();
  ASSERT_TRUE(withdrawals_->order({study_, "113039", "forgotten", {}}));
  ledger_->forget({study_});

  forward();

  EXPECT_EQ(files(), 3U);
  const auto marked = card();
  EXPECT_EQ(marked.at("withdrawn").at(0).at("code"), "113039");
  EXPECT_FALSE(marked.as_object().contains("pseudonym"));
  EXPECT_FALSE(marked.as_object().contains("series"));
}

}  // namespace
}  // namespace dosigate
