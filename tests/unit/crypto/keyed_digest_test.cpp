#include "dosigate/crypto/keyed_digest.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

/// By the interface that OpenSSL has for it.
KeyedDigest::Value gmac(const Secret& key, ByteView content) {
  char cipher[] = "AES-256-GCM";
  std::array<Byte, 12> nonce{};
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, nonce.data(), nonce.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> algorithm(
      EVP_MAC_fetch(nullptr, "GMAC", nullptr), EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      EVP_MAC_CTX_new(algorithm.get()), EVP_MAC_CTX_free);
  KeyedDigest::Value value;
  std::size_t size = 0;
  EXPECT_EQ(EVP_MAC_init(context.get(), key.reveal().data(), key.reveal().size(), parameters), 1);
  EXPECT_EQ(EVP_MAC_update(context.get(), content.data(), content.size()), 1);
  EXPECT_EQ(EVP_MAC_final(context.get(), value.data(), &size, value.size()), 1);
  EXPECT_EQ(size, value.size());
  return value;
}

TEST(KeyedDigest, IsGmacHoweverTheContentIsCut) {
  const Secret key = random_secret();
  Bytes content(100'003);
  fill_random(content);
  for (const std::size_t size : {0UL, 1UL, 16UL, 17UL, 4'096UL, 100'003UL}) {
    const ByteView whole = ByteView(content).first(size);
    for (const std::size_t piece : {1UL, 15UL, 16UL, 1'000UL, 65'536UL}) {
      KeyedDigest digest(key);
      for (std::size_t at = 0; at < size; at += piece)
        digest.add(whole.subspan(at, std::min(piece, size - at)));
      EXPECT_EQ(digest.finish(), gmac(key, whole)) << size << " in pieces of " << piece;
    }
  }
}

TEST(KeyedDigest, AnotherKeyOrByteOrLengthGivesAnotherValue) {
  const Secret key = random_secret();
  const auto of = [](const Secret& under, const Bytes& content) {
    KeyedDigest digest(under);
    digest.add(content);
    return digest.finish();
  };
  const Bytes zeros(64);
  Bytes other = zeros;
  other.back() = 1;
  EXPECT_NE(of(key, zeros), of(random_secret(), zeros));
  EXPECT_NE(of(key, zeros), of(key, other));
  EXPECT_NE(of(key, zeros), of(key, Bytes(65)));
  EXPECT_NE(of(key, {}), of(key, Bytes(1)));
}

}  // namespace
}  // namespace dosigate
