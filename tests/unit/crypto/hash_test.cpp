#include "dosigate/crypto/hash.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace dosigate {
namespace {

Secret counting_key() {
  Bytes key(Secret::kSize);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<Byte>(i);
  return Secret(key);
}

TEST(KeyedHash, IsFixedForEver) {
  // Computed with Python's hmac over 01 | u64 5 | "label" | u64 2 | "ab" | u64 1 | "c". Blind
  // indexes and UIDs depend on it: a change here would separate every patient from his earlier
  // cycles.
  EXPECT_EQ(to_hex(keyed_hash(counting_key(), "label", {as_bytes("ab"), as_bytes("c")})),
            "950508995f3ecc08ac3912776fcb80a4002c06ce467551fe3927a5e0596dc04f");
}

TEST(KeyedHash, TellsPartsLabelsAndKeysApart) {
  const Secret key = counting_key();
  const std::set<Digest> all = {keyed_hash(key, "l", {as_bytes("ab"), as_bytes("c")}),
                                keyed_hash(key, "l", {as_bytes("a"), as_bytes("bc")}),
                                keyed_hash(key, "l", {as_bytes("abc")}),
                                keyed_hash(key, "l", {as_bytes("abc"), as_bytes("")}),
                                keyed_hash(key, "m", {as_bytes("abc")}),
                                keyed_hash(key, "la", {as_bytes("bc")}),
                                keyed_hash(random_secret(), "l", {as_bytes("abc")})};

  EXPECT_EQ(all.size(), 7U);
}

TEST(PlainDigest, DoesNotDependOnHowTheContentWasCut) {
  PlainDigest pieces;

  pieces.add(as_bytes("a"));
  pieces.add({});
  pieces.add(as_bytes("bc"));

  EXPECT_EQ(pieces.finish(), sha256(as_bytes("abc")));
}

TEST(Sha256, AgreesWithThePublishedVector) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(RandomBetween, ReachesBothEndsAndNothingOutside) {
  std::set<std::int64_t> seen;
  for (int i = 0; i < 500; ++i) seen.insert(random_between(-3, 3));

  EXPECT_EQ(seen, (std::set<std::int64_t>{-3, -2, -1, 0, 1, 2,
                                          3}));  // misses one with probability below 1e-32
}

TEST(RandomBetween, TakesTheWholeRangeAndASingleValue) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();

  EXPECT_NE(random_between(lowest, highest), random_between(lowest, highest));
  EXPECT_EQ(random_between(highest, highest), highest);
  EXPECT_EQ(random_between(lowest, lowest), lowest);
  EXPECT_THROW(random_between(1, 0), std::invalid_argument);
}

}  // namespace
}  // namespace dosigate
