// The machine is gone. What is left is a backup, the journal's disk, and a recovery key on paper.

#include "restore.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include "backup.h"
#include "config_file.h"
#include "dosigate/app/incidents.h"
#include "dosigate/app/init.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

SitePolicy site() {
  SitePolicy out;
  out.code = "HEX";
  return out;
}

SourceIdentity source(const std::string& id, const std::string& study) {
  SourceIdentity out;
  out.patient_id = Phi(id);
  out.name = Phi("MARKER^" + id);
  out.birth_date = Phi("19500101");
  out.sex = Phi("F");
  out.study_uid = Phi(study);
  return out;
}

/// What the archive knows a patient and study by: equal before and after, or somebody is split.
std::string face(const Subject& subject) {
  return subject.pseudonym + " " + std::to_string(subject.offset.count()) + " " +
         subject.study_uid + " " + map_uid(*subject.salt, subject.uid_revision, "1.2.3");
}

/// The stores of a node, as the daemon opens them.
struct Opened {
  explicit Opened(const std::filesystem::path& file) {
    auto loaded = load_config(file);
    if (!loaded) throw std::runtime_error(loaded.error().lines.at(0));
    config = std::move(*loaded);
    auto master = master_key(config);
    if (!master) throw std::runtime_error(master.error().detail);
    auto ring = Keyring::open(config.node.state_dir / "keyring", *master);
    if (!ring) throw std::runtime_error(ring.error().detail);
    keys = std::make_unique<Keyring>(std::move(*ring));
    take(audit, AuditLog::open(config.node.state_dir / "audit", *keys));
    take(map, PseudonymMap::open(map_settings(config), *keys));
    take(ledger, Ledger::open(config.node.state_dir / "ledger.db"));
  }
  template <class T>
  static void take(std::unique_ptr<T>& into, Result<std::unique_ptr<T>> opened) {
    if (!opened) throw std::runtime_error(opened.error().detail);
    into = std::move(*opened);
  }
  Subject resolve(const std::string& id, const std::string& study) {
    auto out = map->resolve(site(), source(id, study));
    if (!out) throw std::runtime_error(out.error().detail);
    return *out;
  }
  /// Known to the ledger, as an instance that was delivered.
  void deliver(const Subject& subject, Byte number) {
    Ledger::Entry entry;
    entry.id = InstanceId{number};
    entry.study_uid = subject.study_uid;
    entry.destinations = {"archive"};
    entry.pseudonym = subject.pseudonym;
    ledger->queued(entry);
    ledger->changed({{entry.id, "archive", DeliveryState::Delivered, 0}});
  }

  Config config;
  std::unique_ptr<Keyring> keys;
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<PseudonymMap> map;
  std::unique_ptr<Ledger> ledger;
};

Result<BackupMade> back_up(Opened& node, const std::filesystem::path& directory) {
  return make_backup(node.config, *node.keys, *node.map, *node.ledger, directory, wall_now());
}

/// Runs a disabled test of this program in a new process with a fail point; true when it was killed
/// there.
bool is_killed_at(const std::string& fail_point, const std::string& test,
                  const std::vector<std::pair<const char*, std::string>>& environment) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("DOSIGATE_FAIL_POINT", fail_point.c_str(), 1);
    for (const auto& [name, value] : environment) ::setenv(name, value.c_str(), 1);
    const std::string filter = "--gtest_filter=InAChild." + test;
    ::execl("/proc/self/exe", "unit_backup", filter.c_str(), "--gtest_also_run_disabled_tests",
            static_cast<char*>(nullptr));
    std::_Exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

class RestoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(old_file_.parent_path() / "profiles");
    std::filesystem::create_directory(journal_);
    std::filesystem::create_directory(backups_);
    std::ofstream(old_file_) << "[node]\nstate_dir = \"state\"\nkey_file = \"master.key\"\n"
                             << "profiles_dir = \"profiles\"\nadmin_socket = \"admin.sock\"\n"
                             << "min_free_gb = 0\njournal_dir = \"" << journal_.string() << "\"\n"
                             << "[[site]]\nname = \"Hospital Santa Rosa 2\"\ncode = \"HEX\"\n"
                             << testing::kMinimal;
    std::ofstream(old_file_.parent_path() / "profiles" / "own.toml") << "# ours\n";
    std::filesystem::create_directory(old_file_.parent_path() / "out");
    auto config = load_config(old_file_);
    ASSERT_TRUE(config) << config.error().lines.at(0);
    auto made = initialise(*config);
    ASSERT_TRUE(made) << made.error().detail;
    recovery_ = *made;
  }
  std::filesystem::path back_up(Opened& node) {
    auto made = dosigate::back_up(node, backups_);
    EXPECT_TRUE(made) << made.error().detail;
    return made ? made->folder : std::filesystem::path();
  }
  void lose_the_machine() { std::filesystem::remove_all(old_file_.parent_path()); }
  RestoreOrder order(const std::filesystem::path& folder) const {
    return {folder, new_file_, home_.path / "new" / "credential", journal_, false};
  }
  Result<Restored> restore(const RestoreOrder& order) {
    std::filesystem::create_directories(new_file_.parent_path() / "out");
    return dosigate::restore(order, recovery_, "root", wall_now());
  }
  std::filesystem::path state() const { return new_file_.parent_path() / "state"; }

  testing::TempDir home_;
  std::filesystem::path old_file_ = home_.path / "old" / "dosigate.toml",
                        new_file_ = home_.path / "new" / "elsewhere.toml",
                        journal_ = home_.path / "journal", backups_ = home_.path / "backups";
  std::string recovery_;
};

TEST_F(RestoreTest, NobodyIsSplitAndNobodyForgottenComesBack) {
  std::string anna, bruno, late, anna_again;
  std::filesystem::path folder;
  std::string bruno_study, bruno_pseudonym, carla_pseudonym;
  {
    Opened node(old_file_);
    anna = face(node.resolve("1001", "1.2.1"));
    const Subject forgotten = node.resolve("2002", "1.2.2");
    const Subject joined = node.resolve("3003", "1.2.3");
    node.deliver(forgotten, 1);
    node.deliver(joined, 2);
    bruno_study = forgotten.study_uid;
    bruno_pseudonym = forgotten.pseudonym;
    carla_pseudonym = joined.pseudonym;
    folder = back_up(node);
    late = face(node.resolve("4004", "1.2.4"));
    const auto to = node.resolve("1001", "1.2.1").pseudonym;
    ASSERT_TRUE(node.map->add_key(site(), to, Phi("1001-B"), Phi()));
    ASSERT_TRUE(node.map->join(to, carla_pseudonym));
    anna_again = face(node.resolve("1001-B", "1.2.9"));
    ASSERT_TRUE(node.map->forget(bruno_pseudonym));
  }
  lose_the_machine();

  const auto restored = restore(order(folder));

  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_TRUE(restored->config_written);
  EXPECT_EQ(restored->patients_before, "3");
  EXPECT_EQ(restored->forgotten_studies, 1U);
  Opened node(new_file_);
  EXPECT_EQ(face(node.resolve("1001", "1.2.1")), anna);
  EXPECT_EQ(face(node.resolve("4004", "1.2.4")), late) << "came after the backup";
  EXPECT_EQ(face(node.resolve("1001-B", "1.2.9")), anna_again) << "aliased after the backup";
  EXPECT_EQ(node.resolve("3003", "1.2.10").pseudonym, node.resolve("1001", "1.2.1").pseudonym)
      << "joined after the backup";
  EXPECT_FALSE(node.map->reveal(bruno_pseudonym));
  const auto returns = node.map->resolve(site(), source("2002", "1.2.2"));
  ASSERT_FALSE(returns) << "a forgotten study that returns is held";
  EXPECT_EQ(returns.error().fault, Fault::Uncertain);
  EXPECT_EQ(node.ledger->pseudonym_of(bruno_study), "");
  EXPECT_FALSE(node.ledger->studies_of(carla_pseudonym).empty()) << "joined is not forgotten";
  EXPECT_EQ(node.ledger->totals().delivered, 2U);
}

TEST_F(RestoreTest, WritesConfigurationAndProfilesAndANewMasterKeyThatIsNotTheOldOne) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    folder = back_up(node);
  }
  const Bytes before = read_file(old_file_), old_master = read_file(home_.path / "old/master.key");
  lose_the_machine();

  std::filesystem::create_directories(home_.path / "new/profiles");  // as a package makes it

  ASSERT_TRUE(restore(order(folder)));

  EXPECT_EQ(read_file(new_file_), before);
  EXPECT_EQ(std::filesystem::status(new_file_).permissions(), std::filesystem::perms(0644))
      << "the service is another user than root";
  EXPECT_TRUE(std::filesystem::exists(home_.path / "new/profiles/own.toml"));
  EXPECT_NE(read_file(home_.path / "new/master.key"), old_master);
  EXPECT_TRUE(Keyring::open_with_recovery(state() / "keyring", recovery_));
  EXPECT_FALSE(std::filesystem::exists(state() / "restoring"));
}

TEST_F(RestoreTest, UsesTheConfigurationThatIsThereAndSaysThatItIsAnotherOne) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    folder = back_up(node);
  }
  const Bytes before = read_file(old_file_);
  lose_the_machine();
  std::filesystem::create_directories(home_.path / "new/profiles");
  std::string own(as_text(before));
  own += "# ours\n";
  replace_file(new_file_, as_bytes(own));

  const auto restored = restore(order(folder));

  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_FALSE(restored->config_written);
  EXPECT_TRUE(restored->config_another);
  EXPECT_EQ(as_text(read_file(new_file_)), own);
  EXPECT_FALSE(std::filesystem::exists(home_.path / "new/profiles/own.toml"));
}

TEST_F(RestoreTest, GoesOnWithAuditRecordAndLedgerAndSaysWhatIsLost) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    node.audit->record("start", "dosigated", {});
    node.ledger->quarantined(InstanceId{7}, "burned-in");
    {
      const auto incidents =
          IncidentRegister::open(node.config.node.state_dir, *node.keys, *node.audit);
      ASSERT_TRUE(incidents);
      (*incidents)->note(IncidentKind::LeakHit, "route all", "(0008,1030)", {"DSG-T-1"});
    }
    folder = back_up(node);
  }
  lose_the_machine();

  ASSERT_TRUE(restore(order(folder)));

  Opened node(new_file_);
  EXPECT_EQ(node.audit->verify()->number, 3U);
  const auto incidents = read_incidents(state(), *node.keys);
  ASSERT_TRUE(incidents) << incidents.error().detail;
  ASSERT_EQ(incidents->size(), 1U);
  EXPECT_EQ((*incidents)[0].subjects.count("DSG-T-1"), 1U);
  const Bytes record = read_file(state() / "audit/audit.jsonl");
  EXPECT_THAT(std::string(as_text(record)),
              AllOf(HasSubstr("\"start\""), HasSubstr("\"restore\"")));
  EXPECT_EQ(node.ledger->totals().quarantined, 0U);
  EXPECT_EQ(node.ledger->reasons(Outcome::Discarded).at("lost with the machine"), 1U);
  EXPECT_GT(node.ledger->milestone("backup"), 0);
  EXPECT_GT(node.ledger->milestone("recovery-verified"), 0);
}

TEST_F(RestoreTest, AfterARotationOfKeysTheBackupOfBeforeItStillServes) {
  std::string anna, late;
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    ASSERT_TRUE(node.keys->keep_copy(journal_ / "keyring"));
    anna = face(node.resolve("1001", "1.2.1"));
    folder = back_up(node);
    const Secret next = random_secret();
    ASSERT_TRUE(node.keys->begin_rotation(public_half(next)));
    ASSERT_TRUE(node.keys->key_file_written(public_half(next)));
    while (*node.map->reseal(100) > 0) {
    }
    ASSERT_TRUE(node.map->rewrite_journal());
    ASSERT_TRUE(node.keys->finish_rotation());
    late = face(node.resolve("4004", "1.2.4"));
  }
  lose_the_machine();

  const auto restored = restore(order(folder));

  ASSERT_TRUE(restored) << restored.error().detail;
  Opened node(new_file_);
  EXPECT_EQ(face(node.resolve("1001", "1.2.1")), anna);
  EXPECT_EQ(face(node.resolve("4004", "1.2.4")), late);
}

TEST_F(RestoreTest, WithoutAJournalWhoIsUnknownIsHeldUntilTheGapIsAccepted) {
  std::string anna;
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    anna = face(node.resolve("1001", "1.2.1"));
    folder = back_up(node);
    node.resolve("4004", "1.2.4");
  }
  lose_the_machine();
  std::filesystem::remove_all(journal_);
  RestoreOrder wanted = order(folder);
  wanted.journal.clear();
  wanted.without_journal = true;

  const auto restored = restore(wanted);

  ASSERT_TRUE(restored) << restored.error().detail;
  Opened node(new_file_);
  EXPECT_EQ(node.map->gap_since(), static_cast<long long>(restored->created));
  EXPECT_EQ(face(node.resolve("1001", "1.2.1")), anna);
  const auto unknown = node.map->resolve(site(), source("4004", "1.2.4"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault, Fault::Uncertain);
  ASSERT_TRUE(node.map->accept_gap());
  EXPECT_TRUE(node.map->resolve(site(), source("4004", "1.2.4")));
  EXPECT_TRUE(std::filesystem::exists(journal_ / "identity.journal")) << "a new one has begun";
}

TEST_F(RestoreTest, ThatWasKilledAnywhereLeavesNothingThatServesAndIsRepeated) {
  std::string anna;
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    anna = face(node.resolve("1001", "1.2.1"));
    folder = back_up(node);
  }
  lose_the_machine();
  std::filesystem::create_directories(new_file_.parent_path() / "out");

  for (const char* step : {"1", "2", "3"}) {
    ASSERT_TRUE(is_killed_at(
        "restore.placed:" + std::string(step), "DISABLED_Restores",
        {{"FOLDER", folder}, {"FILE", new_file_}, {"JOURNAL", journal_}, {"KEY", recovery_}}))
        << "step " << step;
    EXPECT_FALSE(std::filesystem::exists(state() / "identity/map.db")) << "nothing serves";
  }

  const auto restored = restore(order(folder));
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_EQ(face(Opened(new_file_).resolve("1001", "1.2.1")), anna);
}

TEST_F(RestoreTest, IsRefusedWhereANodeIs) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    folder = back_up(node);
  }
  RestoreOrder over_the_old_one = order(folder);
  over_the_old_one.config_file = old_file_;
  const Bytes keyring = read_file(home_.path / "old/state/keyring");

  const auto refused = restore(over_the_old_one);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::Conflict);
  EXPECT_THAT(refused.error().detail, HasSubstr("there is a node already"));
  EXPECT_EQ(read_file(home_.path / "old/state/keyring"), keyring);
  EXPECT_FALSE(std::filesystem::exists(home_.path / "old/state/restoring"));
}

TEST_F(RestoreTest, AsksForTheJournalOrForTheWordThatItIsLost) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    folder = back_up(node);
  }
  lose_the_machine();
  RestoreOrder neither = order(folder), both = order(folder), elsewhere = order(folder),
               lost_but_there = order(folder);
  neither.journal.clear();
  both.without_journal = true;
  elsewhere.journal = home_.path / "copy";
  std::filesystem::copy(journal_, elsewhere.journal);
  lost_but_there.journal.clear();
  lost_but_there.without_journal = true;

  EXPECT_THAT(restore(neither).error().detail,
              AllOf(HasSubstr("--without-journal"), HasSubstr("map accept-gap")));
  EXPECT_EQ(restore(both).error().fault, Fault::Invalid);
  EXPECT_THAT(restore(elsewhere).error().detail,
              AllOf(HasSubstr(journal_.string()), HasSubstr("mount or copy")));
  EXPECT_THAT(restore(lost_but_there).error().detail, HasSubstr("holds a journal"));
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(RestoreTest, WithAWrongOrMistypedRecoveryKeyTouchesNothing) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    folder = back_up(node);
  }
  lose_the_machine();
  std::string mistyped = recovery_;
  mistyped.back() = mistyped.back() == '0' ? '1' : '0';
  const testing::TempDir other;
  const auto another = Keyring::create(other.path / "keyring", random_secret());
  ASSERT_TRUE(another);

  EXPECT_EQ(dosigate::restore(order(folder), mistyped, "root", wall_now()).error().fault,
            Fault::Invalid);
  EXPECT_EQ(dosigate::restore(order(folder), *another, "root", wall_now()).error().fault,
            Fault::Denied);
  EXPECT_FALSE(std::filesystem::exists(home_.path / "new"));
}

TEST_F(RestoreTest, OfADamagedBackupOrWithAJournalOfAnotherNodeLeavesNoNode) {
  std::filesystem::path folder;
  {
    Opened node(old_file_);
    folder = back_up(node);
  }
  lose_the_machine();
  const Bytes whole = read_file(folder / "bundle.dsb");
  Bytes damaged = whole;
  damaged[damaged.size() / 2] ^= 1U;
  replace_file(folder / "bundle.dsb", damaged);

  EXPECT_EQ(restore(order(folder)).error().fault, Fault::Corrupt);
  EXPECT_FALSE(std::filesystem::exists(state()));

  replace_file(folder / "bundle.dsb", whole);
  const Bytes journal = read_file(journal_ / "identity.journal");
  Bytes foreign = journal;
  foreign[24] ^= 1U;  // of the keyring's id in its head
  replace_file(journal_ / "identity.journal", foreign);
  EXPECT_EQ(restore(order(folder)).error().fault, Fault::Conflict);
  EXPECT_FALSE(std::filesystem::exists(state() / "identity/map.db"));

  replace_file(journal_ / "identity.journal", journal);
  EXPECT_TRUE(restore(order(folder))) << "the cause is gone, and nothing is in the way";
}

TEST_F(RestoreTest, ABackupThatFailsOrWasKilledLeavesNoCopies) {
  const auto copies = old_file_.parent_path() / "state/backup.part";
  {
    Opened node(old_file_);
    EXPECT_FALSE(dosigate::back_up(node, home_.path / "away"));
  }
  EXPECT_FALSE(std::filesystem::exists(copies));

  ASSERT_TRUE(is_killed_at("backup.copied", "DISABLED_BacksUp",
                           {{"FOLDER", backups_}, {"FILE", old_file_}}));
  EXPECT_TRUE(std::filesystem::exists(copies));

  remove_backup_copies(old_file_.parent_path() / "state");
  EXPECT_FALSE(std::filesystem::exists(copies));
  Opened node(old_file_);
  EXPECT_TRUE(dosigate::back_up(node, backups_));
  EXPECT_FALSE(std::filesystem::exists(copies));
}

// What a killed process does: run by is_killed_at.

TEST(InAChild, DISABLED_Restores) {
  const auto path = [](const char* name) { return std::filesystem::path(std::getenv(name)); };
  static_cast<void>(restore(
      {path("FOLDER"), path("FILE"), path("FILE").parent_path() / "key", path("JOURNAL"), false},
      std::getenv("KEY"), "root", wall_now()));
}

TEST(InAChild, DISABLED_BacksUp) {
  Opened node(std::getenv("FILE"));
  static_cast<void>(back_up(node, std::getenv("FOLDER")));
}

}  // namespace
}  // namespace dosigate
