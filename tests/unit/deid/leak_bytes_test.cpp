#include "src/deid/leak_bytes.h"

#include <random>

#include <gtest/gtest.h>

#include "dosigate/dicom/charset.h"
#include "src/deid/leak_terms.h"
#include "src/deid/text_cleaner.h"
#include "src/deid/text_own_values.h"
#include "support/text/corpus.h"

namespace dosigate::testing {
namespace {

using Found = LeakBytes::Found;

std::string wide(std::string_view text, bool big_endian = false) {
  std::string out;
  for (const char c : text) {
    if (big_endian) out += '\0';
    out += c;
    if (!big_endian) out += '\0';
  }
  return out;
}

class Array : public ::testing::Test {
 protected:
  Array() {
    terms_.add("conceição");
    terms_.add("7788123");
    terms_.add_word("jose");
    terms_.add_word("ana");
  }
  Found found(std::string_view bytes, bool swapped = false) const {
    return terms_.find(as_bytes(bytes), {"1.2.826.0.1.3680043.10"}, swapped ? 2 : 1);
  }
  static std::string amid(std::string_view text) {
    return "\x01\x02\xFF\x03" + std::string(text) + "\x01\xFE\x80";
  }

  LeakBytes terms_;
};

TEST_F(Array, FindsATermInEveryCaseAndEncoding) {
  for (const std::string_view text :
       {std::string_view("conceição"), std::string_view("CONCEI\xC3\x87\xC3\x83O"),
        std::string_view("CONCEI\xC7\xC3O"), std::string_view("Concei\xE7\xE3o"),
        std::string_view("7788123")})
    EXPECT_EQ(found(amid(text)), Found::Term) << text;
  EXPECT_EQ(found(amid(wide("7788123"))), Found::Term);
  EXPECT_EQ(found(amid(wide("7788123", true))), Found::Term);
  EXPECT_EQ(found(amid("778812")), Found::Nothing);
}

TEST_F(Array, FindsATermAtTheVeryEnds) {
  EXPECT_EQ(found("7788123"), Found::Term);
  EXPECT_EQ(found("7788123x"), Found::Term);
  EXPECT_EQ(found("x7788123"), Found::Term);
  EXPECT_EQ(found(""), Found::Nothing);
}

TEST_F(Array, FindsWhatStandsInTurnedWords) {
  EXPECT_EQ(found("7718283x", true), Found::Nothing);
  EXPECT_EQ(found("7788213x", false), Found::Nothing);
  EXPECT_EQ(found("778821x3", true), Found::Term);
}

TEST_F(Array, FindsAShortNameOnlyAsAWordOfSomethingThatReadsAsText) {
  EXPECT_EQ(found(amid("patient JOSE 1961")), Found::Term);
  EXPECT_EQ(found(amid("name=ANA; x=12")), Found::Term);
  EXPECT_EQ(found(amid(wide("of Jose M."))), Found::Term);
  EXPECT_EQ(found(amid(wide("of Jose M.", true))), Found::Term);
  EXPECT_EQ(found(amid("JOSE")), Found::Nothing);             // by chance
  EXPECT_EQ(found(amid("banana joseph's")), Found::Nothing);  // other words
}

TEST_F(Array, FindsAUid) {
  EXPECT_EQ(found(amid("1.2.826.0.1.3680043.10")), Found::Uid);
  EXPECT_EQ(found("1.2.826.0.1.3680043.10"), Found::Uid);
  EXPECT_EQ(found(amid("1.2.826.0.1.3680043.101")), Found::Nothing);
}

TEST_F(Array, RandomBytesHoldNothing) {
  std::mt19937_64 engine(7);
  std::string bytes(8U << 20U, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(engine() >> 56U);

  EXPECT_EQ(found(bytes), Found::Nothing);
}

/// The check is the last gate: what the cleaner leaves must pass it, or a patient whose name is an
/// organ would be held for ever.
TEST(LeakAndCleaner, WhatTheCleanerLeavesPassesTheCheck) {
  Dice dice(4);
  const std::unordered_set<std::string> no_site_words;
  std::size_t dirty = 0;
  for (int i = 0; i < 3000; ++i) {
    const CorpusCase text = make_case(dice);
    const Identifiers identifiers{text.patient_names, text.other_names, text.ids, text.dates};
    const LeakTerms terms(identifiers);
    const auto in = [&](std::string_view bytes) {
      const std::string folded = fold(*decode_text(bytes, text.specific, "ISO_IR 100"));
      return terms.in_text(folded, PlaceKind::Anything, {});
    };

    const std::string cleaned = TextCleaner(OwnValues(identifiers), no_site_words, "ISO_IR 100")
                                    .clean(text.bytes, text.specific, true)
                                    .text;

    dirty += in(text.bytes).empty() ? 0 : 1;
    EXPECT_EQ(in(cleaned), "") << text.utf8 << " -> " << cleaned;
  }
  EXPECT_GT(dirty, 1000U);  // the check would have seen them
}

}  // namespace
}  // namespace dosigate::testing
