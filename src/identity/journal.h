#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyring.h"
#include "map_change.h"

namespace dosigate {

/// Everything that ever made the map, in order, on a second disk: file `identity.journal`.
///
///   head, 48 bytes: "DSGJRNL1" | journal id (16) | keyring id (16) | created u64
///   records: length u32 | ~length u32 | sealed value (Purpose::Journal)
///         Associated data: "journal/<journal id>/<number>/<SHA-256 of the sealed record before, of
///         the head for the first>".
/// So no record can be changed, left out, moved or taken from another journal unnoticed; numbers
/// are 1, 2, 3 ...
///
/// A record is written and synced BEFORE the commit of the map that it describes. A crash between
/// the two leaves a record that the map lacks: it is carried out again at the next start (or the
/// next job), which is harmless, as nobody was told of it. The other order would leave a patient in
/// use that a restore does not know.
///
/// A journal that was written anew (somebody was forgotten, or keys were rotated) begins with a
/// JournalContinues, which names the journals before it: a map that was written with one of those,
/// from a backup, takes it up from its first record.
///
/// Thread: one at a time (the map writer).
class Journal {
 public:
  /// Creates the file, durably. Throws std::system_error (also when it exists).
  static Journal create(const std::filesystem::path& directory, const Keyring& keys, long long now);
  /// Reads and checks all of it; cuts off a last record that was not written to its end (it was
  /// never acknowledged). NotFound (no such file), Conflict (another keyring), Corrupt (with the
  /// record's number).
  static Result<Journal> open(const std::filesystem::path& directory, const Keyring& keys);

  /// Puts another journal in the place of this one, durably and as a whole: a record that names
  /// this one and those before it, and then what `fill` appends. This object is the new one
  /// afterwards. On an exception it is what it was, or, when only the durability of the new name is
  /// in doubt, the new one, which takes nothing until it is opened again.
  void rewrite(long long now, const std::function<void(Journal&)>& fill);
  /// The last record of the journal `id`, when this one was written anew from it: a map that was
  /// written with that one has to be brought up from record 1.
  std::optional<std::uint64_t> continued_from(ByteView id) const;

  const InstanceId& id() const { return id_; }
  /// Number of the last record; 0 when empty.
  std::uint64_t last() const { return last_; }

  /// @return the record's number. It is on disk only after `sync`. Throws std::length_error for
  /// more than 64 MiB, and std::system_error; after
  /// a failed sync always, until reopened:
  ///         what the disk holds then is only known by reading it again.
  std::uint64_t append(ByteView plain);
  void sync();
  /// A sync failed, or a record was written in part: nothing is taken or given any more.
  bool is_broken() const { return broken_; }

  /// Hands every record after number `after` to `use`, in order.
  /// Corrupt when the file does not hold what it held when it was opened. Throws as `append` does
  /// when a sync failed: a map that took up what is not durable would be ahead of its journal.
  Result<void> replay(std::uint64_t after,
                      const std::function<void(std::uint64_t number, ByteView plain)>& use);

 private:
  Journal(std::filesystem::path path, FileDescriptor file, const Keyring& keys);
  static Bytes make_head(const InstanceId& id, const Keyring& keys, long long now);
  Result<void> read_head();
  Result<void> read_records(std::uint64_t after,
                            const std::function<void(std::uint64_t, ByteView)>& use, bool may_cut);
  /// Of a file that another process may have left: what it wrote last, and the file's name, may be
  /// in the kernel's cache only, because it was killed or because the sync failed, and no later
  /// sync would say so. Every record before was synced before the next one was written.
  void write_anew(std::uint64_t from, std::uint64_t to);
  void write_at(std::uint64_t at, ByteView bytes);
  void must_not_be_broken() const;
  std::string place(std::uint64_t number, const Digest& previous) const;

  std::filesystem::path path_;
  FileDescriptor file_;
  const Keyring* keys_;
  InstanceId id_{};
  Digest head_hash_{};
  std::uint64_t last_ = 0;
  Digest last_hash_{};
  std::uint64_t end_ = 0;  ///< where the next record goes
  JournalContinues chain_;
  bool broken_ = false;
};

}  // namespace dosigate
