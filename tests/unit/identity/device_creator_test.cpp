// Which private creators were removed, per camera: a statistic that costs nobody's acknowledgement.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>

#include "map_fixture.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;

std::int64_t rows_in(const Node& node) {
  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  return database.execAndGet("SELECT count(*) FROM device_creator").getInt64();
}

/// "creator instances" of each line.
std::vector<std::string> shown(const PseudonymMap::Device& device) {
  std::vector<std::string> out;
  for (const auto& one : device.creators)
    out.push_back((one.others ? "(others)" : one.text) + " " + std::to_string(one.instances));
  return out;
}

TEST(RemovedCreators, AreOnlyInMemoryUntilTheyAreWritten) {
  Node node;
  const auto map = node.open();
  const Subject subject = resolve(*map, Source());

  map->note_removed_creators(subject.device, {"ACME 1"});

  EXPECT_EQ(rows_in(node), 0);
  ASSERT_TRUE(map->write_removed_creators().has_value());
  EXPECT_EQ(rows_in(node), 1);
}

TEST(RemovedCreators, AreCountedPerInstanceAndDevice) {
  Node node;
  const auto map = node.open();
  const std::int64_t one = resolve(*map, Source()).device;
  const std::int64_t two = resolve(*map, Source().serial("SN-2")).device;
  map->note_removed_creators(one, {"ACME 1", "ACME 2"});
  map->note_removed_creators(one, {"ACME 1"});
  ASSERT_TRUE(map->write_removed_creators().has_value());
  map->note_removed_creators(one, {"ACME 1"});
  map->note_removed_creators(two, {"ACME 2"});
  map->note_removed_creators(0, {"ORPHAN"});
  ASSERT_TRUE(map->write_removed_creators().has_value());

  const auto devices = map->devices();

  ASSERT_EQ(devices.size(), 3U);
  EXPECT_EQ(devices[0].label, "CAM-01");
  EXPECT_THAT(shown(devices[0]), ElementsAre("ACME 1 3", "ACME 2 1"));
  EXPECT_EQ(devices[1].label, "CAM-02");
  EXPECT_THAT(shown(devices[1]), ElementsAre("ACME 2 1"));
  EXPECT_EQ(devices[2].label, "");
  EXPECT_THAT(shown(devices[2]), ElementsAre("ORPHAN 1"));
}

TEST(RemovedCreators, AreWrittenWhenTheMapCloses) {
  Node node;
  {
    const auto map = node.open();
    map->note_removed_creators(resolve(*map, Source()).device, {"ACME 1"});
  }

  const auto devices = node.open()->devices();

  ASSERT_EQ(devices.size(), 1U);
  EXPECT_THAT(shown(devices[0]), ElementsAre("ACME 1 1"));
}

TEST(RemovedCreators, KeepWhenTheyWereFirstAndLastSeen) {
  Node node;
  long long now = 1000;
  node.settings.clock = [&now] { return WallTime(std::chrono::seconds(now)); };
  const auto map = node.open();
  const std::int64_t device = resolve(*map, Source()).device;
  map->note_removed_creators(device, {"ACME 1"});
  now = 2000;
  map->note_removed_creators(device, {"ACME 1"});
  ASSERT_TRUE(map->write_removed_creators().has_value());
  now = 3000;
  map->note_removed_creators(device, {"ACME 1"});
  ASSERT_TRUE(map->write_removed_creators().has_value());

  const auto devices = map->devices();

  EXPECT_EQ(devices.at(0).creators.at(0).first_seen, 1000);
  EXPECT_EQ(devices.at(0).creators.at(0).last_seen, 3000);
}

TEST(RemovedCreators, ThatAreNewAreToldWithTheirDevice) {
  Node node;
  long long now = 1000;
  node.settings.clock = [&now] { return WallTime(std::chrono::seconds(now)); };
  const auto map = node.open();
  const std::int64_t one = resolve(*map, Source()).device;
  const std::int64_t two = resolve(*map, Source().serial("SN-2")).device;
  map->note_removed_creators(one, {"ACME 1"});
  now = 5000;
  map->note_removed_creators(one, {"ACME 1"});
  map->note_removed_creators(two, {"ACME 1", "ACME 2"});
  ASSERT_TRUE(map->write_removed_creators().has_value());

  const auto fresh = map->new_creators(5000);

  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_EQ(fresh[0].label, "CAM-02");
  EXPECT_EQ(fresh[0].site_code, "HA");
  EXPECT_EQ(fresh[0].creators, 2);
  EXPECT_TRUE(map->new_creators(5001).empty());
}

TEST(RemovedCreators, ThatASenderInventsWithoutEndAreCountedTogether) {
  Node node;
  const auto map = node.open();
  const std::int64_t device = resolve(*map, Source()).device;
  for (int i = 0; i < 300; ++i) map->note_removed_creators(device, {"A" + std::to_string(i)});
  ASSERT_TRUE(map->write_removed_creators().has_value());
  for (int i = 300; i < 310; ++i) map->note_removed_creators(device, {"A" + std::to_string(i)});
  map->note_removed_creators(device, {"A7"});
  ASSERT_TRUE(map->write_removed_creators().has_value());

  const auto device_now = map->devices().at(0);

  EXPECT_EQ(device_now.creators.size(), 257U);
  EXPECT_EQ(device_now.creators.front().text, "A7");
  EXPECT_EQ(device_now.creators.front().instances, 2);
  EXPECT_TRUE(device_now.creators.back().others);
  EXPECT_EQ(device_now.creators.back().instances, 44 + 10);
}

TEST(RemovedCreators, OfDevicesBeyondTheBoundOfMemoryAreCountedWithoutADevice) {
  Node node;
  const auto map = node.open();
  for (std::int64_t device = 1; device <= 1030; ++device)
    map->note_removed_creators(device, {"ACME 1"});
  ASSERT_TRUE(map->write_removed_creators().has_value());

  SQLite::Database database(node.map_db().string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(rows_in(node), 1025);
  EXPECT_EQ(database.execAndGet("SELECT sum(instances) FROM device_creator").getInt(), 1030);
}

TEST(RemovedCreators, OfManyThreadsAreAllCounted) {
  Node node;
  const auto map = node.open();
  const std::int64_t device = resolve(*map, Source()).device;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          map->note_removed_creators(device, {"ACME 1"});
          if (i % 50 == t) {
            EXPECT_TRUE(map->write_removed_creators().has_value());
          }
        }
      });
    }
  }
  ASSERT_TRUE(map->write_removed_creators().has_value());

  EXPECT_THAT(shown(map->devices().at(0)), ElementsAre("ACME 1 1600"));
}

TEST(RemovedCreators, AreSealedOnDisk) {
  Node node;
  const auto map = node.open();
  map->note_removed_creators(resolve(*map, Source()).device, {"MARKERCREATOR JOSE"});
  ASSERT_TRUE(map->write_removed_creators().has_value());

  for (const auto& entry : std::filesystem::recursive_directory_iterator(node.dir.path)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("MARKERCREATOR"), std::string::npos) << entry.path();
  }
}

TEST(Devices, AreListedWithWhatTheyAreAndTheirEpochs) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());
  resolve(*map, Source().software("VB22A"));

  const auto devices = map->devices();

  ASSERT_EQ(devices.size(), 1U);
  EXPECT_EQ(devices[0].site_code, "HA");
  EXPECT_EQ(devices[0].label, "CAM-01");
  EXPECT_EQ(devices[0].manufacturer.reveal(), "SIEMENS");
  EXPECT_EQ(devices[0].model.reveal(), "Symbia");
  EXPECT_EQ(devices[0].serial_number.reveal(), "SN-445566");
  EXPECT_EQ(devices[0].station_name.reveal(), "NMSTATION1");
  ASSERT_EQ(devices[0].epochs.size(), 2U);
  EXPECT_EQ(devices[0].epochs[0].number, 1U);
  EXPECT_EQ(devices[0].epochs[0].software_versions.reveal(), "VB20A");
  EXPECT_EQ(devices[0].epochs[0].last_calibration.reveal(), "20260102");
  EXPECT_EQ(devices[0].epochs[1].number, 2U);
  EXPECT_EQ(devices[0].epochs[1].software_versions.reveal(), "VB22A");
}

}  // namespace
}  // namespace dosigate::testing
