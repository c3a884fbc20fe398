#include "dosigate/app/refused_peers.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

Origin origin(const std::string& calling) { return {"DOSIGATE", calling, "10.1.2.3", ""}; }

TEST(RefusedPeers, APeerIsLoggedOnceInTenMinutesAndCountedEachTime) {
  RefusedPeers peers;

  EXPECT_TRUE(peers.add(origin("CAMERA"), "calling AE unknown", 1000));
  EXPECT_FALSE(peers.add(origin("CAMERA"), "calling AE unknown", 1001));
  EXPECT_FALSE(peers.add(origin("CAMERA"), "calling AE unknown", 1500));
  EXPECT_TRUE(peers.add(origin("CAMERA"), "calling AE unknown", 2200));

  ASSERT_EQ(peers.list().size(), 1U);
  EXPECT_EQ(peers.list()[0].count, 4U);
  EXPECT_EQ(peers.list()[0].last_unix, 2200);
}

TEST(RefusedPeers, TheLongestSilentGoesFirstWhenThereAreTooMany) {
  RefusedPeers peers;
  for (int i = 0; i < 65; ++i) peers.add(origin("P" + std::to_string(i)), "unknown", 1000 + i);

  const auto list = peers.list();

  ASSERT_EQ(list.size(), 64U);
  EXPECT_EQ(list.front().origin.calling_ae, "P64");
  EXPECT_EQ(list.back().origin.calling_ae, "P1");
}

TEST(RefusedPeers, TheRouteToPasteQuotesWhatThePeerSaid) {
  const auto toml = route_toml({"DOSI\"GATE", "CAM\\ERA", "10.1.2.3", ""});

  EXPECT_NE(toml.find(R"(called_ae = ["DOSI\"GATE"])"), std::string::npos);
  EXPECT_NE(toml.find(R"(calling_ae = ["CAM\\ERA"])"), std::string::npos);
  EXPECT_NE(toml.find(R"(from = ["10.1.2.3"])"), std::string::npos);
}

}  // namespace
}  // namespace dosigate
