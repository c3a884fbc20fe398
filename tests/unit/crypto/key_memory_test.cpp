// Of keys nothing stays in memory but what is locked and wiped.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/crypto/locked_heap.h"
#include "fixture.h"
#include "support/memory_scan.h"
#include "support/sanitized.h"

namespace dosigate {
namespace {

using testing::find_in_memory;
using ::testing::IsEmpty;
using testing::Sought;
using testing::TempDir;
using testing::unlocked;

class KeyMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  }
};

/// As it is, and in digits.
void expect_only_locked(const Sought& key, const char* what) {
  EXPECT_THAT(unlocked(find_in_memory(getpid(), key)), IsEmpty()) << what;
  for (const bool capitals : {false, true})
    EXPECT_THAT(unlocked(find_in_memory(getpid(), key.in_hex(capitals))), IsEmpty()) << what;
}

TEST_F(KeyMemory, MakingAndLoadingAMasterKeyLeavesNoCopy) {
  ASSERT_TRUE(use_locked_heap());
  const TempDir dir;
  const auto made = create_master_key(dir.path / "key");
  ASSERT_TRUE(made);
  const Sought sought(made->reveal());

  const auto loaded = load_master_key(dir.path / "key");

  ASSERT_TRUE(loaded);
  expect_only_locked(sought, "master key");
  EXPECT_EQ(find_in_memory(getpid(), sought).size(), 2U);
}

TEST_F(KeyMemory, AKeyringLeavesNoCopyOfWhatItHolds) {
  testing::Keys keys;
  const Keyring again = std::move(*Keyring::open(keys.dir.path / "keyring", keys.master));
  const Secret next = random_secret();
  ASSERT_TRUE(keys.keyring.begin_rotation(public_half(next)));
  ASSERT_TRUE(keys.keyring.key_file_written(public_half(next)));
  ASSERT_TRUE(keys.keyring.finish_rotation());

  expect_only_locked(Sought(keys.master.reveal()), "master key");
  expect_only_locked(Sought(next.reveal()), "next master key");
  expect_only_locked(Sought(again.index_key().reveal()), "index key");
  expect_only_locked(Sought(again.current(Purpose::Identity).key->reveal()), "sealing key");
  expect_only_locked(Sought(keys.keyring.current(Purpose::Identity).key->reveal()), "newer key");
}

TEST_F(KeyMemory, HashingAndSealingLeaveNoCopyOfTheirKey) {
  const Secret key = random_secret();
  const Sought sought(key.reveal());
  for (int i = 0; i < 50; ++i) {
    (void)keyed_hash(key, "label", {as_bytes("content")});
  }

  expect_only_locked(sought, "key of an HMAC");
}

TEST_F(KeyMemory, ARecoveryKeyIsGoneWhenItsTextIs) {
  const TempDir dir;
  const Secret master = random_secret();
  auto recovery = Keyring::create(dir.path / "keyring", master);
  ASSERT_TRUE(recovery);
  const Sought text{std::string_view(*recovery)}, middle{std::string_view(*recovery).substr(5, 23)};
  ASSERT_TRUE(Keyring::open_with_recovery(dir.path / "keyring", *recovery));

  wipe(recovery->data(), recovery->size());

  EXPECT_THAT(find_in_memory(getpid(), text), IsEmpty());
  EXPECT_THAT(find_in_memory(getpid(), middle), IsEmpty());
}

}  // namespace
}  // namespace dosigate
