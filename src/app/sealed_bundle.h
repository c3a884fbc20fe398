#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/crypto/sealed_file.h"

namespace dosigate {

/// A backup or an export as it lies on a disk or share that nobody trusts: a folder (0700)
/// `<prefix>-YYYYMMDDTHHMMSSZ`, or the same with -2, -3 ..., holding
///   keyring     a copy of the keyring file: opens with the recovery key, or the master key of then
///   bundle.dsb  a sealed file (crypto/sealed_file.h, Purpose::Backup)
/// The section Body of bundle.dsb is its entries one after the other: name (u32 length, bytes) |
/// pieces (u32 length of 1 to 1 MiB, bytes) | u32 0. Content is streamed, and its length need not
/// be known before. The card is JSON: `format` 1, `kind`, `version`, `node`, `created`, `facts` and
/// `entries` with name and bytes. It has no digest of its own: every byte is authenticated already.
struct BundleCard {
  std::string kind;  ///< "backup", "map-export"
  std::string node;  ///< AE title
  std::string version{};
  std::uint64_t created = 0;                   ///< Unix seconds
  std::map<std::string, std::string> facts{};  ///< counts and the like, never an identity
  std::vector<std::pair<std::string, std::uint64_t>> entries{};  ///< name and bytes, in order
};

/// Whether the daemon may write a bundle there: an absolute path of a directory that is there, is
/// no part of `state_dir` (it would be lost with it) and takes files of this user. NotFound,
/// Invalid or Denied say what to do.
Result<void> bundle_directory(const std::filesystem::path& directory,
                              const std::filesystem::path& state_dir);

/// Writes a bundle under a temporary name; nothing of it stays unless `finish` succeeds. Throws
/// std::system_error when the disk fails. Thread: one at a time.
class BundleWriter {
 public:
  /// @param keyring_file  is copied first.
  BundleWriter(const Keyring& keys, std::filesystem::path keyring_file,
               std::filesystem::path directory, std::string_view prefix, WallTime now);
  BundleWriter(const BundleWriter&) = delete;
  BundleWriter& operator=(const BundleWriter&) = delete;
  ~BundleWriter();

  /// Begins an entry, and ends the one before. std::invalid_argument for a name that a reader would
  /// refuse.
  void begin(std::string_view name);
  void write(ByteView content);
  /// One whole entry from a file, or from its first `bytes`.
  void add_file(std::string_view name, const std::filesystem::path& file,
                std::optional<std::uint64_t> bytes = std::nullopt);

  /// Durable on return, under its final name. Busy when the keyring file has changed since it was
  /// copied: what was sealed in between might not open with the copy. Begin anew then.
  /// @param card  kind, node and facts; the rest is filled in.
  Result<std::filesystem::path> finish(BundleCard card);

 private:
  void end_entry();
  std::filesystem::path keyring_file_, directory_, name_, temporary_;
  std::uint64_t created_;
  Bytes keyring_;
  std::optional<SealedFileWriter> file_;
  bool in_entry_ = false;
  std::vector<std::pair<std::string, std::uint64_t>> entries_;
};

/// Whether that is the folder of a bundle, by the names in it: to be asked before a keyring or a
/// key is. NotFound or Denied say what is wrong.
Result<void> is_bundle(const std::filesystem::path& folder);

/// Opens what BundleWriter wrote. Nothing in it is believed before it is authenticated; names that
/// lead out of a folder are refused. Thread: one at a time.
class BundleReader {
 public:
  /// NotFound (no bundle there), Corrupt, Denied (another keyring), Conflict (a newer format).
  static Result<BundleReader> open(const Keyring& keys, const std::filesystem::path& folder);

  const BundleCard& card() const { return card_; }
  /// All of it in order: `use` gets an empty piece at the beginning of each entry, then its
  /// content. Corrupt when anything does not authenticate or is not what the card says: what `use`
  /// got before is then good for nothing.
  Result<void> read(const std::function<void(const std::string& name, ByteView piece)>& use) const;

 private:
  BundleReader(std::filesystem::path file, SealedFileReader reader, BundleCard card);
  std::filesystem::path file_;
  SealedFileReader reader_;
  BundleCard card_;
};

/// Relative, without "." and "..", 1 to 200 bytes of printable ASCII but "\".
bool is_entry_name(std::string_view name);

}  // namespace dosigate
