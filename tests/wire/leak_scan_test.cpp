// The search for identifiers must itself be able to fail.

#include <gtest/gtest.h>

#include <fstream>

#include "support/phantom.h"
#include "support/phantom_leaks.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

TEST(LeakScan, FindsEveryPlantedIdentifierInWhatThePhantomWrites) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path, .issuer = true});

  std::set<std::string> found;
  for (const Leak& leak : find_leaks(dir.path, phantom.planted)) found.insert(leak.value);

  for (const Planted& planted : phantom.planted)
    EXPECT_EQ(found.count(planted.value), 1U) << planted.kind;
}

TEST(LeakScan, FindsANameInAnyEncodingAndCase) {
  const std::vector<Planted> planted{{"name", "CONCEIÇÃO"}};

  EXPECT_EQ(leaks_in("x concei\xE7\xE3o y", planted).size(), 1U);
  EXPECT_EQ(leaks_in("Conceição", planted).size(), 1U);
  EXPECT_EQ(leaks_in("CONCEICAO", planted).size(), 1U);
  EXPECT_EQ(leaks_in("Conceic\xCC\xA7"
                     "a\xCC\x83o",
                     planted)
                .size(),
            1U);
  EXPECT_EQ(leaks_in(std::string("C\0o\0n\0c\0e\0i\0\xE7\0\xE3\0o\0", 18), planted).size(), 1U);
  EXPECT_TRUE(leaks_in("concessao", planted).empty());
}

TEST(LeakScan, TakesANumberOnlyWhereNoDigitAdjoins) {
  const std::vector<Planted> planted{{"date", "20250311"}, {"cpf", "319.504.286-05"}};

  EXPECT_EQ(leaks_in("on 20250311", planted).size(), 1U);
  EXPECT_EQ(leaks_in("20250311092210.125000", planted).size(), 1U);
  EXPECT_EQ(leaks_in("11/03/2025", planted).size(), 1U);
  EXPECT_EQ(leaks_in("cpf 31950428605", planted).size(), 1U);
  EXPECT_TRUE(leaks_in("2.25.920250311", planted).empty());
}

TEST(LeakScan, LooksAtFileNamesToo) {
  TempDir dir;
  std::ofstream(dir.path / "74468032.dcm") << "nothing";

  EXPECT_EQ(find_leaks(dir.path, {{"patient id", "74468032"}}).size(), 1U);
}

}  // namespace
}  // namespace dosigate::testing
