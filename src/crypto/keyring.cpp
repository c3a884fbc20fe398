#include "dosigate/crypto/keyring.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "aead.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/seal.h"
#include "new_file.h"
#include "recovery_key.h"

namespace dosigate {
namespace {

constexpr std::string_view kMagic = "DSGKEYS1";
constexpr std::size_t kNamed = 8 + 16;  // magic and id: associated data of the two wrapped keys
constexpr std::size_t kWrapped = Aead::kNonceSize + Secret::kSize + Aead::kTagSize;
constexpr std::size_t kRecoveryAt = kNamed + kWrapped;
constexpr std::size_t kLengthAt = kRecoveryAt + kWrapped;
constexpr std::size_t kBodyAt = kLengthAt + 4;
constexpr std::size_t kBodyOverhead = Aead::kNonceSize + Aead::kTagSize;
constexpr std::size_t kRow = 1 + 4 + Secret::kSize;
constexpr std::size_t kLargest = 1U << 20U;

constexpr std::string_view kByMaster = "dosigate keyring, master key";
constexpr std::string_view kByRecovery = "dosigate keyring, recovery key";

constexpr Purpose kPurposes[] = {Purpose::Identity,   Purpose::SpoolArchive, Purpose::SpoolHospital,
                                 Purpose::Quarantine, Purpose::Journal,      Purpose::Audit,
                                 Purpose::Backup};

/// HKDF-SHA-256 (RFC 5869): the wrapping key of this keyring from a key of the operator's.
Secret wrapping_key(ByteView from, ByteView keyring_id, std::string_view info) {
  struct FreeKdf {
    void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
  };
  static EVP_KDF* const hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  if (hkdf == nullptr) throw std::runtime_error("OpenSSL offers no HKDF");
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(hkdf));
  if (!context) throw std::bad_alloc();
  char digest[] = "SHA256";
  // OpenSSL's parameters are not const-correct; it only reads these.
  const auto octets = [](const char* name, ByteView value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<Byte*>(value.data()), value.size());
  };
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, from), octets(OSSL_KDF_PARAM_SALT, keyring_id),
      octets(OSSL_KDF_PARAM_INFO, as_bytes(info)), OSSL_PARAM_construct_end()};
  std::array<Byte, Secret::kSize> out;
  if (EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1)
    throw std::runtime_error("OpenSSL failed: HKDF");
  Secret key(out);
  wipe(out.data(), out.size());
  return key;
}

/// nonce | ciphertext | tag.
Bytes close_under(const Secret& key, ByteView plain, ByteView associated) {
  Aead::Nonce nonce;
  fill_random(nonce);
  Bytes out(nonce.begin(), nonce.end());
  out.resize(plain.size() + kBodyOverhead);
  aead_encrypt(key.reveal(), nonce, plain, associated, std::span(out).subspan(nonce.size()));
  return out;
}

/// Plain text in `out`; the caller wipes it.
bool open_under(const Secret& key, ByteView sealed, ByteView associated, std::span<Byte> out) {
  Aead::Nonce nonce;
  std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
  return aead_decrypt(key.reveal(), nonce, sealed.subspan(nonce.size()), associated, out);
}

Error corrupt(const std::filesystem::path& file) {
  return fail(Fault::Corrupt,
              "the keyring " + file.string() + " is damaged; restore it from a backup");
}

/// Checks form and sizes: what remains is a question of keys.
Result<Bytes> read_keyring(const std::filesystem::path& file) {
  Bytes content;
  try {
    content = read_file(file, kLargest);
  } catch (const std::system_error& broken) {
    if (broken.code() == std::errc::no_such_file_or_directory)
      return fail(Fault::NotFound,
                  "the keyring " + file.string() +
                      " does not exist; without it nothing sealed can be opened: restore it from a "
                      "backup, or on a new node run `dosigated --config FILE init`");
    if (broken.code() == std::errc::file_too_large) return corrupt(file);
    throw;
  }
  if (content.size() < kBodyAt + kBodyOverhead ||
      !std::equal(kMagic.begin(), kMagic.end(), content.begin()) ||
      content.size() - kBodyAt != Unpacker(ByteView(content).subspan(kLengthAt)).u32())
    return corrupt(file);
  return content;
}

}  // namespace

Keyring::Keyring(InstanceId id, Secret index_key,
                 std::map<std::pair<Purpose, std::uint32_t>, Secret> keys)
    : id_(id), index_key_(std::move(index_key)), keys_(std::move(keys)) {}

Result<std::string> Keyring::create(const std::filesystem::path& file, const Secret& master) {
  const InstanceId id = random_id();
  const Secret body_key = random_secret();
  RecoveryKey recovery;
  fill_random(recovery.bytes);

  Bytes content(kMagic.begin(), kMagic.end());
  content.insert(content.end(), id.begin(), id.end());
  const auto append = [&content](const Bytes& part) {
    content.insert(content.end(), part.begin(), part.end());
  };
  const Bytes named = content;
  append(close_under(wrapping_key(master.reveal(), id, kByMaster), body_key.reveal(), named));
  append(close_under(wrapping_key(recovery.bytes, id, kByRecovery), body_key.reveal(), named));

  // One buffer of the final size, wiped below: a growing vector would leave copies of keys behind.
  Bytes body;
  body.reserve(Secret::kSize + 4 + std::size(kPurposes) * kRow);
  const auto add_key = [&body] {
    const Secret key = random_secret();
    body.insert(body.end(), key.reveal().begin(), key.reveal().end());
  };
  add_key();
  const Bytes count = Packer().u32(std::size(kPurposes)).take();
  body.insert(body.end(), count.begin(), count.end());
  for (const Purpose purpose : kPurposes) {
    const Bytes row = Packer().u8(static_cast<std::uint8_t>(purpose)).u32(1).take();
    body.insert(body.end(), row.begin(), row.end());
    add_key();
  }
  append(Packer().u32(static_cast<std::uint32_t>(body.size() + kBodyOverhead)).take());
  append(close_under(body_key, body, content));
  wipe(body.data(), body.size());

  if (auto written = write_new_key_file(file, content, "keyring"); !written) return written.error();
  return recovery.text();
}

Result<Keyring> Keyring::open_body(const std::filesystem::path& file, const Bytes& content,
                                   const Secret& body_key) {
  const ByteView all(content);
  Bytes body(all.size() - kBodyAt - kBodyOverhead);
  if (!open_under(body_key, all.subspan(kBodyAt), all.first(kBodyAt), body)) return corrupt(file);

  Result<Keyring> opened = [&]() -> Result<Keyring> {
    const ByteView in(body);
    if (in.size() < Secret::kSize + 4) return corrupt(file);
    const std::uint32_t count = Unpacker(in.subspan(Secret::kSize)).u32();
    ByteView rows = in.subspan(Secret::kSize + 4);
    if (rows.size() != std::uint64_t{count} * kRow) return corrupt(file);
    std::map<std::pair<Purpose, std::uint32_t>, Secret> keys;
    for (; !rows.empty(); rows = rows.subspan(kRow)) {
      Unpacker row(rows.first(5));
      const auto purpose = static_cast<Purpose>(row.u8());
      keys.emplace(std::pair(purpose, row.u32()), Secret(rows.subspan(5, Secret::kSize)));
    }
    InstanceId id;
    std::copy_n(content.begin() + kMagic.size(), id.size(), id.begin());
    return Keyring(id, Secret(in.first(Secret::kSize)), std::move(keys));
  }();
  wipe(body.data(), body.size());
  return opened;
}

Result<Keyring> Keyring::open_wrapped(const std::filesystem::path& file, ByteView with,
                                      WrappedBy by) {
  const auto content = read_keyring(file);
  if (!content) return content.error();
  const ByteView all(*content);
  const bool by_master = by == WrappedBy::Master;
  const Secret wrapping = wrapping_key(with, all.subspan(kMagic.size(), sizeof(InstanceId)),
                                       by_master ? kByMaster : kByRecovery);
  std::array<Byte, Secret::kSize> body_key;
  if (!open_under(wrapping, all.subspan(by_master ? kNamed : kRecoveryAt, kWrapped),
                  all.first(kNamed), body_key))
    return fail(Fault::Denied, "the keyring " + file.string() + " does not open with this " +
                                   (by_master ? "master" : "recovery") +
                                   " key: it was made with another one, or the file is damaged; "
                                   "give the key that belongs to it");
  const Secret key(body_key);
  wipe(body_key.data(), body_key.size());
  return open_body(file, *content, key);
}

Result<Keyring> Keyring::open(const std::filesystem::path& file, const Secret& master) {
  return open_wrapped(file, master.reveal(), WrappedBy::Master);
}

Result<Keyring> Keyring::open_with_recovery(const std::filesystem::path& file,
                                            std::string_view recovery_key) {
  const auto recovery = RecoveryKey::parse(recovery_key);
  if (!recovery) return recovery.error();
  return open_wrapped(file, recovery->bytes, WrappedBy::Recovery);
}

Keyring::Key Keyring::current(Purpose purpose) const {
  auto past = keys_.upper_bound(std::pair(purpose, std::numeric_limits<std::uint32_t>::max()));
  if (past == keys_.begin() || (--past)->first.first != purpose)
    throw std::runtime_error("the keyring holds no key for purpose " +
                             std::to_string(static_cast<int>(purpose)));
  return {past->first.second, past->second};
}

const Secret* Keyring::find(Purpose purpose, std::uint32_t version) const {
  const auto found = keys_.find(std::pair(purpose, version));
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace dosigate
