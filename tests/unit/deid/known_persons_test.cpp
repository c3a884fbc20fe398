#include "src/deid/known_persons.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace dosigate {
namespace {

Identifiers person(std::string name, std::string id = "7788123") {
  return {{std::move(name)}, {"FIGADO^ROSA"}, {std::move(id), "55012"}, {"19610503", "20250304"}};
}

const std::unordered_set<std::string> kNoWords;

/// What the terms find of a text.
std::string_view found(const LeakTerms& terms, std::string_view folded) {
  return terms.in_text(folded, PlaceKind::Anything, {});
}

TEST(KnownPersons, AreMadeOnceForEqualIdentifiers) {
  KnownPersons known{kNoWords, ""};

  const auto first = known.of(person("MARKER^ONE"));

  EXPECT_EQ(known.of(person("MARKER^ONE")), first);
  EXPECT_EQ(known.size(), 1U);
}

TEST(KnownPersons, PersonsWhoAlternateNeverGetEachOthers) {
  KnownPersons known{kNoWords, ""};
  for (int round = 0; round < 3; ++round) {
    const auto one = known.of(person("ANTARES^ONE", "4470001"));
    const auto two = known.of(person("VEGA^TWO", "4470002"));

    EXPECT_NE(found(one->terms, "antares"), "");
    EXPECT_NE(found(one->terms, "4470001"), "");
    EXPECT_EQ(found(one->terms, "vega 4470002"), "");
    EXPECT_NE(found(two->terms, "vega"), "");
    EXPECT_NE(found(two->terms, "4470002"), "");
    EXPECT_EQ(found(two->terms, "antares 4470001"), "");
  }
  EXPECT_EQ(known.size(), 2U);
}

TEST(KnownPersons, AnyOtherValueMakesAnotherEntry) {
  KnownPersons known{kNoWords, ""};
  std::vector<Identifiers> variants(6, person("SOUZA^ANA"));
  variants[1].patient_names = {"SOUSA^ANA"};
  variants[2].ids[1] = "55013";
  variants[3].dates.pop_back();
  variants[4].other_names.clear();
  std::swap(variants[5].patient_names, variants[5].other_names);

  for (std::size_t i = 0; i < variants.size(); ++i) {
    const auto found = known.of(variants[i]);

    EXPECT_EQ(known.size(), i + 1);
    EXPECT_EQ(found->identifiers, variants[i]);
  }
}

TEST(KnownPersons, TheOneNotUsedForLongestGivesWay) {
  KnownPersons known{kNoWords, ""};
  const auto first = known.of(person("MARKER^FIRST")), second = known.of(person("MARKER^SECOND"));
  for (std::size_t i = 2; i < KnownPersons::kMost; ++i)
    known.of(person("OTHER^" + std::to_string(i)));
  ASSERT_EQ(known.of(person("MARKER^FIRST")), first);

  known.of(person("ONE^MORE"));

  EXPECT_EQ(known.size(), KnownPersons::kMost);
  EXPECT_EQ(known.of(person("MARKER^FIRST")), first);
  EXPECT_EQ(second.use_count(), 1);  // nobody else has it
  EXPECT_NE(known.of(person("MARKER^SECOND")), second);
}

TEST(KnownPersons, ManyIdentifiersAreUsedAndNotKept) {
  KnownPersons known{kNoWords, ""};
  Identifiers many = person("MARKER^ONE");
  for (std::size_t i = 0; i < KnownPersons::kLargest / 7; ++i)
    many.ids.push_back(std::to_string(1'000'000 + i));

  EXPECT_NE(found(known.of(many)->terms, "1000007"), "");
  EXPECT_EQ(known.size(), 0U);
}

TEST(KnownPersons, ServeManyThreads) {
  KnownPersons known{kNoWords, ""};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 200; ++i) {
          const Identifiers who = person("MARKER^" + std::to_string((i * 7 + thread) % 12));
          EXPECT_EQ(known.of(who)->identifiers, who);
        }
      });
    }
  }
  EXPECT_EQ(known.size(), KnownPersons::kMost);
}

}  // namespace
}  // namespace dosigate
