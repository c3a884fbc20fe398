// Deliveries are verified by C-FIND, also by an archive that answers badly.

#include "unit/forward/verifying.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint16_t kPending = 0xFF00;
constexpr std::uint16_t kFindField = 0x0020;

/// study -> series -> instances.
using Archive = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

std::string key(const ScriptedScp::Message& query, std::uint16_t group, std::uint16_t element) {
  const auto found = query.uids(group, element);
  return found.empty() ? std::string() : found.front();
}

/// Answers as PS3.4 C.4.1 says.
ScriptedScp::Script holds(const Archive& archive) {
  return [archive](const ScriptedScp::Message& query) {
    const std::string study = key(query, 0x0020, 0x000D), series = key(query, 0x0020, 0x000E);
    std::vector<Bytes> out;
    const auto found = archive.find(study);
    if (found != archive.end()) {
      for (const auto& [uid, instances] : found->second) {
        if (series.empty()) out = out + find_response(query, kPending, match_data(study, uid, ""));
        if (series != uid) continue;
        for (const std::string& sop : instances)
          out = out + find_response(query, kPending, match_data(study, uid, sop));
      }
    }
    return out + find_response(query, 0);
  };
}

class Find : public Verifying {
 protected:
  Verifier::Outcome ask(const ScriptedScp& archive, std::chrono::seconds wait = 10s) const {
    return run(scripted(archive.port()), Verifier::By::Find, wait);
  }
};

TEST_F(Find, AsksForTheSeriesAndThenForTheirInstances) {
  deliver("2.25.1", "2.25.11");
  deliver("2.25.1", "2.25.12");
  deliver("2.25.2", "2.25.21");
  ScriptedScp archive({kFindClass},
                      holds({{"2.25.1", {{"2.25.101", {"2.25.11"}}, {"2.25.102", {"2.25.12"}}}},
                             {"2.25.2", {{"2.25.201", {"2.25.21", "2.25.99"}}}}}));

  const auto outcome = ask(archive);

  EXPECT_TRUE(outcome.complete());
  EXPECT_EQ(outcome.by, "find");
  ASSERT_THAT(outcome.studies, SizeIs(2));
  EXPECT_EQ(outcome.studies[0].delivered, 2U);
  EXPECT_EQ(outcome.studies[0].found, 2U);
  EXPECT_EQ(outcome.studies[1].found, 1U);
  const auto queries = archive.seen(kFindField);
  ASSERT_THAT(queries, SizeIs(5));
  EXPECT_THAT(as_text(queries[0].data_set), HasSubstr("SERIES"));
  EXPECT_THAT(as_text(queries[1].data_set), HasSubstr("IMAGE"));
  EXPECT_EQ(key(queries[1], 0x0020, 0x000E), "2.25.101");
}

TEST_F(Find, NamesWhatIsMissing) {
  deliver("2.25.1", "2.25.11");
  deliver("2.25.1", "2.25.12");
  deliver("2.25.2", "2.25.21");
  const ScriptedScp archive({kFindClass}, holds({{"2.25.1", {{"2.25.101", {"2.25.12"}}}}}));

  const auto outcome = ask(archive);

  EXPECT_FALSE(outcome.complete());
  ASSERT_THAT(outcome.studies, SizeIs(2));
  EXPECT_EQ(outcome.studies[0].found, 1U);
  EXPECT_THAT(outcome.studies[0].missing_uids, ElementsAre("2.25.11"));
  EXPECT_THAT(outcome.studies[1].missing_uids, ElementsAre("2.25.21"));
  EXPECT_THAT(outcome.problem, IsEmpty());
}

TEST_F(Find, NamesTwentyOfManyMissingAndCountsAll) {
  for (int i = 100; i < 130; ++i) deliver("2.25.1", "2.25." + std::to_string(i));
  const ScriptedScp archive({kFindClass}, holds({}));

  const auto outcome = ask(archive);

  EXPECT_EQ(outcome.studies.at(0).missing, 30U);
  EXPECT_THAT(outcome.studies.at(0).missing_uids, SizeIs(20));
}

TEST_F(Find, WhatARejectionNoteNamesMayBeAbsent) {
  const auto note = deliver("2.25.1", "2.25.10");
  deliver("2.25.1", "2.25.11");
  deliver("2.25.1", "2.25.12");
  Ledger::Withdrawal what;
  what.study_uid = "2.25.1";
  what.code = "113001";
  what.cause = "operator";
  ledger->ordered(what, note, {"A"}, {"2.25.11"});
  const ScriptedScp archive({kFindClass}, holds({}));

  const auto outcome = ask(archive);

  EXPECT_EQ(outcome.studies.at(0).rejected, 2U);  // the note itself, and what it names
  EXPECT_THAT(outcome.studies.at(0).missing_uids, ElementsAre("2.25.12"));
}

TEST_F(Find, AllOfAStudyThatThePacsRejectedMayBeAbsent) {
  const auto note = deliver("2.25.1", "2.25.10");
  deliver("2.25.1", "2.25.11");
  Ledger::Withdrawal what;
  what.study_uid = "2.25.1";
  what.code = "113039";
  what.cause = "received";
  what.whole_study = true;
  ledger->rejected(what, note, {"A"});
  const ScriptedScp archive({kFindClass}, holds({}));

  const auto outcome = ask(archive);

  EXPECT_TRUE(outcome.complete());
  EXPECT_EQ(outcome.studies.at(0).rejected, 2U);
}

TEST_F(Find, AFailureIsOfOneStudyAndTheNextIsAsked) {
  deliver("2.25.1", "2.25.11");
  deliver("2.25.2", "2.25.21");
  const auto good = holds({{"2.25.2", {{"2.25.201", {"2.25.21"}}}}});
  const ScriptedScp archive({kFindClass}, [good](const ScriptedScp::Message& query) {
    return key(query, 0x0020, 0x000D) == "2.25.1" ? find_response(query, 0xA700) : good(query);
  });

  const auto outcome = ask(archive);

  EXPECT_FALSE(outcome.complete());
  EXPECT_EQ(outcome.studies.at(0).unasked, 1U);
  EXPECT_EQ(outcome.studies.at(0).missing, 0U);
  EXPECT_THAT(outcome.studies.at(0).problem, HasSubstr("A700"));
  EXPECT_EQ(outcome.studies.at(1).found, 1U);
}

TEST_F(Find, AnArchiveThatLooksAtNoKeyFindsNothingOfAnotherStudy) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp archive({kFindClass}, [](const ScriptedScp::Message& query) {
    return find_response(query, kPending, match_data("2.25.7", "2.25.71", "2.25.11")) +
           find_response(query, 0);
  });

  EXPECT_EQ(ask(archive).studies.at(0).missing, 1U);
}

TEST_F(Find, BadAnswersAreNoAnswers) {
  deliver("2.25.1", "2.25.11");
  const std::vector<std::pair<std::string, ScriptedScp::Script>> scripts{
      {"broken data",
       [](const auto& query) { return find_response(query, kPending, Bytes(40, 0xFF)); }},
      {"not asked",
       [](const auto& query) {
         auto other = query;
         other.command[0x0110] = {0x77, 0x77};
         return find_response(other, 0);
       }},
      {"not asked", [](const auto& query) { return action_response(query, 0); }},
      {"no DIMSE message",
       [](const auto& query) { return message(query.context, Bytes(30, 0xFF)); }},
      {"no DIMSE message",
       [](const auto& query) {
         return std::vector<Bytes>{RawScu::p_data(query.context, false, true, Bytes(10))};
       }},
      {"closed the connection", [](const auto&) { return std::vector<Bytes>{{}}; }},
      {"aborted the association",
       [](const auto&) {
         return std::vector<Bytes>{{7, 0, 0, 0, 0, 4, 0, 0, 0, 0}};
       }},
      {"released the association",
       [](const auto&) {
         return std::vector<Bytes>{{5, 0, 0, 0, 0, 4, 0, 0, 0, 0}};
       }},
      {"said nothing", [](const auto&) { return std::vector<Bytes>(); }}};

  for (const auto& [words, script] : scripts) {
    const ScriptedScp archive({kFindClass}, script);

    const auto outcome = ask(archive, 1s);

    EXPECT_THAT(outcome.problem, HasSubstr(words));
    EXPECT_EQ(outcome.studies.at(0).unasked, 1U) << words;
    EXPECT_EQ(outcome.studies.at(0).missing, 0U) << words;
  }
}

TEST_F(Find, AnswersWithoutEndAreGivenUp) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp archive({kFindClass}, [](const ScriptedScp::Message& query) {
    std::vector<Bytes> out;
    for (int i = 0; i < 10'001; ++i)
      out = std::move(out) + find_response(query, kPending, match_data("2.25.1", "2.25.3", ""));
    return out + find_response(query, 0);
  });

  EXPECT_THAT(ask(archive).problem, HasSubstr("has not come to an end"));
}

TEST_F(Find, WhatIsNotOfferedIsSaid) {
  deliver("2.25.1", "2.25.11");
  const ScriptedScp neither({kCt}, [](const auto&) { return std::vector<Bytes>(); });

  EXPECT_THAT(ask(neither).problem, HasSubstr("does not accept C-FIND"));
  EXPECT_THAT(run(scripted(neither.port()), Verifier::By::Commitment).problem,
              HasSubstr("does not accept Storage Commitment"));
  EXPECT_THAT(run(scripted(neither.port()), Verifier::By::Auto).problem,
              HasSubstr("neither C-FIND (Study Root) nor Storage Commitment"));
}

TEST_F(Verifying, WhatIsFoldedCannotBeAskedAndIsSaid) {
  deliver("2.25.1", "2.25.11");
  now += std::chrono::days(100);
  ledger->fold(90);
  Verifier::Order order;
  order.destinations = {scripted(1)};
  const auto everything = run(order);
  order.scope.study_uid = "2.25.1";

  const auto study = run(order);

  EXPECT_TRUE(everything.complete());  // of what is known one by one
  EXPECT_FALSE(study.complete());
  EXPECT_EQ(study.folded, 1U);
  EXPECT_THAT(study.problem, HasSubstr("ledger_keep_days"));
}

TEST_F(Verifying, ADestinationThatIsNoLongerConfiguredIsSaidWhereItGotSomething) {
  deliver("2.25.1", "2.25.11", "OLD");
  deliver("2.25.2", "2.25.21");
  Verifier::Order order;
  order.removed = {"OLD"};

  EXPECT_THAT(run(order).problem, HasSubstr("no longer in the configuration"));
  order.scope.study_uid = "2.25.2";
  EXPECT_TRUE(run(order).complete());
}

TEST_F(Verifying, AFolderIsLookedInto) {
  deliver("2.25.1", "2.25.11");
  deliver("2.25.1", "2.25.12");
  deliver("2.25.1", "2.25.13");
  Destination to;
  to.name = "A";
  to.path = dir.path / "out";
  const auto study = to.path / "DSG-TEST-0000-0000-000" / "2.25.1";
  const auto away = run(to, Verifier::By::Auto);
  std::filesystem::create_directories(study);
  replace_file(study / "2.25.11.dcm", Bytes(10));
  replace_file(study / "2.25.12.dcm", Bytes());

  const auto outcome = run(to, Verifier::By::Auto);

  EXPECT_THAT(away.problem, HasSubstr("is its disk or share mounted?"));
  EXPECT_EQ(away.studies.at(0).unasked, 3U);
  EXPECT_EQ(outcome.by, "folder");
  EXPECT_EQ(outcome.studies.at(0).found, 1U);
  EXPECT_THAT(outcome.studies.at(0).missing_uids, ElementsAre("2.25.12", "2.25.13"));
}

}  // namespace
}  // namespace dosigate::testing
