// What was given as an argument does not stay in the process list.

#include "argv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dosigate {
namespace {

using ::testing::ElementsAre;

TEST(Argv, IsCopiedAndWhatIsNoCommandOrNameOfAnOptionBecomesStars) {
  std::vector<std::string> given{"dosigate", "map",   "lookup",     "MARKER-4711",
                                 "--reason", "Maria", "--to=Maria", "-"};
  const std::vector<std::string> before = given;
  std::vector<char*> argv;
  for (auto& word : given) argv.push_back(word.data());

  const auto taken = take_arguments(static_cast<int>(argv.size()), argv.data(), {"map", "lookup"});

  EXPECT_EQ(taken, before);
  EXPECT_THAT(given, ElementsAre("dosigate", "map", "lookup", "***********", "--reason", "*****",
                                 "--to******", "-"));
}

}  // namespace
}  // namespace dosigate
