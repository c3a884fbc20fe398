// A camera or software that was never seen before is an event, and may wait for a person.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "map_rows_text.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Subject hold(PseudonymMap& map, const Source& source) {
  return must(map.resolve(site_a(), source.value, NewDevices::Hold));
}

TEST(NewDevice, IsAcceptedWhereNobodyWantsToLook) {
  Node node;
  const auto map = node.open();

  EXPECT_TRUE(resolve(*map, Source()).device_accepted);
  EXPECT_TRUE(hold(*map, Source()).device_accepted) << "known by then";
}

TEST(NewDevice, WaitsUntilItIsAccepted) {
  Node node;
  {
    const auto map = node.open();
    const Subject waiting = hold(*map, Source());
    EXPECT_FALSE(waiting.device_accepted);
    EXPECT_EQ(waiting.device_label, "CAM-01");
    EXPECT_EQ(waiting.device_epoch, 1U);
    EXPECT_FALSE(hold(*map, Source()).device_accepted);
    EXPECT_FALSE(hold(*map, Source().study("1.2.3.2")).device_accepted);
  }
  const auto map = node.open();
  ASSERT_FALSE(hold(*map, Source()).device_accepted) << "kept over a restart";

  must(map->accept_device("HA", "CAM-01"));

  EXPECT_TRUE(hold(*map, Source()).device_accepted);
  EXPECT_TRUE(hold(*map, Source().study("1.2.3.2")).device_accepted);
}

TEST(NewDevice, WaitsWithANewSoftwareOfAKnownCamera) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());

  EXPECT_FALSE(hold(*map, Source().software("V9")).device_accepted);
  EXPECT_TRUE(hold(*map, Source()).device_accepted);
  must(map->accept_device("HA", "CAM-01"));

  EXPECT_TRUE(hold(*map, Source().software("V9")).device_accepted);
  EXPECT_FALSE(hold(*map, Source().software("V10")).device_accepted) << "the next one waits again";
}

TEST(NewDevice, OfAnUnknownLabelCannotBeAccepted) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());

  EXPECT_EQ(map->accept_device("HA", "CAM-02").error().fault, Fault::NotFound);
  EXPECT_EQ(map->accept_device("HB", "CAM-01").error().fault, Fault::NotFound);
}

TEST(NewDevice, IsNoticedOnceForEachCameraAndEachSoftware) {
  Node node;
  std::vector<std::string> noticed;
  node.settings.noticed = [&](const std::string& site, const std::string& label,
                              std::uint32_t epoch) {
    noticed.push_back(site + " " + label + " " + std::to_string(epoch));
  };
  {
    const auto map = node.open();
    resolve(*map, Source());
    resolve(*map, Source().study("1.2.3.2"));
    resolve(*map, Source().software("V9"));
    resolve(*map, Source().serial("SN-2"));
    Source none;
    none.value.manufacturer = none.value.model = none.value.serial_number =
        none.value.station_name = Phi();
    resolve(*map, none);
  }
  EXPECT_THAT(noticed, ElementsAre("HA CAM-01 1", "HA CAM-01 2", "HA CAM-02 1"));
  noticed.clear();

  resolve(*node.open(), Source().software("V9"));

  EXPECT_THAT(noticed, IsEmpty());
}

TEST(NewDevice, IsNoticedOnceThoughEightBringItAtOnce) {
  Node node;
  std::atomic<int> noticed{0};
  node.settings.noticed = [&](const std::string&, const std::string&, std::uint32_t) { ++noticed; };
  const auto map = node.open();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        resolve(*map,
                Source().id("PID-" + std::to_string(500 + i)).study("1.2." + std::to_string(i)));
      });
  }

  EXPECT_EQ(noticed, 1);
}

}  // namespace
}  // namespace dosigate::testing
