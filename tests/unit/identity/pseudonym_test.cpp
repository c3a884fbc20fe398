#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {
namespace {

/// Places of the eleven symbols in "DSG-HA-XXXX-XXXX-XXX".
constexpr std::size_t kPlaces[] = {7, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19};

TEST(Pseudonym, HasTheDocumentedForm) {
  const std::string text = make_pseudonym("HA");

  EXPECT_EQ(text.size(), 20U);
  EXPECT_EQ(text.substr(0, 7), "DSG-HA-");
  EXPECT_EQ(text[11], '-');
  EXPECT_EQ(text[16], '-');
  EXPECT_TRUE(is_pseudonym(text));
}

TEST(Pseudonym, FindsEverySingleWrongSymbol) {
  for (int round = 0; round < 50; ++round) {
    const std::string right = make_pseudonym("HA");
    for (const std::size_t place : kPlaces) {
      for (const char symbol : kBase32) {
        if (symbol == right[place]) continue;
        std::string wrong = right;
        wrong[place] = symbol;
        ASSERT_FALSE(is_pseudonym(wrong));
      }
    }
  }
}

TEST(Pseudonym, FindsEverySwapOfTwoSymbols) {
  for (int round = 0; round < 200; ++round) {
    const std::string right = make_pseudonym("HA");
    for (const std::size_t a : kPlaces) {
      for (const std::size_t b : kPlaces) {
        std::string wrong = right;
        std::swap(wrong[a], wrong[b]);
        ASSERT_EQ(is_pseudonym(wrong), wrong == right);
      }
    }
  }
}

TEST(Pseudonym, RefusesOtherForms) {
  const std::string right = make_pseudonym("A");
  ASSERT_TRUE(is_pseudonym(right));

  EXPECT_FALSE(is_pseudonym(""));
  EXPECT_FALSE(is_pseudonym("DSG"));
  EXPECT_FALSE(is_pseudonym(right + " "));
  EXPECT_FALSE(is_pseudonym(" " + right));
  EXPECT_FALSE(is_pseudonym("XSG" + right.substr(3)));
  EXPECT_FALSE(is_pseudonym("DSG-" + right.substr(5)));       // no site
  EXPECT_FALSE(is_pseudonym("DSG-ABCDE" + right.substr(5)));  // site too long
  EXPECT_FALSE(is_pseudonym("DSG-a" + right.substr(5)));
}

TEST(Pseudonym, TenThousandAreDifferent) {
  std::set<std::string> seen;

  for (int i = 0; i < 10'000; ++i) seen.insert(make_pseudonym("HA"));

  EXPECT_EQ(seen.size(), 10'000U);
}

}  // namespace
}  // namespace dosigate
