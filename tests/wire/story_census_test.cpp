// The census of an archive must itself be able to fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/phantom_compare.h"
#include "support/temp_dir.h"
#include "wire/census.h"
#include "wire/story_instance.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// An archive that is written by hand: headers stand for what a gateway would have made of them.
class CensusOf : public ::testing::Test {
 protected:
  /// An object of the source study `truly` of `person` that lies under a pseudonym and study.
  SourceInstance lies(const std::string& person, const std::string& truly,
                      const std::string& pseudonym, const std::string& study,
                      const std::string& date = "20250304") {
    const unsigned mark = ++marks_;
    const SourceInstance object{.person = person,
                                .headers = {.id = pseudonym},
                                .study = study,
                                .instance = std::to_string(mark),
                                .date = date};
    write_instance(dir_.path / std::to_string(mark), object, mark);
    truths_[mark] = {person, truly, truly + "." + std::to_string(mark), "20250404"};
    return object;
  }
  Census census() const { return Census(part10_files(dir_.path)); }

  TempDir dir_;
  Truths truths_;
  unsigned marks_ = 0;
};

TEST_F(CensusOf, ACleanArchiveFindsNothing) {
  lies("Joana", "A", "DSG-1", "1");
  lies("Joana", "A", "DSG-1", "1");
  lies("Joana", "B", "DSG-1", "2");
  lies("Carlos", "C", "DSG-2", "3");

  EXPECT_EQ(census().wrong_joins(truths_), 0U);
  EXPECT_EQ(census().splits(truths_), 0U);
  EXPECT_THAT(census().oddities(truths_), IsEmpty());
}

TEST_F(CensusOf, TwoPersonsUnderOnePseudonymAreAWrongJoin) {
  lies("Joana", "A", "DSG-1", "1");
  lies("Carlos", "C", "DSG-1", "3");

  EXPECT_EQ(census().wrong_joins(truths_), 1U);
}

TEST_F(CensusOf, TwoStudiesUnderOneStudyUidAreAWrongJoin) {
  lies("Joana", "A", "DSG-1", "1");
  lies("Joana", "B", "DSG-1", "1");

  EXPECT_EQ(census().wrong_joins(truths_), 1U);
}

TEST_F(CensusOf, OnePersonUnderTwoPseudonymsIsASplitUnlessItIsKnown) {
  lies("Joana", "A", "DSG-1", "1");
  lies("Joana", "B", "DSG-2", "2");

  EXPECT_EQ(census().splits(truths_), 1U);
  EXPECT_EQ(census().splits(truths_, {"Joana"}), 0U);
}

TEST_F(CensusOf, OneStudyUnderTwoStudyUidsIsASplit) {
  lies("Joana", "A", "DSG-1", "1");
  lies("Joana", "A", "DSG-1", "2");

  EXPECT_EQ(census().splits(truths_), 1U);
}

TEST_F(CensusOf, TwoOffsetsOfOnePersonAreASplit) {
  lies("Joana", "A", "DSG-1", "1", "20250304");
  lies("Joana", "B", "DSG-1", "2", "20250305");

  EXPECT_EQ(census().splits(truths_), 1U);
}

TEST_F(CensusOf, OneInstanceUnderTwoUidsIsASplit) {
  lies("Joana", "A", "DSG-1", "1");
  lies("Joana", "A", "DSG-1", "1");
  truths_[2].sop = truths_[1].sop;

  EXPECT_EQ(census().splits(truths_), 1U);
}

TEST_F(CensusOf, AStaleCopyIsUnmarkedUntilANoteNamesIt) {
  lies("Joana", "A", "DSG-1", "1");
  const SourceInstance wrong = lies("Joana", "B", "DSG-2", "2");
  const std::set<std::string> copies{census().of(2).at(0).sop_uid};
  EXPECT_EQ(census().unmarked_stale(copies), 1U);

  write_rejection_note(dir_.path / "note", {wrong}, "113038");

  EXPECT_EQ(census().unmarked_stale(copies), 0U);
  EXPECT_EQ(census().splits(truths_), 0U) << "what is marked counts for nothing";
  ASSERT_THAT(census().notes(), SizeIs(1));
  EXPECT_EQ(census().notes()[0].code, "113038");
  EXPECT_THAT(census().oddities(truths_), IsEmpty());
}

TEST_F(CensusOf, ANoteOfAnotherPatientThanWhatItNamesIsOdd) {
  SourceInstance wrong = lies("Joana", "A", "DSG-1", "1");
  wrong.headers.id = "DSG-2";

  write_rejection_note(dir_.path / "note", {wrong}, "113039");

  EXPECT_THAT(census().oddities(truths_), SizeIs(1));
}

TEST_F(CensusOf, WhatNobodySentIsOdd) {
  lies("Joana", "A", "DSG-1", "1");
  truths_.clear();

  EXPECT_THAT(census().oddities(truths_), SizeIs(1));
}

}  // namespace
}  // namespace dosigate::testing
