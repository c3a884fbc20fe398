#include "dosigate/identity/subject.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

namespace dosigate {
namespace {

Secret counting_salt(Byte first = 0) {
  std::array<Byte, Secret::kSize> bytes;
  std::iota(bytes.begin(), bytes.end(), first);
  return Secret(bytes);
}

// Computed once with Python's hmac and int.from_bytes. If this fails, every patient at the archive
// is split in two.
TEST(MapUid, GivesTheKnownUidForAKnownSalt) {
  const Secret salt = counting_salt();

  EXPECT_EQ(map_uid(salt, 0, "1.2.840.113619.2.55.3"),
            "2.25.267753620040023806338565933892681775963");
  EXPECT_EQ(map_uid(salt, 1, "1.2.840.113619.2.55.3"),
            "2.25.27625714108890089143111496121895894102");
}

TEST(MapUid, TakesLeadingZerosOfAComponentAsSignificant) {
  EXPECT_EQ(map_uid(counting_salt(), 0, "1.2.840.113619.2.55.03"),
            "2.25.157968087227342828688135410510132502778");
}

TEST(MapUid, IgnoresPaddingAtTheEnd) {
  const Secret salt = counting_salt();
  const std::string plain = map_uid(salt, 0, "1.2.3.4");

  EXPECT_EQ(map_uid(salt, 0, std::string_view("1.2.3.4\0", 8)), plain);
  EXPECT_EQ(map_uid(salt, 0, "1.2.3.4 "), plain);
  EXPECT_NE(map_uid(salt, 0, " 1.2.3.4"), plain);
}

TEST(MapUid, GivesEmptyForEmpty) {
  EXPECT_EQ(map_uid(counting_salt(), 0, ""), "");
  EXPECT_EQ(map_uid(counting_salt(), 0, std::string_view(" \0", 2)), "");
}

TEST(MapUid, DiffersBetweenSalts) {
  EXPECT_NE(map_uid(counting_salt(0), 0, "1.2.3"), map_uid(counting_salt(1), 0, "1.2.3"));
}

TEST(MapUid, TenThousandAreValidDifferentAndVersion8) {
  const Secret salt = counting_salt();
  std::set<std::string> seen;

  for (int i = 0; i < 10'000; ++i) {
    const std::string uid = map_uid(salt, 0, "1.2.840.10008." + std::to_string(i));

    ASSERT_LE(uid.size(), 44U);
    ASSERT_EQ(uid.find_first_not_of("0123456789."), std::string::npos);
    ASSERT_NE(uid[5], '0');
    const auto uuid = uuid_of(uid);
    ASSERT_EQ(uuid[6] >> 4, 8);
    ASSERT_EQ(uuid[8] >> 6, 2);
    seen.insert(uid);
  }

  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(MapRevisedUid, GivesTheKnownUidForAKnownSalt) {
  EXPECT_EQ(map_revised_uid(counting_salt(), 0, 1, "1.2.840.113619.2.55.3"),
            "2.25.121365721557531990943271523447314755748");
}

TEST(MapRevisedUid, DiffersByRevisionOfInstanceAndStudyAndIsThePlainOneForZero) {
  const Secret salt = counting_salt();
  const std::set<std::string> uids{map_revised_uid(salt, 0, 0, "1.2.3"),
                                   map_revised_uid(salt, 0, 1, "1.2.3"),
                                   map_revised_uid(salt, 0, 2, "1.2.3"),
                                   map_revised_uid(salt, 1, 1, "1.2.3"), map_uid(salt, 1, "1.2.3")};

  EXPECT_EQ(uids.size(), 5U);
  EXPECT_EQ(map_revised_uid(salt, 3, 0, "1.2.3"), map_uid(salt, 3, "1.2.3"));
  EXPECT_EQ(map_revised_uid(salt, 0, 1, "1.2.3 "), map_revised_uid(salt, 0, 1, "1.2.3"));
  EXPECT_EQ(map_revised_uid(salt, 0, 1, ""), "");
}

TEST(UidOf, IsTheOtherWayRoundOfUuidOf) {
  const std::string uid = map_uid(counting_salt(), 0, "1.2.3");

  EXPECT_EQ(uid_of(uuid_of(uid)), uid);
  EXPECT_NO_THROW((void)uuid_of(uid_of({})));
}

TEST(UidOf, WritesTheWholeNumberInDecimal) {
  const auto uid = [](std::uint64_t high, std::uint64_t low) {
    std::array<Byte, 16> uuid{};
    for (std::size_t i = 0; i < 8; ++i) {
      uuid[i] = static_cast<Byte>(high >> (56 - 8 * i));
      uuid[8 + i] = static_cast<Byte>(low >> (56 - 8 * i));
    }
    return uid_of(uuid);
  };
  EXPECT_EQ(uid(0, 0), "2.25.604472133179351442128896");
  EXPECT_EQ(uid(0x00147066AC318EA6, 0xB0E6292BF93F06C1),
            "2.25.106125701610214700000000000000984769");
  EXPECT_EQ(uid(0x96769950C5E088FE, 0xA9D7E41EB487CDFF),
            "2.25.200000000005206843700411350822685232639");
  EXPECT_EQ(uid(0xFFFFFFFFFFFF8FFF, 0xBFFFFFFFFFFFFFFF),
            "2.25.340282366920937934553716840013076889599");
}

TEST(FreshUid, IsOneOfThisProgramsMakingAndNeverTheSame) {
  std::set<std::string> seen;

  for (int i = 0; i < 1000; ++i) {
    const std::string uid = fresh_uid();
    EXPECT_EQ(uid_of(uuid_of(uid)), uid);
    seen.insert(uid);
  }

  EXPECT_EQ(seen.size(), 1000U);
}

TEST(UuidOf, RefusesUidsOfOtherMakers) {
  for (const char* uid : {"", "2.25.", "2.25.0", "2.25.1", "1.2.840.10008.1.1", "2.25.12a",
                          "2.25.0267753620040023806338565933892681775963",
                          "2.25.999999999999999999999999999999999999999",
                          "2.25.2677536200400238063385659338926817759630"}) {
    EXPECT_THROW((void)uuid_of(uid), std::invalid_argument) << uid;
  }
}

TEST(MapLabel, IsTenSymbolsAndDependsOnSaltKindAndOriginal) {
  const std::string label = map_label(counting_salt(), "study-id", "4711");

  EXPECT_EQ(label, "8QME2XBPNP");
  EXPECT_NE(map_label(counting_salt(1), "study-id", "4711"), label);
  EXPECT_NE(map_label(counting_salt(), "accession", "4711"), label);
  EXPECT_NE(map_label(counting_salt(), "study-id", "4712"), label);
  EXPECT_EQ(map_label(counting_salt(), "study-id", "").size(), 10U);
}

TEST(IdNormalisation, TextReadsBackAndUnknownTextIsRefused) {
  const IdNormalisation all{true, true, true};

  EXPECT_EQ(all.text(), "trim+upper+zeros+punctuation");
  ASSERT_TRUE(IdNormalisation::parse(all.text()).has_value());
  EXPECT_EQ(IdNormalisation::parse(all.text())->text(), all.text());
  EXPECT_EQ(IdNormalisation::parse("trim")->text(), "trim");
  EXPECT_FALSE(IdNormalisation::parse("trim+rot13").has_value());
}

}  // namespace
}  // namespace dosigate
