// What an archive can do wrong with a connection or an association: seen in `dosigate status`, and
// over by itself when it is mended.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "wire/hospital.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using Script = FakeArchive::Script;
using OnAssociation = FakeArchive::OnAssociation;
using OnResponse = FakeArchive::OnResponse;

constexpr unsigned kSent = 3;

/// Short waits for an archive that says nothing.
const NodeProcess::Settings kImpatient{.archive = "dimse_timeout_s = 2\n",
                                       .node = "connect_timeout_s = 2\n"};

struct Fault {
  std::string name;
  Script script;
  std::string words;  ///< in last_error
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class ArchiveFault : public ::testing::TestWithParam<Fault> {};

TEST_P(ArchiveFault, IsShownAndOverWhenTheArchiveIsMended) {
  Hospital hospital(kImpatient);
  hospital.archive.set(GetParam().script);
  hospital.send(kSent);

  ASSERT_TRUE(eventually([&] { return hospital.is_down(GetParam().words); }))
      << boost::json::serialize(hospital.destination()) << hospital.node().log();
  EXPECT_EQ(hospital.node().totals().queued, kSent);
  EXPECT_TRUE(hospital.node().totals().add_up());
  hospital.archive.set({});

  const auto step = one_step_after(hospital.archive.connections());
  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent, step)) << hospital.node().log();
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
  EXPECT_TRUE(hospital.shows("up", ""));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ArchiveFault,
    ::testing::Values(
        Fault{"SaysNothing", {.on_association = OnAssociation::Silence}, "answers nothing"},
        Fault{"RejectsForTheMoment",
              {.on_association = OnAssociation::RejectTransient},
              "at its limit of associations"},
        Fault{"AbortsTheRequest", {.on_association = OnAssociation::Abort}, "aborts or closes"},
        Fault{"ClosesAtTheRequest", {.on_association = OnAssociation::Close}, "closes"},
        Fault{"AbortsInTheMiddle", {.abort_after_pdus = 2}, "aborted the association"},
        Fault{"AbortsInsteadOfAnswering",
              {.on_response = OnResponse::Abort},
              "aborted the association"},
        Fault{"SaysNothingToAStore", {.on_response = OnResponse::Silence}, "said nothing for 2 s"},
        Fault{"ClosesBeforeTheResponse", {.on_response = OnResponse::CloseBefore}, "closed"},
        Fault{"ClosesInsideTheResponse", {.on_response = OnResponse::CloseInside}, "its answer"},
        Fault{"AnswersAnotherMessage",
              {.on_response = OnResponse::WrongMessageId},
              "not asked (wrong message id"},
        Fault{"AnswersGarbage", {.on_response = OnResponse::Garbage}, "its answer"}),
    [](const auto& fault) { return fault.param.name; });

TEST(ArchiveAwayFromItsPort, RefusesAndIsFoundAgain) {
  Hospital hospital;
  hospital.archive.down();
  hospital.send(kSent);

  EXPECT_TRUE(eventually([&] { return hospital.is_down("connection refused by 127.0.0.1:"); }));
  EXPECT_TRUE(hospital.is_down("is the archive running?"));
  hospital.archive.up();

  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent, one_step_after(5)));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}

TEST(ArchiveWithoutAName, IsNamedAndServedAfterAReload) {
  Hospital hospital({.archive_host = "archive.invalid"});
  hospital.send(kSent);

  EXPECT_TRUE(eventually([&] {
    return hospital.is_down("archive.invalid does not resolve: check");
  })) << boost::json::serialize(hospital.destination());
  EXPECT_EQ(hospital.node().totals().queued, kSent);
  hospital.rewrite("archive.invalid", "127.0.0.1");
  ASSERT_EQ(hospital.node().dosigate({"reload"}).code, 0);

  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}

// Only a person can change it: other words, and asked again at the longest interval, or at once
// when that person says so.
TEST(ArchiveThatRejectsForGood, IsNotAskedAgainSoon) {
  Hospital hospital;
  hospital.archive.set({.on_association = OnAssociation::RejectPermanentCalling});
  hospital.send(kSent);
  ASSERT_TRUE(eventually(
      [&] { return hospital.is_down("does not know our AE title DOSIGATE: register it"); }));
  const unsigned before = hospital.archive.connections();

  EXPECT_FALSE(eventually([&] { return hospital.archive.connections() > before + 1; }, 8s))
      << "a transient rejection is asked again within 1, 2 and 4 s";
  hospital.archive.set({.on_association = OnAssociation::RejectPermanentCalled});
  ASSERT_EQ(hospital.node().dosigate({"queue", "retry", "--all"}).code, 0);
  EXPECT_TRUE(eventually(
      [&] { return hospital.is_down("does not know the called AE title ARCHIVE: correct"); }));
  hospital.archive.set({});
  ASSERT_EQ(hospital.node().dosigate({"queue", "retry", "--all"}).code, 0);

  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}

TEST(ArchiveThatReadsSlowly, IsWaitedFor) {
  Hospital hospital(kImpatient);
  hospital.archive.set({.before_each_pdu = 300ms});

  hospital.send(kSent);

  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent, 60s));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
  EXPECT_EQ(hospital.destination().at("last_error"), boost::json::value(""));
}

class ArchiveThatDoesNotAccept : public ::testing::TestWithParam<bool> {};

TEST_P(ArchiveThatDoesNotAccept, ParksWithTheNameOfWhatItShouldAccept) {
  Hospital hospital;
  const bool syntax_only = GetParam();
  // The sender's instances are native: they may go as implicit VR, too, unless no syntax fits.
  hospital.archive.set({.accepts = [=](const std::string&, const std::string& syntax) {
    return syntax_only && syntax == "1.2.840.10008.1.2.4.90";
  }});
  hospital.send(kSent);

  EXPECT_TRUE(eventually([&] {
    return hospital.parked("accepts no presentation context for CT Image Storage in ") == kSent;
  })) << boost::json::serialize(hospital.queue());
  EXPECT_TRUE(hospital.shows("up", "let it accept them, then `dosigate queue retry`"));
  EXPECT_TRUE(hospital.node().totals().add_up());
  hospital.archive.set({});
  ASSERT_EQ(hospital.node().dosigate({"queue", "retry", "--destination", "archive"}).code, 0);

  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}

INSTANTIATE_TEST_SUITE_P(Each, ArchiveThatDoesNotAccept, ::testing::Values(false, true),
                         [](const auto& of) { return of.param ? "TheSyntax" : "TheClass"; });

}  // namespace
}  // namespace dosigate::testing
