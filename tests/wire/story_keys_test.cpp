// Keys change while patients come and go: nobody's pseudonym does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

#include <boost/json.hpp>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const PatientHeaders kJoana{.id = "77881234"};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class StoryOfKeys : public ::testing::Test {
 protected:
  std::filesystem::path key_file() { return story_.node().directory() / "master.key"; }
  bool rotation_ends() {
    return eventually([&] {
      const Finished asked = story_.node().dosigate({"key", "status", "--json"});
      return asked.code == 0 &&
             boost::json::parse(asked.output).at("state") == boost::json::value("none");
    });
  }
  /// A daemon that is given this key.
  void starts_with_key(const std::string& key, bool it_starts) {
    const std::string present = content_of(key_file());
    std::filesystem::remove(key_file());
    std::ofstream(key_file()) << key;
    std::filesystem::permissions(key_file(), std::filesystem::perms::owner_read);
    if (it_starts) {
      EXPECT_NO_THROW(story_.node().start());
    } else {
      EXPECT_THROW(story_.node().start(), std::runtime_error) << "the old key is worth nothing";
    }
    std::filesystem::remove(key_file());
    std::ofstream(key_file()) << present;
    std::filesystem::permissions(key_file(), std::filesystem::perms::owner_read);
  }

  Story story_;
};

TEST_F(StoryOfKeys, ARotationWhileSendingWithAKillInTheMiddleChangesNoPseudonymAndNoUid) {
  std::vector<std::filesystem::path> files, more;
  for (int i = 1; i <= 20; ++i)
    files.push_back(story_
                        .write({.person = "Joana",
                                .headers = kJoana,
                                .study = std::to_string(1 + i % 3),
                                .instance = std::to_string(i),
                                .pixels = static_cast<unsigned>(i)})
                        .file);
  ASSERT_TRUE(story_.send_files(files));
  for (int i = 21; i <= 60; ++i)
    more.push_back(story_
                       .write({.person = "Joana",
                               .headers = kJoana,
                               .study = std::to_string(1 + i % 3),
                               .instance = std::to_string(i),
                               .pixels = static_cast<unsigned>(i)})
                       .file);
  const auto before = story_.at_archive().sop_uids();
  const auto pseudonyms = story_.pseudonyms_of(kJoana.id);
  const std::string old_key = content_of(key_file());

  {
    Process sender(storescu_arguments(story_.node().port(), more),
                   story_.directory() / "sent" / "sender");
    const Finished rotated = story_.node().dosigate({"key", "rotate", "--reason", "every year"});
    EXPECT_EQ(rotated.code, 0) << rotated.output;
    story_.node().kill();
    sender.wait(std::chrono::seconds(20));
  }
  story_.node().start();
  ASSERT_TRUE(rotation_ends()) << story_.node().dosigate({"key", "status"}).output;

  ASSERT_TRUE(story_.send_files(more));
  EXPECT_EQ(story_.pseudonyms_of(kJoana.id), pseudonyms);
  story_.archive().lose_everything();
  ASSERT_TRUE(story_.send_files(files));
  EXPECT_EQ(story_.at_archive().sop_uids(), before);
  ASSERT_TRUE(story_.send_files(more));
  EXPECT_THAT(story_.at_archive().sop_uids(), SizeIs(60));
  EXPECT_EQ(
      story_.node().dosigate({"map", "reveal", pseudonyms.at(0), "--reason", "dose report"}).code,
      0);
  EXPECT_THAT(story_.faults(), IsEmpty());

  ASSERT_EQ(story_.node().stop(), 0);
  EXPECT_NE(content_of(key_file()), old_key);
  starts_with_key(old_key, false);
  story_.node().start();
}

TEST_F(StoryOfKeys, TheRecoveryKeyIsTheSameAfterARotation) {
  ASSERT_TRUE(story_.send({"Joana", kJoana, "CT", "1"}));
  ASSERT_TRUE(story_.done({"key", "rotate", "--reason", "every year"}));
  ASSERT_TRUE(rotation_ends());

  EXPECT_TRUE(story_.done({"key", "recovery-verify"}, story_.node().recovery_key() + "\n"));
  EXPECT_THAT(story_.faults(), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
