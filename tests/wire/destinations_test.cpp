// Many instances and a dead archive; two archives of which one is slow; one that the configuration
// no longer has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/json.hpp>

#include "wire/hospital.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::size_t spool_files(const NodeProcess& node) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(node.directory() / "state"))
    count += entry.path().extension() == ".dsg" && entry.file_size() > 0 &&
             entry.path().parent_path().parent_path().filename() == "spool";
  return count;
}

// With four workers each of which may be on its way when the first one fails, then one probe at a
// time.
TEST(DeadArchive, IsProbedByOneAtATimeHoweverMuchWaits) {
  Hospital hospital(
      {.archive = "associations = 4\ndimse_timeout_s = 2\n", .node = "connect_timeout_s = 2\n"});
  hospital.archive.set({.on_association = FakeArchive::OnAssociation::Silence});
  hospital.send(200);
  ASSERT_TRUE(eventually([&] { return hospital.is_down("answers nothing"); }));
  const unsigned first = hospital.archive.connections();

  // Each probe takes the timeout and then at least half of a back-off that doubles.
  ASSERT_TRUE(eventually([&] { return hospital.archive.connections() >= first + 2; }));
  EXPECT_LE(hospital.archive.connections(), 4U + 4U) << "a handful of attempts, not one a worker";
  EXPECT_EQ(hospital.node().totals().queued, 200U);
  EXPECT_EQ(hospital.attempts(), 0) << "the association failed, no instance did";
  hospital.archive.set({});

  EXPECT_TRUE(
      hospital.archive.wait_for_kept(200, one_step_after(hospital.archive.connections()) + 30s));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}

TEST(SlowArchive, DoesNotDelayTheOtherAndKeepsTheFilesUntilItIsDone) {
  Hospital hospital({}, true);
  hospital.archive.set({.before_each_pdu = 400ms});

  hospital.send(20);

  EXPECT_TRUE(hospital.second.wait_for_kept(20));
  EXPECT_LT(hospital.archive.kept(), 20U) << "the slow one is not slow: nothing was tested";
  EXPECT_TRUE(eventually(
      [&] { return hospital.destination("second").at("delivered").to_number<unsigned>() == 20; }));
  EXPECT_GT(spool_files(hospital.node()), 0U);
  EXPECT_TRUE(hospital.archive.wait_for_kept(20, 120s));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
  EXPECT_TRUE(eventually([&] { return spool_files(hospital.node()) == 0; }));
}

TEST(DeadArchiveBesideALiveOne, DelaysNothing) {
  Hospital hospital({}, true);
  hospital.archive.down();

  hospital.send(20);

  EXPECT_TRUE(hospital.second.wait_for_kept(20));
  EXPECT_TRUE(eventually(
      [&] { return hospital.destination("second").at("delivered").to_number<unsigned>() == 20; }));
  EXPECT_EQ(hospital.destination().at("queued").to_number<unsigned>(), 20U);
  EXPECT_EQ(spool_files(hospital.node()), 20U) << "no last destination is done";
  hospital.archive.up();
  EXPECT_TRUE(hospital.archive.wait_for_kept(20, one_step_after(5)));
  EXPECT_TRUE(eventually([&] { return spool_files(hospital.node()) == 0; }));
  EXPECT_TRUE(hospital.all_delivered());
}

/// "second" with a backlog leaves the configuration.
class RemovedDestination : public ::testing::Test {
 protected:
  void SetUp() override {
    hospital.second.down();
    hospital.send(5);
    ASSERT_TRUE(hospital.archive.wait_for_kept(5));
    std::ifstream in(config());
    whole_.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    const auto begin = whole_.find("[[destination]]\nname = \"second\"");
    const auto end = whole_.find("[[route]]");
    ASSERT_NE(begin, std::string::npos);
    hospital.rewrite(whole_.substr(begin, end - begin), "");
    hospital.rewrite(", \"second\"", "");
    ASSERT_EQ(hospital.node().dosigate({"reload"}).code, 0);
    ASSERT_TRUE(hospital.shows("removed", "", "second"));
  }
  std::filesystem::path config() { return hospital.node().directory() / "dosigate.toml"; }
  unsigned at_second(const char* column) {
    return hospital.destination("second").at(column).to_number<unsigned>();
  }
  Finished abandon(const std::vector<std::string>& what) {
    std::vector<std::string> argv{"queue", "abandon", "--reason", "the archive was scrapped"};
    argv.insert(argv.end(), what.begin(), what.end());
    return hospital.node().dosigate(argv);
  }

  Hospital hospital{{}, true};
  std::string whole_;
};

TEST_F(RemovedDestination, IsKeptAndShownAndServedWhenItIsPutBack) {
  EXPECT_EQ(at_second("queued"), 5U);
  const Finished check = hospital.node().dosigate({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.output, HasSubstr("destination-removed second"));
  std::ofstream(config()) << whole_;
  hospital.second.up();
  ASSERT_EQ(hospital.node().dosigate({"reload"}).code, 0);

  EXPECT_TRUE(hospital.second.wait_for_kept(5));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}

TEST_F(RemovedDestination, IsGivenUpByTheOperatorAlsoWhenAKillCutsItShort) {
  EXPECT_NE(abandon({"--destination", "archive"}).code, 0) << "it is configured";
  EXPECT_NE(abandon({"--destination", "third"}).code, 0) << "nobody knows it";
  ASSERT_EQ(hospital.node().stop(), 0);
  hospital.node().start({"DOSIGATE_FAIL_POINT=spool.after-ledger-withdrawn"});
  EXPECT_NE(abandon({"--destination", "second"}).code, 0);
  ASSERT_TRUE(hospital.node().ends_within(20s));
  hospital.node().start();

  const Finished again = abandon({"--destination", "second"});

  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_EQ(at_second("queued"), 0U);
  EXPECT_EQ(at_second("withdrawn"), 5U);
  EXPECT_TRUE(eventually([&] { return spool_files(hospital.node()) == 0; }));
  EXPECT_TRUE(hospital.all_delivered()) << "at the archive that is left";
  std::string audit;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(hospital.node().directory() / "state")) {
    if (!entry.is_regular_file() || entry.path().string().find("audit") == std::string::npos)
      continue;
    std::ifstream in(entry.path());
    audit.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  EXPECT_THAT(audit, HasSubstr("queue.abandon"));
  EXPECT_THAT(audit, HasSubstr("the archive was scrapped"));
}

TEST_F(RemovedDestination, IsKnownToARetryAsLongAsSomethingWaitsForIt) {
  const Finished retry = hospital.node().dosigate({"queue", "retry", "--destination", "second"});

  EXPECT_EQ(retry.code, 0) << retry.output;
  EXPECT_THAT(retry.output, HasSubstr("second has 5 due, but is not configured"));
  ASSERT_EQ(abandon({"--destination", "second"}).code, 0);
  EXPECT_EQ(hospital.node().dosigate({"queue", "retry", "--destination", "second"}).code, 1);
}

TEST(QueueList, SaysOfWhatWaitsForADestinationWhyItIsNotAsked) {
  Hospital hospital;
  hospital.archive.down();
  hospital.send(3);
  ASSERT_TRUE(eventually([&] { return hospital.shows("down", ""); }));
  const auto all = [&](const std::string& words) {
    const auto rows = hospital.queue();
    return rows.size() == 3 && std::ranges::all_of(rows, [&](const auto& row) {
             return std::string(row.at("reason").as_string()).find(words) != std::string::npos &&
                    row.at("next_attempt_s").is_null();
           });
  };

  EXPECT_TRUE(all("connection refused by 127.0.0.1"));
  EXPECT_THAT(hospital.node().dosigate({"queue", "list"}).output,
              Not(ContainsRegex(" 0 s +[0-9.]+ kB")));
  ASSERT_EQ(hospital.node().dosigate({"queue", "pause", "archive", "--reason", "x"}).code, 0);
  EXPECT_TRUE(all("paused since "));
}

TEST(OldQueue, IsAConditionOfADestinationThatIsOpen) {
  Hospital hospital({}, true);
  hospital.archive.down();
  hospital.second.down();
  hospital.send(1);
  ASSERT_EQ(hospital.node().dosigate({"queue", "pause", "second", "--reason", "x"}).code, 0);
  EXPECT_THAT(hospital.node().dosigate({"check"}).output, Not(HasSubstr("queue-old")));
  ASSERT_EQ(hospital.node().stop(), 0);
  const Finished aged =
      run({"/usr/bin/python3", "-c",
           "import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\n"
           "d.execute('UPDATE item SET queued=queued-7300')\nd.commit()",
           (hospital.node().directory() / "state" / "archive" / "queue.db").string()});
  ASSERT_EQ(aged.code, 0) << aged.output;
  hospital.node().start();

  const std::string check = hospital.node().dosigate({"check"}).output;

  EXPECT_THAT(check, HasSubstr("queue-old archive: the oldest instance has waited for 2 h"));
  EXPECT_THAT(check, Not(HasSubstr("queue-old second")));
  ASSERT_TRUE(eventually([&] {
    return hospital.node().log().find("condition=queue-old of=archive") != std::string::npos;
  }));
  ASSERT_EQ(hospital.node().dosigate({"queue", "resume", "second"}).code, 0);
  EXPECT_THAT(hospital.node().dosigate({"check"}).output, Not(HasSubstr("queue-old second")))
      << "it was closed until now";
}

TEST(Retry, OfADestinationOrAnInstanceThatIsNotThereIsAnErrorAndOfADeadOneSaysWhatIsDue) {
  Hospital hospital;
  hospital.archive.down();
  hospital.send(3);
  ASSERT_TRUE(eventually([&] { return hospital.shows("down", ""); }));

  const Finished typo = hospital.node().dosigate({"queue", "retry", "--destination", "archiv"});
  const Finished nobody = hospital.node().dosigate({"queue", "retry", std::string(32, '0')});
  const Finished dead = hospital.node().dosigate({"queue", "retry", "--destination", "archive"});

  EXPECT_EQ(typo.code, 1) << typo.output;
  EXPECT_THAT(typo.output, HasSubstr("configured: archive"));
  EXPECT_EQ(nobody.code, 1) << nobody.output;
  EXPECT_THAT(nobody.output, HasSubstr("no instance has this id"));
  EXPECT_EQ(dead.code, 0) << dead.output;
  EXPECT_THAT(dead.output, HasSubstr("archive has 3 due and is asked again at once"));
}

TEST(ParkedInstance, IsGivenUpSinglyWhileItsDestinationIsConfigured) {
  Hospital hospital;
  FakeArchive::Script script;
  script.status = [](const std::string&, int) { return std::uint16_t{0xA900}; };
  hospital.archive.set(script);
  hospital.send(2);
  ASSERT_TRUE(eventually([&] { return hospital.parked("A900") == 2; }));
  const std::string id(hospital.queue().at(0).at("id").as_string());

  const Finished done =
      hospital.node().dosigate({"queue", "abandon", id, "--reason", "the study is void"});

  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_EQ(hospital.parked("A900"), 1U);
  EXPECT_EQ(hospital.destination().at("withdrawn").to_number<unsigned>(), 1U);
  EXPECT_TRUE(hospital.node().totals().add_up());
  EXPECT_NE(hospital.node().dosigate({"queue", "abandon", id, "--reason", "again"}).code, 0)
      << "it is parked nowhere";
}

}  // namespace
}  // namespace dosigate::testing
