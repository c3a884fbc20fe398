// Rights: who has one, which endpoint needs which, and what the documentation says of it.

#include "dosigate/app/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include <boost/json.hpp>

#include "admin_routes.h"
#include "rate_limit.h"
#include "support/paths.h"

namespace dosigate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr unsigned kService = 900, kAna = 1000;

AccessRules::Groups group(unsigned gid) { return {{"g" + std::to_string(gid), gid}}; }
AdminPeer ana(unsigned gid, std::vector<unsigned> more = {}) {
  return {kAna, gid, std::move(more)};
}
bool may(const AccessRules& rules, Right right, const AdminPeer& peer,
         Right otherwise = Right::Operate) {
  return permits(rules, right, otherwise, peer, kService);
}

constexpr Right kAll[] = {Right::Operate, Right::Reveal, Right::Manage};

TEST(Access, WithoutGroupsWhoeverTheSocketLetsInMayDoEverything) {
  for (const Right right : kAll) EXPECT_TRUE(may({}, right, ana(5)));
}

TEST(Access, ARightIsOfItsGroupsByPrimaryOrSupplementaryGroup) {
  AccessRules rules;
  rules.operate = group(10);
  rules.reveal = group(20);
  rules.manage = group(30);

  EXPECT_TRUE(may(rules, Right::Operate, ana(10)));
  EXPECT_TRUE(may(rules, Right::Reveal, ana(5, {7, 20})));
  EXPECT_TRUE(may(rules, Right::Manage, ana(5, {30, 7})));
  EXPECT_FALSE(may(rules, Right::Reveal, ana(10, {30})));
  EXPECT_FALSE(may(rules, Right::Manage, ana(10, {20})));
  EXPECT_FALSE(may(rules, Right::Operate, ana(20, {30})));
  EXPECT_FALSE(may(rules, Right::Operate, ana(5)));
}

TEST(Access, RootAndTheServicesUserMayDoEverything) {
  AccessRules rules;
  rules.operate = rules.reveal = rules.manage = group(10);

  for (const Right right : kAll) {
    EXPECT_TRUE(may(rules, right, {0, 0, {}}));
    EXPECT_TRUE(may(rules, right, {kService, 5, {}}));
  }
}

TEST(Access, AGroupThatThisMachineDoesNotHaveIsNobodys) {
  AccessRules rules;
  rules.reveal = AccessRules::Groups{{"nowhere", std::nullopt}};

  EXPECT_FALSE(may(rules, Right::Reveal, ana(0, {})));
}

TEST(Access, WhatIsNotSaidIsNobodysButToOperate) {
  AccessRules only_manage;
  only_manage.manage = group(30);
  EXPECT_TRUE(may(only_manage, Right::Operate, ana(5)));
  EXPECT_FALSE(may(only_manage, Right::Reveal, ana(30)));

  AccessRules nobody_reveals;
  nobody_reveals.reveal = AccessRules::Groups{};
  EXPECT_FALSE(may(nobody_reveals, Right::Reveal, ana(5)));
}

TEST(Access, ManageFallsBackToWhatTheEndpointIsAbout) {
  AccessRules rules;
  rules.operate = group(10);
  rules.reveal = group(20);

  EXPECT_TRUE(may(rules, Right::Manage, ana(10), Right::Operate));
  EXPECT_FALSE(may(rules, Right::Manage, ana(10), Right::Reveal));
  EXPECT_TRUE(may(rules, Right::Manage, ana(20), Right::Reveal));
  EXPECT_FALSE(may(rules, Right::Manage, ana(20), Right::Operate));
}

TEST(AdminRoutes, HaveEachEndpointOnceAndARightForManageWithoutGroups) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const AdminRoute& route : admin_routes()) {
    EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.path;
    EXPECT_TRUE(route.path.starts_with("/")) << route.path;
    EXPECT_NE(route.needs.without_manage, Right::Manage) << route.path;
    EXPECT_EQ(route.needs.right != Right::Manage, route.needs.right == route.needs.without_manage)
        << route.path;
    EXPECT_NE(route.answer == nullptr, route.stream == nullptr) << route.path;
    EXPECT_TRUE(!route.needs.open || route.method == "GET") << route.path;
    // Whoever learns an identity needs more than to operate.
    if (route.reads == AdminRoute::Reads::Identity) {
      EXPECT_EQ(route.needs.without_manage, Right::Reveal) << route.path;
    }
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST(AdminRoutes, NeedTheRightsThatWerePromised) {
  const std::map<std::string, std::pair<Right, Right>> promised{
      {"GET /api/v1/status", {Right::Operate, Right::Operate}},
      {"GET /api/v1/quarantine", {Right::Operate, Right::Operate}},
      {"POST /api/v1/reload", {Right::Operate, Right::Operate}},
      {"POST /api/v1/map/lookup", {Right::Reveal, Right::Reveal}},
      {"POST /api/v1/map/reveal", {Right::Reveal, Right::Reveal}},
      {"POST /api/v1/map/export", {Right::Manage, Right::Reveal}},
      {"POST /api/v1/map/forget", {Right::Manage, Right::Reveal}},
      {"POST /api/v1/map/alias", {Right::Manage, Right::Reveal}},
      {"POST /api/v1/study/{}/reassign", {Right::Manage, Right::Reveal}},
      {"POST /api/v1/quarantine/{}/release", {Right::Manage, Right::Operate}},
      {"POST /api/v1/key/rotate", {Right::Manage, Right::Operate}},
      {"POST /api/v1/backup", {Right::Manage, Right::Operate}}};
  std::map<std::string, std::pair<Right, Right>> found;
  for (const AdminRoute& route : admin_routes())
    found.emplace(std::string(route.method) + " " + std::string(route.path),
                  std::pair(route.needs.right, route.needs.without_manage));

  for (const auto& [endpoint, needs] : promised) {
    ASSERT_TRUE(found.contains(endpoint)) << endpoint;
    EXPECT_EQ(found[endpoint], needs) << endpoint;
  }
}

/// What is open is open to whoever reaches the port: each addition is a decision.
TEST(AdminRoutes, AreOpenOnlyWhereNothingIsSaid) {
  std::set<std::string> open;
  for (const AdminRoute& route : admin_routes())
    if (route.needs.open) open.insert(std::string(route.method) + " " + std::string(route.path));

  EXPECT_THAT(open, ElementsAre("GET /", "GET /api/v1/openapi.json", "GET /health/live",
                                "GET /health/ready", "GET /page/{}"));
}

TEST(AdminRoutes, AreFoundByMethodAndWholePath) {
  std::string named;
  const AdminRoute* release = find_admin_route("POST", "/api/v1/quarantine/ab/release", named);
  ASSERT_NE(release, nullptr);
  EXPECT_EQ(release->path, "/api/v1/quarantine/{}/release");
  EXPECT_EQ(named, "ab");

  for (const auto& [method, path] : {std::pair{"GET", "/api/v1/quarantine/ab/release"},
                                     {"GET", "/api/v1/quarantine/"},
                                     {"GET", "/api/v1/quarantine/a/b"},
                                     {"POST", "/api/v1/quarantine//release"},
                                     {"GET", "/api/v1/statusx"},
                                     {"get", "/api/v1/status"},
                                     {"GET", ""}})
    EXPECT_EQ(find_admin_route(method, path, named), nullptr) << method << path;
}

/// The document's lines "| `right` | ... |" of the section on rights.
std::map<std::string, std::string> documented() {
  std::ifstream in(DOSIGATE_SOURCE_DIR "/docs/http-api.md");
  std::map<std::string, std::string> out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) inside = line == "## Rights";
    const bool row = line.starts_with("| `") || line.starts_with("| none |");
    if (!inside || !row) continue;
    const auto bar = line.find('|', 1);
    out[line.substr(2, bar - 3)] = line.substr(bar);
  }
  return out;
}

TEST(AdminRoutes, StandInTheDocumentUnderTheirRight) {
  const auto rows = documented();
  std::size_t in_document = 0;
  for (const auto& [right, endpoints] : rows)
    for (const char* method : {"`GET ", "`POST "})
      for (auto at = endpoints.find(method); at != std::string::npos;
           at = endpoints.find(method, at + 1))
        ++in_document;

  for (const AdminRoute& route : admin_routes()) {
    std::string right = "`" + std::string(right_word(route.needs.right)) + "`";
    if (route.needs.open)
      right = "none";
    else if (route.needs.right == Right::Manage)
      right += ", else `" + std::string(right_word(route.needs.without_manage)) + "`";
    ASSERT_TRUE(rows.contains(right)) << right;
    constexpr std::string_view kApi = "/api/v1/";
    const auto shown = route.path.starts_with(kApi) ? route.path.substr(kApi.size()) : route.path;
    EXPECT_THAT(rows.at(right),
                HasSubstr("`" + std::string(route.method) + " " + std::string(shown) + "`"));
  }
  EXPECT_EQ(in_document, admin_routes().size()) << "and nothing else does";
}

TEST(AdminRoutes, StandInTheOpenApiDocumentWithTheirRight) {
  std::ifstream in(DOSIGATE_SOURCE_DIR "/conf/openapi.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const boost::json::value document = boost::json::parse(text);
  std::map<std::string, std::string> documented_rights, rights;
  for (const auto& [path, operations] : document.at("paths").as_object()) {
    // "{id}", as the document names it, is "{}" in the table.
    const std::string pattern =
        std::regex_replace(std::string(path), std::regex("\\{\\w+\\}"), "{}");
    for (const auto& [method, operation] : operations.as_object()) {
      std::string word(method);
      std::ranges::transform(word, word.begin(),
                             [](char c) { return static_cast<char>(c & ~0x20); });
      documented_rights[word + " " + pattern] = operation.at("x-right").as_string();
      EXPECT_EQ(operation.as_object().contains("security"),
                operation.at("x-right").as_string() == "none")
          << path << ": who needs no right is asked for no token";
    }
  }
  for (const AdminRoute& route : admin_routes())
    rights[std::string(route.method) + " " + std::string(route.path)] =
        route.needs.open ? "none" : std::string(right_word(route.needs.right));

  EXPECT_EQ(documented_rights, rights);
}

TEST(RateLimit, CountsEachUserWithinAnHourThatSlides) {
  RateLimit limit;
  const SteadyTime start{std::chrono::hours(100)};

  EXPECT_TRUE(limit.take("uid 1", 2, start));
  EXPECT_TRUE(limit.take("uid 1", 2, start + std::chrono::minutes(30)));
  EXPECT_FALSE(limit.take("uid 1", 2, start + std::chrono::minutes(59)));
  EXPECT_TRUE(limit.take("uid 2", 2, start + std::chrono::minutes(59)));
  EXPECT_TRUE(limit.take("uid 1", 2, start + std::chrono::minutes(60)));
  EXPECT_FALSE(limit.take("uid 1", 2, start + std::chrono::minutes(89)));
  EXPECT_TRUE(limit.take("uid 1", 2, start + std::chrono::minutes(90)));
}

TEST(RequestRate, HoldsAMinutesWorthAndFillsSteadily) {
  RequestRate rate;
  const SteadyTime start{std::chrono::hours(100)};

  for (int i = 0; i < 60; ++i) EXPECT_FALSE(rate.take("a", 60, start)) << i;
  EXPECT_EQ(rate.take("a", 60, start), std::chrono::seconds(1));
  EXPECT_FALSE(rate.take("b", 60, start)) << "each for itself";
  EXPECT_FALSE(rate.take("a", 60, start + std::chrono::seconds(1)));
  EXPECT_TRUE(rate.take("a", 60, start + std::chrono::seconds(1)));
  EXPECT_EQ(RequestRate().take("a", 2, start), std::nullopt);
  RequestRate slow;
  EXPECT_FALSE(slow.take("a", 2, start));
  EXPECT_FALSE(slow.take("a", 2, start));
  EXPECT_EQ(slow.take("a", 2, start), std::chrono::seconds(30));
}

TEST(RequestRate, StaysBoundedWhenAddressesAreEndless) {
  RequestRate rate;
  const SteadyTime start{std::chrono::hours(100)};

  for (int i = 0; i < 4096; ++i) EXPECT_FALSE(rate.take("address " + std::to_string(i), 2, start));
  EXPECT_FALSE(rate.take("address x", 2, start)) << "together with other new ones";
  EXPECT_FALSE(rate.take("address y", 2, start));
  EXPECT_TRUE(rate.take("address z", 2, start));
  EXPECT_FALSE(rate.take("address 7", 2, start)) << "who is known has his own";
  EXPECT_FALSE(rate.take("address z", 2, start + std::chrono::minutes(5)));
}

}  // namespace
}  // namespace dosigate
