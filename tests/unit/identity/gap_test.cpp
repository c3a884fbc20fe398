// A map restored without its journal: who is unknown may have been known. And copies of the map.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "map_rows_text.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr long long kBackup = 1'790'000'000;

/// A node with one patient and one camera whose journal is lost.
Subject restore_without_journal(Node& node) {
  const Subject known = resolve(*node.open(), Source());
  fs::remove(node.journal());
  must(PseudonymMap::mark_gap(node.settings, *node.keys, kBackup));
  return known;
}

TEST(Gap, HoldsUnknownPatientsAndCamerasAndNobodyElse) {
  Node node;
  const Subject known = restore_without_journal(node);
  const auto map = node.open();

  EXPECT_EQ(map->gap_since(), kBackup);
  EXPECT_EQ(resolve(*map, Source()).study_uid, known.study_uid);
  EXPECT_EQ(resolve(*map, Source().study("1.2.3.2")).pseudonym, known.pseudonym);
  EXPECT_EQ(resolve(*map, Source().software("V9")).device_label, "CAM-01");
  for (const Source& unknown : {Source().id("PID-2").study("1.2.3.3"), Source().serial("SN-2")}) {
    const auto held = map->resolve(site_a(), unknown.value);
    ASSERT_FALSE(held.has_value());
    EXPECT_EQ(held.error().fault, Fault::Uncertain);
    EXPECT_THAT(held.error().detail, HasSubstr("dosigate map accept-gap"));
  }
  EXPECT_EQ(map->reassign(site_a(), known.study_uid, Phi("PID-2"), Phi()).error().fault,
            Fault::Uncertain);
  EXPECT_EQ(map->totals().patients, 1);
}

TEST(Gap, EndsWhenAPersonAcceptsIt) {
  Node node;
  restore_without_journal(node);
  {
    const auto map = node.open();
    ASSERT_FALSE(map->resolve(site_a(), Source().id("PID-2").study("1.2.3.3").value).has_value());

    must(map->accept_gap());

    EXPECT_EQ(map->gap_since(), std::nullopt);
    EXPECT_TRUE(map->resolve(site_a(), Source().id("PID-2").study("1.2.3.3").value).has_value());
  }
  EXPECT_EQ(node.open()->gap_since(), std::nullopt) << "kept over a restart";
}

TEST(Gap, BeginsANewJournalWithEverythingInTheMap) {
  Node node;
  const Subject known = restore_without_journal(node);
  bring_up(node);
  ASSERT_TRUE(fs::exists(node.journal()));
  put_empty_map(node);

  EXPECT_EQ(resolve(*node.open(), Source()).pseudonym, known.pseudonym);
}

TEST(Gap, IsNotMarkedInAMapThatIsOpen) {
  Node node;
  const auto map = node.open();

  EXPECT_EQ(PseudonymMap::mark_gap(node.settings, *node.keys, kBackup).error().fault,
            Fault::Unavailable);
}

TEST(Gap, IsNoneInAnOrdinaryMap) {
  Node node;

  EXPECT_EQ(node.open()->gap_since(), std::nullopt);
}

TEST(CopyOfTheMap, IsWholePrivateAndOfOneMoment) {
  Node node;
  const fs::path copy = node.dir.path / "copy.db";
  Subject before;
  std::string present;
  {
    const auto map = node.open();
    before = resolve(*map, Source());
    present = rows_text(node.map_db());

    must(map->copy_to(copy));

    resolve(*map, Source().id("PID-2").study("1.2.3.2"));
  }
  struct stat info {};
  ASSERT_EQ(::stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_FALSE(fs::exists(copy.string() + "-wal"));
  EXPECT_EQ(rows_text(copy), present);
  put_map(node, copy);

  const auto map = node.open();
  EXPECT_EQ(resolve(*map, Source()).study_uid, before.study_uid);
  EXPECT_EQ(map->totals().patients, 2) << "the journal has the second one";
}

TEST(CopyOfTheMap, NeverOverwritesAFile) {
  Node node;
  const auto map = node.open();
  const fs::path copy = node.dir.path / "copy.db";
  must(map->copy_to(copy));

  EXPECT_EQ(map->copy_to(copy).error().fault, Fault::Conflict);
}

}  // namespace
}  // namespace dosigate::testing
