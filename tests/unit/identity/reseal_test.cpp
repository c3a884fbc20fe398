// A key rotation changes under which key the values of map.db are sealed, and nothing else.

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "reseal_fixture.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

void begin(Keyring& keys) {
  const MasterPublic next = public_half(next_test_master());
  if (!keys.begin_rotation(next) || !keys.key_file_written(next))
    throw std::runtime_error("the rotation does not begin");
}

void reseal_all(PseudonymMap& map, std::size_t max = 4) {
  for (;;) {
    const auto done = map.reseal(max);
    if (!done) throw std::runtime_error(done.error().detail);
    if (*done == 0) return;
  }
}

/// Of every column of map.db that is named sealed_...: how many values are under each key version.
std::map<std::uint32_t, int> versions(const Node& node) {
  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  std::map<std::uint32_t, int> out;
  SQLite::Statement columns(database,
                            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) "
                            "c WHERE m.type = 'table' AND c.name LIKE 'sealed%'");
  while (columns.executeStep()) {
    const std::string table = columns.getColumn(0).getString();
    const std::string column = columns.getColumn(1).getString();
    SQLite::Statement values(
        database, "SELECT " + column + " FROM " + table + " WHERE " + column + " IS NOT NULL");
    int count = 0;
    for (; values.executeStep(); ++count) {
      const auto* bytes = static_cast<const Byte*>(values.getColumn(0).getBlob());
      ++out[Unpacker(ByteView(bytes + 1, 4)).u32()];
    }
    EXPECT_GT(count, 0) << table << "." << column << " is not in this test";
  }
  return out;
}

TEST(Reseal, LeavesNoValueUnderTheOldKey) {
  Node node;
  const auto map = node.open();
  fill(*map);
  const int all = versions(node).at(1);
  begin(*node.keys);

  reseal_all(*map);

  EXPECT_EQ(versions(node), (std::map<std::uint32_t, int>{{2, all}}));
}

TEST(Reseal, ChangesNothingThatTheMapGives) {
  Node node;
  const auto map = node.open();
  fill(*map);
  const std::string before = everything(*map);
  begin(*node.keys);

  reseal_all(*map);

  EXPECT_EQ(everything(*map), before);
}

TEST(Reseal, AfterItAKeyringWithoutTheOldKeysOpensTheWholeMap) {
  Node node(false);  // a journal is written anew by rewrite_journal
  std::string before;
  {
    const auto map = node.open();
    fill(*map);
    before = everything(*map);
    begin(*node.keys);
    reseal_all(*map);
  }
  ASSERT_TRUE(node.keys->finish_rotation());
  auto without = Keyring::open(node.dir.path / "keyring", next_test_master());
  ASSERT_TRUE(without);
  ASSERT_EQ(without->find(Purpose::Identity, 1), nullptr);
  node.keys.emplace(std::move(*without));

  const auto map = node.open();

  EXPECT_EQ(everything(*map), before);
}

TEST(Reseal, AnOldCopyOfTheKeyringOpensNothingOfTheNewMap) {
  Node node(false);
  const Keyring old = node.read_keyring();
  {
    const auto map = node.open();
    fill(*map);
    begin(*node.keys);
    reseal_all(*map);
  }

  auto opened = PseudonymMap::open(node.settings, old);

  ASSERT_TRUE(opened) << "the map knows its keyring by id; the values do not open";
  const auto subject = (*opened)->resolve(site_a(), Source().id("PID-1").value);
  ASSERT_FALSE(subject);
  EXPECT_EQ(subject.error().fault, Fault::Unavailable);
}

TEST(Reseal, GoesAtMostAFewAtATime) {
  Node node;
  const auto map = node.open();
  fill(*map);
  begin(*node.keys);

  const auto done = map->reseal(2);

  ASSERT_TRUE(done);
  EXPECT_GT(*done, 0U);
  EXPECT_LE(*done, 2U);
}

TEST(Reseal, OfAMapThatIsUnderTheNewestKeyFindsNothing) {
  Node node;
  const auto map = node.open();
  fill(*map);

  const auto done = map->reseal(100);

  ASSERT_TRUE(done);
  EXPECT_EQ(*done, 0U);
}

TEST(Reseal, TakesInWhatArrivesMeanwhileUnderTheNewKey) {
  Node node;
  const auto map = node.open();
  fill(*map);
  begin(*node.keys);

  std::jthread arriving([&] {
    for (int i = 0; i < 20; ++i)
      resolve(*map, Source().id("NEW-" + std::to_string(i)).study("1.9." + std::to_string(i)));
  });
  reseal_all(*map, 1);
  arriving.join();
  reseal_all(*map);

  const auto found = versions(node);
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->first, 2U);
  EXPECT_EQ(map->totals().patients, 23);
}

TEST(Reseal, EmptiesTheLogInWhichTheOldValuesStand) {
  Node node;
  const auto map = node.open();
  fill(*map);
  begin(*node.keys);

  reseal_all(*map);

  EXPECT_EQ(std::filesystem::file_size(node.map_db().string() + "-wal"), 0U);
}

TEST(Reseal, RemovesTheCopiesOfEarlierSchemaVersions) {
  Node node;
  const auto map = node.open();
  fill(*map);
  const auto copy = node.map_db().string() + ".v3";
  replace_file(copy, as_bytes("an earlier map, sealed under the old key"));
  begin(*node.keys);

  reseal_all(*map);

  EXPECT_FALSE(std::filesystem::exists(copy));
  EXPECT_TRUE(std::filesystem::exists(node.map_db()));
}

TEST(Reseal, SaysWhichValueDoesNotOpenAndKeepsTheRest) {
  Node node;
  const auto map = node.open();
  fill(*map);
  {
    SQLite::Database database(node.map_db().string(), SQLite::OPEN_READWRITE);
    database.exec("UPDATE patient SET sealed_person = sealed_offset WHERE patient_id = 2");
  }
  begin(*node.keys);

  Result<std::size_t> done = std::size_t{1};
  while (done && *done > 0) done = map->reseal(100);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::Unavailable);
  EXPECT_NE(done.error().detail.find("patient.sealed_person/2"), std::string::npos)
      << done.error().detail;
}

TEST(Reseal, PairsOfBeforeThatAreOfferedAgainAfterTheRotationAreTakenAsKnown) {
  Node node(false);
  Bytes before;
  Subject subject;
  const InstanceId id{7};
  {
    const auto map = node.open();
    subject = resolve(*map, Source());
    const std::string sop = map_uid(*subject.salt, 0, "1.2.840.7777.1");
    before = map->seal_pairs(id, {subject.study, sop, {}, {{Phi("1.2.840.7777.1"), sop}}});
    ASSERT_TRUE(map->absorb({{id, before}}));
    begin(*node.keys);
    reseal_all(*map);
  }
  ASSERT_TRUE(node.keys->finish_rotation());
  const auto map = node.open();

  EXPECT_TRUE(map->absorb({{id, before}})) << "the queue's index was made anew from its files";

  EXPECT_EQ(map->totals().uid_pairs, 1);
}

// Simulates power cuts in the middle of it.

class ResealKilledAt : public ::testing::TestWithParam<const char*> {};

TEST_P(ResealKilledAt, GoesOnAtTheNextStartAndLosesNothing) {
#ifndef DOSIGATE_FAIL_POINTS
  GTEST_SKIP() << "fail points are not compiled in";
#endif
  Node node;
  std::string before;
  {
    const auto map = node.open();
    fill(*map);
    before = everything(*map);
  }
  begin(*node.keys);
  const std::string command = std::string("DOSIGATE_FAIL_POINT='") + GetParam() +
                              "' exec '" DOSIGATE_BUILD_DIR "/tests/identity_reseal_once' '" +
                              node.dir.path.string() + "'";

  const int killed = std::system(command.c_str());
  ASSERT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL) << "status " << killed;

  const auto map = node.open();
  EXPECT_EQ(everything(*map), before);
  reseal_all(*map);
  EXPECT_EQ(everything(*map), before);
  EXPECT_EQ(versions(node).count(1), 0U);
}

INSTANTIATE_TEST_SUITE_P(EachStep, ResealKilledAt,
                         ::testing::Values("map.reseal", "map.reseal:4", "map.resealed",
                                           "map.resealed:5", "map.reseal:9"));

}  // namespace
}  // namespace dosigate::testing
