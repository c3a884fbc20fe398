// What a destination is asked for when deliveries are verified.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Deliveries : ::testing::Test {
  Deliveries() {
    auto opened = Ledger::open(dir.path / "ledger.db", [this] { return now; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    ledger = std::move(*opened);
  }
  InstanceId put(const std::string& study, const std::string& sop, DeliveryState state,
                 const std::string& destination = "A") const {
    const InstanceId id = random_id();
    ledger->queued({id, study, {destination}, "1.2", sop});
    if (state != DeliveryState::Queued) ledger->changed({{id, destination, state, 0}});
    return id;
  }
  std::vector<std::string> objects(const Ledger::DeliveredScope& scope,
                                   const std::string& after = "", std::size_t max = 100) const {
    std::vector<std::string> out;
    for (const auto& one : ledger->delivered_objects(scope, after, max))
      out.push_back(one.sop_instance_uid);
    return out;
  }

  TempDir dir;
  WallTime now = WallTime(std::chrono::days(20'000));
  std::unique_ptr<Ledger> ledger;
};

TEST_F(Deliveries, AreThoseOfTheDestinationEachOnce) {
  put("2.25.1", "2.25.11", DeliveryState::Delivered);
  put("2.25.1", "2.25.11", DeliveryState::Delivered);  // sent again
  put("2.25.1", "2.25.12", DeliveryState::Delivered, "B");
  put("2.25.1", "2.25.13", DeliveryState::Parked);
  put("2.25.1", "2.25.14", DeliveryState::Queued);
  put("2.25.1", "2.25.15", DeliveryState::Withdrawn);
  put("2.25.2", "2.25.21", DeliveryState::Parked);

  const auto studies = ledger->delivered_studies({.destination = "A"});

  ASSERT_THAT(studies, SizeIs(1));
  EXPECT_EQ(studies[0].study_uid, "2.25.1");
  EXPECT_EQ(studies[0].objects, 1U);
  EXPECT_THAT(objects({.destination = "A", .study_uid = "2.25.1"}), ElementsAre("2.25.11"));
  EXPECT_THAT(objects({.destination = "A", .study_uid = "2.25.2"}), IsEmpty());
}

TEST_F(Deliveries, AreGivenInPages) {
  for (const char* sop : {"2.25.13", "2.25.11", "2.25.12"})
    put("2.25.1", sop, DeliveryState::Delivered);
  const Ledger::DeliveredScope scope{.destination = "A", .study_uid = "2.25.1"};

  EXPECT_THAT(objects(scope, "", 2), ElementsAre("2.25.11", "2.25.12"));
  EXPECT_THAT(objects(scope, "2.25.12", 2), ElementsAre("2.25.13"));
}

TEST_F(Deliveries, AreOfTheDaysThatAreMeant) {
  put("2.25.1", "2.25.11", DeliveryState::Delivered);
  now += std::chrono::days(1);
  put("2.25.1", "2.25.12", DeliveryState::Delivered);
  put("2.25.2", "2.25.21", DeliveryState::Delivered);
  const Ledger::DeliveredScope first{.destination = "A", .from_day = 20'000, .to_day = 20'000};

  const auto studies = ledger->delivered_studies(first);

  ASSERT_THAT(studies, SizeIs(1));
  EXPECT_EQ(studies[0].objects, 1U);
  EXPECT_THAT(ledger->delivered_studies({.destination = "A", .from_day = 20'001}), SizeIs(2));
  EXPECT_THAT(ledger->delivered_studies({.destination = "A", .from_day = 20'002}), IsEmpty());
}

TEST_F(Deliveries, ANoteIsToldFromImages) {
  const InstanceId note = put("2.25.1", "2.25.10", DeliveryState::Delivered);
  put("2.25.1", "2.25.11", DeliveryState::Delivered);
  Ledger::Withdrawal what;
  what.study_uid = "2.25.1";
  ledger->ordered(what, note, {"A"}, {"2.25.11"});

  const auto all = ledger->delivered_objects({.destination = "A", .study_uid = "2.25.1"}, "", 10);

  ASSERT_THAT(all, SizeIs(2));
  EXPECT_TRUE(all[0].note);
  EXPECT_FALSE(all[1].note);
}

TEST_F(Deliveries, FoldedOnesAreCountedOnly) {
  put("2.25.1", "2.25.11", DeliveryState::Delivered);
  put("2.25.1", "2.25.12", DeliveryState::Withdrawn);
  now += std::chrono::days(40);
  ledger->fold(30);
  put("2.25.1", "2.25.13", DeliveryState::Delivered);

  EXPECT_THAT(objects({.destination = "A", .study_uid = "2.25.1"}), ElementsAre("2.25.13"));
  EXPECT_EQ(ledger->delivered_and_folded({.destination = "A", .study_uid = "2.25.1"}), 1U);
  EXPECT_EQ(ledger->delivered_and_folded({.destination = "A", .from_day = 20'000}), 1U);
  EXPECT_EQ(ledger->delivered_and_folded({.destination = "A", .from_day = 20'001}), 0U);
  EXPECT_EQ(ledger->delivered_and_folded({.destination = "B"}), 0U);
}

}  // namespace
}  // namespace dosigate::testing
