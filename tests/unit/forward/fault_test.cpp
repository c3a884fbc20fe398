#include <algorithm>

#include "fixture.h"

// An archive that is away, refuses, breaks off, or talks nonsense. In every case: nothing lost,
// nothing parked, no hot loop, a state in words, and everything delivered once the archive is well
// again.

namespace dosigate::testing {
namespace {

using OnAssociation = FakeArchive::OnAssociation;
using OnResponse = FakeArchive::OnResponse;

struct Fault {
  const char* name;
  FakeArchive::Script script;
  const char* words;
};

class FaultyArchive : public Forwarding, public ::testing::WithParamInterface<Fault> {};

TEST_P(FaultyArchive, IsShownAsDownAndGetsEverythingWhenItIsWellAgain) {
  archive.set(GetParam().script);
  home.spool->requeue("", std::nullopt);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(home.offer(SpoolHome::instance(sop(i), 60'000)));
  auto to = dicom_destination(archive.port());
  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_THAT(forwarder.state().last_error, ::testing::HasSubstr(GetParam().words));
  EXPECT_EQ(parked(), 0U);
  archive.set({});

  // A healed archive is found again within one back-off step; the operator need do nothing.
  EXPECT_TRUE(all_delivered(8));
  EXPECT_EQ(archive.kept(), 8U);
  EXPECT_EQ(parked(), 0U);
  EXPECT_TRUE(eventually(
      [&] { return forwarder.state().state == "up" && forwarder.state().last_error.empty(); }));
  EXPECT_TRUE(home.ledger_adds_up());
}

INSTANTIATE_TEST_SUITE_P(
    Each, FaultyArchive,
    ::testing::Values(
        Fault{"RejectsForTheMoment",
              {.on_association = OnAssociation::RejectTransient},
              "limit of associations"},
        Fault{"DoesNotKnowItself",
              {.on_association = OnAssociation::RejectPermanentCalled},
              "does not know the called AE title ARCHIVE"},
        Fault{"DoesNotKnowUs",
              {.on_association = OnAssociation::RejectPermanentCalling},
              "does not know our AE title DOSIGATE"},
        Fault{"SaysNothing",
              {.on_association = OnAssociation::Silence},
              "answers nothing within 2 s"},
        Fault{"AbortsAtOnce",
              {.on_association = OnAssociation::Abort},
              "aborts or closes when an association is requested"},
        Fault{"ClosesAtOnce",
              {.on_association = OnAssociation::Close},
              "when an association is requested"},
        Fault{"AbortsInTheMiddle", {.abort_after_pdus = 3}, "127.0.0.1"},
        Fault{"NeverAnswers", {.on_response = OnResponse::Silence}, "said nothing for 1 s"},
        Fault{"ClosesBeforeTheAnswer",
              {.on_response = OnResponse::CloseBefore},
              "closed the connection while"},
        Fault{"ClosesInsideTheAnswer",
              {.on_response = OnResponse::CloseInside},
              "while its answer was awaited"},
        Fault{"AbortsInsteadOfAnAnswer",
              {.on_response = OnResponse::Abort},
              "aborted the association"},
        Fault{"AnswersAnotherMessage",
              {.on_response = OnResponse::WrongMessageId},
              "wrong message id"},
        Fault{"AnswersGarbage", {.on_response = OnResponse::Garbage}, "127.0.0.1"}),
    [](const auto& fault) { return std::string(fault.param.name); });

TEST_F(Forwarding, AnArchiveThatWasAwayGetsEverythingOnce) {
  archive.down();
  put(30);
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_EQ(forwarder.state().last_error,
            "connection refused by 127.0.0.1:" + std::to_string(archive.port()) +
                ": is the archive running?");
  EXPECT_EQ(home.spool->list(100).size(), 30U);
  EXPECT_TRUE(
      eventually([&] { return home.spool->list(1).at(0).reason == forwarder.state().last_error; }));

  archive.up();

  ASSERT_TRUE(all_delivered(30));
  EXPECT_EQ(archive.received().size(), 30U) << "each once";
  for (const auto& row : home.spool->list(100))
    EXPECT_EQ(row.attempts, 0U) << "the association failed, not the instances";
}

TEST_F(Forwarding, OnlyOneProbeAtATimeGoesToADestinationThatIsDown) {
  archive.set({.on_association = OnAssociation::RejectTransient});
  auto to = dicom_destination(archive.port());
  to.associations = 8;
  to.backoff = {std::chrono::milliseconds(300), std::chrono::milliseconds(300)};
  put(100);
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the eight that began together
  const unsigned before = archive.connections();

  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));

  const unsigned probes = archive.connections() - before;
  EXPECT_GE(probes, 2U);
  EXPECT_LE(probes, 11U) << "one per back-off of 150 to 300 ms";
}

TEST_F(Forwarding, AnArchiveThatServesFewerAssociationsThanWeOpenIsNotDown) {
  archive.set({.before_each_pdu = std::chrono::milliseconds(10), .most_associations = 2});
  auto to = dicom_destination(archive.port());
  to.associations = 5;
  put(60);
  const ArchiveForwarder forwarder(to, *home.spool);
  bool was_down = false;
  ASSERT_TRUE(eventually([&] {
    was_down = was_down || forwarder.state().state == "down";
    return home.ledger->totals().delivered == 60;
  }));
  EXPECT_FALSE(was_down);
  EXPECT_EQ(archive.associations(), 2U);
  EXPECT_LE(archive.connections(), 5U) << "refused once, they stand back";
  EXPECT_TRUE(all_delivered(60));
  EXPECT_EQ(archive.received().size(), 60U) << "each once";
}

TEST_F(Forwarding, RequeueByHandProbesAtOnce) {
  archive.set({.on_association = OnAssociation::RejectPermanentCalling});
  auto to = dicom_destination(archive.port());
  to.backoff = {std::chrono::minutes(5), std::chrono::minutes(5)};
  put(3);
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  archive.set({});

  home.spool->requeue("A", std::nullopt);

  EXPECT_TRUE(all_delivered(3));
}

TEST_F(Forwarding, ASlowArchiveIsNotAFault) {
  archive.set({.before_each_pdu = std::chrono::milliseconds(30)});
  ASSERT_TRUE(home.offer(SpoolHome::instance("2.25.1", 400'000)));  // 25 PDUs

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  EXPECT_TRUE(all_delivered(1));
  EXPECT_EQ(archive.received().size(), 1U);
}

TEST_F(Forwarding, AnInstanceThatTheArchiveAbortsOnDoesNotKeepTheOthersBack) {
  archive.set({.accepts = [](const std::string&, const std::string&) { return true; },
               .abort_after_pdus = 10});
  ASSERT_TRUE(home.offer(SpoolHome::instance("2.25.1", 300'000)));  // always reaches the tenth PDU
  put(6);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  EXPECT_TRUE(all_delivered(6));
  // The ledger knows of a delivery before the queue lets go of it.
  EXPECT_TRUE(eventually([&] { return home.spool->list(10).size() == 1; }));
}

TEST_F(Forwarding, EndsByItselfOnceItIsToldSoThatSeveralEndTogether) {
  ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  put(1);
  ASSERT_TRUE(all_delivered(1));

  forwarder.request_stop();

  // Idle associations are kept for five seconds otherwise.
  EXPECT_TRUE(
      eventually([&] { return forwarder.state().associations == 0; }, std::chrono::seconds(3)));
}

TEST_F(Forwarding, EndsWithinBoundsWhileTheArchiveIsSilentAndKeepsTheRest) {
  archive.set({.on_response = OnResponse::Silence});
  put(20);
  const auto begun = [&] {
    const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
    EXPECT_TRUE(eventually([&] { return !archive.received().empty(); }));
    return steady_now();
  }();

  EXPECT_LT(steady_now() - begun, std::chrono::seconds(6));
  EXPECT_EQ(home.ledger->totals().queued, 20U);
  home.restart();
  archive.set({});
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  EXPECT_TRUE(all_delivered(20));
}

}  // namespace
}  // namespace dosigate::testing
