// Simulates power cuts: the process is killed between two steps of taking in a patient.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "map_fixture.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

struct Outcome {
  bool killed;
  int code;
  std::string answer;  ///< empty when resolve did not return
};

Outcome resolve_in_child(const Node& node, const std::string& fail_point, const std::string& id,
                         const std::string& study) {
  const std::string command = "DOSIGATE_FAIL_POINT='" + fail_point +
                              "' exec '" DOSIGATE_BUILD_DIR "/tests/identity_resolve_once' '" +
                              node.dir.path.string() + "' '" + id + "' '" + study + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  std::string answer;
  std::array<char, 256> line;
  while (fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) answer += line.data();
  const int status = pclose(pipe);
  return {WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
          WIFEXITED(status) ? WEXITSTATUS(status) : -1, answer};
}

std::string describe(const Subject& subject) {
  return subject.pseudonym + " " + std::to_string(subject.offset.count()) + " " +
         subject.study_uid + "\n";
}

long long number(const Node& node, const char* sql) {
  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  return database.execAndGet(sql).getInt64();
}

class KilledAt : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledAt, LeavesNoHalfPatientAndOnePseudonymForEver) {
#ifndef DOSIGATE_FAIL_POINTS
  GTEST_SKIP() << "fail points are not compiled in";
#endif
  Node node;
  // A declared site, so that the fail point is that of the patient and not of the site.
  const Outcome first = resolve_in_child(node, "none", "OTHER-4401", "1.2.3.1");
  ASSERT_EQ(first.code, 0) << first.answer;

  const Outcome killed = resolve_in_child(node, GetParam(), "PID-778812", "1.2.3.2");
  ASSERT_TRUE(killed.killed) << killed.answer;
  const Outcome again = resolve_in_child(node, "none", "PID-778812", "1.2.3.2");
  ASSERT_EQ(again.code, 0) << again.answer;
  const Outcome later = resolve_in_child(node, "none", "PID-778812", "1.2.3.2");

  EXPECT_EQ(later.answer, again.answer);
  EXPECT_EQ(resolve_in_child(node, "none", "OTHER-4401", "1.2.3.1").answer, first.answer);
  EXPECT_EQ(number(node, "SELECT count(*) FROM patient"), 2);
  EXPECT_EQ(number(node, "SELECT count(*) FROM study"), 2);
  EXPECT_EQ(number(node,
                   "SELECT count(*) FROM patient p WHERE NOT EXISTS (SELECT 1 FROM patient_key k "
                   "WHERE k.patient_id = p.patient_id)"),
            0);

  // The journal alone makes the same map again.
  std::filesystem::remove_all(node.settings.directory);
  PseudonymMap::Settings without = node.settings;
  without.journal_directory.clear();
  ASSERT_TRUE(PseudonymMap::create(without, *node.keys).has_value());
  EXPECT_EQ(resolve_in_child(node, "none", "PID-778812", "1.2.3.2").answer, again.answer);
  EXPECT_EQ(number(node, "SELECT count(*) FROM patient"), 2);
}

// The site is the first record, the other patient is made without a fail point: the first hit is
// the patient's.
INSTANTIATE_TEST_SUITE_P(EachStep, KilledAt,
                         ::testing::Values("map.before-journal", "map.after-journal",
                                           "map.after-commit"));

TEST(Crash, BetweenJournalAndMapKeepsThePseudonymOfTheJournal) {
#ifndef DOSIGATE_FAIL_POINTS
  GTEST_SKIP() << "fail points are not compiled in";
#endif
  Node node;
  ASSERT_EQ(resolve_in_child(node, "none", "OTHER-4401", "1.2.3.1").code, 0);
  ASSERT_TRUE(resolve_in_child(node, "map.after-journal", "PID-778812", "1.2.3.2").killed);
  ASSERT_EQ(number(node, "SELECT count(*) FROM patient"), 1);

  const auto map = node.open();

  EXPECT_EQ(map->totals().patients, 2);
  EXPECT_EQ(map->totals().studies, 2);
}

// Power loss under `synchronous` lies, or a restored copy: the map is older than its journal.
TEST(Crash, AMapThatLostItsLastCommitsGetsThemBackFromTheJournal) {
  Node node;
  std::string before;
  {
    const auto map = node.open();
    resolve(*map, Source().id("OTHER-4401").study("1.2.3.1"));
  }
  std::filesystem::copy(node.map_db(), node.dir.path / "old.db");
  {
    const auto map = node.open();
    before = describe(resolve(*map, Source().id("PID-778812").study("1.2.3.2").serial("SN-2")));
  }
  for (const char* part : {"-wal", "-shm"}) std::filesystem::remove(node.map_db().string() + part);
  std::filesystem::copy_file(node.dir.path / "old.db", node.map_db(),
                             std::filesystem::copy_options::overwrite_existing);
  ASSERT_EQ(number(node, "SELECT count(*) FROM patient"), 1);

  const auto map = node.open();

  EXPECT_EQ(map->totals().patients, 2);
  EXPECT_EQ(map->totals().devices, 2);
  EXPECT_EQ(describe(resolve(*map, Source().id("PID-778812").study("1.2.3.2").serial("SN-2"))),
            before);
  EXPECT_EQ(resolve(*map, Source().id("PID-778812").study("1.2.3.2").serial("SN-2")).device_label,
            "CAM-02");
}

}  // namespace
}  // namespace dosigate::testing
