// A camera's calibration factor holds for one epoch: a new software version or calibration begins
// the next.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dosigate/store/database.h"
#include "map_fixture.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;

Source calibrated(std::string date) {
  Source out;
  out.value.last_calibration = Phi(std::move(date));
  return out;
}

TEST(DeviceEpoch, OfANewDeviceIsOne) {
  Node node;
  const auto map = node.open();

  const Subject subject = resolve(*map, Source());

  EXPECT_EQ(subject.device_epoch, 1U);
  EXPECT_GT(subject.device, 0);
}

TEST(DeviceEpoch, OfAnInstanceWithoutADeviceIsNone) {
  Node node;
  const auto map = node.open();
  Source none;
  none.value.manufacturer = none.value.model = none.value.serial_number = none.value.station_name =
      Phi();

  const Subject subject = resolve(*map, none);

  EXPECT_EQ(subject.device_epoch, 0U);
  EXPECT_EQ(subject.device, 0);
}

TEST(DeviceEpoch, BeginsWithANewSoftwareVersionAndGoesBackWithTheOldOne) {
  Node node;
  const auto map = node.open();

  EXPECT_EQ(resolve(*map, Source()).device_epoch, 1U);
  EXPECT_EQ(resolve(*map, Source().software("VB22A")).device_epoch, 2U);
  EXPECT_EQ(resolve(*map, Source()).device_epoch, 1U);
  EXPECT_EQ(resolve(*map, Source().software("VB22A")).device_label, "CAM-01");
}

TEST(DeviceEpoch, BeginsWithANewDateOfLastCalibrationAndGoesBackWithTheOldOne) {
  Node node;
  const auto map = node.open();

  EXPECT_EQ(resolve(*map, calibrated("20260102")).device_epoch, 1U);
  EXPECT_EQ(resolve(*map, calibrated("20260301")).device_epoch, 2U);
  EXPECT_EQ(resolve(*map, calibrated("")).device_epoch, 3U);
  EXPECT_EQ(resolve(*map, calibrated("20260102")).device_epoch, 1U);
}

TEST(DeviceEpoch, IsCountedForEachDeviceAlone) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());
  resolve(*map, Source().software("VB22A"));

  EXPECT_EQ(resolve(*map, Source().serial("SN-2").software("VB22A")).device_epoch, 1U);
  EXPECT_EQ(resolve(*map, Source().serial("SN-2")).device_epoch, 2U);
}

TEST(DeviceEpoch, IsTheSameAfterReopening) {
  Node node;
  // Six of them within one second: neither the time nor the order of a keyed index tells.
  const std::vector<std::string> versions = {"F", "B", "E", "A", "D", "C"};
  {
    const auto map = node.open();
    for (const std::string& version : versions) resolve(*map, Source().software(version));
  }
  const auto map = node.open();

  for (std::size_t i = 0; i < versions.size(); ++i)
    EXPECT_EQ(resolve(*map, Source().software(versions[i])).device_epoch, i + 1) << versions[i];
  EXPECT_EQ(resolve(*map, Source().software("G")).device_epoch, versions.size() + 1);
}

TEST(DeviceEpoch, IsTheSameFromTheJournalAlone) {
  Node node;
  const std::vector<std::string> versions = {"F", "B", "E", "A", "D", "C"};
  {
    const auto map = node.open();
    for (const std::string& version : versions) resolve(*map, Source().software(version));
  }
  fs::remove_all(node.settings.directory);
  PseudonymMap::Settings without = node.settings;
  without.journal_directory.clear();
  ASSERT_TRUE(PseudonymMap::create(without, *node.keys).has_value());

  const auto map = node.open();

  for (std::size_t i = 0; i < versions.size(); ++i)
    EXPECT_EQ(resolve(*map, Source().software(versions[i])).device_epoch, i + 1) << versions[i];
}

TEST(DeviceEpoch, IsTheSameFromAJournalThatBeganLate) {
  Node node(false);
  const std::vector<std::string> versions = {"F", "B", "E", "A", "D", "C"};
  {
    const auto map = node.open();
    for (const std::string& version : versions) resolve(*map, Source().software(version));
  }
  PseudonymMap::Settings late = node.settings;
  late.journal_directory = node.dir.path / "late";
  fs::create_directory(late.journal_directory);
  ASSERT_TRUE(PseudonymMap::open(late, *node.keys).has_value());  // writes it, and closes
  fs::remove_all(node.settings.directory);
  ASSERT_TRUE(PseudonymMap::create(node.settings, *node.keys).has_value());

  const auto map = PseudonymMap::open(late, *node.keys);

  ASSERT_TRUE(map.has_value());
  for (std::size_t i = 0; i < versions.size(); ++i)
    EXPECT_EQ(resolve(**map, Source().software(versions[i])).device_epoch, i + 1) << versions[i];
}

TEST(DeviceEpoch, HasOneNumberHoweverManyThreadsBringIt) {
  Node node;
  const auto map = node.open();
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kVersions = 12;
  std::vector<std::vector<std::uint32_t>> seen(kThreads, std::vector<std::uint32_t>(kVersions, 0));
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < kVersions; ++i) {
          const std::size_t version = (i + t) % kVersions;
          auto subject =
              map->resolve(site_a(), Source().software("V" + std::to_string(version)).value);
          if (subject) seen[t][version] = subject->device_epoch;
        }
      });
    }
  }
  for (const auto& one : seen) EXPECT_EQ(one, seen.front());
  auto numbers = seen.front();
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < kVersions; ++i) EXPECT_EQ(numbers[i], i + 1);
}

TEST(DeviceEpoch, OfAnOlderMapIsNumberedByTheTimeItWasFirstSeen) {
  TempDir dir;
  const fs::path file = dir.path / "map.db";
  {
    auto old = open_database(file, kIdentitySchema.first(1), OpenMode::Create);
    ASSERT_TRUE(old.has_value()) << old.error().detail;
    (*old)->exec(
        "INSERT INTO site VALUES (1, 'HA', 'trim', x'00');"
        "INSERT INTO device VALUES (1, 1, x'01', 'CAM-01', x'00', 100), (2, 1, x'02', 'CAM-02', "
        "x'00', 100);"
        "INSERT INTO device_epoch (device_id, epoch_index, sealed_epoch, first_seen) VALUES "
        "(1, x'0A', x'00', 300), (1, x'0B', x'00', 100), (1, x'0C', x'00', 200), (1, x'0D', x'00', "
        "200), (2, x'0A', x'00', 400)");
  }

  auto database = open_database(file, kIdentitySchema, OpenMode::MustExist);

  ASSERT_TRUE(database.has_value()) << database.error().detail;
  SQLite::Statement rows(**database,
                         "SELECT group_concat(number, ' ') FROM (SELECT number FROM device_epoch "
                         "ORDER BY device_id, epoch_index)");
  rows.executeStep();
  EXPECT_EQ(rows.getColumn(0).getString(), "4 1 2 3 1");
}

}  // namespace
}  // namespace dosigate::testing
