#include "key_box.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

constexpr std::string_view kKey = "dosigate X25519 key";
constexpr std::string_view kBox = "dosigate key box";

/// HKDF-SHA-256 (RFC 5869).
Secret hkdf(ByteView from, ByteView salt, std::string_view info) {
  struct FreeKdf {
    void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
  };
  static EVP_KDF* const algorithm = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  if (algorithm == nullptr) throw std::runtime_error("OpenSSL offers no HKDF");
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(algorithm));
  if (!context) throw std::bad_alloc();
  char digest[] = "SHA256";
  // OpenSSL's parameters are not const-correct; it only reads these.
  const auto octets = [](const char* name, ByteView value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<Byte*>(value.data()), value.size());
  };
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, from), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, as_bytes(info)), OSSL_PARAM_construct_end()};
  std::array<Byte, Secret::kSize> out;
  if (EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1)
    throw std::runtime_error("OpenSSL failed: HKDF");
  Secret key(out);
  wipe(out.data(), out.size());
  return key;
}

BoxPublic public_of(const EVP_PKEY* key) {
  BoxPublic out;
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key, out.data(), &size) != 1 || size != out.size())
    throw std::runtime_error("OpenSSL failed: public half of an X25519 key");
  return out;
}

/// The key of one box, alike from either side; nullopt when `theirs` is no usable public half.
std::optional<Secret> box_key(EVP_PKEY* ours, const BoxPublic& theirs, const BoxPublic& of_box,
                              const BoxPublic& of_owner) {
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  };
  const std::unique_ptr<EVP_PKEY, Free> peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, theirs.data(), theirs.size()));
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new(ours, nullptr));
  if (!peer || !context) throw std::bad_alloc();
  std::array<Byte, 32> shared;
  std::size_t size = shared.size();
  if (EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.data(), &size) != 1 || size != shared.size())
    return std::nullopt;
  std::array<Byte, 2 * sizeof(BoxPublic)> salt;
  std::copy(of_owner.begin(), of_owner.end(),
            std::copy(of_box.begin(), of_box.end(), salt.begin()));
  Secret key = hkdf(shared, salt, kBox);
  wipe(shared.data(), shared.size());
  return key;
}

}  // namespace

BoxKey::BoxKey(ByteView from, std::string_view info) {
  const Secret key = hkdf(from, as_bytes(kKey), info);
  key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.reveal().data(),
                                          key.reveal().size()));
  if (!key_) throw std::runtime_error("OpenSSL offers no X25519");
  public_ = public_of(key_.get());
}

Bytes close_box(const BoxPublic& to, const Secret& content, ByteView associated) {
  const BoxKey own(random_secret().reveal(), kBox);  // used once, and gone at the end
  const BoxPublic& of_box = own.public_half();
  const auto key = box_key(own.key_.get(), to, of_box, to);
  if (!key) throw std::invalid_argument("not a usable public half of an X25519 key");
  Bytes out(of_box.begin(), of_box.end());
  const Bytes closed = close_under(*key, content.reveal(), associated);
  out.insert(out.end(), closed.begin(), closed.end());
  return out;
}

std::optional<Secret> open_box(const BoxKey& with, ByteView box, ByteView associated) {
  BoxPublic of_box;
  if (box.size() != kBoxSize) return std::nullopt;
  std::copy_n(box.begin(), of_box.size(), of_box.begin());
  const auto key = box_key(with.key_.get(), of_box, of_box, with.public_half());
  if (!key) return std::nullopt;
  std::array<Byte, Secret::kSize> plain;
  if (!open_under(*key, box.subspan(of_box.size()), associated, plain)) return std::nullopt;
  Secret content(plain);
  wipe(plain.data(), plain.size());
  return content;
}

Bytes close_under(const Secret& key, ByteView plain, ByteView associated) {
  Aead::Nonce nonce;
  fill_random(nonce);
  Bytes out(nonce.begin(), nonce.end());
  out.resize(nonce.size() + plain.size() + Aead::kTagSize);
  Aead(key.reveal(), Aead::Direction::Encrypt)
      .encrypt(nonce, plain, associated, std::span(out).subspan(nonce.size()));
  return out;
}

bool open_under(const Secret& key, ByteView sealed, ByteView associated, std::span<Byte> out) {
  Aead::Nonce nonce;
  std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
  return Aead(key.reveal(), Aead::Direction::Decrypt)
      .decrypt(nonce, sealed.subspan(nonce.size()), associated, out);
}

}  // namespace dosigate
