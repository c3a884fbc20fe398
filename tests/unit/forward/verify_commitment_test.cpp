// Deliveries are verified by storage commitment as SCU, whatever way the report takes.

#include <future>

#include "unit/forward/verifying.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::uint16_t kActionField = 0x0130;
constexpr std::uint16_t kEventResponseField = 0x8100;

class CommitmentScu : public Verifying {
 protected:
  Verifier::Outcome ask(const ScriptedScp& archive, std::chrono::seconds wait = 10s) const {
    return run(scripted(archive.port()), Verifier::By::Commitment, wait);
  }
  /// The report of another association.
  CommitmentDesk::Answer report(const std::string& transaction, const std::string& ae_title,
                                const std::vector<std::string>& committed) {
    return desk.report(ae_title, kCommitmentInstance, 1, report_data(transaction, committed),
                       "1.2.840.10008.1.2.1");
  }
};

/// On the same association: all are committed but the failed ones.
std::vector<Bytes> report_of(const ScriptedScp::Message& request,
                             const std::map<std::string, std::uint16_t>& failed = {}) {
  auto committed = request.instances();
  std::erase_if(committed, [&](const std::string& uid) { return failed.contains(uid); });
  return message(request.context, event_report(failed.empty() ? 1 : 2),
                 report_data(request.transaction(), committed, failed));
}

bool is_action(const ScriptedScp::Message& in) { return in.number(0x0100) == kActionField; }

TEST_F(CommitmentScu, AReportOnTheSameAssociationIsTakenAndAnswered) {
  deliver("2.25.1", "2.25.11");
  deliver("2.25.2", "2.25.21");
  const ScriptedScp archive({kCommitmentClass}, [](const ScriptedScp::Message& in) {
    return is_action(in) ? action_response(in, 0) + report_of(in, {{"2.25.21", 0x0112}})
                         : std::vector<Bytes>();
  });

  const auto outcome = ask(archive);

  EXPECT_EQ(outcome.by, "commitment");
  EXPECT_THAT(outcome.problem, IsEmpty());
  EXPECT_EQ(outcome.studies.at(0).found, 1U);
  EXPECT_THAT(outcome.studies.at(1).missing_uids, ElementsAre("2.25.21"));
  const auto actions = archive.seen(kActionField);
  ASSERT_THAT(actions, SizeIs(1));
  EXPECT_EQ(actions[0].number(0x1008), 1);  // Request Storage Commitment
  EXPECT_THAT(actions[0].transaction(), StartsWith("2.25."));
  EXPECT_THAT(actions[0].uids(0x0008, 0x1150), ElementsAre(kCt, kCt));
  const auto answers = archive.seen(kEventResponseField);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].number(0x0900), 0);
  EXPECT_EQ(answers[0].number(0x0120), 7);
}

TEST_F(CommitmentScu, AReportBeforeTheAnswerIsTakenToo) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp archive({kCommitmentClass}, [](const ScriptedScp::Message& in) {
    return is_action(in) ? report_of(in) + action_response(in, 0) : std::vector<Bytes>();
  });

  EXPECT_TRUE(ask(archive).complete());
}

TEST_F(CommitmentScu, AtMost500ObjectsGoIntoATransaction) {
  for (int i = 1000; i < 1501; ++i) deliver("2.25.1", "2.25." + std::to_string(i));
  const ScriptedScp archive({kCommitmentClass}, [](const ScriptedScp::Message& in) {
    return is_action(in) ? action_response(in, 0) + report_of(in) : std::vector<Bytes>();
  });

  const auto outcome = ask(archive);

  EXPECT_TRUE(outcome.complete());
  EXPECT_EQ(outcome.studies.at(0).found, 501U);
  const auto actions = archive.seen(kActionField);
  ASSERT_THAT(actions, SizeIs(2));
  EXPECT_THAT(actions[0].instances(), SizeIs(500));
  EXPECT_THAT(actions[1].instances(), SizeIs(1));
  EXPECT_NE(actions[0].transaction(), actions[1].transaction());
}

TEST_F(CommitmentScu, OnlyNoSuchInstanceIsMissing) {
  deliver("2.25.1", "2.25.11");
  deliver("2.25.2", "2.25.21");
  const ScriptedScp archive({kCommitmentClass}, [](const ScriptedScp::Message& in) {
    if (!is_action(in)) return std::vector<Bytes>();
    return action_response(in, 0) +
           message(in.context, event_report(2),
                   report_data(in.transaction(), {}, {{"2.25.11", 0x0213}}));
  });

  const auto outcome = ask(archive);

  EXPECT_THAT(outcome.studies.at(0).problem, HasSubstr("0213"));
  EXPECT_THAT(outcome.studies.at(1).problem, HasSubstr("without a word"));
  for (const auto& study : outcome.studies) {
    EXPECT_EQ(study.unasked, 1U);
    EXPECT_EQ(study.missing, 0U);
  }
}

TEST_F(CommitmentScu, AReportOnAnotherAssociationIsTakenAlsoWhenThisOneHasEnded) {
  deliver("2.25.1", "2.25.11");
  for (const Bytes& end : {Bytes(), Bytes{5, 0, 0, 0, 0, 4, 0, 0, 0, 0}}) {
    std::promise<std::string> asked;
    const ScriptedScp archive({kCommitmentClass}, [&](const ScriptedScp::Message& in) {
      asked.set_value(in.transaction());
      return action_response(in, 0) + std::vector<Bytes>{end};
    });
    auto outcome = std::async(std::launch::async, [&] { return ask(archive); });
    const std::string transaction = asked.get_future().get();

    EXPECT_EQ(report(transaction, "STRANGER", {"2.25.11"}).status, 0x0115);
    EXPECT_EQ(report(transaction, "ARCHIVE", {"2.25.11"}).status, 0);

    EXPECT_TRUE(outcome.get().complete());
    EXPECT_EQ(report(transaction, "ARCHIVE", {"2.25.11"}).status, 0x0115);  // it is over
    EXPECT_EQ(desk.address_of("A"), "127.0.0.1");
  }
}

TEST_F(CommitmentScu, ARefusalIsSaidInWords) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp archive({kCommitmentClass}, [](const ScriptedScp::Message& in) {
    return action_response(in, 0x0213);
  });

  const auto outcome = ask(archive);

  EXPECT_EQ(outcome.studies.at(0).unasked, 1U);
  EXPECT_THAT(outcome.studies.at(0).problem, HasSubstr("0213 resource limitation"));
}

TEST_F(CommitmentScu, AnArchiveThatDoesNotReportIsWaitedForNoLongerThanSaid) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp archive({kCommitmentClass},
                            [](const ScriptedScp::Message& in) { return action_response(in, 0); });
  const SteadyTime begun = steady_now();

  const auto outcome = ask(archive, 1s);

  EXPECT_THAT(outcome.problem, HasSubstr("has not reported within 1 s"));
  EXPECT_EQ(outcome.studies.at(0).unasked, 1U);
  EXPECT_LT(steady_now() - begun, 8s);
}

TEST_F(CommitmentScu, BrokenReportsOnTheAssociationAreRefusedAndWaitedOut) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp archive({kCommitmentClass}, [](const ScriptedScp::Message& in) {
    if (!is_action(in)) return std::vector<Bytes>();
    return action_response(in, 0) + message(in.context, event_report(1), Bytes(50, 0xFF)) +
           message(in.context, event_report(1), report_data("2.25.9", {"2.25.11"})) + report_of(in);
  });

  const auto outcome = ask(archive);

  EXPECT_TRUE(outcome.complete());
  const auto answers = archive.seen(kEventResponseField);
  ASSERT_THAT(answers, SizeIs(3));
  EXPECT_EQ(answers[0].number(0x0900), 0x0110);
  EXPECT_EQ(answers[1].number(0x0900), 0x0115);
  EXPECT_EQ(answers[2].number(0x0900), 0);
}

TEST_F(CommitmentScu, AStopEndsTheWaiting) {
  deliver("2.25.1", "2.25.11");
  std::promise<void> asked;
  const ScriptedScp archive({kCommitmentClass}, [&](const ScriptedScp::Message& in) {
    asked.set_value();
    return action_response(in, 0);
  });
  std::stop_source stop;
  Verifier::Order order;
  order.destinations = {scripted(archive.port())};
  order.by = Verifier::By::Commitment;
  auto running =
      std::async(std::launch::async, [&] { return verifier->run(order, stop.get_token()); });
  asked.get_future().wait();

  stop.request_stop();

  ASSERT_EQ(running.wait_for(10s), std::future_status::ready);
  EXPECT_THAT(running.get().at(0).problem, HasSubstr("the node is stopping"));
}

TEST_F(CommitmentScu, TheDeskRefusesWhatItDoesNotUnderstand) {
  desk.open("2.25.5", scripted(1));
  const Bytes good = report_data("2.25.5", {"2.25.6"}, {{"2.25.7", 0x0112}});
  const auto status = [&](const std::string& instance, std::uint16_t event_type, ByteView data,
                          const char* syntax = "1.2.840.10008.1.2.1") {
    return desk.report("ARCHIVE", instance, event_type, data, syntax).status;
  };

  EXPECT_EQ(status("2.25.1", 1, good), 0x0112);
  EXPECT_EQ(status(kCommitmentInstance, 3, good), 0x0113);
  EXPECT_EQ(status(kCommitmentInstance, 1, {}), 0x0110);
  EXPECT_EQ(status(kCommitmentInstance, 1, report_data("", {"2.25.6"})), 0x0110);
  EXPECT_EQ(status(kCommitmentInstance, 1, good, "1.2.3"), 0x0110);
  EXPECT_EQ(status(kCommitmentInstance, 1, report_data("2.25.8", {"2.25.6"})), 0x0115);
  for (std::size_t size = 1; size < good.size(); ++size) {
    // Only between two elements is a shorter one a data set, too.
    const auto shorter = status(kCommitmentInstance, 1, ByteView(good).first(size));
    EXPECT_TRUE(shorter == 0x0110 || shorter == 0) << size;
    if (shorter == 0) {
      desk.close("2.25.5");
      desk.open("2.25.5", scripted(1));
    }
  }
  EXPECT_EQ(status(kCommitmentInstance, 2, good), 0);
  const auto report = desk.wait("2.25.5", steady_now());
  ASSERT_TRUE(report);
  EXPECT_THAT(report->committed, ElementsAre("2.25.6"));
  EXPECT_EQ(report->failed.at("2.25.7"), 0x0112);
}

}  // namespace
}  // namespace dosigate::testing
