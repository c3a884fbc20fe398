#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
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

/// Public half of a master key: a keyring can be closed for a key that is not here. Not secret.
using MasterPublic = std::array<Byte, 32>;
MasterPublic public_half(const Secret& master);

/// The hospital's independent random keys, in one small file `keyring` that is useless without the
/// master key or the recovery key.
///
/// File, format 2, all integers little-endian:
///   "DSGKEYS2" | keyring id (16) | number of master keys u8 (1, during a rotation 2: the newer
///   last) | public half of the recovery key (32) | of each master key (32) | box of the recovery
///   key (92) | of each master key (92) | length u32 | sealed body
/// Each box holds the same random body key, closed for one X25519 public half: ephemeral public
/// half (32) | nonce (12) | ciphertext (32) | tag (16), AES-256-GCM under HKDF-SHA-256; associated
/// data = everything before the boxes. The private halves follow by HKDF from the master key and
/// from the printed recovery key. So the file is written anew, each time under a fresh body key,
/// without either of them: a rotation needs nothing from paper. Sealed body: nonce 12 | ciphertext
/// | tag 16, associated data = everything before it. Plain:
///   blind-index key (32, permanent) | count u32 | count x (purpose u8 | version u32 | key 32).
///
/// Rotation: `begin_rotation` adds a master key and a new version of every sealing key, which is
/// used from then on; what is sealed is brought under it; `finish_rotation` drops the old master
/// key and the old versions, so that neither they nor an old copy of this file open anything new.
/// Old versions of Purpose::Audit stay: old lines are verified with them.
///
/// Thread: any. What `current` and `find` gave stays valid during a rotation.
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
  /// For a restore on another machine: from now on `file` opens with this master key and the
  /// recovery key only. Takes in the keys that `others` hold and `file` lacks: a backup and a
  /// journal may come from before and after a rotation, and need the keys of both (what is under
  /// old ones is brought under the newest after the start, as in a rotation). Faults as
  /// open_with_recovery (Denied also for one of the others that is another node's); Conflict when
  /// two hold different keys under one version.
  static Result<void> adopt_master(const std::filesystem::path& file, std::string_view recovery_key,
                                   const Secret& new_master,
                                   const std::vector<std::filesystem::path>& others = {});

  Keyring(Keyring&&) noexcept;
  Keyring& operator=(Keyring&&) noexcept;
  ~Keyring();

  /// 16 random bytes: ties map.db to its keyring.
  const InstanceId& id() const;
  /// Permanent: blind indexes made with it are compared for ever.
  const Secret& index_key() const;

  /// The newest key of a purpose and its version (1, 2, ...).
  struct Key {
    std::uint32_t version;
    std::shared_ptr<const Secret> key;
  };
  Key current(Purpose purpose) const;
  /// nullptr when that version is unknown.
  std::shared_ptr<const Secret> find(Purpose purpose, std::uint32_t version) const;

  /// Keeps a copy of the file at `copy` (journal_dir/keyring): written now when it differs, and
  /// with each step of a rotation before the file itself, so that whatever was sealed can be opened
  /// with the copy and the recovery key. Empty: no copy. Unavailable when it cannot be written;
  /// Conflict when another file stands there (it is left alone, and not kept up to date).
  Result<void> keep_copy(const std::filesystem::path& copy);

  enum class Rotation : std::uint8_t {
    None,
    WaitingForKeyFile,  ///< it has a newer master key than the one it was opened with
    Resealing           ///< old versions are there until finish_rotation
  };
  Rotation rotation() const;
  /// Durable on return; the new keys are in use. Again with the same key: nothing happens; with
  /// another one while WaitingForKeyFile: that one counts, and the one before is forgotten.
  /// Conflict while Resealing; Invalid for the present master key; Unavailable when file or copy
  /// cannot be written (nothing has changed then).
  Result<void> begin_rotation(const MasterPublic& new_master);
  /// The newer master key stands in the key file: from now on the old one may go. Denied for
  /// another key.
  Result<void> key_file_written(const MasterPublic& in_key_file);
  /// Drops what is old, durably; nothing when there is no rotation. Whoever calls it has brought
  /// everything under the newest versions. Conflict while WaitingForKeyFile; Unavailable.
  Result<void> finish_rotation();
  /// Whether the file opens with it, as far as this process knows.
  bool has_master(const MasterPublic& master) const;

 private:
  struct Impl;
  explicit Keyring(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The master key: 64 hexadecimal digits and a newline in a file of mode 0400, 0440 or 0600 owned
/// by this user or root; or a systemd credential of the same form. Fault::NotFound, Denied (mode or
/// owner), Invalid (form).
/// @param also  a further user it may belong to: for root, who looks at the service's own file.
Result<Secret> load_master_key(const std::filesystem::path& key_file,
                               std::optional<unsigned> also = std::nullopt);
/// Whose a file is: for `load_master_key`, by root. nullopt for anybody else, or no file.
std::optional<unsigned> owner_of(const std::filesystem::path& key_file);
/// Writes a new random master key, mode 0600, durably. Fault::Conflict when the file exists.
Result<Secret> create_master_key(const std::filesystem::path& key_file);

/// The next master key during a rotation: `<key_file>.new`, with owner and mode of `key_file`.
/// Made, or loaded when an interrupted rotation has left one.
Result<Secret> next_master_key(const std::filesystem::path& key_file);
bool has_next_master_key(const std::filesystem::path& key_file);
/// `<key_file>.new` takes the place of `key_file`, durably. Throws std::system_error.
void use_next_master_key(const std::filesystem::path& key_file);

}  // namespace dosigate
