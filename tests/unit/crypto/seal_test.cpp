#include "dosigate/crypto/seal.h"

#include <algorithm>

#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using testing::Keys;

const Bytes kPlain = {1, 2, 3, 4, 5};

TEST(Seal, OpensWhereItWasSealed) {
  const Keys keys;

  for (std::size_t size = 0; size < 40; ++size) {
    const Bytes plain(size, Byte{7});
    const auto opened = unseal(keys.keyring, Purpose::Identity,
                               seal(keys.keyring, Purpose::Identity, plain, "patient.person/17"),
                               "patient.person/17");
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, plain);
  }
}

TEST(Seal, DoesNotOpenInAnotherPlace) {
  const Keys keys;
  const Bytes sealed = seal(keys.keyring, Purpose::Identity, kPlain, "patient.person/17");

  const auto opened = unseal(keys.keyring, Purpose::Identity, sealed, "patient.person/18");

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::Corrupt);
}

TEST(Seal, DoesNotOpenUnderAnotherPurposeOrKeyring) {
  const Keys keys;
  const Keys others;
  const Bytes sealed = seal(keys.keyring, Purpose::Identity, kPlain, "p");

  EXPECT_FALSE(unseal(keys.keyring, Purpose::Journal, sealed, "p"));
  EXPECT_FALSE(unseal(others.keyring, Purpose::Identity, sealed, "p"));
}

TEST(Seal, NoticesEveryFlippedByteAndEveryTruncation) {
  const Keys keys;
  const Bytes good = seal(keys.keyring, Purpose::Identity, kPlain, "p");

  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(unseal(keys.keyring, Purpose::Identity, bad, "p")) << i;
    EXPECT_FALSE(unseal(keys.keyring, Purpose::Identity, ByteView(good).first(i), "p")) << i;
  }
}

TEST(Seal, AnUnknownKeyVersionIsDeniedNotCorrupt) {
  const Keys keys;
  Bytes sealed = seal(keys.keyring, Purpose::Identity, kPlain, "p");
  sealed[1] = 2;

  const auto opened = unseal(keys.keyring, Purpose::Identity, sealed, "p");

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::Denied);
}

TEST(Seal, TheSameValueLooksDifferentEachTime) {
  const Keys keys;

  EXPECT_NE(seal(keys.keyring, Purpose::Identity, kPlain, "p"),
            seal(keys.keyring, Purpose::Identity, kPlain, "p"));
}

TEST(Aead, AgreesWithThePublishedVector) {
  // McGrew and Viega, The Galois/Counter Mode of Operation, test case 16 (AES-256, 96-bit IV).
  const Bytes key = *from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  std::array<Byte, 12> nonce;
  std::ranges::copy(*from_hex("cafebabefacedbaddecaf888"), nonce.begin());
  const Bytes plain = *from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39");
  const Bytes associated = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");

  Bytes out(plain.size() + 16);
  aead_encrypt(key, nonce, plain, associated, out);

  EXPECT_EQ(to_hex(out),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b"
            "1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(Aead, WipesWhatDoesNotAuthenticate) {
  const Secret key = random_secret();
  Bytes sealed(kPlain.size() + 16);
  aead_encrypt(key.reveal(), {}, kPlain, {}, sealed);
  sealed.back() ^= 1;
  Bytes out(kPlain.size(), Byte{9});

  EXPECT_FALSE(aead_decrypt(key.reveal(), {}, sealed, {}, out));
  EXPECT_EQ(out, Bytes(kPlain.size(), Byte{0}));
}

}  // namespace
}  // namespace dosigate
