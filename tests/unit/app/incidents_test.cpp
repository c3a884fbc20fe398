// The incident register: what is noted, folded, closed, survives, and what happens where none is
// open.

#include "dosigate/app/incidents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "dosigate/base/durable_file.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;
using testing::Keys;

struct Register : ::testing::Test {
  Keys keys;
  std::filesystem::path state = keys.dir.path / "state";
  std::filesystem::path file = state / "incidents" / "incidents.jsonl";
  WallTime now{std::chrono::seconds(1'790'000'000)};
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<IncidentRegister> incidents;

  Register() {
    make_private_directory(state);
    open();
  }
  void open() {
    incidents.reset();
    audit.reset();
    auto log = AuditLog::open(state / "audit", keys.keyring);
    if (!log) throw std::runtime_error(log.error().detail);
    audit = std::move(*log);
    auto opened = IncidentRegister::open(state, keys.keyring, *audit, [this] { return now; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    incidents = std::move(*opened);
  }
  std::string content(const std::filesystem::path& path) const {
    return std::string(as_text(read_file(path)));
  }
};

TEST_F(Register, KeepsWhatHappenedWithItsDataSubjectsOverARestart) {
  incidents->note(IncidentKind::LeakHit, "route all", "(0008,1030) still holds a name",
                  {"DSG-T-1"});
  incidents->note(IncidentKind::LeakHit, "route all", "again", {"DSG-T-2"});
  incidents->note(IncidentKind::LeakHit, "route all", "again", {"DSG-T-1"});
  open();

  const auto all = incidents->list();

  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].number, 1U);
  EXPECT_EQ(all[0].count, 3U);
  EXPECT_EQ(all[0].subjects, (std::set<std::string>{"DSG-T-1", "DSG-T-2"}));
  EXPECT_EQ(all[0].detail, "(0008,1030) still holds a name");
  EXPECT_TRUE(all[0].open);
  EXPECT_THAT(content(state / "audit" / "audit.jsonl"), HasSubstr("incident.leak-hit"));
}

TEST_F(Register, FoldsByThingAndDay) {
  for (int i = 0; i < 50; ++i) incidents->note(IncidentKind::RefusedPeer, "A from 10.0.0.1", "x");
  incidents->note(IncidentKind::RefusedPeer, "B from 10.0.0.1", "x");
  incidents->note(IncidentKind::MapRead, "A from 10.0.0.1", "x");
  now += hours(24);
  incidents->note(IncidentKind::RefusedPeer, "A from 10.0.0.1", "x");

  const auto all = incidents->list();

  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].count, 50U);
  EXPECT_EQ(all[3].count, 1U);
  EXPECT_EQ(all[3].first - all[0].first, 86'400);
}

TEST_F(Register, AThousandMadeUpNamesDoNotFillIt) {
  for (int i = 0; i < 1000; ++i)
    incidents->note(IncidentKind::RefusedPeer, "AE" + std::to_string(i), "x");

  const auto all = incidents->list();

  ASSERT_EQ(all.size(), 65U);
  EXPECT_EQ(all.back().of, "others");
  EXPECT_EQ(all.back().count, 936U);
}

TEST_F(Register, IsClosedByAPersonOnceWithAReasonAndOpensAnewWhenItHappensAgain) {
  incidents->note(IncidentKind::Integrity, "spool", "a file does not authenticate");

  ASSERT_TRUE(incidents->close(1, "maria", "bad disk replaced"));

  EXPECT_EQ(incidents->close(1, "maria", "again").error().fault, Fault::Conflict);
  EXPECT_EQ(incidents->close(2, "maria", "none").error().fault, Fault::NotFound);
  incidents->note(IncidentKind::Integrity, "spool", "a file does not authenticate");
  open();
  const auto all = incidents->list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0].open);
  EXPECT_EQ(all[0].closed_by, "maria");
  EXPECT_EQ(all[0].reason, "bad disk replaced");
  EXPECT_TRUE(all[1].open);
}

TEST_F(Register, WhatWasRememberedWhileNoNodeRanComesInOnceWithItsTime) {
  incidents.reset();
  const auto before = now - hours(30);
  for (int i = 0; i < 3; ++i)
    remember_incident(state, IncidentKind::Integrity, "audit record", "line 3 was changed", before);
  remember_incident(state, IncidentKind::Integrity, "keyring", "does not open", before);
  std::ofstream(state / "incidents.pending", std::ios::app) << "{\"kind\":\"integ";  // killed

  ASSERT_EQ(read_incidents(state, keys.keyring)->size(), 2U) << "also before the next start";
  open();
  open();

  const auto all = incidents->list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].of, "audit record");
  EXPECT_EQ(all[0].count, 1U);
  EXPECT_EQ(all[0].first, to_unix(before));
  EXPECT_FALSE(std::filesystem::exists(state / "incidents.pending"));
}

TEST_F(Register, OneThatWasChangedIsKeptAndIsItselfAnIncident) {
  incidents->note(IncidentKind::MapRead, "jose", "map.reveal was refused", {"DSG-T-1"});
  incidents.reset();
  std::string text = content(file);
  text.replace(text.find("jose"), 4, "josi");
  replace_file(file, as_bytes(text));
  EXPECT_FALSE(read_incidents(state, keys.keyring));

  open();

  const auto all = incidents->list();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, IncidentKind::Integrity);
  EXPECT_EQ(all[0].of, "incident register");
  std::size_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(state / "incidents"))
    if (entry.path().string().find(".changed-") != std::string::npos)
      kept += content(entry.path()).find("josi") != std::string::npos ? 1 : 0;
  EXPECT_EQ(kept, 1U);
}

TEST_F(Register, IsReadableWithoutANode) {
  incidents->note(IncidentKind::LeakHit, "route all", "x", {"DSG-T-1"});
  incidents.reset();

  const auto all = read_incidents(state, keys.keyring);

  ASSERT_TRUE(all) << all.error().detail;
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].subjects.size(), 1U);
}

TEST_F(Register, SurvivesAKillAtAnyMoment) {
  incidents.reset();
  audit.reset();
  for (int round = 0; round < 5; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      open();
      for (int i = 0;; ++i)
        incidents->note(IncidentKind::LeakHit, "route all", "x", {"DSG-T-" + std::to_string(i)});
    }
    ::usleep(60'000 + static_cast<unsigned>(round) * 17'000);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    ASSERT_TRUE(read_incidents(state, keys.keyring)) << round;
  }
  open();
  const auto all = incidents->list();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_GE(all[0].count, all[0].subjects.size());
}

}  // namespace
}  // namespace dosigate
