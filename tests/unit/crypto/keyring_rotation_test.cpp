#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/seal.h"
#include "support/paths.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using testing::Keys;
using testing::TempDir;
using Rotation = Keyring::Rotation;

constexpr std::string_view kPlain = "what was sealed";

/// A keyring, its next master key, and a value that was sealed before.
struct Rotating : Keys {
  std::filesystem::path file = dir.path / "keyring";
  std::filesystem::path old_copy = dir.path / "old-copy";
  Secret next = random_secret();
  Bytes sealed_before = seal(keyring, Purpose::Identity, as_bytes(kPlain), "here");

  Rotating() { std::filesystem::copy_file(file, old_copy); }
  void begin() { ASSERT_TRUE(keyring.begin_rotation(public_half(next))); }
  void finish() {
    ASSERT_TRUE(keyring.key_file_written(public_half(next)));
    ASSERT_TRUE(keyring.finish_rotation());
  }
};

bool opens(const Keyring& keys, ByteView sealed) {
  const auto plain = unseal(keys, Purpose::Identity, sealed, "here");
  return plain && as_text(*plain) == kPlain;
}

Fault fault_of(const Result<void>& result) {
  EXPECT_FALSE(result);
  return result ? Fault::Busy : result.error().fault;
}

TEST(KeyRotation, SealsUnderNewKeysFromTheBeginAndStillOpensWhatWasSealedBefore) {
  Rotating keys;

  keys.begin();

  for (int purpose = 1; purpose <= 7; ++purpose)
    EXPECT_EQ(keys.keyring.current(static_cast<Purpose>(purpose)).version, 2U) << purpose;
  EXPECT_TRUE(opens(keys.keyring, keys.sealed_before));
  EXPECT_EQ(keys.keyring.rotation(), Rotation::WaitingForKeyFile);
}

TEST(KeyRotation, BetweenBeginAndFinishEitherMasterKeyOpensTheKeyring) {
  Rotating keys;
  keys.begin();

  const auto by_old = Keyring::open(keys.file, keys.master);
  const auto by_new = Keyring::open(keys.file, keys.next);

  ASSERT_TRUE(by_old);
  ASSERT_TRUE(by_new);
  EXPECT_EQ(by_old->rotation(), Rotation::WaitingForKeyFile);
  EXPECT_EQ(by_new->rotation(), Rotation::Resealing);
  EXPECT_TRUE(opens(*by_new, keys.sealed_before));
}

TEST(KeyRotation, AfterTheFinishTheOldMasterKeyAndTheOldKeyringAreUseless) {
  Rotating keys;
  keys.begin();
  const Bytes sealed_anew = seal(keys.keyring, Purpose::Identity, as_bytes(kPlain), "here");

  keys.finish();

  const auto by_old = Keyring::open(keys.file, keys.master);
  ASSERT_FALSE(by_old);
  EXPECT_EQ(by_old.error().fault, Fault::Denied);
  const auto old_keyring = Keyring::open(keys.old_copy, keys.master);
  ASSERT_TRUE(old_keyring);
  EXPECT_FALSE(opens(*old_keyring, sealed_anew));
  const auto now = Keyring::open(keys.file, keys.next);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->rotation(), Rotation::None);
  EXPECT_TRUE(opens(*now, sealed_anew));
  EXPECT_EQ(now->find(Purpose::Identity, 1), nullptr);
}

TEST(KeyRotation, LeavesIdAndIndexKeyAsTheyAre) {
  Rotating keys;
  const Bytes index(keys.keyring.index_key().reveal().begin(),
                    keys.keyring.index_key().reveal().end());

  keys.begin();
  keys.finish();

  const auto now = Keyring::open(keys.file, keys.next);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->id(), keys.keyring.id());
  EXPECT_TRUE(std::ranges::equal(now->index_key().reveal(), index));
}

TEST(KeyRotation, KeepsOldAuditKeysBecauseOldLinesAreVerifiedWithThem) {
  Rotating keys;

  keys.begin();
  keys.finish();

  EXPECT_NE(keys.keyring.find(Purpose::Audit, 1), nullptr);
  EXPECT_EQ(keys.keyring.current(Purpose::Audit).version, 2U);
  EXPECT_EQ(keys.keyring.rotation(), Rotation::None);
}

TEST(KeyRotation, TheRecoveryKeyOpensEveryStateWithoutBeingAskedFor) {
  Rotating keys;

  for (int round = 0; round < 2; ++round) {
    keys.begin();
    EXPECT_TRUE(Keyring::open_with_recovery(keys.file, keys.recovery));
    keys.finish();
    EXPECT_TRUE(Keyring::open_with_recovery(keys.file, keys.recovery));
    keys.next = random_secret();
  }
}

TEST(KeyRotation, EachWritingHasItsOwnBodyKey) {
  Rotating keys;
  keys.begin();
  const Bytes during = read_file(keys.file);

  keys.finish();

  // Boxes and body share no block of 16 bytes: nothing of one file helps to open the other.
  const Bytes after = read_file(keys.file);
  const std::size_t boxes = 25 + 3 * 32;
  for (std::size_t at = boxes; at + 16 <= during.size(); at += 16)
    EXPECT_FALSE(testing::holds_bytes(after, ByteView(during).subspan(at, 16))) << at;
}

TEST(KeyRotation, IsNotFinishedBeforeTheNewKeyStandsInTheKeyFile) {
  Rotating keys;
  keys.begin();

  EXPECT_EQ(fault_of(keys.keyring.finish_rotation()), Fault::Conflict);
  EXPECT_EQ(fault_of(keys.keyring.key_file_written(public_half(keys.master))), Fault::Denied);

  EXPECT_TRUE(Keyring::open(keys.file, keys.master));
}

TEST(KeyRotation, BegunAgainWithTheSameKeyChangesNothing) {
  Rotating keys;
  keys.begin();
  const Bytes during = read_file(keys.file);

  keys.begin();

  EXPECT_EQ(read_file(keys.file), during);
}

TEST(KeyRotation, WhoseNewKeyWasLostBeforeItReachedTheKeyFileGoesOnWithAnother) {
  Rotating keys;
  keys.begin();
  auto restarted = Keyring::open(keys.file, keys.master);
  ASSERT_TRUE(restarted);
  const Secret another = random_secret();

  ASSERT_TRUE(restarted->begin_rotation(public_half(another)));

  EXPECT_FALSE(Keyring::open(keys.file, keys.next));
  EXPECT_EQ(restarted->current(Purpose::Identity).version, 2U);
  ASSERT_TRUE(restarted->key_file_written(public_half(another)));
  ASSERT_TRUE(restarted->finish_rotation());
  EXPECT_TRUE(Keyring::open(keys.file, another));
}

TEST(KeyRotation, IsRefusedWithThePresentKeyAndWhileAnotherIsUnderWay) {
  Rotating keys;
  EXPECT_EQ(fault_of(keys.keyring.begin_rotation(public_half(keys.master))), Fault::Invalid);
  keys.begin();
  ASSERT_TRUE(keys.keyring.key_file_written(public_half(keys.next)));

  EXPECT_EQ(fault_of(keys.keyring.begin_rotation(public_half(random_secret()))), Fault::Conflict);
}

TEST(KeyRotation, AKeyThatIsInUseOutlivesTheRotation) {
  Rotating keys;
  const Keyring::Key old = keys.keyring.current(Purpose::Identity);
  const Bytes value(old.key->reveal().begin(), old.key->reveal().end());

  keys.begin();
  keys.finish();

  EXPECT_TRUE(std::ranges::equal(old.key->reveal(), value));
}

TEST(KeyRotation, TheCopyIsAsNewAsTheKeyring) {
  Rotating keys;
  const auto copy = keys.dir.path / "copy";
  ASSERT_TRUE(keys.keyring.keep_copy(copy));
  EXPECT_EQ(read_file(copy), read_file(keys.file));

  keys.begin();
  EXPECT_EQ(read_file(copy), read_file(keys.file));
  keys.finish();
  EXPECT_EQ(read_file(copy), read_file(keys.file));
}

TEST(KeyRotation, TheKeyringOfAnotherNodeIsNotOverwrittenByACopy) {
  Rotating keys;
  const Keys others;
  const auto theirs = others.dir.path / "keyring";
  const Bytes before = read_file(theirs);

  EXPECT_EQ(fault_of(keys.keyring.keep_copy(theirs)), Fault::Conflict);
  keys.begin();

  EXPECT_EQ(read_file(theirs), before);
}

TEST(KeyRotation, WithoutItsCopyIsNotBegun) {
  Rotating keys;
  const auto away = keys.dir.path / "share";
  std::filesystem::create_directory(away);
  ASSERT_TRUE(keys.keyring.keep_copy(away / "keyring"));
  std::filesystem::remove_all(away);

  const auto begun = keys.keyring.begin_rotation(public_half(keys.next));

  EXPECT_EQ(fault_of(begun), Fault::Unavailable);
  EXPECT_EQ(keys.keyring.current(Purpose::Identity).version, 1U);
  EXPECT_FALSE(Keyring::open(keys.file, keys.next));
}

TEST(KeyRotation, HoldsNoKeyInClear) {
  Rotating keys;

  keys.begin();

  const Bytes file = read_file(keys.file);
  const auto current = keys.keyring.current(Purpose::Identity).key;
  for (const ByteView key : {keys.keyring.index_key().reveal(), current->reveal(),
                             keys.master.reveal(), keys.next.reveal()})
    EXPECT_FALSE(testing::holds_bytes(file, key));
}

TEST(KeyRotation, NoticesEveryFlippedByteOfAKeyringWithTwoMasterKeys) {
  Rotating keys;
  keys.begin();
  const Bytes good = read_file(keys.file);

  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x01;
    replace_file(keys.dir.path / "bad", bad);
    EXPECT_FALSE(Keyring::open(keys.dir.path / "bad", keys.next)) << "byte " << i;
    EXPECT_FALSE(Keyring::open_with_recovery(keys.dir.path / "bad", keys.recovery)) << i;
  }
}

// A restore on another machine.

TEST(AdoptMaster, OpensWithTheNewMasterKeyAndNoOther) {
  Rotating keys;
  const Secret here = random_secret();

  ASSERT_TRUE(Keyring::adopt_master(keys.file, keys.recovery, here));

  EXPECT_FALSE(Keyring::open(keys.file, keys.master));
  const auto opened = Keyring::open(keys.file, here);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->rotation(), Rotation::None);
  EXPECT_TRUE(opens(*opened, keys.sealed_before));
  EXPECT_TRUE(Keyring::open_with_recovery(keys.file, keys.recovery));
}

TEST(AdoptMaster, OfABackupFromBeforeARotationAndAJournalFromAfterItHasTheKeysOfBoth) {
  Rotating keys;
  keys.begin();
  keys.finish();
  const Bytes sealed_after = seal(keys.keyring, Purpose::Identity, as_bytes(kPlain), "here");
  const Secret here = random_secret();

  ASSERT_TRUE(Keyring::adopt_master(keys.old_copy, keys.recovery, here, {keys.file}));

  const auto opened = Keyring::open(keys.old_copy, here);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opens(*opened, keys.sealed_before));
  EXPECT_TRUE(opens(*opened, sealed_after));
  EXPECT_EQ(opened->current(Purpose::Identity).version, 2U);
  EXPECT_EQ(opened->rotation(), Rotation::Resealing) << "the old values are still under old keys";
}

TEST(AdoptMaster, InTheMiddleOfARotationEndsIt) {
  Rotating keys;
  keys.begin();
  const Secret here = random_secret();

  ASSERT_TRUE(Keyring::adopt_master(keys.file, keys.recovery, here));

  auto opened = Keyring::open(keys.file, here);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->rotation(), Rotation::Resealing);
  EXPECT_TRUE(opened->finish_rotation());
  EXPECT_FALSE(Keyring::open(keys.file, keys.next));
}

TEST(AdoptMaster, RefusesTheKeyringOfAnotherNode) {
  Rotating keys;
  Rotating others;

  EXPECT_EQ(
      fault_of(Keyring::adopt_master(keys.file, keys.recovery, random_secret(), {others.file})),
      Fault::Denied);
  EXPECT_TRUE(Keyring::open(keys.file, keys.master));
}

// The next master key's file.

TEST(NextMasterKey, IsMadeOnceWithTheModeOfTheOldAndTakesItsPlace) {
  const TempDir dir;
  const auto file = dir.path / "key";
  ASSERT_TRUE(create_master_key(file));
  ASSERT_EQ(::chmod(file.c_str(), 0400), 0);

  const auto made = next_master_key(file);
  const auto again = next_master_key(file);

  ASSERT_TRUE(made);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::ranges::equal(made->reveal(), again->reveal()));
  EXPECT_TRUE(has_next_master_key(file));
  use_next_master_key(file);
  const auto loaded = load_master_key(file);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(std::ranges::equal(loaded->reveal(), made->reveal()));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0400U);
  EXPECT_FALSE(has_next_master_key(file));
}

// Simulates power cuts: the process is killed between two steps of a rotation.

/// Rotates once in a process of its own. @return its status, as waitpid gives it.
int rotate_in_child(const std::filesystem::path& directory, const std::string& fail_point) {
  const std::string command = "DOSIGATE_FAIL_POINT='" + fail_point +
                              "' exec '" DOSIGATE_BUILD_DIR "/tests/crypto_rotate_once' '" +
                              directory.string() + "'";
  return std::system(command.c_str());
}

class RotationKilledAt : public ::testing::TestWithParam<const char*> {};

TEST_P(RotationKilledAt, LeavesAKeyringThatTheKeyFileOpensAndThatCanBeRotatedToTheEnd) {
#ifndef DOSIGATE_FAIL_POINTS
  GTEST_SKIP() << "fail points are not compiled in";
#endif
  const TempDir dir;
  const auto file = dir.path / "keyring";
  const auto old_master = create_master_key(dir.path / "key");
  ASSERT_TRUE(old_master);
  ASSERT_TRUE(Keyring::create(file, *old_master));
  Bytes sealed_before;
  {
    const auto keys = Keyring::open(file, *old_master);
    sealed_before = seal(*keys, Purpose::Identity, as_bytes(kPlain), "here");
  }

  const int killed = rotate_in_child(dir.path, GetParam());
  ASSERT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL) << "status " << killed;

  const auto in_key_file = load_master_key(dir.path / "key");
  ASSERT_TRUE(in_key_file);
  auto keys = Keyring::open(file, *in_key_file);
  ASSERT_TRUE(keys);
  EXPECT_TRUE(opens(*keys, sealed_before) || keys->rotation() == Rotation::None);

  // What `dosigate key rotate` and the node do after it.
  ASSERT_TRUE(keys->keep_copy(dir.path / "copy"));
  if (has_next_master_key(dir.path / "key")) {
    const auto next = next_master_key(dir.path / "key");
    ASSERT_TRUE(next);
    ASSERT_TRUE(keys->begin_rotation(public_half(*next)));
    use_next_master_key(dir.path / "key");
    ASSERT_TRUE(keys->key_file_written(public_half(*next)));
  }
  ASSERT_TRUE(keys->finish_rotation());
  EXPECT_FALSE(Keyring::open(file, *old_master));
  const auto now = load_master_key(dir.path / "key");
  ASSERT_TRUE(now);
  EXPECT_TRUE(Keyring::open(file, *now));
  EXPECT_EQ(read_file(dir.path / "copy"), read_file(file));
}

INSTANTIATE_TEST_SUITE_P(EachStep, RotationKilledAt,
                         ::testing::Values("keyring.before-copy", "keyring.after-copy",
                                           "keyring.after-file", "keyring.before-copy:2",
                                           "keyring.after-copy:2", "keyring.after-file:2"));

TEST(KeyRotation, RunsToItsEndInAnotherProcess) {
  const TempDir dir;
  const auto old_master = create_master_key(dir.path / "key");
  ASSERT_TRUE(old_master);
  ASSERT_TRUE(Keyring::create(dir.path / "keyring", *old_master));

  EXPECT_EQ(rotate_in_child(dir.path, "none"), 0);

  EXPECT_FALSE(Keyring::open(dir.path / "keyring", *old_master));
}

}  // namespace
}  // namespace dosigate
