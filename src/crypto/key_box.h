#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "aead.h"
#include "dosigate/base/secret.h"

namespace dosigate {

/// Public half of a BoxKey: who has it can close a box, not open one.
using BoxPublic = std::array<Byte, 32>;

/// An X25519 key (RFC 7748) that follows from a key of the operator's, so that only the latter is
/// kept anywhere: HKDF-SHA-256(key, salt = "dosigate X25519 key", info = what it is for).
/// Thread: reading from any.
class BoxKey {
 public:
  BoxKey(ByteView from, std::string_view info);
  const BoxPublic& public_half() const { return public_; }

 private:
  friend Bytes close_box(const BoxPublic&, const Secret&, ByteView);
  friend std::optional<Secret> open_box(const BoxKey&, ByteView, ByteView);
  struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  };
  std::unique_ptr<EVP_PKEY, FreeKey> key_;
  BoxPublic public_;
};

/// Bytes of a closed box: public half of a key made for this box only | nonce | ciphertext | tag.
inline constexpr std::size_t kBoxSize =
    sizeof(BoxPublic) + Aead::kNonceSize + Secret::kSize + Aead::kTagSize;

/// A key that only the owner of `to` can take out: AES-256-GCM under HKDF-SHA-256(X25519 of the
/// box's own key and `to`, salt = both public halves).
Bytes close_box(const BoxPublic& to, const Secret& content, ByteView associated);
/// nullopt when it was closed for another key, with other associated data, or changed.
std::optional<Secret> open_box(const BoxKey& with, ByteView box, ByteView associated);

/// nonce | ciphertext | tag.
Bytes close_under(const Secret& key, ByteView plain, ByteView associated);
/// Plain text in `out` (sealed.size() - 28 bytes), which the caller wipes; false: does not open.
bool open_under(const Secret& key, ByteView sealed, ByteView associated, std::span<Byte> out);

}  // namespace dosigate
