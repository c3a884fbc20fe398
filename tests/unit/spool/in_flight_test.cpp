// What was on its way when the node was killed is known afterwards: only that makes an archive's
// "duplicate" believable.

#include "in_flight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;

/// The state as a killed process leaves it: this one goes on.
std::filesystem::path killed(const std::filesystem::path& home, const std::filesystem::path& to) {
  std::filesystem::copy(home, to, std::filesystem::copy_options::recursive);
  return to;
}

std::filesystem::path home_in(const TempDir& dir) {
  std::filesystem::create_directory(dir.path / "home");
  return dir.path / "home";
}

bool believed_sent(const std::filesystem::path& home) {
  const SpoolHome after(home);
  return after.spool->claim("A", 1).at(0).sent_once();
}

TEST(InFlight, AnEntryStandsInTheFileUntilItsMarkGoes) {
  const TempDir dir;
  const InstanceId one = random_id(), two = random_id();
  InFlight file(dir.path / "in-flight");
  auto first = std::make_optional(file.add(one, "A"));
  const auto second = file.add(two, "archive of the north");

  first.reset();

  const auto left = InFlight(dir.path / "in-flight").left_over();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].id, two);
  EXPECT_EQ(left[0].destination, "archive of the north");
}

TEST(InFlight, PlacesAreUsedAgain) {
  const TempDir dir;
  InFlight file(dir.path / "in-flight");

  for (int i = 0; i < 1'000; ++i) (void)file.add(random_id(), "A");

  EXPECT_LE(std::filesystem::file_size(dir.path / "in-flight"), 128U);
}

TEST(InFlight, WhatAPowerCutLeftOfAnEntryIsPassedOver) {
  const TempDir dir;
  {
    InFlight file(dir.path / "in-flight");
    file.add(random_id(), "A").keep();
    file.add(random_id(), "B").keep();
  }
  std::fstream(dir.path / "in-flight", std::ios::in | std::ios::out | std::ios::binary)
      .write("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);

  const auto left = InFlight(dir.path / "in-flight").left_over();

  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].destination, "B");
}

TEST(InFlight, WhatWasSentWhenTheNodeWasKilledIsKnownAtTheNextStart) {
  const TempDir dir;
  SpoolHome home(home_in(dir));
  home.put("2.25.1");
  auto claimed = home.spool->claim("A", 1);

  const auto before = killed(dir.path / "home", dir.path / "before");
  home.spool->sending(claimed.at(0));
  const auto sent = killed(dir.path / "home", dir.path / "sent");

  EXPECT_FALSE(believed_sent(before));
  EXPECT_TRUE(believed_sent(sent));
  EXPECT_TRUE(believed_sent(sent)) << "and at the one after that";
  EXPECT_THAT(InFlight(sent / "archive" / "in-flight").left_over(), IsEmpty());
}

TEST(InFlight, AnAnswerTakesItBack) {
  const TempDir dir;
  SpoolHome home(home_in(dir));
  home.put("2.25.1");
  auto claimed = home.spool->claim("A", 1);
  home.spool->sending(claimed.at(0));

  home.spool->retry(std::move(claimed.at(0)), std::chrono::milliseconds(0), 0xA700, "later");

  EXPECT_FALSE(believed_sent(killed(dir.path / "home", dir.path / "answered")));
}

TEST(InFlight, AClaimThatGoesWithoutAVerdictIsRemembered) {
  const TempDir dir;
  SpoolHome home(home_in(dir));
  home.put("2.25.1");
  {
    auto claimed = home.spool->claim("A", 1);
    home.spool->sending(claimed.at(0));
  }

  EXPECT_TRUE(home.spool->claim("A", 1).at(0).sent_once());
}

TEST(InFlight, WhatWasParkedAfterItWasSentComesBackAsSent) {
  const TempDir dir;
  SpoolHome home(home_in(dir));
  home.put("2.25.1");
  auto claimed = home.spool->claim("A", 1);
  home.spool->sending(claimed.at(0));
  home.spool->park(std::move(claimed.at(0)), 0xC000, "cannot understand");
  claimed.clear();

  home.spool->requeue("A", std::nullopt);

  EXPECT_TRUE(home.spool->claim("A", 1).at(0).sent_once());
}

}  // namespace
}  // namespace dosigate::testing
