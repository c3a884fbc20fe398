#include "sealed_head.h"

#include <algorithm>

#include "dosigate/crypto/hash.h"

namespace dosigate::sealed {

Error corrupt(const std::filesystem::path& path, const char* what) {
  return fail(Fault::Corrupt, "the sealed file " + path.string() + " " + what);
}

Bytes make_head(const Keyring::Key& key, Purpose purpose, const InstanceId& id,
                std::uint64_t created, const Secret& data_key) {
  Bytes head(kMagic.begin(), kMagic.end());
  const Bytes numbers = Packer()
                            .u8(kFormat)
                            .u8(static_cast<std::uint8_t>(purpose))
                            .u8(0)
                            .u8(0)
                            .u32(key.version)
                            .take();
  head.insert(head.end(), numbers.begin(), numbers.end());
  head.insert(head.end(), id.begin(), id.end());
  const Bytes time = Packer().u64(created).take();
  head.insert(head.end(), time.begin(), time.end());
  Aead::Nonce nonce;
  fill_random(nonce);
  head.insert(head.end(), nonce.begin(), nonce.end());
  head.resize(kHead);
  const std::span<Byte> all(head);
  Aead(key.key->reveal(), Aead::Direction::Encrypt)
      .encrypt(nonce, data_key.reveal(), all.first(kHeadNamed),
               all.subspan(kHeadNamed + nonce.size(), Secret::kSize + Aead::kTagSize));
  return head;
}

Result<Head> open_head(const Keyring& keys, Purpose purpose, const std::filesystem::path& path,
                       ByteView head) {
  const auto zero = [](Byte b) { return b == 0; };
  Unpacker fields(head.subspan(kMagic.size()));
  const Byte format = fields.u8();
  const Byte stated_purpose = fields.u8();
  const bool reserved_clear = std::all_of(head.begin() + 6, head.begin() + 8, zero) &&
                              std::all_of(head.end() - kHeadZeros, head.end(), zero);
  if (!std::equal(kMagic.begin(), kMagic.end(), head.begin()) || !reserved_clear)
    return corrupt(path, "has a damaged head");
  if (format != kFormat)
    return corrupt(
        path,
        "has a format this program does not know: it is damaged or was written by a newer one");
  if (stated_purpose != static_cast<Byte>(purpose))
    return corrupt(path, "belongs to another domain or purpose");
  fields.u8();
  fields.u8();
  const std::uint32_t version = fields.u32();
  InstanceId id;
  std::copy_n(fields.rest().begin(), id.size(), id.begin());
  const std::uint64_t created = Unpacker(fields.rest().subspan(id.size())).u64();

  const auto wrapping = keys.find(purpose, version);
  if (wrapping == nullptr)
    return fail(Fault::Denied,
                "the sealed file " + path.string() + " needs key version " +
                    std::to_string(version) +
                    ", which this keyring does not hold; use the keyring that belongs to it");
  Aead::Nonce nonce;
  std::copy_n(head.begin() + kHeadNamed, nonce.size(), nonce.begin());
  std::array<Byte, Secret::kSize> key;
  if (!Aead(wrapping->reveal(), Aead::Direction::Decrypt)
           .decrypt(nonce, head.subspan(kHeadNamed + nonce.size(), Secret::kSize + Aead::kTagSize),
                    head.first(kHeadNamed), key))
    return corrupt(path, "has a damaged head, or belongs to another keyring");
  Head out{version, id, created, Secret(key)};
  wipe(key.data(), key.size());
  return out;
}

}  // namespace dosigate::sealed
