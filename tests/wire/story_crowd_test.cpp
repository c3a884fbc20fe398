// One new patient, eight senders at once, and a node that is killed again and again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "wire/stock_senders.h"
#include "wire/story.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr unsigned kSenders = 8, kEach = 12, kKills = 4;

/// What each of the eight has to send: some of every study of the one patient.
std::vector<std::vector<Story::Written>> shares(Story& story) {
  std::vector<std::vector<Story::Written>> out(kSenders);
  for (unsigned i = 0; i < kSenders * kEach; ++i)
    out[i % kSenders].push_back(story.write({.person = "Joana",
                                             .headers = {.id = "77881234"},
                                             .study = std::to_string(1 + i % 3),
                                             .instance = std::to_string(i + 1),
                                             .date = i % 3 == 0 ? "20250304" : "20250429",
                                             .pixels = i}));
  return out;
}

TEST(StoryOfACrowd, OnePatientOnEightAssociationsWithKillsInTheMiddleStaysOne) {
  Story story;
  const auto all = shares(story);
  const auto start_all = [&](int round) {
    std::vector<std::unique_ptr<Process>> senders;
    for (const auto& share : all) {
      std::vector<std::filesystem::path> files;
      for (const auto& written : share) files.push_back(written.file);
      auto argv = storescu_arguments(story.node().port(), files);
      argv.insert(argv.begin() + 1, "-v");
      senders.push_back(std::make_unique<Process>(
          argv, story.directory() / "sent" /
                    ("sender-" + std::to_string(round) + "-" + std::to_string(senders.size()))));
    }
    return senders;
  };
  std::set<std::string> stored;
  std::mt19937 random(20250304);

  for (unsigned round = 0; round < kKills; ++round) {
    auto senders = start_all(static_cast<int>(round));
    // Any moment will do, the first commit of the patient included.
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 250));
    story.node().kill();
    for (auto& sender : senders) {
      sender->wait(std::chrono::seconds(20));
      stored.merge(acknowledged(sender->output()));
    }
    story.node().start();
  }
  ASSERT_TRUE(story.node().settles());

  // What was acknowledged is there before anybody sends it again.
  const Census survived = story.at_archive();
  std::vector<std::string> lost;
  for (const auto& share : all)
    for (const auto& written : share)
      if (stored.contains(written.file.string()) && survived.of(written.mark).empty())
        lost.push_back(written.file.filename().string());
  EXPECT_THAT(lost, IsEmpty());

  auto senders = start_all(kKills);
  for (auto& sender : senders)
    EXPECT_EQ(sender->wait(std::chrono::seconds(60)), 0) << sender->output();
  ASSERT_TRUE(story.node().settles());

  const Census census = story.at_archive();
  EXPECT_THAT(census.sop_uids(), SizeIs(kSenders * kEach));
  EXPECT_THAT(census.pseudonyms(), SizeIs(1));
  EXPECT_EQ(story.node().status().at("map").at("patients").to_number<int>(), 1);
  EXPECT_THAT(story.faults(), IsEmpty()) << stored.size() << " were acknowledged before a kill";
}

}  // namespace
}  // namespace dosigate::testing
