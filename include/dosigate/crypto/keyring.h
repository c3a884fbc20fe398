#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/result.h"
#include "dosigate/base/secret.h"

namespace dosigate {

/// What a sealing key is for. The number is written into files: never reuse or change one.
enum class Purpose : std::uint8_t {
  Identity = 1,       ///< sealed columns of map.db, UID pairs inside spool files
  SpoolArchive = 2,   ///< spool files of the domain `archive`
  SpoolHospital = 3,  ///< spool files of the domain `hospital` (the way back)
  Quarantine = 4,
  Journal = 5,
  Audit = 6,
  Backup = 7,
};

/// The hospital's independent random keys, in one small file `keyring` that is useless without the
/// master key.
///
/// File, all integers little-endian:
///   "DSGKEYS1" | keyring id (16) | wrapped by master (60) | wrapped by recovery key (60) | length
///   u32 | sealed body
/// "wrapped" is AES-256-GCM (nonce 12, key 32, tag 16) of one random body key under
/// HKDF-SHA-256(master or recovery key, salt = keyring id, info = "dosigate keyring, master key" or
/// "dosigate keyring, recovery key"), associated data = the 24 bytes of magic and id. Not more: a
/// new master key must not need the recovery key, which is on paper. Sealed body: nonce 12 |
/// ciphertext | tag 16 under the body key, associated data = everything before it. Plain:
///   blind-index key (32, permanent) | count u32 | count x (purpose u8 | version u32 | key 32).
/// Rotation rewrites this file only.
///
/// Thread: immutable after open; reading from any.
class Keyring {
 public:
  /// Makes a new keyring and writes it durably. Never overwrites: Fault::Conflict when the file
  /// exists.
  /// @return the recovery key as text to be printed once: "DSGR-" and eight groups of five base-32
  /// characters: 176 random bits and 24 of a checksum.
  static Result<std::string> create(const std::filesystem::path& file, const Secret& master);

  /// Fault::NotFound (no file), Denied (another master key), Corrupt.
  static Result<Keyring> open(const std::filesystem::path& file, const Secret& master);
  /// With the printed recovery key instead; Invalid when its checksum is wrong (a typing error).
  static Result<Keyring> open_with_recovery(const std::filesystem::path& file,
                                            std::string_view recovery_key);

  /// 16 random bytes: ties map.db to its keyring.
  const InstanceId& id() const { return id_; }
  /// Permanent: blind indexes made with it are compared for ever.
  const Secret& index_key() const { return index_key_; }

  /// The newest key of a purpose and its version (1, 2, ...).
  struct Key {
    std::uint32_t version;
    const Secret& key;
  };
  Key current(Purpose purpose) const;
  /// nullptr when that version is unknown.
  const Secret* find(Purpose purpose, std::uint32_t version) const;

 private:
  enum class WrappedBy { Master, Recovery };
  static Result<Keyring> open_wrapped(const std::filesystem::path& file, ByteView with,
                                      WrappedBy by);
  static Result<Keyring> open_body(const std::filesystem::path& file, const Bytes& content,
                                   const Secret& body_key);

  Keyring(InstanceId id, Secret index_key,
          std::map<std::pair<Purpose, std::uint32_t>, Secret> keys);
  InstanceId id_;
  Secret index_key_;
  std::map<std::pair<Purpose, std::uint32_t>, Secret> keys_;
};

/// The master key: 64 hexadecimal digits and a newline in a file of mode 0400, 0440 or 0600 owned
/// by this user or root; or a systemd credential of the same form. Fault::NotFound, Denied (mode or
/// owner), Invalid (form).
Result<Secret> load_master_key(const std::filesystem::path& key_file);
/// Writes a new random master key, mode 0600, durably. Fault::Conflict when the file exists.
Result<Secret> create_master_key(const std::filesystem::path& key_file);

}  // namespace dosigate
