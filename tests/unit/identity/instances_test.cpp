// What was sent on of a study: versions of an instance, their series, and what an earlier program
// left.

#include <gtest/gtest.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dosigate/crypto/seal.h"
#include "dosigate/identity/fingerprint.h"
#include "map_fixture.h"

namespace dosigate::testing {
namespace {

constexpr const char* kPet = "1.2.840.10008.5.1.4.1.1.128";
constexpr const char* kInstance = "1.2.840.7777.1";
constexpr const char* kSeries = "1.2.840.5555.1";

PairBatch version_of(const Subject& subject, std::uint32_t revision) {
  PairBatch batch;
  batch.study = subject.study;
  batch.sop_uid = map_uid(*subject.salt, 0, kInstance);
  batch.fingerprint.fill(static_cast<Byte>(revision + 1));
  batch.revision = revision;
  batch.sent_uid = map_revised_uid(*subject.salt, 0, revision, kInstance);
  batch.series_uid = map_revised_uid(*subject.salt, 0, revision, kSeries);
  batch.sop_class_uid = kPet;
  batch.pairs = {{Phi(kInstance), batch.sent_uid}, {Phi(kSeries), batch.series_uid}};
  return batch;
}

Result<void> absorb(PseudonymMap& map, const PairBatch& batch, Byte id = 1) {
  return map.absorb({{InstanceId{id}, map.seal_pairs(InstanceId{id}, batch)}});
}

/// As a program before map version 4 sealed it into a spool file.
Bytes format_one(const Keyring& keys, const InstanceId& id, const PairBatch& batch) {
  Packer out;
  out.u8(1).i64(batch.study).text(batch.sop_uid).bytes(batch.fingerprint).u32(0);
  return seal(keys, Purpose::Identity, out.view(), "pairs/" + to_hex(id));
}

TEST(SentObjects, NameSeriesClassAndUidOfEveryVersionAsItWentOut) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  const PairBatch first = version_of(subject, 0), revised = version_of(subject, 1);

  ASSERT_TRUE(absorb(*map, first, 1));
  ASSERT_TRUE(absorb(*map, revised, 2));

  const auto sent = map->sent_objects(subject.study_uid);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->unlisted, 0U);
  ASSERT_EQ(sent->objects.size(), 2U);
  EXPECT_EQ(sent->objects[0].sop_uid, first.sop_uid);
  EXPECT_EQ(sent->objects[0].series_uid, first.series_uid);
  EXPECT_EQ(sent->objects[0].sop_class_uid, kPet);
  EXPECT_EQ(sent->objects[0].revision, 0U);
  EXPECT_EQ(sent->objects[1].sop_uid, revised.sent_uid);
  EXPECT_EQ(sent->objects[1].series_uid, revised.series_uid);
  EXPECT_EQ(sent->objects[1].revision, 1U);
  EXPECT_EQ(sent->objects[1].first_uid, first.sop_uid);
}

TEST(SentObjects, OfAnUnknownStudyAreNotFound) {
  Node node;
  const auto map = node.open();

  EXPECT_EQ(map->sent_objects("2.25.1").error().fault, Fault::NotFound);
}

TEST(Seen, TellsEveryVersionInTheOrderOfTheirNumbers) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());

  ASSERT_TRUE(absorb(*map, version_of(subject, 1), 2));
  ASSERT_TRUE(absorb(*map, version_of(subject, 0), 1));

  const auto known = map->seen(subject.study, version_of(subject, 0).sop_uid);
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].revision, 0U);
  EXPECT_EQ(known[0].fingerprint, version_of(subject, 0).fingerprint);
  EXPECT_EQ(known[1].revision, 1U);
  EXPECT_EQ(known[1].fingerprint, version_of(subject, 1).fingerprint);
}

TEST(Pairs, AbsorbedAgainChangeNothing) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  ASSERT_TRUE(absorb(*map, version_of(subject, 0)));
  PairBatch elsewhere = version_of(subject, 0);
  elsewhere.fingerprint.fill(99);
  elsewhere.series_uid = map_uid(*subject.salt, 0, "1.2.840.5555.2");

  ASSERT_TRUE(absorb(*map, version_of(subject, 0)));
  ASSERT_TRUE(absorb(*map, elsewhere));

  const auto sent = map->sent_objects(subject.study_uid);
  ASSERT_EQ(sent->objects.size(), 1U);
  EXPECT_EQ(sent->objects[0].series_uid, version_of(subject, 0).series_uid);
  EXPECT_EQ(map->seen(subject.study, elsewhere.sop_uid).at(0).fingerprint,
            version_of(subject, 0).fingerprint);
}

TEST(Pairs, OfAnEarlierProgramAreTakenInAndListedOnceTheInstanceComesAgain) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  const InstanceId old{7};

  ASSERT_TRUE(map->absorb({{old, format_one(*node.keys, old, version_of(subject, 0))}}));
  const auto before = map->sent_objects(subject.study_uid);
  ASSERT_TRUE(absorb(*map, version_of(subject, 0)));
  const auto after = map->sent_objects(subject.study_uid);

  EXPECT_EQ(before->unlisted, 1U);
  EXPECT_TRUE(before->objects.empty());
  EXPECT_EQ(after->unlisted, 0U);
  ASSERT_EQ(after->objects.size(), 1U);
  EXPECT_EQ(after->objects[0].series_uid, version_of(subject, 0).series_uid);
}

TEST(Pairs, UnderRetainedUidsAreCountedButCannotBeListed) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  PairBatch retained = version_of(subject, 0);
  retained.sent_uid.clear();
  retained.series_uid.clear();

  ASSERT_TRUE(absorb(*map, retained));

  EXPECT_EQ(map->sent_objects(subject.study_uid)->unlisted, 1U);
}

TEST(Pairs, ThatNameASeriesOfAnotherMakerAreRefusedBeforeTheyAreSealed) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  PairBatch batch = version_of(subject, 0);
  batch.series_uid = kSeries;

  EXPECT_THROW((void)map->seal_pairs(InstanceId{1}, batch), std::invalid_argument);
}

TEST(Pairs, KeepOneRowForTheSlicesOfASeries) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());
  for (Byte i = 1; i <= 3; ++i) {
    PairBatch slice = version_of(subject, 0);
    slice.sop_uid = slice.sent_uid =
        map_uid(*subject.salt, 0, "1.2.840.7777." + std::to_string(int{i}));
    ASSERT_TRUE(absorb(*map, slice, i));
  }

  SQLite::Database database(node.map_db());
  SQLite::Statement parts(database, "SELECT count(*) FROM part");
  SQLite::Statement sent(database, "SELECT count(*) FROM instance WHERE sent IS NULL");

  ASSERT_TRUE(parts.executeStep() && sent.executeStep());
  EXPECT_EQ(parts.getColumn(0).getInt(), 1);
  EXPECT_EQ(sent.getColumn(0).getInt(), 3);
}

TEST(MakeFingerprint, SaysWhetherPixelsOrInputsDiffer) {
  const Secret salt = test_master();
  const auto print = [&](std::string_view pixels, std::string_view inputs) {
    PixelDigest digest(salt);
    for (const char& byte : pixels) digest.add(as_bytes({&byte, 1}));
    return make_fingerprint(salt, PixelForm::NativeLittleEndian, digest.finish(), as_bytes(inputs));
  };
  const Fingerprint base = print("pixels", "weight 70");

  const auto same = difference(base, print("pixels", "weight 70"));
  const auto weight = difference(base, print("pixels", "weight 71"));
  const auto pixels = difference(base, print("pixelS", "weight 70"));

  EXPECT_FALSE(same.pixels || same.inputs);
  EXPECT_TRUE(weight.inputs && !weight.pixels);
  EXPECT_TRUE(pixels.pixels && !pixels.inputs);

  Fingerprint older = base;
  older[0] = 2;
  EXPECT_TRUE(base == print("pixels", "weight 70") && same.comparable && pixels.comparable);
  EXPECT_FALSE(difference(older, base).comparable);
  EXPECT_FALSE(difference(older, print("pixelS", "weight 70")).pixels) << "nobody knows";
  EXPECT_TRUE(difference(older, print("pixels", "weight 71")).inputs);
}

}  // namespace
}  // namespace dosigate::testing
