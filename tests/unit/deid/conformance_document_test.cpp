// docs/conformance.md is what a hospital is promised: where the code can be counted, the document
// has to say the same.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deid/iod_types.h"
#include "deid/kept_lists.h"
#include "deid/tag_key.h"
#include "deid/tsv.h"
#include "deid/values.h"
#include "dosigate/deid/deidentifier.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "dosigate/dicom/status.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "support/paths.h"

namespace dosigate {

extern const std::string_view safe_private_text, private_elements_text;

namespace {

using ::testing::HasSubstr;

std::string read(const char* file) {
  std::ifstream in(std::string(DOSIGATE_SOURCE_DIR "/") + file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

const std::string& document() {
  static const std::string text = read("docs/conformance.md");
  return text;
}

/// Lines are wrapped where the words happen to end.
std::string unwrapped() {
  std::string text = document();
  for (std::size_t at = 0; (at = text.find("\n   ", at)) != std::string::npos;)
    text.replace(at, 4, " ");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string in_ticks(std::string_view text) { return "`" + std::string(text) + "`"; }

/// Cells of the table row that has `wanted` in one of them; empty when there is none.
std::vector<std::string> row_with(std::string_view wanted) {
  std::istringstream lines(document());
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] != '|' || line.find(wanted) == std::string::npos) continue;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');)
      cells.push_back(std::string(trimmed(cell)));
    return cells;
  }
  return {};
}

TEST(ConformanceDocument, ExplainsEveryReasonToHold) {
  unsigned reasons = 0;
  for (int i = 0; hold_reason_text(static_cast<HoldReason>(i)) != "?"; ++i, ++reasons) {
    EXPECT_THAT(document(),
                HasSubstr("| " + in_ticks(hold_reason_text(static_cast<HoldReason>(i))) + " | "));
  }
  EXPECT_EQ(reasons, 14U);
}

TEST(ConformanceDocument, SaysOfEachOptionWhatTheBuiltInProfilesSelect) {
  const std::array<const char*, 2> files{"conf/profiles/dosimetry.toml",
                                         "conf/profiles/basic.toml"};
  for (std::size_t column = 0; column < files.size(); ++column) {
    unsigned options = 0;
    std::istringstream lines(read(files[column]));
    for (std::string line; std::getline(lines, line);) {
      const auto equals = line.find(" = ");
      if (!line.starts_with("retain_") && !line.starts_with("clean_")) continue;
      ++options;
      const std::string key = line.substr(0, equals);
      const bool selected = line.substr(equals + 3).starts_with("true");
      const auto cells = row_with("| " + in_ticks(key) + " |");
      ASSERT_GE(cells.size(), 5U) << key;
      EXPECT_TRUE(cells[3 + column].starts_with(selected ? "yes" : "no")) << files[column] << key;
    }
    EXPECT_EQ(options, 10U);
  }
}

TEST(ConformanceDocument, NamesEveryAttributeOfWhichABuiltInProfileDecidesItself) {
  const std::string text = unwrapped();
  for (const char* name : {"dosimetry", "basic"}) {
    const auto profile = Profile::load({}, name);
    ASSERT_TRUE(profile);
    ASSERT_FALSE(profile->rules().empty());
    for (const ProfileRule& rule : profile->rules())
      EXPECT_THAT(text, HasSubstr(rule.text)) << name << " line " << rule.line;
  }
}

TEST(ConformanceDocument, CountsThePrivateElementsOfEachCreator) {
  struct Count {
    std::set<std::string_view> kept, moved, mapped, removed;
  };
  std::map<std::string_view, Count> counts;
  const auto count = [&](std::string_view creator, std::string_view tag) {
    Count& of = counts[creator];
    const auto* rule =
        find_private_rule(creator, static_cast<std::uint16_t>(hex_number(tag.substr(0, 4))),
                          static_cast<std::uint8_t>(hex_number(tag.substr(7, 2))));
    if (rule == nullptr)
      of.removed.insert(tag);
    else if (rule->action == PrivateAction::Keep || rule->action == PrivateAction::Clean)
      of.kept.insert(tag);
    else if (rule->action == PrivateAction::Shift)
      of.moved.insert(tag);
    else
      of.mapped.insert(tag);
  };
  for (const auto& cells : read_tsv(private_elements_text, "private_elements.tsv").rows)
    count(cells[0], cells[1]);
  for (const auto& cells : read_tsv(safe_private_text, "safe_private.tsv").rows)
    count(cells[1], cells[0]);

  EXPECT_GT(counts.size(), 30U);
  for (const auto& [creator, of] : counts) {
    std::ostringstream row;
    row << "| `" << creator << "` | " << of.kept.size() << " | " << of.moved.size() << " | "
        << of.mapped.size() << " | " << of.removed.size() << " | ";
    EXPECT_THAT(document(), HasSubstr(row.str()));
  }
}

TEST(ConformanceDocument, CountsClassesSyntaxesAndTypeTables) {
  const auto classes = storage_sop_classes();
  const auto typed = std::count_if(classes.begin(), classes.end(), [](const SopClass& each) {
    return top_level_types(each.uid) != nullptr;
  });
  const std::string all = std::to_string(classes.size());
  const std::string text = unwrapped();

  EXPECT_THAT(text, HasSubstr("the " + all + " storage SOP classes"));
  EXPECT_THAT(text, HasSubstr("The " + std::to_string(transfer_syntaxes().size()) + " of `src"));
  EXPECT_THAT(text, HasSubstr("known for " + std::to_string(typed) + " of the " + all));
  EXPECT_THAT(text, HasSubstr(std::to_string(static_cast<long>(classes.size()) - typed) +
                              " of the " + all + " classes have no Type table"));
}

TEST(ConformanceDocument, ShowsTheDummiesThatAreWritten) {
  for (const auto& [tag, vr] : {std::pair{DCM_StudyDate, EVR_DA},
                                {DCM_AcquisitionDateTime, EVR_DT},
                                {DCM_StudyTime, EVR_TM},
                                {DCM_PatientAge, EVR_AS},
                                {DCM_PatientWeight, EVR_DS},
                                {DCM_RetrieveURL, EVR_UR},
                                {DCM_SeriesDescription, EVR_LO}}) {
    const auto dummy = make_dummy(tag, vr);
    ASSERT_NE(dummy, nullptr);
    const auto text = raw_text(*dummy);
    ASSERT_TRUE(text);
    EXPECT_THAT(document(), HasSubstr("| " + in_ticks(*text) + " |"));
  }
}

TEST(ConformanceDocument, SaysWhatEachStatusOfOursMeans) {
  for (const Fault fault :
       {Fault::NotDicom, Fault::Mismatch, Fault::Busy, Fault::Unavailable, Fault::Uncertain,
        Fault::NotFound, Fault::Conflict, Fault::Denied, Fault::Corrupt, Fault::Invalid}) {
    std::array<char, 8> status{};
    std::snprintf(status.data(), status.size(), "%04X", static_cast<unsigned>(to_dimse(fault)));
    EXPECT_THAT(document(), HasSubstr("\n| " + std::string(status.data()) + " | "));
  }
}

TEST(ConformanceDocument, IdentifiesTheImplementation) {
  EXPECT_THAT(document(), HasSubstr(in_ticks(kImplementationClassUid)));
  EXPECT_THAT(document(), HasSubstr(in_ticks(kImplementationVersionName)));
  EXPECT_THAT(document(), HasSubstr("dosigate " DOSIGATE_VERSION));
  EXPECT_THAT(document(), HasSubstr("PS3.15 " + std::string(confidentiality_table_edition())));
}

}  // namespace
}  // namespace dosigate
