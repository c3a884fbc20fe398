#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command.h"
#include "config_file.h"
#include "scripted_daemon.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using testing::Command;
using testing::ConfigFile;
using ::testing::HasSubstr;
using testing::kMinimal;
using ::testing::Not;
using testing::ScriptedDaemon;
using ::testing::StartsWith;

const std::string kId = "00112233445566778899aabbccddeeff";

const std::string kStatus = R"({
  "version": "0.1.0",
  "node": {"ae_title": "GATE", "started": 1, "uptime_s": 7500, "listeners": ["127.0.0.1:11112"]},
  "associations": {"active": 2, "max": 16, "total": 1204, "rejected": 3, "aborted": 1, "echoes": 12, "instances": 5000, "bytes": 2500000000},
  "totals": {"received": 12345, "duplicate": 1, "delivered": 12000, "queued": 300, "parked": 4, "quarantined": 5, "dropped": 6, "discarded": 7, "refused": 8},
  "destinations": [
    {"name": "archive", "kind": "dicom", "state": "down", "queued": 300, "delivered": 12000, "parked": 4, "oldest_queued_s": 7300,
     "last_error": "connection refused by archive.example.org:104", "last_success": 1700000000, "assigned": 12304, "withdrawn": 0}],
  "quarantine": {"count": 5, "bytes": 5000000, "oldest_s": 100, "reasons": {"burned-in": 5}},
  "dropped": {"{ modality = \"SC\" }": 6},
  "refusals": {"no route": 8},
  "refused_peers": [{"called_ae": "GATE", "calling_ae": "EVIL\u001b[2J", "address": "10.1.2.3", "count": 8, "last": 1700000000,
    "route_toml": "[[route]]\nname = \"pacs\"\n"}],
  "map": {"patients": 321, "studies": 400, "devices": 2, "uid_pairs": 99, "alarms": 0},
  "disk": {"used_bytes": 1000000000, "free_bytes": 9000000000, "spool_bytes": 800, "quarantine_bytes": 5000000, "bytes_per_hour": 1000000000, "hours_left": 9.0},
  "journal": {"configured": false},
  "warnings": ["dosigate.toml:3: something unwise"],
  "recovered": {"taken_in": 0, "removed_incomplete": 0, "finished": 0, "rows_without_file": 0}})";

TEST(Cli, StatusShowsWhatAnOperatorAsks) {
  const ScriptedDaemon daemon(kStatus);

  Command status(daemon.arguments({"status"}));

  EXPECT_EQ(status.exit_code(), 0);
  EXPECT_THAT(status.out(),
              AllOf(HasSubstr("GATE"), HasSubstr("up 2 h 5 min"), HasSubstr("127.0.0.1:11112"),
                    HasSubstr("12,345"), HasSubstr("archive"), HasSubstr("2 h 1 min")));
  EXPECT_THAT(status.out(),
              AllOf(HasSubstr("archive: connection refused by archive.example.org:104"),
                    HasSubstr("9.0 GB free"), HasSubstr("9 h 0 min left at the present rate"),
                    HasSubstr("321 pseudonyms"), HasSubstr("burned-in 5")));
  EXPECT_THAT(status.out(), AllOf(HasSubstr("      [[route]]\n      name = \"pacs\"\n"),
                                  HasSubstr("something unwise")));
}

TEST(Cli, StatusSaysWhatTheNodeIssuedAndWhoIsStillToBeTold) {
  auto json = boost::json::parse(kStatus);
  json.at("totals").as_object()["issued"] = 3;
  json.as_object()["withdrawals"] = {{"open", 2}};
  const ScriptedDaemon daemon(boost::json::serialize(json));

  Command status(daemon.arguments({"status"}));

  EXPECT_THAT(status.out(), AllOf(HasSubstr("and 3 rejection notes issued by this node"),
                                  HasSubstr("2 destinations are still to be told")));
}

TEST(Cli, StudyShowsWhatIsWithdrawn) {
  const ScriptedDaemon daemon(R"({"pseudonym": "DSG-H-0000-0000-000", "injection_tolerance_min": 10,
    "studies": [{"study_uid": "2.25.1", "readiness": "ready", "instances": 5, "series": [], "findings": [],
      "withdrawn": [{"code": "113038", "meaning": "Incorrect Modality Worklist Entry", "cause": "operator",
        "ordered": 1795860000, "whole_study": true, "objects": 5},
        {"code": "113001", "meaning": "Rejected for Quality Reasons", "cause": "received",
        "ordered": 1795860000, "whole_study": false, "objects": 2}]},
      {"study_uid": "2.25.2", "readiness": "ready", "instances": 5, "series": [], "findings": [], "withdrawn": null}],
    "cycles": []})");

  Command study(daemon.arguments({"study", "2.25.1"}));

  EXPECT_EQ(study.exit_code(), 0);
  EXPECT_THAT(study.out(),
              AllOf(HasSubstr("study 1 WITHDRAWN 113038 Incorrect Modality Worklist Entry, 2026-"),
                    HasSubstr("; 2 of its instances"), Not(HasSubstr("study 2 WITHDRAWN"))));
}

TEST(Cli, StatusNeverSendsAPeersControlCharactersToTheTerminal) {
  const ScriptedDaemon daemon(kStatus);

  Command status(daemon.arguments({"status"}));

  EXPECT_THAT(status.out(), HasSubstr("EVIL?[2J"));
  EXPECT_THAT(status.out(), Not(HasSubstr("\x1B")));
}

TEST(Cli, StatusAsJsonIsTheDaemonsAnswer) {
  const ScriptedDaemon daemon(kStatus);

  Command status(daemon.arguments({"status", "--json"}));

  EXPECT_EQ(status.exit_code(), 0);
  EXPECT_EQ(boost::json::parse(status.out()), boost::json::parse(kStatus));
}

const std::string kDevices = R"({"items": [
  {"site": "HA", "label": "CAM-01", "manufacturer": "SIEMENS", "model": "Symbia", "serial_number": "SN-445566", "station_name": "",
   "first_seen": 1700000000, "epochs": [
     {"number": 1, "software_versions": "VB20A", "last_calibration": "20260102", "first_seen": 1700000000},
     {"number": 2, "software_versions": "VB22A", "last_calibration": "", "first_seen": 1700000000}],
   "removed_creators": [
     {"creator": "ACME\u001b[2J", "instances": 1234, "first_seen": 1700000000, "last_seen": 1700000000},
     {"creator": null, "instances": 7, "first_seen": 1700000000, "last_seen": 1700000000}]},
  {"site": "", "label": "", "manufacturer": "", "model": "", "serial_number": "", "station_name": "", "first_seen": 0, "epochs": [],
   "removed_creators": [{"creator": "ORPHAN", "instances": 1, "first_seen": 1700000000, "last_seen": 1700000000}]}]})";

TEST(Cli, DevicesShowsTheRealCameraItsEpochsAndWhatWasRemovedOfIt) {
  const ScriptedDaemon daemon(kDevices);

  Command devices(daemon.arguments({"devices"}));

  EXPECT_EQ(devices.exit_code(), 0);
  EXPECT_THAT(
      devices.out(),
      AllOf(HasSubstr("CAM-01  site HA  SIEMENS Symbia  serial number SN-445566  station -"),
            HasSubstr("VB20A"), HasSubstr("20260102"), HasSubstr("1,234"),
            HasSubstr("(all others)"), HasSubstr("instances that name no device"),
            HasSubstr("ORPHAN")));
  EXPECT_THAT(devices.out(), AllOf(HasSubstr("ACME?[2J"), Not(HasSubstr("\x1B"))));
  EXPECT_EQ(daemon.asked().at(0).path, "/api/v1/devices");
}

TEST(Cli, DevicesAsJsonIsTheDaemonsAnswer) {
  const ScriptedDaemon daemon(kDevices);

  Command devices(daemon.arguments({"devices", "--json"}));

  EXPECT_EQ(boost::json::parse(devices.out()), boost::json::parse(kDevices));
}

TEST(Cli, StatusSaysInOneLineWhereAPrivateCreatorIsNew) {
  auto body = boost::json::parse(kStatus).as_object();
  body["new_creators"] =
      boost::json::parse(R"([{"site": "HA", "label": "CAM-02", "creators": 1}])");
  const ScriptedDaemon one(boost::json::serialize(body));
  body["new_creators"] = boost::json::parse(
      R"([{"site": "HA", "label": "CAM-02", "creators": 3}, {"site": "", "label": "", "creators": 2}])");
  const ScriptedDaemon several(boost::json::serialize(body));
  const ScriptedDaemon none(kStatus);

  EXPECT_THAT(Command(one.arguments({"status"})).out(),
              HasSubstr("new private creator on CAM-02: see dosigate devices\n"));
  EXPECT_THAT(Command(several.arguments({"status"})).out(),
              HasSubstr("5 new private creators on CAM-02, instances without a device: see"));
  EXPECT_THAT(Command(none.arguments({"status"})).out(), Not(HasSubstr("private creator")));
}

TEST(Cli, StatusOfANodeThatDoesNotGrowSaysSo) {
  auto body = boost::json::parse(kStatus).as_object();
  body["disk"].as_object()["hours_left"] = nullptr;
  const ScriptedDaemon daemon(boost::json::serialize(body));

  Command status(daemon.arguments({"status"}));

  EXPECT_THAT(status.out(), AllOf(HasSubstr("not growing"), Not(HasSubstr("present rate"))));
}

TEST(Cli, WatchAsksAgainUntilItIsInterrupted) {
  const ScriptedDaemon daemon(kStatus);

  Command watch(daemon.arguments({"status", "--watch", "--json"}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (daemon.asked().size() < 2 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  watch.signal(SIGINT);

  EXPECT_EQ(watch.exit_code(), 0);
  EXPECT_GE(daemon.asked().size(), 2U);
}

TEST(Cli, AnUnreachableDaemonGivesOneLineAndThree) {
  const ConfigFile file("[node]\nadmin_socket = \"admin.sock\"\n" + kMinimal);
  const std::vector<std::vector<std::string>> commands{{"status"},
                                                       {"status", "--json"},
                                                       {"queue", "list"},
                                                       {"queue", "retry", "--all"},
                                                       {"quarantine", "list"},
                                                       {"audit", "verify"},
                                                       {"reload"}};

  for (const auto& words : commands) {
    std::vector<std::string> arguments{"--config", file.file.string()};
    arguments.insert(arguments.end(), words.begin(), words.end());
    Command command(arguments);
    EXPECT_EQ(command.exit_code(), 3) << words[0];
    EXPECT_EQ(command.out(), "");
    EXPECT_THAT(command.err(), StartsWith("dosigate: no dosigated answers at "));
    const std::string err = command.err();
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
  }
}

TEST(Cli, AConfigurationThatIsNotThereGivesOneLineAndThree) {
  Command status({"--config", "/nowhere/dosigate.toml", "status"});

  EXPECT_EQ(status.exit_code(), 3);
  EXPECT_THAT(status.err(), HasSubstr("/nowhere/dosigate.toml"));
}

TEST(Cli, AnUnreachableDaemonOfAFileThatIsNoTomlMayBeElsewhere) {
  const ConfigFile file("[node]\nadmin_socket = \"admin.sock\"\n[[route]\n");

  Command status({"--config", file.file.string(), "status"});

  EXPECT_EQ(status.exit_code(), 3);
  EXPECT_THAT(status.err(),
              HasSubstr(file.file.string() + ":3 is no valid TOML, so its "
                                             "admin_socket is not known: --socket PATH names it"));
}

TEST(Cli, CheckHasNagiosStates) {
  const std::pair<const char*, int> states[] = {
      {R"({"state": 0, "lines": []})", 0},
      {R"({"state": 1, "lines": ["no journal"]})", 1},
      {R"({"state": 2, "lines": ["disk-low: 1 GB", "parked archive: 3"]})", 2},
      {R"({"lines": []})", 3}};
  const char* const texts[] = {"DOSIGATE OK - all is well\n", "DOSIGATE WARNING - no journal\n",
                               "DOSIGATE CRITICAL - disk-low: 1 GB; parked archive: 3\n",
                               "DOSIGATE UNKNOWN - the daemon gave no reason\n"};

  for (std::size_t i = 0; i < std::size(states); ++i) {
    const ScriptedDaemon daemon(states[i].first);
    Command check(daemon.arguments({"check"}));
    EXPECT_EQ(check.exit_code(), states[i].second);
    EXPECT_EQ(check.out(), texts[i]);
  }
}

TEST(Cli, CheckOfAnUnreachableDaemonIsUnknownInOneLine) {
  const ConfigFile file("[node]\nadmin_socket = \"admin.sock\"\n" + kMinimal);

  Command check({"--config", file.file.string(), "check"});

  EXPECT_EQ(check.exit_code(), 3);
  EXPECT_THAT(check.out(), StartsWith("DOSIGATE UNKNOWN - no dosigated answers"));
  EXPECT_EQ(check.err(), "");
}

TEST(Cli, AProblemOfTheDaemonGivesItsWordsAndOne) {
  const ScriptedDaemon daemon(
      [](const ApiRequest&) { return problem(fail(Fault::NotFound, "no such instance")); });

  Command show(daemon.arguments({"quarantine", "show", kId}));

  EXPECT_EQ(show.exit_code(), 1);
  EXPECT_EQ(show.err(), "dosigate: Not found: no such instance\n");
}

TEST(Cli, AWrongCommandLineGivesTwo) {
  EXPECT_EQ(Command({"statsu"}).exit_code(), 2);
  EXPECT_EQ(Command({}).exit_code(), 2);
  EXPECT_EQ(Command({"queue", "retry"}).exit_code(), 2);
  EXPECT_EQ(Command({"quarantine", "discard", kId}).exit_code(), 2);
  EXPECT_EQ(Command({"quarantine", "show", "../status"}).exit_code(), 2);
}

TEST(Cli, AnUnknownSubcommandIsSaidAndNotRepeated) {
  Command top({"nosuch"}), group({"map", "lokup", "--json"}), none({"map"});

  EXPECT_EQ(top.exit_code(), 2);
  EXPECT_THAT(top.err(), HasSubstr("dosigate: there is no such subcommand"));
  EXPECT_EQ(group.exit_code(), 2);
  EXPECT_THAT(group.err(), AllOf(HasSubstr("dosigate map: there is no such subcommand"),
                                 HasSubstr("`dosigate map --help`"), Not(HasSubstr("lokup"))));
  EXPECT_EQ(none.exit_code(), 2);
  EXPECT_THAT(none.err(), HasSubstr("subcommand is required"));
}

TEST(Cli, HelpNamesTheExitCodes) {
  Command help({"--help"});

  EXPECT_EQ(help.exit_code(), 0);
  EXPECT_THAT(help.out(), HasSubstr("3 no daemon answers"));
}

TEST(Cli, QueueRetryAsksForWhatWasNamed) {
  const ScriptedDaemon daemon(R"({"requeued": 3})");

  EXPECT_EQ(Command(daemon.arguments({"queue", "retry", "--all"})).exit_code(), 0);
  EXPECT_EQ(Command(daemon.arguments({"queue", "retry", "--destination", "archive"})).exit_code(),
            0);
  Command one(daemon.arguments({"queue", "retry", kId}));
  EXPECT_EQ(one.exit_code(), 0);
  EXPECT_EQ(one.out(), "3 requeued\n");

  const auto asked = daemon.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].method + " " + asked[0].path, "POST /api/v1/queue/retry");
  EXPECT_EQ(asked[0].body, (boost::json::object{{"all", true}}));
  EXPECT_EQ(asked[1].body, (boost::json::object{{"destination", "archive"}}));
  EXPECT_EQ(asked[2].body, (boost::json::object{{"id", kId}}));
}

TEST(Cli, IncidentsThatAreAllClosedAreNotCalledNone) {
  const ScriptedDaemon daemon(R"({"items": [{"number": 1, "kind": "integrity", "of": "spool",
    "detail": "x", "first": 1, "last": 1, "count": 1, "subjects_affected": 0, "subjects": [],
    "state": "closed", "closed": 2, "closed_by": "ana", "reason": "mended"}]})");
  const ScriptedDaemon none(R"({"items": []})");

  EXPECT_EQ(Command(daemon.arguments({"incidents", "--open"})).out(), "no incident is open\n");
  EXPECT_EQ(Command(none.arguments({"incidents", "--open"})).out(), "no incident is on record\n");
}

TEST(Cli, QueueRetrySaysWhatIsDueAlsoWhenNothingHadToBeRequeued) {
  const ScriptedDaemon daemon(R"({"requeued": 0, "destinations": [
    {"name": "archive", "due": 12, "state": "down", "state_text": ""},
    {"name": "night", "due": 2, "state": "paused", "state_text": "paused since 2026-11-28 14:03 by root"},
    {"name": "old", "due": 1, "state": "removed", "state_text": ""}]})");
  const ScriptedDaemon idle(R"({"requeued": 0, "destinations": []})");

  Command some(daemon.arguments({"queue", "retry", "--all"}));
  Command none(idle.arguments({"queue", "retry", "--all"}));

  EXPECT_EQ(some.out(),
            "0 requeued: archive has 12 due and is asked again at once; night has 2 due, but is "
            "paused since 2026-11-28 14:03 by root; old has 1 due, but is not configured: put it "
            "back and reload\n");
  EXPECT_EQ(none.out(), "0 requeued: nothing of it waits\n");
}

TEST(Cli, PauseSendsWhatAndWhyAndResumeWhat) {
  const ScriptedDaemon daemon("{}");

  Command pause(daemon.arguments({"queue", "pause", "archive", "--reason", "the line is mended"}));
  EXPECT_EQ(pause.exit_code(), 0);  // the end of the first, before the second begins
  Command resume(daemon.arguments({"queue", "resume", "archive"}));

  EXPECT_THAT(pause.out(), HasSubstr("archive is paused"));
  EXPECT_EQ(resume.exit_code(), 0);
  EXPECT_EQ(resume.out(), "archive is resumed\n");
  const auto asked = daemon.asked();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].method + " " + asked[0].path, "POST /api/v1/queue/pause");
  EXPECT_EQ(asked[0].body,
            (boost::json::object{{"destination", "archive"}, {"reason", "the line is mended"}}));
  EXPECT_EQ(asked[1].path, "/api/v1/queue/resume");
  EXPECT_EQ(asked[1].body, (boost::json::object{{"destination", "archive"}}));
  EXPECT_EQ(Command({"queue", "pause", "archive"}).exit_code(), 2) << "without a reason";
}

TEST(Cli, StatusSaysWhyADestinationWaitsAndWhatCompressionSaves) {
  const ScriptedDaemon daemon(R"({"destinations": [
    {"name": "night", "state": "waiting", "state_text": "outside its hours (19:00-06:00): opens at 19:00, in 2 h 0 min",
     "paused": null, "bytes_sent": 1000000, "bytes_saved": 3000000, "compressed": 7, "not_compressed": 1},
    {"name": "line", "state": "paused", "state_text": "paused since 2026-11-28 14:03 by root",
     "paused": {"since": 1, "by": "root", "reason": "mended\u001b[2J"}}]})");

  Command status(daemon.arguments({"status"}));

  EXPECT_THAT(status.out(), HasSubstr("night: outside its hours (19:00-06:00): opens at 19:00"));
  EXPECT_THAT(status.out(), HasSubstr("line: paused since 2026-11-28 14:03 by root (mended?[2J)"));
  EXPECT_THAT(status.out(),
              HasSubstr("night: 1.0 MB sent, 3.0 MB saved; 7 images compressed, 1 in vain"));
  EXPECT_THAT(status.out(), Not(HasSubstr("line: 0")));
}

TEST(Cli, QueueListShowsEachItem) {
  const ScriptedDaemon daemon(
      R"({"items": [{"id": "abc", "destination": "archive", "study_uid": "2.25.1", "sop_class": "1.2",
    "pseudonym": "DSG-HC-0000-0000-000", "state": "parked", "attempts": 10, "status": 43264, "reason": "A900: no room", "queued_s": 300,
    "next_attempt_s": 0, "bytes": 524288}]})");

  Command list(daemon.arguments({"queue", "list", "--max", "7"}));

  EXPECT_THAT(list.out(), AllOf(HasSubstr("DSG-HC-0000-0000-000"), HasSubstr("parked"),
                                HasSubstr("A900: no room"), HasSubstr("5 min")));
  EXPECT_EQ(daemon.asked().at(0).query.at(0), (std::pair<std::string, std::string>{"max", "7"}));
}

TEST(Cli, ReleaseSendsReasonAndDecision) {
  const ScriptedDaemon daemon(R"({"outcome": "queued", "detail": ""})");

  Command release(daemon.arguments(
      {"quarantine", "release", kId, "--reason", "looked at it", "--accept", "burned-in"}));

  EXPECT_EQ(release.exit_code(), 0) << release.err();
  const auto asked = daemon.asked();
  EXPECT_EQ(asked.at(0).path, "/api/v1/quarantine/" + kId + "/release");
  EXPECT_EQ(asked.at(0).body, (boost::json::object{{"reason", "looked at it"},
                                                   {"accept", boost::json::array{"burned-in"}}}));
}

TEST(Cli, AReleaseThatIsHeldAgainGivesOne) {
  const ScriptedDaemon daemon(R"x({"outcome": "held", "detail": "leak: (0008,1030)"})x");

  Command release(daemon.arguments({"quarantine", "release", kId, "--reason", "r"}));

  EXPECT_EQ(release.exit_code(), 1);
  EXPECT_EQ(release.out(), "held: leak: (0008,1030)\n");
}

TEST(Cli, MapLookupReadsTheIdAndTheReasonFromStandardInput) {
  const ScriptedDaemon daemon(
      R"({"found": [{"pseudonym": "DSG-HC-0000-0000-000", "site": "HC", "first_seen": 1700000000, "study_uids": ["2.25.1"]}]})");

  Command lookup(daemon.arguments({"map", "lookup"}), "  MARKER-4711 \nward asks\n");

  EXPECT_EQ(lookup.exit_code(), 0) << lookup.err();
  EXPECT_THAT(lookup.out(), AllOf(HasSubstr("DSG-HC-0000-0000-000"), HasSubstr("2.25.1"),
                                  Not(HasSubstr("MARKER"))));
  EXPECT_EQ(daemon.asked().at(0).body,
            (boost::json::object{{"patient_id", "MARKER-4711"}, {"reason", "ward asks"}}));
}

TEST(Cli, MapLookupKeepsTheIdOutOfArgvAndEnvironment) {
  std::atomic<pid_t> child = 0;
  Guarded<std::string> seen;
  const ScriptedDaemon daemon([&](const ApiRequest&) {
    while (child == 0) std::this_thread::yield();
    for (const char* name : {"cmdline", "environ"}) {
      std::ifstream in("/proc/" + std::to_string(child) + "/" + name);
      std::stringstream all;
      all << in.rdbuf();
      seen.with([&](std::string& text) { text += all.str(); });
    }
    return ApiResponse{200, boost::json::parse(R"({"found": []})")};
  });

  Command lookup(daemon.arguments({"map", "lookup", "--reason", "r"}), "MARKER-4711\n");
  child = lookup.pid();

  EXPECT_EQ(lookup.exit_code(), 1);  // nobody found
  const std::string text = seen.with([](const std::string& all) { return all; });
  EXPECT_THAT(text, AllOf(HasSubstr("lookup"), Not(HasSubstr("MARKER"))));
}

TEST(Cli, MapLookupTurnsAnIdInArgvAwayWithoutRepeatingIt) {
  const ScriptedDaemon daemon(R"({"found": []})");

  Command lookup(daemon.arguments({"map", "lookup", "MARKER-4711"}), "x\ny\n");

  EXPECT_EQ(lookup.exit_code(), 2);
  EXPECT_THAT(lookup.err(),
              AllOf(HasSubstr("takes no PatientID as an argument"), Not(HasSubstr("MARKER"))));
  EXPECT_TRUE(daemon.asked().empty());
}

TEST(Cli, MapAsksForAReason) {
  const ScriptedDaemon daemon(R"({"found": []})");

  EXPECT_EQ(Command(daemon.arguments({"map", "lookup"}), "MARKER-4711\n").exit_code(), 2);
  EXPECT_EQ(Command(daemon.arguments({"map", "reveal", "DSG-HC-0000-0000-000"}), "\n").exit_code(),
            2);
  EXPECT_TRUE(daemon.asked().empty());
}

TEST(Cli, MapRevealShowsThePerson) {
  const ScriptedDaemon daemon(
      R"({"patient_id": "MARKER-4711", "issuer": "", "name": "MARKER^ONE", "birth_date": "19610503", "sex": "F"})");

  Command reveal(
      daemon.arguments({"map", "reveal", "DSG-HC-0000-0000-000", "--reason", "therapy board"}));

  EXPECT_EQ(reveal.exit_code(), 0);
  EXPECT_THAT(reveal.out(), AllOf(HasSubstr("MARKER-4711"), HasSubstr("MARKER^ONE")));
  EXPECT_EQ(daemon.asked().at(0).body, (boost::json::object{{"pseudonym", "DSG-HC-0000-0000-000"},
                                                            {"reason", "therapy board"}}));
}

TEST(Cli, AuditVerifySaysHowManyLinesHold) {
  const ScriptedDaemon daemon(R"({"lines": 1234})");

  Command verify(daemon.arguments({"audit", "verify"}));

  EXPECT_EQ(verify.out(), "the audit chain holds: 1,234 lines\n");
}

TEST(Cli, ConfigCheckNeedsNoDaemon) {
  const ConfigFile file(kMinimal);

  Command check({"config", "check", file.file.string()});

  EXPECT_EQ(check.exit_code(), 0) << check.err();
  EXPECT_THAT(check.out(), AllOf(HasSubstr("warning: "), HasSubstr("valid; 1 routes")));
}

TEST(Cli, ConfigCheckPrintsEveryErrorAndGivesOne) {
  const ConfigFile file("[node]\nae_titel = \"X\"\nlisten = 3\n" + kMinimal);

  Command check({"--config", file.file.string(), "config", "check"});

  EXPECT_EQ(check.exit_code(), 1);
  EXPECT_THAT(check.err(),
              AllOf(HasSubstr(":2: [node] ae_titel: unknown key (did you mean ae_title?)"),
                    HasSubstr(":3: [node] listen: expected an array")));
}

TEST(Cli, ConfigCheckWhoPrintsTheRoute) {
  const ConfigFile file(kMinimal + "called_ae = [\"PET\"]\nfrom = [\"10.0.0.0/8\"]\n");

  Command fits({"config", "check", file.file.string(), "--who", "PET", "PACS", "10.1.2.3"});
  EXPECT_EQ(fits.exit_code(), 0);
  EXPECT_THAT(fits.out(), AllOf(HasSubstr("route         all (line 5)"), HasSubstr("(HSR2)"),
                                HasSubstr("destinations  out")));

  Command stranger({"config", "check", file.file.string(), "--who", "PET", "PACS", "11.1.2.3"});
  EXPECT_EQ(stranger.exit_code(), 1);
  EXPECT_THAT(stranger.err(), HasSubstr("the caller or its address is not admitted"));

  Command called({"config", "check", file.file.string(), "--who", "NM", "PACS", "10.1.2.3"});
  EXPECT_THAT(called.err(), HasSubstr("does not answer to this called AE title"));
}

TEST(Cli, ConfigCheckWhoSaysWhatNoAssociationCouldHave) {
  const ConfigFile file(kMinimal);
  const auto said = [&](const char* called, const char* address) {
    Command who(
        {"--config", file.file.string(), "config", "check", "--who", called, "CT1", address});
    EXPECT_EQ(who.exit_code(), 2);
    return who.err();
  };

  EXPECT_THAT(said("DOSIGATE", "10.0.0.300"), HasSubstr("\"10.0.0.300\" is no address"));
  EXPECT_THAT(said("SEVENTEENLETTERSX", "10.0.0.3"),
              HasSubstr("has 17 characters; an AE title has at most 16"));
}

// Neither the advice to make a new node, which would be the end of what is to be restored, nor the
// question for the key.
TEST(Cli, AFolderThatIsNoBackupIsSaidBeforeTheKeyIsAskedFor) {
  const testing::TempDir empty;
  const std::string nowhere = (empty.path / "nosuch").string();
  const std::vector<std::string> config{"--config", (empty.path / "dosigate.toml").string()};
  const auto said = [&](std::vector<std::string> words) {
    words.insert(words.begin(), config.begin(), config.end());
    Command command(words, "");
    EXPECT_EQ(command.exit_code(), 1);
    return command.err();
  };

  const std::string restore = said({"restore", nowhere, "--journal", empty.path.string()});
  const std::string opened = said({"map", "open-export", empty.path.string()});

  EXPECT_THAT(restore, HasSubstr(nowhere + " is no backup folder: it is no directory"));
  EXPECT_THAT(opened,
              HasSubstr(empty.path.string() + " is no backup folder: there is no keyring in it"));
  for (const auto& text : {restore, opened}) EXPECT_THAT(text, Not(HasSubstr("init")));
}

TEST(Cli, APeerThatIsNotConfiguredIsNamedTogetherWithThoseThatAre) {
  const ConfigFile file(kMinimal +
                        "[[peer]]\nname = \"pacs\"\nae_title = \"PACS\"\nhost = \"127.0.0.1\"\n");

  Command echo({"--config", file.file.string(), "peer", "echo", "pasc"});

  EXPECT_EQ(echo.exit_code(), 1);
  EXPECT_EQ(echo.err(),
            "dosigate: no [[peer]] or [[destination]] (dicom, stow) is named \"pasc\"; there are: "
            "pacs\n");
}

TEST(Cli, APeerThatDoesNotListenGivesOneLine) {
  const ConfigFile file(
      kMinimal +
      "[[peer]]\nname = \"pacs\"\nae_title = \"PACS\"\nhost = \"127.0.0.1\"\nport = 1\n");

  Command echo({"--config", file.file.string(), "peer", "echo", "pacs"});

  EXPECT_EQ(echo.exit_code(), 1);
  EXPECT_THAT(echo.err(), StartsWith("dosigate: pacs (PACS at 127.0.0.1:1): "));
}

TEST(Cli, InitMakesTheKeysOnceAndPrintsTheRecoveryKey) {
  const ConfigFile file("[node]\nstate_dir = \"state\"\nkey_file = \"master.key\"\n" + kMinimal);

  Command first({"--config", file.file.string(), "init"});
  EXPECT_EQ(first.exit_code(), 0) << first.err();
  EXPECT_THAT(first.out(), HasSubstr("DSGR-"));
  EXPECT_EQ(std::filesystem::status(file.dir.path / "master.key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_TRUE(std::filesystem::exists(file.dir.path / "state/keyring"));

  Command second({"--config", file.file.string(), "init"});
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_THAT(second.err(), HasSubstr("initialised already"));
  EXPECT_THAT(second.out(), Not(HasSubstr("DSGR-")));
}

}  // namespace
}  // namespace dosigate
