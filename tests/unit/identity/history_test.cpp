// What a person decided is in the journal, too: whatever earlier map is restored, with the journal
// it becomes the present one, row by row.

#include <gtest/gtest.h>

#include <functional>

#include "map_rows_text.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;

Source of(const std::string& n) {
  return Source().id("PID-80" + n).study("1.2.80." + n).name("P" + n + "NAME").born("196103" + n);
}

struct Step {
  const char* what;
  std::function<void(PseudonymMap&)> take;
};

/// A life of a map, with a correction of every kind. Patients are 11 to 17.
std::vector<Step> life() {
  const auto pseudonym = [](PseudonymMap& map, const std::string& n) {
    return map.lookup(Phi("PID-80" + n)).at(0).pseudonym;
  };
  const auto study = [](PseudonymMap& map, const std::string& n) {
    return map.lookup(Phi("PID-80" + n)).at(0).study_uids.at(0);
  };
  return {
      {"patients",
       [](PseudonymMap& map) {
         for (const std::string n : {"11", "12", "13", "14", "15", "16"}) resolve(map, of(n));
       }},
      {"one name under two ids",
       [](PseudonymMap& map) {
         resolve(map, of("17").name("P16NAME").born("19610316"));
         ASSERT_EQ(map.alarms(), 1);
       }},
      {"an alias",
       [=](PseudonymMap& map) {
         must(map.add_key(site_a(), pseudonym(map, "11"), Phi("ALIAS-11"), Phi()));
         resolve(map, of("11").id("ALIAS-11").study("1.2.80.911"));
       }},
      {"a study of somebody unknown",
       [=](PseudonymMap& map) {
         must_be(map.reassign(site_a(), study(map, "13"), Phi("PID-8099"), Phi("CLINIC")));
       }},
      {"the first instance of that person",
       [](PseudonymMap& map) {
         resolve(map, of("13").id("PID-8099").issuer("CLINIC").name("X^Y"));
       }},
      {"the study goes back, with a number above one that is taken again",
       [=](PseudonymMap& map) {
         const std::string moved = map.lookup(Phi("PID-8099")).at(0).study_uids.at(0);
         must_be(map.reassign(site_a(), moved, Phi("PID-8013"), Phi()));
       }},
      {"a camera that waits",
       [](PseudonymMap& map) {
         const auto held = map.resolve(site_a(), of("11").serial("SN-NEW").value, NewDevices::Hold);
         ASSERT_TRUE(held.has_value());
         ASSERT_FALSE(held->device_accepted);
       }},
      {"a withdrawal", [=](PseudonymMap& map) { must(map.set_withdrawn(study(map, "14"), true)); }},
      {"a person is forgotten", [=](PseudonymMap& map) { must(map.forget(pseudonym(map, "15"))); }},
      {"two are one",
       [=](PseudonymMap& map) {
         must_be(map.join(pseudonym(map, "11"), pseudonym(map, "12")));
         resolve(map, of("12").name("P11NAME"));
       }},
      {"two are two",
       [=](PseudonymMap& map) {
         must(map.declare_distinct(pseudonym(map, "16"), pseudonym(map, "17")));
         ASSERT_EQ(map.alarms(), 0);
       }},
      {"the camera is accepted, another software waits",
       [](PseudonymMap& map) {
         must(map.accept_device("HA", "CAM-02"));
         ASSERT_TRUE(
             map.resolve(site_a(), of("11").serial("SN-NEW").software("V2").value, NewDevices::Hold)
                 .has_value());
       }},
      {"admitted again",
       [=](PseudonymMap& map) { must(map.set_withdrawn(study(map, "14"), false)); }},
      {"the two are one with a third",
       [=](PseudonymMap& map) { must_be(map.join(pseudonym(map, "16"), pseudonym(map, "11"))); }},
      {"the last one is forgotten",
       [=](PseudonymMap& map) { must(map.forget(pseudonym(map, "17"))); }},
      {"pseudonyms of elsewhere",
       [](PseudonymMap& map) {
         must_be(map.import_assigned({site_a()}, {{"HA", Phi("ELSE-1"), Phi(), "TRIAL-001", -77}}));
       }},
      {"one more patient", [](PseudonymMap& map) { resolve(map, of("18")); }},
  };
}

/// Lives the life; keeps map.db after each step in `kept`.
void live(const Node& node, std::vector<fs::path>& kept) {
  for (const Step& step : life()) {
    SCOPED_TRACE(step.what);
    step.take(*node.open());
    kept.push_back(node.dir.path / ("map." + std::to_string(kept.size())));
    fs::copy_file(node.map_db(), kept.back());
  }
}

TEST(History, OfAnyEarlierMapIsTakenUpFromTheJournal) {
  Node node;
  std::vector<fs::path> kept{node.dir.path / "map.empty"};
  fs::copy_file(node.map_db(), kept.front());
  live(node, kept);
  const std::string present = rows_text(node.map_db());
  const fs::path journal = node.dir.path / "journal.end";
  fs::copy_file(node.journal(), journal);

  for (std::size_t i = 0; i < kept.size(); ++i) {
    put_map(node, kept[i]);
    fs::copy_file(journal, node.journal(), fs::copy_options::overwrite_existing);
    bring_up(node);

    EXPECT_EQ(rows_text(node.map_db()), present)
        << "from the map " << (i == 0 ? "that was empty" : life()[i - 1].what);
  }
}

TEST(History, IsTheSameFromTheJournalAlone) {
  Node node;
  std::vector<fs::path> kept;
  live(node, kept);
  const std::string present = rows_text(node.map_db());

  put_empty_map(node);
  bring_up(node);

  EXPECT_EQ(rows_text(node.map_db()), present);
}

TEST(History, ChangesNothingWhenItIsReadAgainOverTheMapThatItMade) {
  Node node;
  std::vector<fs::path> kept;
  for (const Step& step : life()) {
    SCOPED_TRACE(step.what);
    step.take(*node.open());
    const std::string present = rows_text(node.map_db());
    // Used once without its journal, and then with it again.
    PseudonymMap::Settings without = node.settings;
    without.journal_directory.clear();
    ASSERT_TRUE(PseudonymMap::open(without, *node.keys).has_value());
    bring_up(node);

    EXPECT_EQ(rows_text(node.map_db()), present);
  }
}

TEST(History, ThatWentOnWithoutTheJournalIsInItAfterwards) {
  Node node;
  const auto steps = life();
  for (const Step& step : steps) {
    SCOPED_TRACE(step.what);
    PseudonymMap::Settings settings = node.settings;
    // The patients and the alias are journalled; everything after it happens without a journal.
    if (&step - steps.data() > 2) settings.journal_directory.clear();
    auto map = PseudonymMap::open(settings, *node.keys);
    ASSERT_TRUE(map.has_value()) << map.error().detail;
    step.take(**map);
  }
  const std::string present = rows_text(node.map_db());

  bring_up(node);
  EXPECT_EQ(rows_text(node.map_db()), present);
  put_empty_map(node);
  bring_up(node);

  EXPECT_EQ(rows_text(node.map_db()), present);
}

TEST(History, WrittenAnewIsTheSame) {
  Node node;
  std::vector<fs::path> kept;
  live(node, kept);
  const std::string present = rows_text(node.map_db());
  must(node.open()->rewrite_journal());
  must(node.open()->rewrite_journal());

  put_empty_map(node);
  bring_up(node);
  EXPECT_EQ(rows_text(node.map_db()), present);
  put_map(node, kept.front());
  bring_up(node);

  EXPECT_EQ(rows_text(node.map_db()), present);
}

TEST(History, OfAnotherMapIsRefused) {
  Node node;
  std::vector<fs::path> kept;
  live(node, kept);
  // Back to a map and journal of before, which then go their own way.
  must(node.open()->rewrite_journal());
  const fs::path journal = node.dir.path / "journal.aside";
  fs::rename(node.journal(), journal);
  put_empty_map(node);
  bring_up(node);
  fs::copy_file(journal, node.journal(), fs::copy_options::overwrite_existing);

  const auto map = PseudonymMap::open(node.settings, *node.keys);

  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().fault, Fault::Conflict);
}

}  // namespace
}  // namespace dosigate::testing
