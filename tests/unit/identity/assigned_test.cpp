// Pseudonyms that were assigned elsewhere: all of a file or nothing of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "map_rows_text.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Assigned = PseudonymMap::Assigned;

Assigned row(std::string id, std::string pseudonym,
             std::optional<std::int64_t> offset = std::nullopt) {
  return {"HA", Phi(std::move(id)), Phi(), std::move(pseudonym), offset};
}

Result<std::size_t> import(PseudonymMap& map, const std::vector<Assigned>& rows) {
  return map.import_assigned({site_a()}, rows);
}

TEST(Assigned, PatientsGetTheirPseudonymAndOffset) {
  Node node;
  const auto map = node.open();

  const auto added = import(*map, {row("PID-778812", "TRIAL-7.001", -77), row("PID-2", "T2")});

  ASSERT_TRUE(added.has_value()) << added.error().detail;
  EXPECT_EQ(*added, 2U);
  const Subject known = resolve(*map, Source());
  EXPECT_EQ(known.pseudonym, "TRIAL-7.001");
  EXPECT_EQ(known.offset.count(), -77);
  const Subject drawn = resolve(*map, Source().id("PID-2").study("1.2.3.2"));
  EXPECT_EQ(drawn.pseudonym, "T2");
  EXPECT_LT(drawn.offset.count(), 0);
}

TEST(Assigned, PseudonymsAreRevealedWhateverTheirForm) {
  Node node;
  const auto map = node.open();
  import(*map, {row("PID-778812", "TRIAL-7.001")});

  EXPECT_EQ(map->reveal("TRIAL-7.001")->patient_id.reveal(), "PID-778812");
  resolve(*map, Source());
  EXPECT_EQ(map->reveal("TRIAL-7.001")->name.reveal(), "MARKERNAME^MARIA");
  EXPECT_EQ(map->lookup(Phi("PID-778812")).at(0).pseudonym, "TRIAL-7.001");
  EXPECT_EQ(map->reveal("TRIAL-7.002").error().fault, Fault::Invalid);
  EXPECT_FALSE(is_pseudonym("TRIAL-7.001"));
}

TEST(Assigned, TheSameFileAgainIsNoConflictAndAddsNothing) {
  Node node;
  const std::vector<Assigned> rows{row("PID-1", "T1", -77), row("PID-2", "T2"), row("PID-3", "T1")};
  {
    const auto map = node.open();
    ASSERT_EQ(must_be(import(*map, rows)), 3U);
  }
  const auto map = node.open();

  EXPECT_EQ(must_be(import(*map, rows)), 0U);
  EXPECT_EQ(map->totals().patients, 2);
}

TEST(Assigned, FilesWithOneBadRowAreTakenInNotAtAll) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());
  const std::string known = resolve(*map, Source()).pseudonym;
  struct Case {
    Assigned bad;
    Fault fault;
  };
  for (const Case& each : {
           Case{row("", "T9"), Fault::Invalid},
           Case{row("TESTE", "T9"), Fault::Invalid},
           Case{row("PID-9", ""), Fault::Invalid},
           Case{row("PID-9", "-T9"), Fault::Invalid},
           Case{row("PID-9", ".T9"), Fault::Invalid},
           Case{row("PID-9", "t9"), Fault::Invalid},
           Case{row("PID-9", "T/9"), Fault::Invalid},
           Case{row("PID-9", std::string(65, 'T')), Fault::Invalid},
           Case{row("PID-9", "PID-1"), Fault::Invalid},
           Case{row("pid-9", "PID-9"), Fault::Invalid},
           Case{row("PID-9", "T9", 0), Fault::Invalid},
           Case{row("PID-9", "T9", 5), Fault::Invalid},
           Case{{"HX", Phi("PID-9"), Phi(), "T9", {}}, Fault::Invalid},
           Case{row("PID-1", "T9"), Fault::Conflict},
           Case{row("PID-9", "T1", -78), Fault::Conflict},
           Case{row("PID-778812", "T9"), Fault::Conflict},
           Case{row("PID-778812", known, -1), Fault::Conflict},
       }) {
    const auto refused = import(*map, {row("PID-1", "T1", -77), each.bad});

    ASSERT_FALSE(refused.has_value()) << each.bad.pseudonym;
    EXPECT_EQ(refused.error().fault, each.fault) << refused.error().detail;
    EXPECT_THAT(refused.error().detail, HasSubstr("row 2:"));
    EXPECT_THAT(refused.error().detail, AllOf(Not(HasSubstr("PID-9")), Not(HasSubstr("778812"))));
    EXPECT_EQ(map->totals().patients, 1);
  }
}

TEST(Assigned, PseudonymsOfJoinedPatientsAreNotGivenAgain) {
  Node node;
  const auto map = node.open();
  import(*map, {row("PID-1", "T1"), row("PID-2", "T2")});
  must_be(map->join("T1", "T2"));

  EXPECT_EQ(import(*map, {row("PID-9", "T2")}).error().fault, Fault::Conflict);
}

TEST(Assigned, ComeOutWithEveryIdAndGoIntoAnotherMapAsTheyCame) {
  Node node;
  Node other;
  std::vector<Assigned> rows;
  {
    const auto map = node.open();
    const Subject own = resolve(*map, Source());
    must(map->add_key(site_a(), own.pseudonym, Phi("ALIAS-1"), Phi("CLINIC-B")));
    const Subject loser = resolve(*map, Source().id("PID-2").study("1.2.3.2"));
    must_be(map->join(own.pseudonym, loser.pseudonym));
    must(map->forget(resolve(*map, Source().id("PID-3").study("1.2.3.3")).pseudonym));
    import(*map, {row("PID-4", "T4", -44)});
    map->each_assigned([&](const Assigned& one) { rows.push_back(one); });
  }
  ASSERT_EQ(rows.size(), 4U);
  const auto map = other.open();

  ASSERT_EQ(must_be(import(*map, rows)), 4U);

  const auto original = node.open();
  for (const Source& source : {Source(), Source().id("ALIAS-1").issuer("CLINIC-B"),
                               Source().id("PID-2"), Source().id("PID-4").study("1.2.3.4")}) {
    EXPECT_EQ(resolve(*map, source).pseudonym, resolve(*original, source).pseudonym);
    EXPECT_EQ(resolve(*map, source).offset, resolve(*original, source).offset);
  }
}

TEST(Assigned, SurviveALostMapThroughTheJournal) {
  Node node;
  { import(*node.open(), {row("PID-778812", "TRIAL-7.001", -77)}); }
  put_empty_map(node);

  const Subject known = resolve(*node.open(), Source());

  EXPECT_EQ(known.pseudonym, "TRIAL-7.001");
  EXPECT_EQ(known.offset.count(), -77);
}

}  // namespace
}  // namespace dosigate::testing
