// Refused machines and arriving studies in the audit log: bounded, whoever sends how much.

#include "peer_refusals.h"

#include <gtest/gtest.h>

#include "arrival_audit.h"
#include "dosigate/base/durable_file.h"
#include "map_read_watch.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using std::chrono::minutes;
using testing::Keys;

struct Watch : ::testing::Test {
  Keys keys;
  std::filesystem::path state = keys.dir.path / "state";
  SteadyTime now = steady_now();
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<IncidentRegister> incidents;
  std::unique_ptr<PeerRefusals> refusals;

  Watch() {
    make_private_directory(state);
    audit = std::move(*AuditLog::open(state / "audit", keys.keyring));
    incidents = std::move(*IncidentRegister::open(state, keys.keyring, *audit));
    refusals = std::make_unique<PeerRefusals>(*audit, *incidents, [this] { return now; });
  }
  std::vector<AuditEvent> events(const std::string& name) const {
    std::vector<AuditEvent> out;
    const std::string all(as_text(read_file(state / "audit" / "audit.jsonl")));
    for (std::size_t begin = 0; begin < all.size();) {
      const auto end = all.find('\n', begin);
      if (auto event = parse_audit_line(std::string_view(all).substr(begin, end - begin));
          event && event->event == name)
        out.push_back(*event);
      begin = end + 1;
    }
    return out;
  }
  static Origin from(const std::string& calling) { return {"DOSIGATE", calling, "10.0.0.9", ""}; }
};

TEST_F(Watch, AMachineThatTriesAllDayIsWrittenOncePerIntervalWithItsCount) {
  refusals->add(from("WHO"), "calling-ae-unknown");
  EXPECT_TRUE(events("association.refused").empty());  // whoever accepts does not wait for the disk
  refusals->flush();
  for (int i = 0; i < 99; ++i) refusals->add(from("WHO"), "calling-ae-unknown");
  refusals->flush();
  EXPECT_EQ(events("association.refused").size(), 1U);
  now += minutes(11);
  refusals->flush();
  refusals->flush();

  const auto lines = events("association.refused");

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].field("count"), "1");
  EXPECT_EQ(lines[1].field("count"), "99");
  EXPECT_EQ(lines[1].field("calling"), "WHO");
  EXPECT_EQ(lines[1].field("address"), "10.0.0.9");
  ASSERT_EQ(incidents->list().size(), 1U);
  EXPECT_EQ(incidents->list()[0].count, 100U);
}

TEST_F(Watch, AnIncidentIsOfTheTimeOfItsFirstRefusalAndNotOfTheNextLook) {
  refusals->add(from("WHO"), "calling-ae-unknown");
  now += minutes(2);
  refusals->add(from("WHO"), "calling-ae-unknown");
  const auto noted = to_unix(wall_now());
  refusals->flush();
  incidents->flush();

  ASSERT_EQ(incidents->list().size(), 1U);
  const Incident incident = incidents->list()[0];
  EXPECT_NEAR(static_cast<double>(incident.first), static_cast<double>(noted - 120), 2);
  EXPECT_NEAR(static_cast<double>(incident.last), static_cast<double>(noted), 2);
  EXPECT_EQ(incident.count, 2U);
}

TEST_F(Watch, AThousandNamesAreFewLinesAndNoCountIsLost) {
  for (int i = 0; i < 1000; ++i) refusals->add(from("AE" + std::to_string(i)), "x");
  refusals.reset();

  std::uint64_t count = 0;
  const auto lines = events("association.refused");
  for (const auto& line : lines) count += std::stoul(line.field("count"));
  EXPECT_LE(lines.size(), 66U);
  EXPECT_EQ(count, 1000U);
}

TEST_F(Watch, AStudyHasALineForEachSenderAndOneWhenItIsComplete) {
  ArrivalAudit arrivals(*audit);
  for (int i = 0; i < 50; ++i) arrivals.arriving(from("CAMERA1"), "2.25.1");
  arrivals.arriving(from("CAMERA2"), "2.25.1");
  arrivals.arriving(from("CAMERA1"), "2.25.2");
  arrivals.complete("2.25.1", 50, 2);
  arrivals.complete("2.25.2", 1, 1);
  arrivals.arriving(from("CAMERA1"), "2.25.1");

  EXPECT_EQ(events("instances.begin").size(), 4U);
  const auto received = events("instances.received");
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].field("instances"), "50");
  EXPECT_EQ(received[0].field("senders"), "CAMERA1 from 10.0.0.9, CAMERA2 from 10.0.0.9");
  EXPECT_EQ(received[1].field("calling"), "CAMERA1");
}

TEST_F(Watch, OnlyARefusedReadOfTheMapIsAnIncident) {
  ApiRequest request;
  request.method = "POST";
  request.path = "/api/v1/map/reveal";
  request.actor = "jose";
  watch_map_reads(*incidents, request, {200, {}});
  watch_map_reads(*incidents, request, {404, {}});
  EXPECT_TRUE(incidents->list().empty());

  watch_map_reads(*incidents, request, {403, {}});
  watch_map_reads(*incidents, request, {429, {}});
  request.path = "/api/v1/backup";
  watch_map_reads(*incidents, request, {403, {}});

  const auto all = incidents->list();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, IncidentKind::MapRead);
  EXPECT_EQ(all[0].of, "jose");
  EXPECT_EQ(all[0].count, 2U);
}

}  // namespace
}  // namespace dosigate
