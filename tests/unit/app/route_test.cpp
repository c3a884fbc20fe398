#include <gtest/gtest.h>

#include "config_file.h"

namespace dosigate {
namespace {

using testing::ConfigFile;

Config with_routes(const std::string& routes) {
  const ConfigFile file("[node]\nae_title = \"GATE\"\n" + routes);
  auto config = file.load();
  EXPECT_TRUE(config) << file.errors();
  return config ? std::move(*config) : Config{};
}

std::string route(const std::string& name, const std::string& keys) {
  return "[[route]]\nname = \"" + name + "\"\nsite = \"HC\"\n" + keys + "\n";
}

std::string found(const Config& config, const char* called, const char* calling,
                  const char* address) {
  const Config::Route* best = find_route(config, called, calling, address);
  return best == nullptr ? "none" : best->name;
}

TEST(Route, AnExactCalledTitleComesBeforeAPatternBeforeAny) {
  const Config config = with_routes(route("any", "") + route("pattern", "called_ae = [\"PET*\"]") +
                                    route("exact", "called_ae = [\"PET1\"]"));

  EXPECT_EQ(found(config, "PET1", "PACS", "10.0.0.1"), "exact");
  EXPECT_EQ(found(config, "PET2", "PACS", "10.0.0.1"), "pattern");
  EXPECT_EQ(found(config, "NM", "PACS", "10.0.0.1"), "any");
}

TEST(Route, TheCalledTitleWeighsMoreThanTheCallingOne) {
  const Config config =
      with_routes(route("called", "called_ae = [\"PET\"]") +
                  route("calling", "calling_ae = [\"PACS\"]\nfrom = [\"10.0.0.1\"]"));

  EXPECT_EQ(found(config, "PET", "PACS", "10.0.0.1"), "called");
}

TEST(Route, AnExactCallingTitleComesBeforeAPatternBeforeAny) {
  const Config config =
      with_routes(route("any", "") + route("pattern", "calling_ae = [\"PACS?\"]") +
                  route("exact", "calling_ae = [\"PACS1\"]"));

  EXPECT_EQ(found(config, "X", "PACS1", "10.0.0.1"), "exact");
  EXPECT_EQ(found(config, "X", "PACS2", "10.0.0.1"), "pattern");
  EXPECT_EQ(found(config, "X", "PACS22", "10.0.0.1"), "any");
}

TEST(Route, TheLongestNetworkWins) {
  const Config config = with_routes(route("any", "") + route("wide", "from = [\"10.0.0.0/8\"]") +
                                    route("narrow", "from = [\"10.1.0.0/16\", \"192.168.1.5\"]"));

  EXPECT_EQ(found(config, "X", "Y", "10.1.2.3"), "narrow");
  EXPECT_EQ(found(config, "X", "Y", "192.168.1.5"), "narrow");
  EXPECT_EQ(found(config, "X", "Y", "10.2.2.3"), "wide");
  EXPECT_EQ(found(config, "X", "Y", "172.16.0.1"), "any");
  EXPECT_EQ(found(config, "X", "Y", "fd00::1"), "any");
}

TEST(Route, WhoFitsNoRouteGetsNone) {
  const Config config = with_routes(
      route("r", "called_ae = [\"PET\"]\ncalling_ae = [\"PACS\"]\nfrom = [\"10.0.0.0/8\"]"));

  EXPECT_EQ(found(config, "PET", "PACS", "10.0.0.1"), "r");
  EXPECT_EQ(found(config, "NM", "PACS", "10.0.0.1"), "none");
  EXPECT_EQ(found(config, "PET", "OTHER", "10.0.0.1"), "none");
  EXPECT_EQ(found(config, "PET", "PACS", "11.0.0.1"), "none");
  EXPECT_EQ(found(config, "PET", "PACS", "not an address"), "none");
}

TEST(Route, SpacesAroundTitlesAreInsignificant) {
  const Config config = with_routes(route("r", "called_ae = [\"PET\"]\ncalling_ae = [\"PACS\"]"));

  EXPECT_EQ(found(config, " PET            ", "PACS ", "10.0.0.1"), "r");
}

TEST(Route, LettersOfAnotherCaseAreAnotherTitle) {
  const Config config = with_routes(route("r", "called_ae = [\"PET\"]"));

  EXPECT_EQ(found(config, "pet", "PACS", "10.0.0.1"), "none");
}

TEST(Route, TheNodeAnswersToItsTitleAndToThoseOfItsRoutes) {
  const Config config = with_routes(route("r", "called_ae = [\"PET\", \"NM?\"]"));

  EXPECT_TRUE(answers_to(config, "GATE"));
  EXPECT_TRUE(answers_to(config, "PET "));
  EXPECT_TRUE(answers_to(config, "NM1"));
  EXPECT_FALSE(answers_to(config, "CT"));
}

TEST(Route, RoutesThatNoAssociationCanFitAlikeAreNoConflict) {
  const std::string first =
      route("a", "called_ae = [\"PET\"]\ncalling_ae = [\"P*\"]\nfrom = [\"10.0.0.0/8\"]");

  EXPECT_TRUE(
      ConfigFile(first +
                 route("b", "called_ae = [\"NM\"]\ncalling_ae = [\"P*\"]\nfrom = [\"10.0.0.0/8\"]"))
          .load());
  EXPECT_TRUE(
      ConfigFile(
          first +
          route("b", "called_ae = [\"PET\"]\ncalling_ae = [\"Q*\"]\nfrom = [\"10.0.0.0/8\"]"))
          .load());
  EXPECT_TRUE(
      ConfigFile(
          first +
          route("b", "called_ae = [\"PET\"]\ncalling_ae = [\"P*\"]\nfrom = [\"11.0.0.0/8\"]"))
          .load());
  EXPECT_TRUE(
      ConfigFile(
          first +
          route("b", "called_ae = [\"PET\"]\ncalling_ae = [\"P*\"]\nfrom = [\"10.0.0.0/9\"]"))
          .load());
  EXPECT_TRUE(
      ConfigFile(first + route("b", "called_ae = [\"PET\"]\ncalling_ae = [\"P*\"]")).load());
}

TEST(Route, OverlappingPatternsOfEqualRankAreAConflict) {
  const std::string first = route("a", "called_ae = [\"PET*\"]\nfrom = [\"10.0.0.0/8\"]");
  const std::string errors =
      ConfigFile(first + route("b", "called_ae = [\"*1\"]\nfrom = [\"10.0.0.0/8\"]")).errors();

  EXPECT_NE(
      errors.find("\"b\" and \"a\" (line 1) are equally specific: called_ae \"*1\" and \"PET*\""),
      std::string::npos)
      << errors;
}

TEST(Route, PatternsWithoutACommonTitleAreNoConflict) {
  EXPECT_TRUE(ConfigFile(route("a", "called_ae = [\"PET*\"]") + route("b", "called_ae = [\"CT*\"]"))
                  .load());
  EXPECT_TRUE(
      ConfigFile(route("a", "called_ae = [\"PET?\"]") + route("b", "called_ae = [\"PET??\"]"))
          .load());
}

TEST(AeMatches, StarAndQuestionMarkAsInAShell) {
  EXPECT_TRUE(ae_matches("*", ""));
  EXPECT_TRUE(ae_matches("P*T*", "PEXTRA"));
  EXPECT_TRUE(ae_matches("*A*A", "AAA"));
  EXPECT_FALSE(ae_matches("*A*A", "A"));
  EXPECT_FALSE(ae_matches("P?T", "PT"));
  EXPECT_TRUE(ae_matches("PET", " PET "));
}

TEST(Network, HoldsTheAddressesOfItsPrefixOnly) {
  EXPECT_TRUE(parse_network("10.1.0.0/16")->contains("10.1.255.255"));
  EXPECT_FALSE(parse_network("10.1.0.0/16")->contains("10.2.0.0"));
  EXPECT_TRUE(parse_network("192.168.1.5")->contains("192.168.1.5"));
  EXPECT_FALSE(parse_network("192.168.1.5")->contains("192.168.1.4"));
  EXPECT_TRUE(parse_network("10.128.0.0/9")->contains("10.200.0.1"));
  EXPECT_FALSE(parse_network("10.128.0.0/9")->contains("10.127.0.1"));
  EXPECT_TRUE(parse_network("fd00::/8")->contains("fd12::1"));
  EXPECT_TRUE(parse_network("fe80::/10")->contains("fe80::1%eth0"));
  EXPECT_TRUE(parse_network("0.0.0.0/0")->contains("1.2.3.4"));
  EXPECT_FALSE(parse_network("0.0.0.0/0")->contains("2001:db8::1"));
}

TEST(Network, TakesAnIPv4PeerOfAnIPv6ListenerAsIPv4) {
  EXPECT_TRUE(parse_network("10.1.0.0/16")->contains("::ffff:10.1.2.3"));
}

}  // namespace
}  // namespace dosigate
