// What lies on disk: sealed, tied to its keyring and its journal, never made anew by mistake.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>

#include "map_fixture.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 0777U;
}

PairBatch batch_of(const Subject& subject, int instance) {
  PairBatch batch;
  batch.study = subject.study;
  const std::string original = "1.2.840.7777." + std::to_string(instance);
  batch.sop_uid = map_uid(*subject.salt, 0, original);
  batch.fingerprint.fill(static_cast<Byte>(instance));
  batch.pairs.push_back({Phi(original), batch.sop_uid});
  batch.pairs.push_back({Phi("1.2.840.5555.1"), map_uid(*subject.salt, 0, "1.2.840.5555.1")});
  return batch;
}

TEST(MapFile, HoldsNoIdentifierInClearAnywhere) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(
      *map, Source().issuer("ISSUERMARK").other_id("529.982.247-25").other_id("898000000043208"));
  const InstanceId id{1};
  ASSERT_TRUE(map->absorb({{id, map->seal_pairs(id, batch_of(subject, 1))}}).has_value());

  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(node.dir.path)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string bytes = content(entry.path());
    for (const char* planted :
         {"778812", "MARKERNAME", "markername", "19610305", "604688119", "445566", "NMSTATION1",
          "Symbia", "VB20A", "20260102", "ISSUERMARK", "52998224725", "529.982", "898000000043208",
          "STUDYSOURCE", "1.2.840.7777", "1.2.840.5555"}) {
      EXPECT_EQ(bytes.find(planted), std::string::npos) << planted << " in " << entry.path();
    }
  }
  EXPECT_GE(files, 5U) << "keyring, map.db, -wal, -shm, journal";
  EXPECT_NE(content(node.map_db().string() + "-wal").find(subject.pseudonym), std::string::npos)
      << "the search must be able to find something";
}

TEST(MapFile, IsPrivate) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());

  EXPECT_EQ(mode_of(node.settings.directory), 0700U);
  EXPECT_EQ(mode_of(node.map_db()), 0600U);
  EXPECT_EQ(mode_of(node.map_db().string() + "-wal"), 0600U);
  EXPECT_EQ(mode_of(node.journal()), 0600U);
}

TEST(MapFile, InADirectoryOpenToOthersIsRefused) {
  Node node;
  fs::permissions(node.settings.directory, fs::perms(0750));

  const auto map = PseudonymMap::open(node.settings, *node.keys);

  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().fault, Fault::Denied);
}

TEST(MapFile, ASealedValueCopiedToAnotherRowDoesNotOpen) {
  Node node;
  {
    const auto map = node.open();
    resolve(*map, Source());
    resolve(*map, Source().id("PID-2").study("1.2.3.2").name("COSTA^ANA"));
  }
  {
    SQLite::Database database(node.map_db().string(), SQLite::OPEN_READWRITE);
    database.exec(
        "UPDATE patient SET sealed_salt = (SELECT sealed_salt FROM patient WHERE patient_id = 1) "
        "WHERE patient_id = 2");
  }
  const auto map = node.open();

  EXPECT_EQ(fault_of(*map, Source().id("PID-2").study("1.2.3.2").name("COSTA^ANA")),
            Fault::Unavailable);
  EXPECT_TRUE(map->resolve(site_a(), Source().value).has_value());
}

TEST(MapFile, OfAnotherKeyringIsRefused) {
  Node node;
  const Node other;

  const auto map = PseudonymMap::open(node.settings, *other.keys);

  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().fault, Fault::Conflict);
}

TEST(MapFile, IsNeverMadeByOpening) {
  Node node;
  fs::remove(node.map_db());

  const auto map = PseudonymMap::open(node.settings, *node.keys);

  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().fault, Fault::NotFound);
  EXPECT_FALSE(fs::exists(node.map_db()));
}

TEST(MapFile, IsNeverOverwritten) {
  Node node;

  EXPECT_EQ(PseudonymMap::create(node.settings, *node.keys).error().fault, Fault::Conflict);
}

TEST(MapFile, IsNotMadeBesideTheJournalOfAnotherLife) {
  Node node;
  fs::remove(node.map_db());

  EXPECT_EQ(PseudonymMap::create(node.settings, *node.keys).error().fault, Fault::Conflict);
  EXPECT_FALSE(fs::exists(node.map_db()));
}

TEST(MapFile, IsOpenInOneProcessOnly) {
  Node node;
  const auto map = node.open();

  EXPECT_EQ(PseudonymMap::open(node.settings, *node.keys).error().fault, Fault::Unavailable);
}

TEST(Pairs, MoveIntoTheMapOnceHoweverOftenTheyAreMoved) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  const InstanceId a{1};
  const InstanceId b{2};
  const PairBatch first = batch_of(subject, 1);
  const PairBatch second = batch_of(subject, 2);
  const std::vector<std::pair<InstanceId, Bytes>> sealed{{a, map->seal_pairs(a, first)},
                                                         {b, map->seal_pairs(b, second)}};
  EXPECT_TRUE(map->seen(subject.study, first.sop_uid).empty());

  ASSERT_TRUE(map->absorb(sealed).has_value());
  ASSERT_TRUE(map->absorb(sealed).has_value());

  EXPECT_EQ(map->totals().uid_pairs, 3) << "two instances and the series they share";
  EXPECT_EQ(map->seen(subject.study, first.sop_uid).at(0).fingerprint, first.fingerprint);
  EXPECT_EQ(map->seen(subject.study, second.sop_uid).at(0).fingerprint, second.fingerprint);
  EXPECT_TRUE(map->seen(subject.study + 1, first.sop_uid).empty());
}

TEST(Pairs, AreStillThereAfterReopening) {
  Node node;
  Subject subject;
  {
    const auto map = node.open();
    subject = resolve(*map, Source());
    const InstanceId id{1};
    ASSERT_TRUE(map->absorb({{id, map->seal_pairs(id, batch_of(subject, 1))}}).has_value());
  }
  const auto map = node.open();

  EXPECT_EQ(map->totals().uid_pairs, 2);
  EXPECT_EQ(map->seen(subject.study, batch_of(subject, 1).sop_uid).size(), 1U);
}

TEST(Pairs, AreCountedOnceWhenAMapOfVersionFourIsUpgraded) {
  Node node;
  {
    const auto map = node.open();
    const InstanceId id{1};
    ASSERT_TRUE(
        map->absorb({{id, map->seal_pairs(id, batch_of(resolve(*map, Source()), 1))}}).has_value());
  }
  SQLite::Database(node.map_db().string(), SQLite::OPEN_READWRITE)
      .exec("ALTER TABLE meta DROP COLUMN uid_pairs; PRAGMA user_version = 4");

  EXPECT_EQ(node.open()->totals().uid_pairs, 2);
}

TEST(Pairs, OfAnotherInstanceOrChangedAreRefusedAndTheOthersTakenIn) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  const InstanceId a{1};
  const InstanceId b{2};
  Bytes sealed_a = map->seal_pairs(a, batch_of(subject, 1));
  const Bytes sealed_b = map->seal_pairs(b, batch_of(subject, 2));

  const auto under_another_id = map->absorb({{b, sealed_a}});
  sealed_a.back() ^= 1;
  const auto changed = map->absorb({{a, sealed_a}, {b, sealed_b}});

  EXPECT_EQ(under_another_id.error().fault, Fault::Corrupt);
  EXPECT_EQ(changed.error().fault, Fault::Corrupt);
  EXPECT_TRUE(map->seen(subject.study, batch_of(subject, 1).sop_uid).empty());
  EXPECT_EQ(map->seen(subject.study, batch_of(subject, 2).sop_uid).size(), 1U);
}

TEST(Pairs, OfAStudyThatTheMapDoesNotHaveAreReported) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  PairBatch batch = batch_of(subject, 1);
  batch.study += 7;
  const InstanceId id{1};

  EXPECT_EQ(map->absorb({{id, map->seal_pairs(id, batch)}}).error().fault, Fault::NotFound);
  EXPECT_EQ(map->totals().uid_pairs, 0);
}

}  // namespace
}  // namespace dosigate::testing
