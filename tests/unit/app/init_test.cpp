#include "dosigate/app/init.h"

#include <gtest/gtest.h>

#include <fstream>

#include "dosigate/base/durable_file.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

class InitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.node.state_dir = home_.path / "state";
    config_.node.key_file = home_.path / "master.key";
    config_.node.journal_dir = home_.path / "journal";
  }
  bool has_keyring() const { return std::filesystem::exists(home_.path / "state" / "keyring"); }

  testing::TempDir home_;
  Config config_;
};

TEST_F(InitTest, MakesWhatANodeStartsWith) {
  ASSERT_TRUE(initialise(config_));

  EXPECT_TRUE(has_keyring());
  EXPECT_TRUE(std::filesystem::exists(home_.path / "state" / "identity" / "map.db"));
  EXPECT_TRUE(std::filesystem::exists(home_.path / "journal" / "identity.journal"));
}

TEST_F(InitTest, AKeyringWhoseRecoveryKeyWasNeverShownDoesNotStay) {
  const auto foreign = home_.path / "journal" / "identity.journal";
  std::filesystem::create_directories(foreign.parent_path());
  std::ofstream(foreign) << "of another map";

  ASSERT_FALSE(initialise(config_));

  EXPECT_FALSE(has_keyring());
  EXPECT_TRUE(std::filesystem::exists(foreign)) << "what was there before is not touched";
  std::filesystem::remove(foreign);
  EXPECT_TRUE(initialise(config_)) << "the cause is gone, and nothing is in the way";
}

TEST_F(InitTest, AnEmptyMapThatCouldNotBeOpenedDoesNotStay) {
  const auto map = home_.path / "state" / "identity";
  std::filesystem::create_directories(map);
  std::filesystem::permissions(map, std::filesystem::perms::all);

  ASSERT_FALSE(initialise(config_)) << "the directory is open to others";

  EXPECT_FALSE(has_keyring());
  EXPECT_FALSE(std::filesystem::exists(map / "map.db"));
}

}  // namespace
}  // namespace dosigate
