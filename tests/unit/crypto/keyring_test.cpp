#include "dosigate/crypto/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "dosigate/base/durable_file.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using testing::Keys;
using testing::TempDir;

Fault fault_of(const Result<Keyring>& result) {
  EXPECT_FALSE(result.has_value());
  return result.error().fault;
}

TEST(Keyring, GivesTheSameKeysEachTimeItIsOpened) {
  const Keys keys;

  const auto again = Keyring::open(keys.dir.path / "keyring", keys.master);

  ASSERT_TRUE(again);
  EXPECT_EQ(again->id(), keys.keyring.id());
  EXPECT_TRUE(std::ranges::equal(again->index_key().reveal(), keys.keyring.index_key().reveal()));
  EXPECT_TRUE(std::ranges::equal(again->current(Purpose::Journal).key->reveal(),
                                 keys.keyring.current(Purpose::Journal).key->reveal()));
}

TEST(Keyring, HasAnIndependentKeyForEachPurpose) {
  const Keys keys;

  std::vector<Bytes> all{
      Bytes(keys.keyring.index_key().reveal().begin(), keys.keyring.index_key().reveal().end())};
  for (int purpose = 1; purpose <= 7; ++purpose) {
    const auto key = keys.keyring.current(static_cast<Purpose>(purpose));
    EXPECT_EQ(key.version, 1U);
    all.emplace_back(key.key->reveal().begin(), key.key->reveal().end());
  }

  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST(Keyring, DoesNotOpenWithAnotherMasterKey) {
  const Keys keys;

  EXPECT_EQ(fault_of(Keyring::open(keys.dir.path / "keyring", random_secret())), Fault::Denied);
}

TEST(Keyring, SaysThatItIsMissing) {
  const TempDir dir;

  EXPECT_EQ(fault_of(Keyring::open(dir.path / "keyring", random_secret())), Fault::NotFound);
}

TEST(Keyring, IsNeverOverwritten) {
  const Keys keys;
  const Bytes before = read_file(keys.dir.path / "keyring");

  const auto again = Keyring::create(keys.dir.path / "keyring", keys.master);

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::Conflict);
  EXPECT_EQ(read_file(keys.dir.path / "keyring"), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(keys.dir.path), {}), 1)
      << "a temporary file was left";
}

TEST(Keyring, NoticesEveryFlippedByteAndEveryTruncation) {
  const Keys keys;
  const auto copy = keys.dir.path / "copy";
  const Bytes good = read_file(keys.dir.path / "keyring");

  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x20;
    replace_file(copy, bad);
    EXPECT_FALSE(Keyring::open(copy, keys.master)) << "byte " << i;
    replace_file(copy, ByteView(good).first(i));
    EXPECT_FALSE(Keyring::open(copy, keys.master)) << "length " << i;
  }
}

TEST(Keyring, HoldsNoKeyInClear) {
  const Keys keys;
  const Bytes file = read_file(keys.dir.path / "keyring");

  for (const ByteView key :
       {keys.keyring.index_key().reveal(), keys.keyring.current(Purpose::Identity).key->reveal(),
        keys.master.reveal()})
    EXPECT_FALSE(testing::holds_bytes(file, key));
}

TEST(RecoveryKey, OpensTheKeyringWithoutTheMasterKey) {
  const Keys keys;

  const auto opened = Keyring::open_with_recovery(keys.dir.path / "keyring", keys.recovery);

  ASSERT_TRUE(opened);
  EXPECT_TRUE(std::ranges::equal(opened->index_key().reveal(), keys.keyring.index_key().reveal()));
}

TEST(RecoveryKey, IsReadAsAPersonTypesIt) {
  const Keys keys;
  std::string typed;
  for (const char c : keys.recovery.substr(5))  // without DSGR-
    typed += c == '-' ? ' ' : c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));

  EXPECT_TRUE(Keyring::open_with_recovery(keys.dir.path / "keyring", typed + "\n"));
}

TEST(RecoveryKey, IsEightGroupsOfFive) {
  const Keys keys;

  EXPECT_EQ(keys.recovery.size(), 4 + 8 * 6U);
  EXPECT_TRUE(keys.recovery.starts_with("DSGR-"));
}

TEST(RecoveryKey, ATypingErrorIsToldApartFromAnotherKeyringsKey) {
  const Keys keys;
  const Keys others;

  for (std::size_t i = 5; i < keys.recovery.size(); ++i) {
    if (keys.recovery[i] == '-') continue;
    std::string typo = keys.recovery;
    typo[i] = typo[i] == '7' ? '8' : '7';
    EXPECT_EQ(fault_of(Keyring::open_with_recovery(keys.dir.path / "keyring", typo)),
              Fault::Invalid)
        << "character " << i;
  }
  EXPECT_EQ(
      fault_of(Keyring::open_with_recovery(keys.dir.path / "keyring", keys.recovery.substr(0, 50))),
      Fault::Invalid);
  EXPECT_EQ(fault_of(Keyring::open_with_recovery(keys.dir.path / "keyring", others.recovery)),
            Fault::Denied);
}

TEST(RecoveryKey, IsNotRepeatedInAnErrorText) {
  const Keys keys;
  std::string typo = keys.recovery;
  typo.back() = typo.back() == '7' ? '8' : '7';

  const auto opened = Keyring::open_with_recovery(keys.dir.path / "keyring", typo);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().detail.find(typo.substr(5, 5)), std::string::npos);
}

TEST(MasterKey, ComesBackFromItsFile) {
  const TempDir dir;

  const auto made = create_master_key(dir.path / "key");
  const auto loaded = load_master_key(dir.path / "key");

  ASSERT_TRUE(made);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(std::ranges::equal(made->reveal(), loaded->reveal()));
  EXPECT_EQ(read_file(dir.path / "key").size(), 65U);
}

TEST(MasterKey, IsNeverOverwritten) {
  const TempDir dir;
  ASSERT_TRUE(create_master_key(dir.path / "key"));

  const auto again = create_master_key(dir.path / "key");

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::Conflict);
}

TEST(MasterKey, IsRefusedWhenOthersCouldReadOrChangeIt) {
  const TempDir dir;
  const auto file = dir.path / "key";
  ASSERT_TRUE(create_master_key(file));

  for (const mode_t mode : {0400U, 0440U, 0600U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    EXPECT_TRUE(load_master_key(file)) << std::oct << mode;
  }
  for (const mode_t mode : {0444U, 0640U, 0644U, 0660U, 0700U, 0460U, 04600U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    const auto loaded = load_master_key(file);
    ASSERT_FALSE(loaded) << std::oct << mode;
    EXPECT_EQ(loaded.error().fault, Fault::Denied);
  }
}

TEST(MasterKey, IsRefusedWhenItBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const TempDir dir;
  ASSERT_TRUE(create_master_key(dir.path / "key"));
  ASSERT_EQ(::chown((dir.path / "key").c_str(), 65534, 65534), 0);

  const auto loaded = load_master_key(dir.path / "key");

  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().fault, Fault::Denied);
}

TEST(MasterKey, IsRefusedInAnotherForm) {
  const TempDir dir;
  const auto fault = [&](std::string_view content) {
    replace_file(dir.path / "key", as_bytes(content));
    const auto loaded = load_master_key(dir.path / "key");
    EXPECT_FALSE(loaded) << content;
    return loaded.has_value() ? Fault::Busy : loaded.error().fault;
  };
  const std::string digits(64, 'a');

  EXPECT_EQ(fault(""), Fault::Invalid);
  EXPECT_EQ(fault(digits.substr(1)), Fault::Invalid);
  EXPECT_EQ(fault(digits + "a"), Fault::Invalid);
  EXPECT_EQ(fault(digits + "\n\n"), Fault::Invalid);
  EXPECT_EQ(fault(digits.substr(1) + "g"), Fault::Invalid);
  EXPECT_EQ(fault(digits.substr(1) + "\n\n"), Fault::Invalid);
}

TEST(MasterKey, SaysThatItIsMissing) {
  const TempDir dir;

  const auto loaded = load_master_key(dir.path / "key");

  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().fault, Fault::NotFound);
}

}  // namespace
}  // namespace dosigate
