#include "identity/matching.h"

#include <gtest/gtest.h>

#include "identity/identifier.h"

namespace dosigate {
namespace {

Person person(std::string name, std::string born, std::string sex = "F") {
  return {Phi("1"), Phi(), Phi(std::move(name)), Phi(std::move(born)), Phi(std::move(sex))};
}

TEST(NormaliseId, AlwaysTakesOffSpacesAndNulsAtTheEnds) {
  EXPECT_EQ(normalise_id(std::string_view("  ab 12\0", 8), {}), "ab 12");
}

TEST(NormaliseId, DoesWhatIsSwitchedOn) {
  EXPECT_EQ(normalise_id("ab12", {.upper = true}), "AB12");
  EXPECT_EQ(normalise_id("00012345", {}), "00012345");
  EXPECT_EQ(normalise_id("00012345", {.strip_leading_zeros = true}), "12345");
  EXPECT_EQ(normalise_id("12.345-6", {.strip_punctuation = true}), "123456");
  EXPECT_EQ(normalise_id("0-0123", {.strip_leading_zeros = true, .strip_punctuation = true}),
            "123");
}

TEST(PlaceholderId, IsBlankOrOneRepeatedDigitOrAWordThatStandsForNobody) {
  for (const char* id : {"",          "   ",           "-",       "0",        "00",   "000000",
                         "9999",      "111",           "TESTE",   "teste",    "Test", "ANON",
                         "Anonymous", "ANÔNIMO",       "UNKNOWN", "N/A",      "n.a.", "SEM ID",
                         "sem-id",    "NÃO INFORMADO", "xxx",     "123456789"}) {
    EXPECT_TRUE(is_placeholder_id(id)) << id;
  }
}

TEST(PlaceholderId, IsNotARealShortOrRepetitiveNumber) {
  for (const char* id :
       {"1", "7", "11", "12", "100", "123", "12345", "99991", "TESTA", "ANONA1", "1110", "AAA1"}) {
    EXPECT_FALSE(is_placeholder_id(id)) << id;
  }
}

TEST(Cpf, IsRecognisedByItsCheckDigits) {
  EXPECT_EQ(as_cpf("529.982.247-25"), "52998224725");
  EXPECT_EQ(as_cpf("52998224725"), "52998224725");
  EXPECT_EQ(as_cpf("1234567890"), "01234567890");  // a spreadsheet took the zero
  EXPECT_EQ(as_cpf("52998224726"), std::nullopt);
  EXPECT_EQ(as_cpf("11111111111"), std::nullopt);
  EXPECT_EQ(as_cpf("5299822472A"), std::nullopt);
  EXPECT_EQ(as_cpf("725"), std::nullopt);
}

TEST(Cns, IsRecognisedByChecksumAndStructure) {
  EXPECT_EQ(as_cns("8980 0000 0043 208"), "898000000043208");
  EXPECT_EQ(as_cns("123456789010000"), "123456789010000");
  EXPECT_EQ(as_cns("200000000030018"),
            "200000000030018");  // the 001 form, where the check digit would be ten
  EXPECT_EQ(as_cns("898000000043209"), std::nullopt);
  EXPECT_EQ(as_cns("398000000043208"), std::nullopt);
}

TEST(NameWords, FoldCaseAccentsGroupsAndParticles) {
  EXPECT_EQ(name_words("CONCEIÇÃO^João da^^Dr.=x"),
            (std::vector<std::string>{"conceicao", "joao", "dr", "x"}));
  EXPECT_EQ(name_words("D'Ávila dos Santos e Silva"),
            (std::vector<std::string>{"davila", "santos", "silva"}));
}

TEST(TwoPeople, AreSuspectedWhenNameAndBirthDateDiffer) {
  EXPECT_TRUE(
      looks_like_two_people(person("SILVA^MARIA", "19610305"), person("COSTA^ANA", "19800101")));
}

TEST(TwoPeople, AreNotMetByAParticleOrAShortWordTheyShare) {
  EXPECT_TRUE(looks_like_two_people(person("DAS DORES^ANA DE", "19610305"),
                                    person("DAS CHAGAS^JO DE", "19800101")));
}

TEST(TwoPeople, AreNotSuspectedForSpellingCaseAccentsOrOrder) {
  EXPECT_FALSE(looks_like_two_people(person("GONÇALVES^JOÃO", "19610305"),
                                     person("Joao Goncalves", "19610503")));
  EXPECT_FALSE(
      looks_like_two_people(person("SOUSA^MARIA", "19610305"), person("SOUZA^MARIA", "19610306")));
}

TEST(TwoPeople, AreNotSuspectedForMarriage) {
  EXPECT_FALSE(looks_like_two_people(person("SILVA^ANA CLARA", "19900412"),
                                     person("PEREIRA^ANA CLARA", "19900412")));
}

TEST(TwoPeople, AreNotSuspectedForACorrectedNameWithTheSameBirthDate) {
  EXPECT_FALSE(looks_like_two_people(person("UNKNOWN^WOMAN", "19900412"),
                                     person("PEREIRA^ANA", "19900412")));
}

TEST(TwoPeople, AreSuspectedForANewbornUnderItsMothersNumber) {
  EXPECT_TRUE(looks_like_two_people(person("SILVA^MARIA", "19900412"),
                                    person("RN DE MARIA SILVA", "20260901")));
}

TEST(TwoPeople, AreNotSuspectedWhenANewbornGetsItsOwnName) {
  EXPECT_FALSE(looks_like_two_people(person("RN DE MARIA SILVA", "20260901"),
                                     person("SILVA^JOAO", "20260901")));
}

TEST(TwoPeople, AreNotSuspectedForAParticleMoreOrLess) {
  EXPECT_FALSE(looks_like_two_people(person("SOUZA^ANA DE", "19610305"),
                                     person("Ana e Souza dos", "19610503")));
}

TEST(TwoPeople, AreNotSuspectedForBothNamesOfAMarriage) {
  EXPECT_FALSE(looks_like_two_people(person("SILVA^ANA CLARA", "19900412"),
                                     person("SILVA PEREIRA^ANA CLARA", "19900412")));
}

TEST(TwoPeople, AreSuspectedForAMarriageOnlyWhereNothingElseIsEqual) {
  // First name misspelt, surname of the husband, date corrected: a person has to decide.
  EXPECT_TRUE(
      looks_like_two_people(person("SILVA^ANNA", "19900412"), person("PEREIRA^ANA", "19900413")));
}

TEST(TwoPeople, AreSuspectedForTwinsUnderOneNumber) {
  for (const char* second : {"RN II DE MARIA SILVA", "RN 2 DE MARIA SILVA", "RN2 DE MARIA SILVA"})
    EXPECT_TRUE(looks_like_two_people(person("RN I DE MARIA SILVA", "20260901"),
                                      person(second, "20260901")))
        << second;
  EXPECT_FALSE(looks_like_two_people(person("RN I DE MARIA SILVA", "20260901"),
                                     person("rn 1 de Maria Silva", "20260901")));
  EXPECT_FALSE(looks_like_two_people(person("RN I DE MARIA SILVA", "20260901"),
                                     person("SILVA^JOAO", "20260901")))
      << "one of them, with a name of its own by now";
}

TEST(TwoPeople, AreNotSuspectedForWhomNothingButTheIdIsKnown) {
  EXPECT_FALSE(looks_like_two_people(person("", "", ""), person("SILVA^MARIA", "19610305")));
  EXPECT_FALSE(looks_like_two_people(person("", "", ""), person("RN DE MARIA", "20260901")));
}

TEST(TwoPeople, AreSuspectedWithoutABirthDateWhenNameAndSexDiffer) {
  EXPECT_TRUE(looks_like_two_people(person("SILVA^MARIA", "", "F"),
                                    person("COSTA^PEDRO", "19800101", "M")));
  EXPECT_FALSE(
      looks_like_two_people(person("SILVA^MARIA", "", "F"), person("COSTA^ANA", "19800101", "F")));
}

TEST(TwoPeople, AreComparedByShortWordsWhereNobodyHasALongOne) {
  EXPECT_FALSE(looks_like_two_people(person("LI^YU", "19610305"), person("Yu Li", "19610503")));
  EXPECT_TRUE(looks_like_two_people(person("LI^YU", "19610305"), person("WU^XI", "19610503")));
}

}  // namespace
}  // namespace dosigate
