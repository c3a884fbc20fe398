#include "dosigate/app/refused_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "config_file.h"

namespace dosigate {
namespace {

using testing::ConfigFile;

Origin origin(const std::string& calling, const std::string& address = "10.1.2.3") {
  return {"DOSIGATE", calling, address, ""};
}

std::string address(int number) {
  return "10.2." + std::to_string(number / 250) + "." + std::to_string(number % 250);
}

bool lists(const RefusedPeers& peers, const std::string& calling) {
  const auto all = peers.list();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& peer) { return peer.origin.calling_ae == calling; });
}

TEST(RefusedPeers, APeerIsLoggedOnceAndAtTheEndOfTheIntervalWithItsCount) {
  RefusedPeers peers;

  EXPECT_TRUE(peers.add(origin("CAMERA"), "calling AE unknown", 1000));
  EXPECT_FALSE(peers.add(origin("CAMERA"), "calling AE unknown", 1001));
  EXPECT_FALSE(peers.add(origin("CAMERA"), "calling AE unknown", 1500));
  EXPECT_TRUE(peers.due(1599).again.empty());
  const auto due = peers.due(1600);

  ASSERT_EQ(due.again.size(), 1U);
  EXPECT_EQ(due.again[0].count, 2U);
  EXPECT_EQ(due.again[0].origin.calling_ae, "CAMERA");
  EXPECT_TRUE(peers.due(1601).again.empty()) << "told once";
  ASSERT_EQ(peers.list().size(), 1U);
  EXPECT_EQ(peers.list()[0].count, 3U);
  EXPECT_EQ(peers.list()[0].last_unix, 1500);
  EXPECT_FALSE(peers.add(origin("CAMERA"), "calling AE unknown", 1700)) << "told at 1600";
  EXPECT_EQ(peers.due(2200).again.size(), 1U);
  EXPECT_TRUE(peers.add(origin("CAMERA"), "calling AE unknown", 2900)) << "quiet for ten minutes";
}

TEST(RefusedPeers, WhateverPeersCallThemselvesTheLinesAreBoundedAndEveryRefusalIsTold) {
  RefusedPeers peers;
  std::uint64_t told = 0, lines = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (!peers.add(origin("P" + std::to_string(i), address(i % 5000)), "unknown", 1000 + i / 1000))
      continue;
    ++told;
    ++lines;
  }
  EXPECT_LE(lines, 20U);
  for (long long now = 1010; now < 5000; ++now) {
    const auto due = peers.due(now);
    for (const auto& again : due.again) told += again.count;
    told += due.others;
    lines += due.again.size() + (due.others > 0 ? 1U : 0U);
  }

  EXPECT_EQ(told, 10'000U);
  EXPECT_LE(lines, 60U);
  EXPECT_LE(peers.list().size(), 64U);
  std::uint64_t listed = peers.not_listed();
  for (const auto& peer : peers.list()) listed += peer.count;
  EXPECT_EQ(listed, 10'000U);
}

TEST(RefusedPeers, WhoTriesAgainAndAgainIsNotPushedOutByThoseWhoTryOnce) {
  RefusedPeers peers;
  for (int i = 0; i < 2; ++i) peers.add(origin("CAMERA"), "unknown", 1000 + i);
  for (int i = 0; i < 5000; ++i)
    peers.add(origin("P" + std::to_string(i), address(i)), "unknown", 2000 + i);

  EXPECT_TRUE(lists(peers, "CAMERA"));
  EXPECT_EQ(peers.list().size(), 64U);
}

TEST(RefusedPeers, AnAddressWithManyTitlesHasFewRows) {
  RefusedPeers peers;
  peers.add(origin("ONCE", "10.9.9.9"), "unknown", 1000);
  for (int i = 0; i < 1000; ++i)
    for (int again = 0; again < 3; ++again)
      peers.add(origin("P" + std::to_string(i)), "unknown", 2000 + i);

  const auto all = peers.list();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_TRUE(lists(peers, "ONCE"));
  EXPECT_TRUE(lists(peers, "P0"));
  EXPECT_EQ(all[0].origin.calling_ae, "") << "the rest of them together";
  EXPECT_EQ(all[0].count, 3U * 997);
}

TEST(RefusedPeers, OfThoseThatTriedEquallyOftenTheLongestSilentGoes) {
  RefusedPeers peers;
  for (int i = 0; i < 65; ++i)
    peers.add(origin("P" + std::to_string(i), address(i)), "unknown", 1000 + i);

  const auto list = peers.list();

  ASSERT_EQ(list.size(), 64U);
  EXPECT_EQ(list.front().origin.calling_ae, "P64");
  EXPECT_EQ(list.back().origin.calling_ae, "P1");
}

/// The suggestion with its gaps filled, in a configuration.
std::string pasted(const Origin& peer) {
  std::string toml = route_toml(peer);
  for (const auto& [gap, filled] :
       {std::pair<std::string, std::string>{"site = \"FILL IN\"", "site = \"HC\""},
        {"destinations = [\"FILL IN\"]", "destinations = [\"out\"]"}})
    toml.replace(toml.find(gap), gap.size(), filled);
  return "[[destination]]\nname = \"out\"\nkind = \"folder\"\npath = \"out\"\n" + toml;
}

TEST(RefusedPeers, TheRouteToPasteIsValidAndAdmitsThePeerWhateverItCallsItself) {
  for (const std::string& said :
       {std::string("CAMERA"), std::string("DOSI\"GATE"), std::string("CAM\\ERA"),
        std::string("A\nB"), std::string("\x1B[2J"), std::string("T\tAB"), std::string("%s{}{0}%n"),
        std::string("JOS\xC3\x89"), std::string("a\"]\n[node]"), std::string("''' # x"),
        std::string("\xFF\xFE"),
        std::string("A\x7F"
                    "B"),
        std::string("*")}) {
    const Origin peer{said, said, "10.1.2.3", ""};
    const ConfigFile file(pasted(peer));

    const auto config = file.load();

    ASSERT_TRUE(config) << file.errors() << pasted(peer);
    ASSERT_EQ(config->routes.size(), 1U) << pasted(peer);
    EXPECT_NE(find_route(*config, said, said, "10.1.2.3"), nullptr) << pasted(peer);
    EXPECT_EQ(find_route(*config, "SOMEBODY ELSE", "SOMEBODY ELSE", "10.1.2.3"), nullptr)
        << pasted(peer);
    EXPECT_EQ(find_route(*config, said, said, "10.1.2.4"), nullptr);
    const std::string toml = route_toml(peer);
    EXPECT_TRUE(std::all_of(toml.begin(), toml.end(),
                            [](char c) { return c == '\n' || (c >= 0x20 && c <= 0x7E); }));
  }
}

TEST(RefusedPeers, WhatWasNotReadIsLeftToAPerson) {
  const auto toml = route_toml({"", "", "10.1.2.3", ""});

  EXPECT_THAT(toml, ::testing::HasSubstr("called_ae = [\"FILL IN\"]"));
  EXPECT_THAT(toml, ::testing::HasSubstr("name = \"from 10.1.2.3\""));
}

}  // namespace
}  // namespace dosigate
