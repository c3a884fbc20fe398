// What each family of statuses makes of an instance (design 3.6).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include <boost/json.hpp>

#include "wire/hospital.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kSent = 3;

FakeArchive::Script answering(std::uint16_t status) {
  FakeArchive::Script out;
  out.status = [=](const std::string&, int) { return status; };
  return out;
}

class Delivering : public ::testing::TestWithParam<int> {};

TEST_P(Delivering, StatusIsTheEndOfIt) {
  Hospital hospital;
  hospital.archive.set(answering(static_cast<std::uint16_t>(GetParam())));

  hospital.send(kSent);

  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
  EXPECT_EQ(hospital.archive.received().size(), kSent) << "each once";
  EXPECT_TRUE(hospital.shows("up", ""));
}
INSTANTIATE_TEST_SUITE_P(Each, Delivering, ::testing::Values(0x0000, 0xB000, 0xB006, 0xB007));

class Parking : public ::testing::TestWithParam<std::pair<int, const char*>> {};

TEST_P(Parking, StatusWaitsForAPerson) {
  Hospital hospital;
  auto script = answering(static_cast<std::uint16_t>(GetParam().first));
  script.comment = "look into it";
  hospital.archive.set(script);
  hospital.send(kSent);

  EXPECT_TRUE(eventually([&] { return hospital.parked(GetParam().second) == kSent; }))
      << boost::json::serialize(hospital.queue());
  EXPECT_EQ(hospital.parked("look into it"), kSent) << "the archive's own comment";
  EXPECT_TRUE(hospital.shows("up", GetParam().second));
  EXPECT_TRUE(hospital.node().totals().add_up());
  EXPECT_EQ(hospital.archive.received().size(), kSent) << "not asked again by itself";
  hospital.archive.set({});
  ASSERT_EQ(hospital.node().dosigate({"queue", "retry", "--all"}).code, 0);

  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}
INSTANTIATE_TEST_SUITE_P(Each, Parking,
                         ::testing::Values(std::pair{0x0111, "0111 duplicate SOP instance"},
                                           std::pair{0x0122, "0122 SOP class not supported"},
                                           std::pair{0x0124, "0124 refused: not authorised"},
                                           std::pair{0xA801, "A801 SOP class not supported"},
                                           std::pair{0xA900,
                                                     "A900 data set does not match SOP class"},
                                           std::pair{0xC123, "C123 cannot understand"}));

class Repeating : public ::testing::TestWithParam<std::pair<int, const char*>> {};

TEST_P(Repeating, StatusIsTriedAgainByItself) {
  Hospital hospital;
  hospital.archive.set(answering(static_cast<std::uint16_t>(GetParam().first)));
  hospital.send(kSent);

  const bool all = (GetParam().first & 0xFF00) == 0xA700;  // of the archive, not of one instance
  EXPECT_TRUE(eventually([&] { return hospital.shows(all ? "down" : "up", GetParam().second); }))
      << boost::json::serialize(hospital.destination());
  EXPECT_EQ(hospital.node().totals().queued, kSent);
  EXPECT_TRUE(hospital.node().totals().add_up());
  hospital.archive.set({});

  const auto tries = static_cast<unsigned>(hospital.archive.received().size());
  EXPECT_TRUE(hospital.archive.wait_for_kept(kSent, one_step_after(tries)));
  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }));
}
INSTANTIATE_TEST_SUITE_P(Each, Repeating,
                         ::testing::Values(std::pair{0xA700, "out of resources (A700"},
                                           std::pair{0xA7FF, "out of resources (A7FF"},
                                           std::pair{0x0110, "0110 processing failure"},
                                           std::pair{0x0D0D, "0D0D unknown status"}));

// The archive has it and its answer was lost: what it calls a duplicate is ours.
TEST(DuplicateAfterALostAnswer, IsDelivered) {
  Hospital hospital;
  FakeArchive::Script script;
  script.on_response = FakeArchive::OnResponse::CloseBefore;
  hospital.archive.set(script);
  hospital.send(kSent);
  ASSERT_TRUE(eventually([&] { return hospital.is_down("closed"); }));
  FakeArchive::Script knows_it;
  knows_it.status = [](const std::string&, int times) {
    return static_cast<std::uint16_t>(times > 0 ? 0x0111 : 0);
  };
  hospital.archive.set(knows_it);

  EXPECT_TRUE(eventually([&] { return hospital.all_delivered(); }, 60s))
      << boost::json::serialize(hospital.queue());
  EXPECT_EQ(hospital.archive.kept(), kSent);
}

// It answers success to whatever comes and keeps the first object of a UID: a correction under the
// old UID would be lost without anybody knowing.
TEST(ArchiveThatKeepsTheOldCopy, HasTheCorrectedInstanceUnderAUidOfItsOwn) {
  Hospital hospital({.route = "revisions = \"new-uid\"\n"});
  hospital.send_version("0");
  ASSERT_TRUE(hospital.archive.wait_for_kept(1));
  hospital.send_version("72.5");

  ASSERT_TRUE(hospital.archive.wait_for_kept(3)) << "both versions, and the note that rejects one";
  std::map<std::string, std::string> kept;  // the first of each UID
  for (const auto& one : hospital.archive.received())
    if (one.sop_class_uid == "1.2.840.10008.5.1.4.1.1.128")
      kept.emplace(one.sop_instance_uid, std::string(one.data_set.begin(), one.data_set.end()));
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(
                kept, [](const auto& of) { return of.second.find("72.5") != std::string::npos; }),
            1);
  EXPECT_TRUE(eventually([&] { return hospital.node().totals().delivered == 3; }));
  EXPECT_TRUE(hospital.node().totals().add_up());
}

}  // namespace
}  // namespace dosigate::testing
