#include "dosigate/quarantine/quarantine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using testing::Keys;

constexpr std::uint64_t kCap = 10'000'000;
constexpr std::string_view kMarker = "MARKER^PLANTED";

ReceivedInstance received(std::size_t size) {
  ReceivedInstance out;
  out.origin = {"DOSIGATE", "CAMERA1", "10.1.2.3", "main"};
  out.sop_class_uid = "1.2.840.10008.5.1.4.1.1.7";
  out.sop_instance_uid = Phi("1.2.3.4.77777777.5");
  out.transfer_syntax_uid = "1.2.840.10008.1.2.1";
  out.data_set.resize(size);
  for (std::size_t i = 0; i < size; ++i)
    out.data_set[i] = static_cast<Byte>(kMarker[i % kMarker.size()]);
  return out;
}

WallClock clock_at(std::uint64_t unix_seconds) {
  return [unix_seconds] { return WallTime(std::chrono::seconds(unix_seconds)); };
}

struct Ward {
  Keys keys;
  std::filesystem::path directory = keys.dir.path / "quarantine";
  std::filesystem::path file(const InstanceId& id) const {
    return directory / (to_hex(id) + ".dsq");
  }
};

TEST(Quarantine, GivesTheOriginalBackByteForByte) {
  const Ward ward;
  const ReceivedInstance in = received(300'001);
  const InstanceId id = random_id();
  ASSERT_TRUE(
      Quarantine(ward.directory, ward.keys.keyring, kCap).hold(id, in, "burned-in", "(0028,0301)"));

  const auto out = Quarantine(ward.directory, ward.keys.keyring, kCap).original(id);

  ASSERT_TRUE(out);
  EXPECT_EQ(out->data_set, in.data_set);
  EXPECT_EQ(out->sop_class_uid, in.sop_class_uid);
  EXPECT_EQ(out->sop_instance_uid, in.sop_instance_uid);
  EXPECT_EQ(out->transfer_syntax_uid, in.transfer_syntax_uid);
  EXPECT_EQ(out->origin.calling_ae, "CAMERA1");
  EXPECT_EQ(out->origin.route, "main");
}

TEST(Quarantine, ShowsNothingOfTheOriginalOnDisk) {
  const Ward ward;
  const InstanceId id = random_id();
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap)
                  .hold(id, received(1'000), "burned-in", "(0028,0301)"));

  const Bytes file = read_file(ward.file(id));
  for (const std::string_view planted :
       {kMarker, std::string_view("77777777"), std::string_view("burned-in"),
        std::string_view("CAMERA1")})
    EXPECT_FALSE(testing::holds_bytes(file, as_bytes(planted))) << planted;
}

TEST(Quarantine, ListsTheOldestFirst) {
  const Ward ward;
  const InstanceId younger = random_id();
  const InstanceId older = random_id();
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap, clock_at(2'000))
                  .hold(younger, received(10), "b", ""));
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap, clock_at(1'000))
                  .hold(older, received(20), "a", "d"));
  const Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);

  const auto entries = quarantine.list();

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].id, older);
  EXPECT_EQ(entries[0].reason, "a");
  EXPECT_EQ(entries[0].detail, "d");
  EXPECT_EQ(entries[0].held_unix, 1'000U);
  EXPECT_EQ(entries[0].bytes, std::filesystem::file_size(ward.file(older)));
  EXPECT_EQ(entries[1].id, younger);
  EXPECT_EQ(quarantine.totals().count, 2U);
  EXPECT_EQ(quarantine.totals().bytes, entries[0].bytes + entries[1].bytes);
  EXPECT_EQ(quarantine.totals().oldest_unix, 1'000U);
}

TEST(Quarantine, IsBusyAboveItsCapAndTakesMoreWhenSomethingLeft) {
  const Ward ward;
  Quarantine quarantine(ward.directory, ward.keys.keyring, 250'000);
  const InstanceId first = random_id();
  ASSERT_TRUE(quarantine.hold(first, received(200'000), "r", ""));
  EXPECT_FALSE(quarantine.is_full());

  const auto second = quarantine.hold(random_id(), received(100'000), "r", "");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::Busy);
  EXPECT_TRUE(quarantine.is_full());

  ASSERT_TRUE(quarantine.remove(first));
  EXPECT_FALSE(quarantine.is_full());
  EXPECT_TRUE(quarantine.hold(random_id(), received(100'000), "r", ""));
}

TEST(Quarantine, ManyAtOnceDoNotPassTheCapTogether) {
  const Ward ward;
  Quarantine quarantine(ward.directory, ward.keys.keyring, 500'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { (void)quarantine.hold(random_id(), received(100'000), "r", ""); });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(quarantine.totals().count, 4U);
  EXPECT_LE(quarantine.totals().bytes, 500'000U);
}

TEST(Quarantine, TheCapCountsWhatWasHeldBeforeARestart) {
  const Ward ward;
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap)
                  .hold(random_id(), received(200'000), "r", ""));

  const auto held = Quarantine(ward.directory, ward.keys.keyring, 250'000)
                        .hold(random_id(), received(100'000), "r", "");

  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().fault, Fault::Busy);
}

TEST(Quarantine, IsFullBeforeAnythingIsRefused) {
  const Ward ward;
  Quarantine quarantine(ward.directory, ward.keys.keyring, 210'000);

  ASSERT_TRUE(quarantine.hold(random_id(), received(200'000), "r", ""));

  EXPECT_TRUE(quarantine.is_full());
}

TEST(Quarantine, ForgetsARemovedOneForGood) {
  const Ward ward;
  const InstanceId id = random_id();
  Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);
  ASSERT_TRUE(quarantine.hold(id, received(10), "r", ""));

  ASSERT_TRUE(quarantine.remove(id));

  EXPECT_FALSE(std::filesystem::exists(ward.file(id)));
  EXPECT_EQ(quarantine.totals().count, 0U);
  EXPECT_EQ(quarantine.original(id).error().fault, Fault::NotFound);
  EXPECT_EQ(quarantine.find(id).error().fault, Fault::NotFound);
  EXPECT_EQ(quarantine.remove(id).error().fault, Fault::NotFound);
}

TEST(Quarantine, DoesNotReplaceWhatIsHeldUnderAnId) {
  const Ward ward;
  const InstanceId id = random_id();
  Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);
  ASSERT_TRUE(quarantine.hold(id, received(10), "first", ""));

  const auto again = quarantine.hold(id, received(20), "second", "");

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::Conflict);
  EXPECT_EQ(quarantine.find(id)->reason, "first");
}

TEST(Quarantine, RemovesAtStartWhatACrashLeftUnfinished) {
  const Ward ward;
  const InstanceId id = random_id();
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap).hold(id, received(10), "r", ""));
  const auto unfinished = ward.directory / (to_hex(random_id()) + ".dsq.part");
  replace_file(unfinished, ByteView(read_file(ward.file(id))).first(150));

  const Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);

  EXPECT_FALSE(std::filesystem::exists(unfinished));
  EXPECT_EQ(quarantine.totals().count, 1U);
}

TEST(Quarantine, KeepsADamagedFileInSight) {
  const Ward ward;
  const InstanceId id = random_id();
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap).hold(id, received(10), "r", ""));
  Bytes file = read_file(ward.file(id));
  file.back() ^= 1;
  replace_file(ward.file(id), file);

  const Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);

  ASSERT_EQ(quarantine.list().size(), 1U);
  EXPECT_EQ(quarantine.list()[0].reason, Quarantine::kDamaged);
  EXPECT_EQ(quarantine.original(id).error().fault, Fault::Corrupt);
  EXPECT_TRUE(std::filesystem::exists(ward.file(id)));
}

TEST(Quarantine, AFileUnderAnothersNameDoesNotAnswerForIt) {
  const Ward ward;
  const InstanceId id = random_id();
  const InstanceId other = random_id();
  ASSERT_TRUE(Quarantine(ward.directory, ward.keys.keyring, kCap).hold(id, received(10), "r", ""));
  std::filesystem::rename(ward.file(id), ward.file(other));

  EXPECT_EQ(Quarantine(ward.directory, ward.keys.keyring, kCap).original(other).error().fault,
            Fault::Corrupt);
}

TEST(Quarantine, ListsWithoutReadingTheBodies) {
  const Ward ward;
  const InstanceId id = random_id();
  Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);
  ASSERT_TRUE(quarantine.hold(id, received(500'000), "r", ""));
  Bytes file = read_file(ward.file(id));
  file[250'000] ^= 1;  // a body that does not authenticate is not noticed by who does not read it
  replace_file(ward.file(id), file);

  EXPECT_EQ(quarantine.list().at(0).reason, "r");
  EXPECT_EQ(quarantine.original(id).error().fault, Fault::Corrupt);
}

TEST(Quarantine, ItsDirectoryIsForItsOwnerOnly) {
  const Ward ward;
  const Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);

  struct stat info {};
  ASSERT_EQ(::stat(ward.directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST(Quarantine, OriginalsAreReadWithoutTheOldKeyAfterARewrap) {
  Ward ward;
  Quarantine quarantine(ward.directory, ward.keys.keyring, kCap);
  const InstanceId id = random_id(), damaged = random_id();
  for (const auto& one : {id, damaged})
    ASSERT_TRUE(quarantine.hold(one, received(70'000), "leak", ""));
  std::filesystem::resize_file(ward.file(damaged), 200);
  const Secret next = random_secret();
  ASSERT_TRUE(ward.keys.keyring.begin_rotation(public_half(next)));

  const auto done = quarantine.rewrap();

  ASSERT_TRUE(done) << "a damaged one is left as it is";
  EXPECT_EQ(*done, 1U);
  ASSERT_TRUE(ward.keys.keyring.key_file_written(public_half(next)));
  ASSERT_TRUE(ward.keys.keyring.finish_rotation());
  const auto original = quarantine.original(id);
  ASSERT_TRUE(original);
  EXPECT_EQ(original->data_set, received(70'000).data_set);
  EXPECT_EQ(*quarantine.rewrap(), 0U);
}

}  // namespace
}  // namespace dosigate
