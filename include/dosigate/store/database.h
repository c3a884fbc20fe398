#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dosigate/base/result.h"

namespace dosigate {

/// One numbered file of schema/<db>/, embedded at build time. Versions are 1, 2, 3 ... without a
/// gap.
struct Migration {
  int version;
  std::string_view sql;
};

/// Generated from schema/<db>/NNN_*.sql by CMake.
extern const std::span<const Migration> kIdentitySchema;
extern const std::span<const Migration> kQueueSchema;
extern const std::span<const Migration> kLedgerSchema;

enum class OpenMode {
  Create,    ///< A new, empty database is made when the file is missing.
  MustExist  ///< Never an empty database where one should be: Fault::NotFound.
};

/// Opens read-write with WAL, foreign_keys, secure_delete, a busy timeout of 5 s, file mode 0600,
/// and brings the schema up (`PRAGMA user_version`), each migration in one transaction; before one
/// on an existing database a copy `<file>.v<old>` is made. Faults: NotFound; Conflict (schema newer
/// than this program: says both versions and what to do); Corrupt (not a database, or quick_check
/// finds damage; a large one is not read here, see `check_later`); Busy (another program has locked
/// it). What a killed process had committed but not synced is written into the database and synced
/// before it is used. Throws std::runtime_error naming the file when the disk fails.
Result<std::unique_ptr<SQLite::Database>> open_database(const std::filesystem::path& file,
                                                        std::span<const Migration> schema,
                                                        OpenMode mode);

/// How long a statement waits for the lock of another connection.
inline constexpr int kBusyMs = 5'000;

/// Databases from this size on are not read as a whole when they are opened: hundreds of MB a
/// second would keep a node with years of history from serving for minutes.
inline constexpr std::uint64_t kCheckedWhenOpened = 64ULL << 20U;

/// Whether opening has left the check of a database, which must exist, to `quick_check`.
bool check_later(const std::filesystem::path& file);
/// Reads a whole database, beside its writer; Corrupt as open_database says it. Ends early, with
/// success, when a stop is requested. Thread: any, for its own file.
Result<void> quick_check(const std::filesystem::path& file, const std::stop_token& stop);

/// A second, read-only connection of an opened database, with a small cache (`cache_kib`).
std::unique_ptr<SQLite::Database> open_reader(const std::filesystem::path& file,
                                              int cache_kib = 256);

/// An online, consistent copy as one private file without a WAL, durable on return. Conflict when
/// `to` exists. Throws when a disk fails; nothing is left of the copy then.
Result<void> copy_database(const std::filesystem::path& from, const std::filesystem::path& to);

/// Moves everything committed into the database and empties its WAL, so that what was erased is in
/// neither; waits for readers and writers at most 5 s. Throws std::runtime_error when one stays.
void empty_wal(const std::filesystem::path& file);
/// The same over a connection that is in no transaction.
void empty_wal(SQLite::Database& database);

/// When a commit has to survive a power cut.
enum class Durability {
  Normal,  ///< WAL without sync: survives kill -9, not power loss. Only for what can be rebuilt
           ///< from files.
  Full     ///< synchronous=FULL: on disk when `run` returns.
};

/// The only writer of one database: a thread that commits the jobs waiting at the moment together.
/// SQLite does not group-commit by itself (eight writers alone take ten times as long).
///
/// A job runs inside a savepoint of the batch's transaction: when it throws, its own changes are
/// undone, the others of the batch stay, and `run` rethrows in the caller. When the commit itself
/// fails, every caller of the batch gets the exception. Thread: `run` from any number of threads,
/// never from inside a job.
///
/// A failed sync is never retried as good: the kernel may have dropped what it could not write, and
/// the next sync would succeed over the hole. From then on every call throws, until the program is
/// started again and `open_database` writes anew what the disk should hold.
///
/// The WAL is moved into the database after a batch was answered, not while its callers wait.
class DatabaseWriter {
 public:
  using Job = std::function<void(SQLite::Database&)>;

  explicit DatabaseWriter(std::unique_ptr<SQLite::Database> database);
  DatabaseWriter(const DatabaseWriter&) = delete;
  DatabaseWriter& operator=(const DatabaseWriter&) = delete;
  /// Finishes what is queued.
  ~DatabaseWriter();

  /// Blocks until the batch that holds the job is committed. A batch with one Full job is committed
  /// Full.
  void run(const Job& job, Durability durability);

  /// Between two batches and outside a transaction, for what cannot be inside one (VACUUM, a
  /// checkpoint). What the job does itself is synced in full; rethrows what it throws.
  void run_alone(const Job& job);

  /// Jobs that are in no batch yet. Thread: any.
  std::size_t waiting() const;

  /// Why nothing is written any more, and what to do; empty while all is well. Thread: any.
  std::string trouble() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
