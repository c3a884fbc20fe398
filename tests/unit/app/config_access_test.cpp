#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config_file.h"

namespace dosigate {
namespace {

using testing::ConfigFile;
using ::testing::HasSubstr;
using testing::kMinimal;
using ::testing::Not;

TEST(ConfigAccess, NamesGroupsByOneNameOrSeveral) {
  const ConfigFile file(kMinimal +
                        "[access]\noperate = \"mail\"\nreveal = [\"news\", \"games\"]\n"
                        "reveals_per_hour = 5\ntwo_persons = true\napproval_hours = 2\n");

  const auto config = file.load();

  ASSERT_TRUE(config) << file.errors();
  const AccessRules& access = config->access;
  ASSERT_TRUE(access.operate && access.reveal);
  EXPECT_EQ(access.operate->at(0).gid, 8U);
  EXPECT_EQ(access.reveal->at(0).gid, 9U);
  EXPECT_EQ(access.reveal->at(1).gid, 60U);
  EXPECT_FALSE(access.manage);
  EXPECT_EQ(access.reveals_per_hour, 5U);
  EXPECT_TRUE(access.two_persons);
  EXPECT_EQ(access.approval, std::chrono::hours(2));
  EXPECT_THAT(file.warnings(), Not(HasSubstr("[access]")));
}

TEST(ConfigAccess, WithoutTheSectionNoRightIsOfGroups) {
  const auto config = ConfigFile(kMinimal).load();

  ASSERT_TRUE(config);
  EXPECT_FALSE(config->access.by_group());
  EXPECT_EQ(config->access.reveals_per_hour, 60U);
  EXPECT_FALSE(config->access.two_persons);
}

TEST(ConfigAccess, WarnsOfAGroupThatIsNotThereAndOfAMapThatNobodyMayAsk) {
  const ConfigFile file(kMinimal + "[access]\noperate = \"no-such-group\"\n");

  EXPECT_THAT(file.warnings(), HasSubstr("groupadd no-such-group"));
  EXPECT_THAT(file.warnings(), HasSubstr("[access] reveal: is not said"));
}

TEST(ConfigAccess, RefusesWhatMakesNoSense) {
  EXPECT_THAT(ConfigFile(kMinimal + "[access]\nreveals_per_hour = 0\n").errors(),
              HasSubstr("[access] reveals_per_hour"));
  EXPECT_THAT(ConfigFile(kMinimal + "[access]\napproval_hours = 1000\n").errors(),
              HasSubstr("[access] approval_hours"));
  EXPECT_THAT(ConfigFile(kMinimal + "[access]\nreveals = \"mail\"\n").errors(),
              HasSubstr("[access] reveals: unknown key"));
}

TEST(ConfigAccess, TheKeyLiesNeitherInTheStateNorInTheJournal) {
  for (const char* inside : {"state", "journal"}) {
    const ConfigFile file(
        "[node]\nstate_dir = \"state\"\njournal_dir = \"journal\"\nkey_file = \"" +
        std::string(inside) + "/master.key\"\n" + kMinimal);
    EXPECT_THAT(file.errors(), HasSubstr("[node] key_file: lies inside " + std::string(inside)));
    EXPECT_THAT(file.errors(), HasSubstr("`mv "));
  }
}

}  // namespace
}  // namespace dosigate
