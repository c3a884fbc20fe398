// Two ids that seem to be one person's: an alarm that a person answers.

#include <gtest/gtest.h>

#include "map_rows_text.h"

namespace dosigate::testing {
namespace {

Source other(const std::string& id) {
  return Source().id(id).study("1.2.3." + id).name("COSTA^ANA").born("19800101");
}

void expect_alarms(PseudonymMap& map, long long count) {
  EXPECT_EQ(map.alarms(), count);
  EXPECT_EQ(map.alarm_list(100).size(), static_cast<std::size_t>(count));
}

TEST(Alarm, SaysWhoSeemsToBeOneAndWhy) {
  Node node;
  const auto map = node.open();
  const Subject a = resolve(*map, Source().other_id("529.982.247-25").other_id("898000000043208"));
  const Subject b = resolve(
      *map,
      Source().id("PID-2").study("1.2.3.2").other_id("898000000043208").other_id("52998224725"));

  const auto alarms = map->alarm_list(10);

  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].a, a.pseudonym);
  EXPECT_EQ(alarms[0].b, b.pseudonym);
  EXPECT_EQ(alarms[0].why, "name, birth date and sex + CPF + CNS");
  expect_alarms(*map, 1);
}

TEST(Alarm, IsRaisedByTheCpfForANameChangedByMarriage) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source().name("SILVA^ANA CLARA").born("19900412").other_id("529.982.247-25"));

  resolve(*map, Source()
                    .id("PID-2")
                    .study("1.2.3.2")
                    .name("PEREIRA^ANA CLARA")
                    .born("19900412")
                    .other_id("52998224725"));

  expect_alarms(*map, 1);
  EXPECT_EQ(map->alarm_list(1).at(0).why, "CPF");
}

TEST(Alarm, IsRaisedForOneNameInAnotherSpellingOrderAndCase) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source().name("CONCEIÇÃO SOUSA^MARIA DA"));

  resolve(*map, Source().id("PID-2").study("1.2.3.2").name("Maria da Conceicao de Sousa"));

  expect_alarms(*map, 1);
}

TEST(Alarm, IsNotRaisedForANewbornAndItsMother) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source().name("SILVA^MARIA").born("19900412"));

  resolve(*map, Source().id("PID-2").study("1.2.3.2").name("RN DE MARIA SILVA").born("20260901"));

  expect_alarms(*map, 0);
}

TEST(Alarm, IsNotRaisedForTwins) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source().name("RN I DE MARIA SILVA").born("20260901"));

  resolve(*map,
          Source().id("PID-2").study("1.2.3.2").name("RN II DE MARIA SILVA").born("20260901"));

  expect_alarms(*map, 0);
}

TEST(Alarm, IsNotRaisedForAnEqualIdInTwoDomains) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());

  resolve(*map, Source().issuer("CLINIC-B").study("1.2.3.2").name("COSTA^ANA"));

  expect_alarms(*map, 0);
}

TEST(Alarm, IsOnePerPairHoweverManyReasonsComeOneAfterTheOther) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source().other_id("529.982.247-25").other_id("898000000043208"));
  resolve(*map, other("PID-2").other_id("529.982.247-25"));
  expect_alarms(*map, 1);

  // Neither instance says all that is known by now.
  resolve(*map, other("PID-2").other_id("898000000043208"));

  expect_alarms(*map, 1);
}

TEST(Alarm, EndsWhenAPersonDeclaresTheTwoDistinctAndStaysSo) {
  Node node;
  {
    const auto map = node.open();
    const Subject a = resolve(*map, Source().other_id("529.982.247-25"));
    const Subject b = resolve(*map, Source().id("PID-2").study("1.2.3.2"));
    expect_alarms(*map, 1);

    must(map->declare_distinct(b.pseudonym, a.pseudonym));

    expect_alarms(*map, 0);
    resolve(*map, Source().id("PID-2").study("1.2.3.2").other_id("529.982.247-25"));
    expect_alarms(*map, 0);
  }
  expect_alarms(*node.open(), 0);
}

TEST(Alarm, IsDeclaredDistinctOfTwoKnownPatientsOnly) {
  Node node;
  const auto map = node.open();
  const std::string a = resolve(*map, Source()).pseudonym;

  EXPECT_EQ(map->declare_distinct(a, a).error().fault, Fault::Invalid);
  EXPECT_EQ(map->declare_distinct(a, make_pseudonym("HA")).error().fault, Fault::NotFound);
}

TEST(Alarm, EndsWithAJoinAndWithForgetting) {
  Node node;
  const auto map = node.open();
  const std::string a = resolve(*map, Source()).pseudonym;
  const std::string b = resolve(*map, Source().id("PID-2").study("1.2.3.2")).pseudonym;
  const std::string c = resolve(*map, Source().id("PID-3").study("1.2.3.3")).pseudonym;
  expect_alarms(*map, 3);

  must_be(map->join(a, b));
  expect_alarms(*map, 1);
  must(map->forget(c));

  expect_alarms(*map, 0);
}

TEST(Alarm, OfTwoWhoAreTwoStaysSilentWhenOneOfThemIsJoined) {
  Node node;
  const auto map = node.open();
  const std::string a = resolve(*map, Source()).pseudonym;
  const std::string b = resolve(*map, Source().id("PID-2").study("1.2.3.2")).pseudonym;
  const std::string c = resolve(*map, other("PID-3")).pseudonym;
  must(map->declare_distinct(a, b));

  must_be(map->join(c, b));

  expect_alarms(*map, 0);
}

TEST(Alarm, ListsTheOldestFirstUpToTheNumberAskedFor) {
  Node node;
  const auto map = node.open();
  const std::string a = resolve(*map, Source()).pseudonym;
  const std::string b = resolve(*map, Source().id("PID-2").study("1.2.3.2")).pseudonym;
  resolve(*map, Source().id("PID-3").study("1.2.3.3"));

  const auto alarms = map->alarm_list(1);

  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].a, a);
  EXPECT_EQ(alarms[0].b, b);
  EXPECT_TRUE(map->alarm_list(0).empty());
}

}  // namespace
}  // namespace dosigate::testing
