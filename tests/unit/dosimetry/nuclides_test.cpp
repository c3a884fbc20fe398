#include "dosigate/dosimetry/nuclides.h"

#include <gtest/gtest.h>

#include <set>

namespace dosigate {
namespace {

std::string named(std::string_view text) {
  const Nuclide* found = nuclide_in_text(text);
  return found == nullptr ? "none" : found->name;
}

TEST(Nuclides, AreNamedInTheWaysThatCamerasAndPeopleWrite) {
  for (const char* text : {"Lu-177", "177Lu-DOTATATE", "^177^Lutetium", "Lu 177 PSMA", "Lu177",
                           "LUTECIO-177", "PSMA Lu-177 (terapia)"})
    EXPECT_EQ(named(text), "Lu-177") << text;
  for (const char* text :
       {"Tc-99m", "99mTc", "^99m^Technetium", "Technetium Tc-99m", "Tc99mMDP", "TECNECIO 99m"})
    EXPECT_EQ(named(text), "Tc-99m") << text;
  EXPECT_EQ(named("Iodo-131"), "I-131");
  EXPECT_EQ(named("Fluorodeoxyglucose F^18^"), "F-18");
}

TEST(Nuclides, ANumberOrAWordAloneNamesNone) {
  for (const char* text : {"", "177", "Lutetium", "FDG", "Lu", "Tc-99", "X-18", "PSMA-617",
                           "Lu -- 177", "protocolo 131"})
    EXPECT_EQ(named(text), "none") << text;
}

TEST(Nuclides, ATextThatNamesTwoNamesNone) {
  EXPECT_EQ(named("Tc-99m MAA / Y-90"), "none");
  EXPECT_EQ(named("Y-90 Y90"), "Y-90");
}

TEST(Nuclides, AreFoundByTheCodesOfTheStandard) {
  ASSERT_NE(nuclide_of_code("SRT", "C-111A1"), nullptr);
  EXPECT_EQ(nuclide_of_code("SRT", "C-111A1")->name, "F-18");
  EXPECT_EQ(nuclide_of_code("99SDM", "C-163A8")->name, "Tc-99m");
  EXPECT_EQ(nuclide_of_code("DCM", "126600")->name, "Sc-44");
  EXPECT_EQ(nuclide_of_code("99HOSP", "C-111A1"), nullptr) << "a code of a hospital's own scheme";
  EXPECT_EQ(nuclide_of_code("SRT", ""), nullptr);
}

TEST(Nuclides, TheTableCanTellAWrongUnit) {
  std::set<std::string> names, codes;
  for (const Nuclide& nuclide : nuclides()) {
    EXPECT_LT(nuclide.max_mbq / nuclide.min_mbq, 1e6) << nuclide.name;
    EXPECT_TRUE(names.insert(nuclide.name).second) << nuclide.name;
    for (const std::string& code : nuclide.codes) EXPECT_TRUE(codes.insert(code).second) << code;
    EXPECT_EQ(find_nuclide(nuclide.name), &nuclide);
  }
  EXPECT_GE(names.size(), 40U);
}

}  // namespace
}  // namespace dosigate
