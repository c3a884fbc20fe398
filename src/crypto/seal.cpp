#include "dosigate/crypto/seal.h"

#include <algorithm>

#include "aead.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

constexpr Byte kFormat = 1;
constexpr std::size_t kBeforeNonce = 1 + 4;
constexpr std::size_t kOverhead = kBeforeNonce + Aead::kNonceSize + Aead::kTagSize;

}  // namespace

void aead_encrypt(ByteView key, const std::array<Byte, 12>& nonce, ByteView plain,
                  ByteView associated, std::span<Byte> out) {
  Aead(key, Aead::Direction::Encrypt).encrypt(nonce, plain, associated, out);
}

bool aead_decrypt(ByteView key, const std::array<Byte, 12>& nonce, ByteView sealed,
                  ByteView associated, std::span<Byte> out) {
  return Aead(key, Aead::Direction::Decrypt).decrypt(nonce, sealed, associated, out);
}

Bytes seal(const Keyring& keys, Purpose purpose, ByteView plain, std::string_view place) {
  const Keyring::Key key = keys.current(purpose);
  Aead::Nonce nonce;
  fill_random(nonce);
  Bytes out = Packer().u8(kFormat).u32(key.version).take();
  out.insert(out.end(), nonce.begin(), nonce.end());
  out.resize(plain.size() + kOverhead);
  aead_encrypt(key.key->reveal(), nonce, plain, as_bytes(place),
               std::span(out).subspan(kBeforeNonce + Aead::kNonceSize));
  return out;
}

Result<Bytes> unseal(const Keyring& keys, Purpose purpose, ByteView sealed,
                     std::string_view place) {
  if (sealed.size() < kOverhead || sealed[0] != kFormat)
    return fail(Fault::Corrupt,
                "a sealed value has no valid form; restore the file it stands in from its backup");
  const std::uint32_t version = Unpacker(sealed.subspan(1)).u32();
  const auto key = keys.find(purpose, version);
  if (key == nullptr)
    return fail(Fault::Denied,
                "a value is sealed with key version " + std::to_string(version) + " of purpose " +
                    std::to_string(static_cast<int>(purpose)) +
                    ", which this keyring does not hold; use the keyring that belongs to it");
  Aead::Nonce nonce;
  std::copy_n(sealed.begin() + kBeforeNonce, nonce.size(), nonce.begin());
  Bytes plain(sealed.size() - kOverhead);
  if (!aead_decrypt(key->reveal(), nonce, sealed.subspan(kBeforeNonce + nonce.size()),
                    as_bytes(place), plain))
    return fail(Fault::Corrupt,
                "a sealed value does not authenticate: it was changed, moved or belongs to another "
                "keyring; restore the file it stands in from its backup");
  return plain;
}

}  // namespace dosigate
