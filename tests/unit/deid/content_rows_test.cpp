// Each row of Table E.3.4-1, planted as a content item, under each option: what must become of it
// is read here from the TSV and not from the engine's table, so that an error in reading it shows.

#include <gtest/gtest.h>

#include <vector>

#include "content_trees.h"
#include "deid/content.h"
#include "support/tsv_cells.h"

namespace dosigate::testing {
namespace {

struct Row {
  Concept name;
  std::string type, basic;
  bool uids = false, device = false, institution = false, characteristics = false, full = false,
       modified = false, descriptors = false;
};

std::vector<Row> rows_of_the_file() {
  std::vector<Row> rows;
  for (const auto& cells : cells_of("ps315/sr_codes.tsv")) {
    rows.push_back({{cells.at(0), cells.at(1), cells.at(2)},
                    cells.at(3),
                    cells.at(6),
                    cells.at(7) == "K",
                    cells.at(8) == "K",
                    cells.at(9) == "K",
                    cells.at(10) == "K",
                    cells.at(11) == "K",
                    cells.at(12) == "C",
                    cells.at(13) == "C"});
  }
  return rows;
}

bool is_reference(const std::string& type) {
  return type == "UIDREF" || type == "IMAGE" || type == "COMPOSITE" || type == "WAVEFORM";
}

/// What the standard's row means under the options; where it removes a reference, ours is mapped.
struct Expected {
  bool remove = false;
  Action value = Action::Keep;
};
Expected expected_of(const Row& row, const Options& options) {
  const bool kept = (row.uids && options.retain_uids) ||
                    (row.device && options.retain_device_identity) ||
                    (row.institution && options.retain_institution_identity) ||
                    (row.characteristics && options.retain_patient_characteristics) ||
                    (row.full && options.retain_long_full_dates);
  if (kept) return {false, Action::Keep};
  if (row.modified && options.retain_long_modified_dates) return {false, Action::ShiftDate};
  if (row.descriptors && options.clean_descriptors) return {false, Action::CleanText};
  if (is_reference(row.type)) return {false, Action::MapUid};
  if (row.basic == "X") return {true, Action::Keep};
  return {false, Action::Dummy};
}

std::vector<std::pair<std::string, Options>> option_sets() {
  std::vector<std::pair<std::string, Options>> sets;
  const auto add = [&](const char* name, auto... members) {
    Options options;
    options.clean_structured_content = true;
    ((options.*members = true), ...);
    sets.emplace_back(name, options);
  };
  add("no other option");
  add("uids", &Options::retain_uids);
  add("device", &Options::retain_device_identity);
  add("institution", &Options::retain_institution_identity);
  add("characteristics", &Options::retain_patient_characteristics);
  add("full dates", &Options::retain_long_full_dates);
  add("modified dates", &Options::retain_long_modified_dates);
  add("descriptors", &Options::clean_descriptors);
  add("dosimetry", &Options::retain_safe_private, &Options::retain_patient_characteristics,
      &Options::retain_long_modified_dates, &Options::clean_descriptors);
  return sets;
}

std::string marker_of(const std::string& type) {
  if (type == "DATE") return "20240229";
  if (type == "TIME") return "234517";
  if (type == "DATETIME") return "20240229231559";
  if (type == "NUM") return "77";
  return is_reference(type) ? "1.2.826.0.1.3680043.77.88" : "PLANTED MARKER";
}

std::string describe(const ContentRuling& ruling) {
  return (ruling.remove ? "removed" : std::string(action_text(ruling.value))) + " by " +
         std::string(ruling.source);
}

TEST(ContentRows, EachIsRuledAsTheTableSaysUnderEachOption) {
  const auto rows = rows_of_the_file();
  ASSERT_EQ(rows.size(), 214U);
  unsigned cases = 0;
  for (const auto& [name, options] : option_sets()) {
    for (const Row& row : rows) {
      SCOPED_TRACE(row.name.code + " " + row.name.meaning + " " + row.type + " " + row.basic +
                   " under " + name);
      DcmDataset parent;
      DcmItem& item = content(parent, row.type, row.name, marker_of(row.type));
      const Expected expected = expected_of(row, options);

      const ContentRuling ruling = rule_content_item(item, options);

      EXPECT_EQ(ruling.remove, expected.remove) << describe(ruling);
      if (!expected.remove && !ruling.remove) {
        EXPECT_EQ(action_text(ruling.value), action_text(expected.value));
      }
      EXPECT_EQ(ruling.source, "Table E.3.4-1: " + row.name.code + " " + row.name.scheme);
      ++cases;
    }
  }
  EXPECT_EQ(cases, 9U * 214U);
}

TEST(ContentRows, WherePlacesMatterNoItemGoesAndNoValueStays) {
  for (const auto& [name, options] : option_sets()) {
    for (const Row& row : rows_of_the_file()) {
      SCOPED_TRACE(row.name.code + " " + row.type + " under " + name);
      DcmDataset parent;
      DcmItem& item = content(parent, row.type, row.name, marker_of(row.type));
      const bool removed = expected_of(row, options).remove;

      const ContentRuling ruling = rule_content_item(item, options, true);

      EXPECT_FALSE(ruling.remove);
      if (!removed) continue;
      EXPECT_EQ(action_text(ruling.value), action_text(row.type == "NUM"         ? Action::Empty
                                                       : row.type == "CONTAINER" ? Action::Keep
                                                                                 : Action::Dummy));
    }
  }
}

TEST(ContentRows, AConceptOfAnotherSchemeIsNotTheTablesConcept) {
  Options options;
  options.retain_long_modified_dates = true;
  for (const Row& row : rows_of_the_file()) {
    SCOPED_TRACE(row.name.code);
    DcmDataset parent;
    DcmItem& item =
        content(parent, row.type, {row.name.code, "99LOCAL", "Local"}, marker_of(row.type));

    const ContentRuling ruling = rule_content_item(item, options);

    EXPECT_FALSE(ruling.remove);
    EXPECT_EQ(ruling.source, "value type " + row.type);
  }
}

}  // namespace
}  // namespace dosigate::testing
