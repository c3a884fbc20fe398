// Some thousand made-up descriptions with persons in them: what the cleaner promises of each.

#include <gtest/gtest.h>

#include "src/deid/text_cleaner.h"
#include "src/deid/text_own_values.h"
#include "support/text/corpus.h"

namespace dosigate::testing {
namespace {

constexpr std::size_t kCases = 4000;

Score cleaned_corpus(std::uint64_t seed) {
  Dice dice(seed);
  const std::unordered_set<std::string> no_site_words;
  Score score;
  for (std::size_t i = 0; i < kCases; ++i) {
    const CorpusCase text = make_case(dice);
    const Identifiers identifiers{text.patient_names, text.other_names, text.ids, text.dates};
    judge(text,
          TextCleaner(OwnValues(identifiers), no_site_words, "ISO_IR 100")
              .clean(text.bytes, text.specific, true)
              .text,
          score);
  }
  return score;
}

std::string examples(const Score& score, std::string_view beginning) {
  std::string out;
  std::size_t shown = 0;
  for (const std::string& example : score.examples)
    if (example.starts_with(beginning) && ++shown <= 10) out += example + "\n";
  return out;
}

class TextCorpus : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(TextCorpus, NothingOfTheObjectsOwnPersonsAndNumbersStays) {
  const Score score = cleaned_corpus(GetParam());

  EXPECT_GT(score.own.size(), 20U);
  for (const auto& [name, kind] : score.own) {
    EXPECT_GT(kind.items, 20U) << name;
    EXPECT_EQ(kind.missed, 0U) << name << "\n" << examples(score, "left");
  }
}

TEST_P(TextCorpus, NoIdentifierByShapeOrKeyWordStays) {
  const Score score = cleaned_corpus(GetParam());

  EXPECT_GT(score.foreign.size(), 20U);
  for (const auto& [name, kind] : score.foreign) {
    // Nobody knows whose name "Max" or "Dias" is when the object does not say; all else must go.
    if (name == "name of somebody else")
      EXPECT_LT(kind.missed * 100, kind.items * 12) << name;
    else
      EXPECT_EQ(kind.missed, 0U) << name << "\n" << examples(score, "left");
  }
}

TEST_P(TextCorpus, LessThanOneInAHundredWordsOfTheTechniqueIsLost) {
  const Score score = cleaned_corpus(GetParam());

  for (const auto& [name, kind] : score.technique) {
    EXPECT_GT(kind.items, 500U) << name;
    EXPECT_LT(kind.missed * 100, kind.items) << name << "\n" << examples(score, "lost");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TextCorpus, ::testing::Values(1, 20261122, 987654321));

TEST(TextJudge, SeesWhatACleanerLeavesAndWhatItLoses) {
  CorpusCase text;
  text.patient_names = {"SILVA^ANA"};
  text.technique = {{"study", "PET tórax"}};
  text.planted = {{"name", "Ana Silva", true}, {"CPF", "529.982.247-25", false}};
  text.utf8 = text.bytes = "PET tórax Ana Silva 529.982.247-25";
  Score score;

  judge(text, "PET Silva 529", score);

  EXPECT_EQ(score.own.at("name").missed, 1U);
  EXPECT_EQ(score.foreign.at("CPF").missed, 1U);
  EXPECT_EQ(score.technique.at("study").missed, 1U);
  EXPECT_EQ(score.technique.at("study").items, 2U);
}

}  // namespace
}  // namespace dosigate::testing
