#include "dosigate/crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <limits>
#include <stdexcept>

namespace dosigate {
namespace {

void require(int ok, const char* what) {
  if (ok != 1) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
using Mac = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

/// HMAC of SHA-256 under no key of anybody's (OpenSSL before 3.0.8 copies none without a key).
Mac any_hmac_sha256() {
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (hmac == nullptr) throw std::runtime_error("OpenSSL offers no HMAC");
  Mac mac(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);  // the context holds it
  if (!mac) throw std::bad_alloc();
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  constexpr std::array<Byte, Secret::kSize> kZeros{};
  require(EVP_MAC_init(mac.get(), kZeros.data(), kZeros.size(), parameters), "HMAC digest");
  return mac;
}

Mac new_hmac(const Secret& key) {
  // Copied: OpenSSL looks a digest up by its name each time it is set.
  static const EVP_MAC_CTX* const any = any_hmac_sha256().release();  // never freed
  Mac mac(EVP_MAC_CTX_dup(any));
  if (!mac) throw std::bad_alloc();
  require(EVP_MAC_init(mac.get(), key.reveal().data(), key.reveal().size(), nullptr), "HMAC key");
  return mac;
}

void add(EVP_MAC_CTX* mac, ByteView bytes) {
  if (!bytes.empty()) require(EVP_MAC_update(mac, bytes.data(), bytes.size()), "HMAC update");
}

void add_prefixed(EVP_MAC_CTX* mac, ByteView bytes) {
  std::array<Byte, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<Byte>(static_cast<std::uint64_t>(bytes.size()) >> (8 * i));
  add(mac, length);
  add(mac, bytes);
}

Digest finish(EVP_MAC_CTX* mac) {
  Digest digest;
  std::size_t size = 0;
  require(EVP_MAC_final(mac, digest.data(), &size, digest.size()), "HMAC");
  if (size != digest.size()) throw std::runtime_error("OpenSSL gave an HMAC of another size");
  return digest;
}

constexpr Byte kOfParts = 1;  // 2 was of streams

}  // namespace

Digest keyed_hash(const Secret& key, std::string_view label,
                  std::initializer_list<ByteView> parts) {
  const Mac mac = new_hmac(key);
  add(mac.get(), {&kOfParts, 1});
  add_prefixed(mac.get(), as_bytes(label));
  for (const ByteView part : parts) add_prefixed(mac.get(), part);
  return finish(mac.get());
}

namespace {

const EVP_MD* sha256_algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (algorithm == nullptr) throw std::runtime_error("OpenSSL offers no SHA-256");
  return algorithm;
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

Digest sha256(ByteView content) {
  Digest digest;
  unsigned size = 0;
  require(
      EVP_Digest(content.data(), content.size(), digest.data(), &size, sha256_algorithm(), nullptr),
      "SHA-256");
  return digest;
}

struct PlainDigest::State {
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context{EVP_MD_CTX_new()};
};

PlainDigest::PlainDigest() : state_(std::make_unique<State>()) {
  if (!state_->context) throw std::bad_alloc();
  require(EVP_DigestInit_ex(state_->context.get(), sha256_algorithm(), nullptr), "SHA-256");
}
PlainDigest::PlainDigest(PlainDigest&&) noexcept = default;
PlainDigest::~PlainDigest() = default;

void PlainDigest::add(ByteView piece) {
  require(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()), "SHA-256");
}

Digest PlainDigest::finish() {
  Digest digest;
  unsigned size = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size), "SHA-256");
  return digest;
}

void fill_random(std::span<Byte> into) {
  if (into.size() > std::numeric_limits<int>::max())
    throw std::length_error("too many random bytes at once");
  // The private generator: what it gives is never seen by anyone as a nonce of TLS is.
  require(RAND_priv_bytes(into.data(), static_cast<int>(into.size())), "random generator");
}

Secret random_secret() {
  std::array<Byte, Secret::kSize> bytes;
  fill_random(bytes);
  Secret secret(bytes);
  wipe(bytes.data(), bytes.size());
  return secret;
}

InstanceId random_id() {
  InstanceId id;
  fill_random(id);
  return id;
}

std::int64_t random_between(std::int64_t low, std::int64_t high) {
  if (low > high) throw std::invalid_argument("random_between: low > high");
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  // Values from `fair` up would make the first remainders more frequent than the last. span 0 is
  // the whole 64-bit range.
  const std::uint64_t fair =
      span == 0 ? 0 : std::numeric_limits<std::uint64_t>::max() / span * span;
  for (;;) {
    std::array<Byte, 8> bytes;
    fill_random(bytes);
    const std::uint64_t value = Unpacker(bytes).u64();
    if (span == 0) return static_cast<std::int64_t>(value);
    if (value < fair)
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + value % span);
  }
}

}  // namespace dosigate
