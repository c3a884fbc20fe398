#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "dosigate/base/bytes.h"

namespace dosigate {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

/// AES-256-GCM under one key for many messages: the key schedule and the context are made once per
/// file, which matters for files of a few kilobytes. The context is wiped when freed.
/// Thread: one at a time.
class Aead {
 public:
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kTagSize = 16;
  using Nonce = std::array<Byte, kNonceSize>;
  enum class Direction { Encrypt, Decrypt };

  Aead(ByteView key, Direction direction);

  /// `out` has plain.size() + kTagSize bytes. The caller never repeats a nonce.
  void encrypt(const Nonce& nonce, ByteView plain, ByteView associated, std::span<Byte> out);
  /// A message without plain text, associated data in pieces (GMAC): begin, any number of
  /// `associate`, `finish`.
  void begin(const Nonce& nonce);
  void associate(ByteView piece);
  void finish(std::span<Byte, kTagSize> tag);

  /// False when the tag does not fit; `out` (sealed.size() - kTagSize bytes) is then wiped.
  bool decrypt(const Nonce& nonce, ByteView sealed, ByteView associated, std::span<Byte> out);

 private:
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context_;
};

}  // namespace dosigate
