// Erasure: no byte of the link stays, nobody forgotten comes back, and everybody else is as before.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>

#include "dosigate/crypto/hash.h"
#include "map_rows_text.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Source of(int n) {
  const std::string text = std::to_string(1000 + n);
  return Source()
      .id("PID-" + text)
      .study("1.2.90." + text)
      .name("P" + text + "NAME")
      .born("1961" + text);
}

void send(PseudonymMap& map, const Subject& subject, int instance) {
  InstanceId id{};
  id[0] = static_cast<Byte>(instance);
  PairBatch batch;
  batch.study = subject.study;
  const std::string original = "1.2.840.7777." + std::to_string(subject.study * 100 + instance);
  batch.sop_uid = map_uid(*subject.salt, 0, original);
  batch.series_uid = map_uid(*subject.salt, 0, original + ".1");
  batch.sop_class_uid = "1.2.840.10008.5.1.4.1.1.128";
  fill_random(batch.fingerprint);
  batch.pairs.push_back({Phi(original), batch.sop_uid});
  must(map.absorb({{id, map.seal_pairs(id, batch)}}));
}

/// Every sealed value, blind index, pseudonym and UUID that map.db holds of a patient and those who
/// were joined into it.
std::vector<std::string> traces_of(const Node& node, const std::string& pseudonym) {
  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  const std::string who =
      "(SELECT patient_id FROM patient WHERE pseudonym = ?1 OR joined_to = (SELECT patient_id FROM "
      "patient WHERE pseudonym = ?1))";
  const std::string studies = "(SELECT study_id FROM study WHERE patient_id IN " + who + ")";
  std::vector<std::string> out;
  for (const std::string& sql : {
           "SELECT pseudonym, sealed_salt, sealed_offset, sealed_person FROM patient WHERE "
           "patient_id IN " +
               who,
           "SELECT key_index, sealed_id FROM patient_key WHERE patient_id IN " + who,
           "SELECT value_index FROM person_index WHERE patient_id IN " + who,
           "SELECT study_index, study_uid, sealed_uid, sealed_source FROM study WHERE patient_id "
           "IN " +
               who,
           "SELECT pseudo, sealed_uid FROM uid_pair WHERE study_id IN " + studies,
           "SELECT sop, fingerprint FROM instance WHERE study_id IN " + studies,
           "SELECT series FROM part WHERE study_id IN " + studies,
       }) {
    SQLite::Statement rows(database, sql);
    rows.bind(1, pseudonym);
    while (rows.executeStep())
      for (int i = 0; i < rows.getColumnCount(); ++i)
        if (!rows.getColumn(i).isNull()) out.push_back(rows.getColumn(i).getString());
  }
  return out;
}

/// How many of them stand in any file of the map or its journal.
std::size_t found_in_files(const Node& node, const std::vector<std::string>& traces) {
  std::size_t found = 0;
  for (const fs::path& directory : {node.settings.directory, node.settings.journal_directory}) {
    for (const auto& entry : fs::directory_iterator(directory)) {
      const std::string bytes = content(entry.path());
      for (const std::string& trace : traces)
        found += bytes.find(trace) != std::string::npos ? 1 : 0;
    }
  }
  return found;
}

TEST(Forget, LeavesNoByteOfTheLink) {
  // Enough for pages that split and rows that move between them, in an order of its own.
  constexpr std::size_t kPeople = 400;
  constexpr std::size_t kForgotten = 100;
  Node node;
  const auto map = node.open();
  std::vector<int> order(kPeople);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::minstd_rand(7));
  std::vector<std::string> pseudonyms(kPeople);
  for (const int n : order) {
    const Subject subject = resolve(*map, of(n));
    pseudonyms[static_cast<std::size_t>(n)] = subject.pseudonym;
    send(*map, subject, 1);
  }
  must(map->add_key(site_a(), pseudonyms[0], Phi("ALIAS-0"), Phi("CLINIC")));
  for (std::size_t n = 1; n < kForgotten; ++n) must_be(map->join(pseudonyms[0], pseudonyms[n]));
  const auto traces = traces_of(node, pseudonyms[0]);
  ASSERT_GT(traces.size(), 10 * kForgotten);
  ASSERT_GE(found_in_files(node, traces), traces.size()) << "the search must find something";
  const std::string journal = content(node.journal());

  must(map->forget(pseudonyms[0]));

  EXPECT_EQ(found_in_files(node, traces), 0U);
  // Records of the journal are sealed as a whole: it has to be another one.
  EXPECT_EQ(content(node.journal()).find(journal.substr(60, 40)), std::string::npos);
  EXPECT_EQ(map->totals().patients, static_cast<long long>(kPeople - kForgotten));
  EXPECT_EQ(map->totals().uid_pairs, static_cast<long long>(kPeople - kForgotten));
}

TEST(Forget, RemovesCopiesOfEarlierVersionsOfTheMap) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, of(1));
  std::ofstream(node.map_db().string() + ".v3") << "a copy from before a migration";

  must(map->forget(subject.pseudonym));

  EXPECT_FALSE(fs::exists(node.map_db().string() + ".v3"));
}

TEST(Forget, HoldsAForgottenStudyAndTakesAnotherOneUnderANewPseudonym) {
  Node node;
  std::string before;
  {
    const auto map = node.open();
    before = resolve(*map, of(1)).pseudonym;
    must(map->forget(before));

    EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
    EXPECT_EQ(fault_of(*map, of(1).id("PID-OTHER")), Fault::Uncertain);
  }
  const auto map = node.open();

  const auto held = map->resolve(site_a(), of(1).value);
  const Subject later = resolve(*map, of(1).study("1.2.90.later"));

  ASSERT_FALSE(held.has_value());
  EXPECT_THAT(held.error().detail, HasSubstr("forgotten"));
  EXPECT_NE(later.pseudonym, before);
  EXPECT_EQ(map->reveal(before).error().fault, Fault::NotFound);
  EXPECT_EQ(map->studies_of(before).error().fault, Fault::NotFound);
  EXPECT_EQ(map->forget(before).error().fault, Fault::NotFound);
}

TEST(Forget, TakesThoseAlongWhoWereJoinedIntoThePatient) {
  Node node;
  const auto map = node.open();
  const std::string winner = resolve(*map, of(1)).pseudonym;
  const std::string loser = resolve(*map, of(2)).pseudonym;
  must_be(map->join(winner, loser));

  must(map->forget(loser));  // the person, under whichever pseudonym

  EXPECT_EQ(map->reveal(winner).error().fault, Fault::NotFound);
  EXPECT_EQ(map->reveal(loser).error().fault, Fault::NotFound);
  EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
  EXPECT_EQ(fault_of(*map, of(2)), Fault::Uncertain) << "given away, and never come back";
  EXPECT_EQ(map->totals().patients, 0);
}

TEST(Forget, LeavesAStudyThatWasGivenToSomebodyElse) {
  Node node;
  const auto map = node.open();
  const Subject from = resolve(*map, of(1));
  const Subject to = resolve(*map, of(2));
  const auto moved =
      must_be(map->reassign(site_a(), from.study_uid, of(2).value.patient_id, of(2).value.issuer));

  must(map->forget(from.pseudonym));

  const Subject still = resolve(*map, of(2).study(of(1).value.study_uid.reveal()));
  EXPECT_EQ(still.pseudonym, to.pseudonym);
  EXPECT_EQ(still.study_uid, moved.new_study_uid);
}

TEST(Forget, NeverUsesANumberAgain) {
  Node node;
  const auto map = node.open();
  resolve(*map, of(1));
  const Subject last = resolve(*map, of(2));
  must(map->forget(last.pseudonym));

  const Subject next = resolve(*map, of(3));

  EXPECT_GT(next.patient, last.patient);
  EXPECT_GT(next.study, last.study);
}

TEST(Forget, NeverUsesANumberAgainInAMapThatTheJournalMadeAnew) {
  Node node;
  Subject last;
  {
    const auto map = node.open();
    resolve(*map, of(1));
    last = resolve(*map, of(2));
    must(map->forget(last.pseudonym));
  }
  put_empty_map(node);

  const Subject next = resolve(*node.open(), of(3));

  EXPECT_GT(next.patient, last.patient);
  EXPECT_GT(next.study, last.study);
}

TEST(Forget, IsCarriedOutInAnOlderMapThatIsRestored) {
  Node node;
  const fs::path backup = node.dir.path / "backup.db";
  std::string forgotten;
  {
    const auto map = node.open();
    forgotten = resolve(*map, of(1)).pseudonym;
    resolve(*map, of(2));
    must(map->copy_to(backup));
  }
  Subject kept, later, joined;
  std::string reassigned;
  {
    const auto map = node.open();
    later = resolve(*map, of(3));
    joined = resolve(*map, of(4));
    must_be(map->join(later.pseudonym, joined.pseudonym));
    joined = resolve(*map, of(4).name("P1003NAME"));
    reassigned =
        must_be(map->reassign(site_a(), resolve(*map, of(2)).study_uid, Phi("PID-NEW"), Phi()))
            .new_study_uid;
    kept = resolve(*map, of(2).study("1.2.90.second"));
    must(map->forget(forgotten));
    must(map->rewrite_journal());
    must(map->rewrite_journal());
  }
  const auto traces = traces_of(node, kept.pseudonym);
  const std::string present = rows_text(node.map_db());
  put_map(node, backup);
  ASSERT_FALSE(traces_of(node, forgotten).empty());
  const auto old_traces = traces_of(node, forgotten);

  const auto map = node.open();

  EXPECT_EQ(found_in_files(node, old_traces), 0U);
  EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
  EXPECT_EQ(map->reveal(forgotten).error().fault, Fault::NotFound);
  const Subject kept_now = resolve(*map, of(2).study("1.2.90.second"));
  EXPECT_EQ(kept_now.pseudonym, kept.pseudonym);
  EXPECT_EQ(kept_now.offset, kept.offset);
  EXPECT_EQ(kept_now.study_uid, kept.study_uid);
  EXPECT_EQ(resolve(*map, of(3)).offset, later.offset);
  EXPECT_EQ(resolve(*map, of(4).name("P1003NAME")).study_uid, joined.study_uid);
  EXPECT_EQ(rows_text(node.map_db()), present);
  EXPECT_EQ(resolve(*map, of(2).id("PID-NEW")).study_uid, reassigned);
}

TEST(Forget, SaysWhatIsInTheWayAndIsFinishedAtTheNextStart) {
  Node node;
  std::vector<std::string> traces;
  {
    const auto map = node.open();
    const std::string who = resolve(*map, of(1)).pseudonym;
    resolve(*map, of(2));
    traces = traces_of(node, who);
    SQLite::Database reader(node.map_db().string(), SQLite::OPEN_READONLY);
    SQLite::Transaction old_snapshot(reader);
    ASSERT_GT(reader.execAndGet("SELECT count(*) FROM patient").getInt(), 0);

    const auto forgotten = map->forget(who);

    ASSERT_FALSE(forgotten.has_value());
    EXPECT_EQ(forgotten.error().fault, Fault::Unavailable);
    EXPECT_THAT(forgotten.error().detail, HasSubstr("another program reads the database"));
    EXPECT_GT(found_in_files(node, traces), 0U);
    EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
  }
  const auto map = node.open();

  EXPECT_EQ(found_in_files(node, traces), 0U);
}

TEST(Forget, WithoutAJournalIsNotUndoneByAnOldOneThatComesBack) {
  Node node;
  const std::string who = resolve(*node.open(), of(1)).pseudonym;
  const Subject other = resolve(*node.open(), of(2));
  {
    PseudonymMap::Settings without = node.settings;
    without.journal_directory.clear();
    const auto map = PseudonymMap::open(without, *node.keys);
    ASSERT_TRUE(map.has_value()) << map.error().detail;
    must((*map)->forget(who));
  }
  const std::string present = rows_text(node.map_db());
  const std::string journal = content(node.journal());

  {
    const auto map = node.open();
    EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
    EXPECT_EQ(resolve(*map, of(2)).study_uid, other.study_uid);
  }

  EXPECT_EQ(rows_text(node.map_db()), present);
  EXPECT_EQ(content(node.journal()).find(journal.substr(60, 40)), std::string::npos);
}

class ForgetKilledAt : public ::testing::TestWithParam<const char*> {};

TEST_P(ForgetKilledAt, IsFinishedAtTheNextStartOrByTheSameCommand) {
#ifndef DOSIGATE_FAIL_POINTS
  GTEST_SKIP() << "fail points are not compiled in";
#endif
  Node node;
  std::string who;
  Subject other;
  {
    const auto map = node.open();
    who = resolve(*map, of(1)).pseudonym;
    other = resolve(*map, of(2));
  }
  const auto traces = traces_of(node, who);
  ASSERT_GT(found_in_files(node, traces), 0U);

  const std::string command = "DOSIGATE_FAIL_POINT='" + std::string(GetParam()) +
                              "' exec '" DOSIGATE_BUILD_DIR "/tests/identity_forget_once' '" +
                              node.dir.path.string() + "' '" + who + "' 2>&1";
  const int status = std::system(command.c_str());
  ASSERT_TRUE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
              (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL))
      << status;
  {
    const auto map = node.open();
    EXPECT_EQ(resolve(*map, of(2)).study_uid, other.study_uid);
    if (map->reveal(who)) must(map->forget(who));  // nothing had happened yet

    EXPECT_EQ(found_in_files(node, traces), 0U);
    EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
  }
  EXPECT_FALSE(fs::exists(node.journal().string() + ".new"));
  const std::string present = rows_text(node.map_db());
  put_empty_map(node);
  const auto map = node.open();

  EXPECT_EQ(rows_text(node.map_db()), present);
  EXPECT_EQ(resolve(*map, of(2)).study_uid, other.study_uid);
  EXPECT_EQ(fault_of(*map, of(1)), Fault::Uncertain);
}

INSTANTIATE_TEST_SUITE_P(EachStep, ForgetKilledAt,
                         ::testing::Values("map.before-journal", "map.after-journal",
                                           "db.before-commit", "db.after-commit",
                                           "journal.before-rename", "journal.after-rename",
                                           "map.before-forget-commit", "db.before-commit:2",
                                           "db.after-commit:2", "db.before-commit:3"));

}  // namespace
}  // namespace dosigate::testing
