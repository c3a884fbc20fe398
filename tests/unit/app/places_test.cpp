// What others can read or change is refused before anything of it is opened, with the way out.

#include "places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "dosigate/app/init.h"
#include "dosigate/app/node.h"
#include "support/free_port.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Places : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.file = home_.path / "etc" / "dosigate.toml";
    config_.node.state_dir = home_.path / "state";
    config_.node.key_file = home_.path / "master.key";
    config_.node.journal_dir = home_.path / "journal";
    config_.node.profiles_dir = home_.path / "profiles";
    config_.node.admin_socket = home_.path / "run" / "admin.sock";
    config_.node.listen = {"127.0.0.1:" + std::to_string(testing::free_port())};
    config_.node.min_free_bytes = 1;
    fs::create_directories(config_.file.parent_path());
    fs::create_directories(config_.node.profiles_dir);
    std::ofstream(config_.file) << "# a file\n";
    std::ofstream(config_.node.profiles_dir / "own.toml") << "# a profile\n";
    ASSERT_TRUE(initialise(config_));
    // Everything that a running node makes.
    ASSERT_TRUE(start());
  }
  Result<void> start() {
    const auto node = Node::start(config_, std::nullopt);
    if (!node) return node.error();
    return {};
  }
  void mode(const fs::path& path, mode_t bits) {
    ASSERT_EQ(::chmod(path.c_str(), bits), 0) << path;
  }
  std::string refusal() {
    const auto started = start();
    if (started) return "it started";
    EXPECT_EQ(started.error().fault, Fault::Denied) << started.error().detail;
    return started.error().detail;
  }

  testing::TempDir home_;
  Config config_;
};

TEST_F(Places, OfANodeAsItIsMadeAreInOrder) { EXPECT_TRUE(start()); }

TEST_F(Places, OfTheStateThatOthersCanComeAtAreRefused) {
  const auto state = config_.node.state_dir;
  for (const char* part :
       {".", "keyring", "lock", "identity", "identity/map.db", "audit", "audit/audit.jsonl",
        "archive", "archive/spool", "archive/queue.db", "ledger.db", "quarantine"}) {
    const fs::path path = part == std::string(".") ? state : state / part;
    struct stat before {};
    ASSERT_EQ(::stat(path.c_str(), &before), 0) << path;
    for (const mode_t bit : {0040U, 0020U, 0010U, 0004U, 0002U, 0001U}) {
      mode(path, (before.st_mode & 07777U) | bit);
      EXPECT_THAT(refusal(),
                  AllOf(HasSubstr(path.string()), HasSubstr("chmod -R go-rwx " + state.string())))
          << std::oct << bit;
    }
    mode(path, before.st_mode & 07777U);
  }
  EXPECT_TRUE(start()) << "mended";
}

TEST_F(Places, OfSomebodyElseAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: giving a file away needs root";
  for (const char* part : {"keyring", "identity", "ledger.db", "quarantine", "."}) {
    const fs::path path = config_.node.state_dir / part;
    ASSERT_EQ(::chown(path.c_str(), 34, 34), 0);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("belongs to backup"), HasSubstr("chown -R root:")));
    ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  }
  EXPECT_TRUE(start());
}

TEST_F(Places, OfConfigurationAndProfilesThatOthersCanWriteAreRefused) {
  const auto& profiles = config_.node.profiles_dir;
  for (const auto& path :
       {config_.file, config_.file.parent_path(), profiles, profiles / "own.toml"}) {
    struct stat before {};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    for (const mode_t bit : {0020U, 0002U}) {
      mode(path, (before.st_mode & 07777U) | bit);
      EXPECT_THAT(refusal(), HasSubstr("chmod go-w " + path.string()));
    }
    mode(path, before.st_mode & 07777U);
  }
  EXPECT_TRUE(start());
}

TEST_F(Places, OfAConfigurationOfSomebodyElseAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: giving a file away needs root";
  ASSERT_EQ(::chown(config_.file.c_str(), 34, 34), 0);

  EXPECT_THAT(refusal(), HasSubstr("chown root " + config_.file.string()));
}

TEST_F(Places, OfAJournalThatEverybodyCanWriteAreRefused) {
  mode(config_.node.journal_dir, 0777);

  EXPECT_THAT(refusal(), HasSubstr("chmod o-w " + config_.node.journal_dir.string()));
}

TEST_F(Places, OfTheKeyAreRefusedWithTheWayOut) {
  for (const mode_t bits : {0644U, 0640U, 0660U, 0700U, 0604U}) {
    mode(config_.node.key_file, bits);
    EXPECT_THAT(refusal(), HasSubstr("chmod 0400 " + config_.node.key_file.string()));
  }
  for (const mode_t bits : {0400U, 0440U, 0600U}) {
    mode(config_.node.key_file, bits);
    EXPECT_TRUE(start()) << std::oct << bits;
  }
}

TEST_F(Places, OfAKeyThatIsAwayOrAnotherAreRefused) {
  const auto& key = config_.node.key_file;
  const auto aside = home_.path / "aside";
  fs::rename(key, aside);
  const auto away = start();
  ASSERT_FALSE(away);
  EXPECT_THAT(away.error().detail, AllOf(HasSubstr(key.string()), HasSubstr("does not exist")));

  ASSERT_TRUE(create_master_key(key));
  EXPECT_THAT(refusal(), HasSubstr("does not open with this master key"));

  fs::rename(aside, key);
  EXPECT_TRUE(start());
}

TEST_F(Places, OfTheAdminSocketThatOthersCanWriteAreRefused) {
  mode(config_.node.admin_socket.parent_path(), 0777);

  EXPECT_THROW((void)start(), std::system_error);
}

TEST_F(Places, ABackupBesideTheKeyIsRefused) {
  const auto apart = away_from_key(home_.path, config_.node.key_file);
  ASSERT_FALSE(apart);
  EXPECT_THAT(apart.error().detail, HasSubstr("would have its key as well"));
  EXPECT_FALSE(away_from_key(home_.path / "state" / "..", config_.node.key_file));
  EXPECT_TRUE(away_from_key(home_.path / "etc", config_.node.key_file));
  EXPECT_TRUE(away_from_key(home_.path, {})) << "a credential of systemd";
}

}  // namespace
}  // namespace dosigate
