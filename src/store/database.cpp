#include "dosigate/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

std::filesystem::path directory_of(const std::filesystem::path& file) {
  return file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path();
}

Error missing(const std::filesystem::path& file, const char* what) {
  return fail(Fault::NotFound, "the database " + file.string() + " " + what +
                                   "; an empty one in its place would forget what was in it: "
                                   "restore it from a backup, or name the right state_dir");
}

Error corrupt(const std::filesystem::path& file, const std::string& why) {
  return fail(Fault::Corrupt, "the database " + file.string() + " is damaged (" + why +
                                  "); keep it aside and restore it from a backup");
}

/// SQLite gives -wal and -shm the mode of the database, so the database gets its mode before SQLite
/// sees it.
void make_private_file(const std::filesystem::path& file) {
  const FileDescriptor made = create_new_file(file);
  sync_directory(directory_of(file));
}

void close_to_others(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + file.string());
  if ((info.st_mode & 0177U) != 0 && ::chmod(file.c_str(), 0600) != 0)
    throw std::system_error(errno, std::generic_category(), "chmod 0600 " + file.string());
}

Error locked(const std::filesystem::path& file) {
  return fail(Fault::Busy, "the database " + file.string() +
                               " is locked by another program: end that one (fuser " +
                               file.string() + " names it), then start again");
}

/// What a process that was killed, or whose sync failed, had put into the WAL is written anew: it
/// may be in the kernel's cache only, and no later sync would say so.
void write_anew(SQLite::Database& database, const std::filesystem::path& file) {
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  // SQLite makes the WAL's entry durable at its first sync, and does not say when that fails.
  sync_directory(directory_of(file));
}

void set_up(SQLite::Database& database, const std::filesystem::path& file) {
  database.exec(
      "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA "
      "trusted_schema=OFF");
  if (database.execAndGet("PRAGMA journal_mode=WAL").getString() != "wal")
    throw std::runtime_error("the file system of " + file.string() +
                             " cannot hold a database in WAL mode; put state_dir on a local disk");
  // Reading goes on beside another program's lock: what cannot be written is said at the start, and
  // not by every instance.
  database.exec("BEGIN IMMEDIATE; ROLLBACK");
}

/// A consistent copy `<file>.v<version>` beside the database, whole or not at all.
void copy_before_migration(SQLite::Database& database, const std::filesystem::path& file,
                           int version) {
  std::filesystem::path copy = file;
  copy += ".v" + std::to_string(version);
  std::filesystem::path temporary = copy;
  temporary += ".new";
  ::unlink(temporary.c_str());  // left over by a crash
  const FileDescriptor made =
      create_new_file(temporary);  // VACUUM INTO takes an empty file, and this one is private
  SQLite::Statement vacuum(database, "VACUUM INTO ?");
  vacuum.bind(1, temporary.string());
  vacuum.exec();
  sync_data(made.get(), temporary);
  std::filesystem::rename(temporary, copy);
  sync_directory(directory_of(file));
}

void migrate(SQLite::Database& database, const Migration& step) {
  // A Transaction rolls back when the SQL throws; user_version is part of it.
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  database.exec(std::string(step.sql));
  database.exec("PRAGMA user_version=" + std::to_string(step.version));
  transaction.commit();
}

Result<void> bring_up(SQLite::Database& database, const std::filesystem::path& file,
                      std::span<const Migration> schema, OpenMode mode) {
  const int newest = static_cast<int>(schema.size());
  for (int i = 0; i < newest; ++i)
    if (schema[static_cast<std::size_t>(i)].version != i + 1)
      throw std::logic_error("schema versions have a gap");

  const int present = database.execAndGet("PRAGMA user_version").getInt();
  if (present > newest)
    return fail(Fault::Conflict,
                "the database " + file.string() + " has schema version " + std::to_string(present) +
                    ", this program knows versions up to " + std::to_string(newest) +
                    "; install the dosigate that wrote it or a newer one (going back needs the "
                    "copy made before the upgrade, " +
                    file.string() + ".v" + std::to_string(newest) + ")");
  if (present == 0 && mode == OpenMode::MustExist) return missing(file, "is there but empty");
  if (present > 0) {
    if (!check_later(file)) {
      const std::string verdict = database.execAndGet("PRAGMA quick_check(1)").getString();
      if (verdict != "ok") return corrupt(file, verdict);
    }
    if (present < newest) copy_before_migration(database, file, present);
  }
  for (int version = present; version < newest; ++version)
    migrate(database, schema[static_cast<std::size_t>(version)]);
  return {};
}

}  // namespace

Result<std::unique_ptr<SQLite::Database>> open_database(const std::filesystem::path& file,
                                                        std::span<const Migration> schema,
                                                        OpenMode mode) {
  if (!std::filesystem::exists(file)) {
    if (mode == OpenMode::MustExist) return missing(file, "does not exist");
    make_private_file(file);
  }
  close_to_others(file);
  try {
    auto database =
        std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE, kBusyMs);
    set_up(*database, file);
    if (auto up = bring_up(*database, file, schema, mode); !up) return up.error();
    write_anew(*database, file);
    return database;
  } catch (const SQLite::Exception& broken) {
    const int code = broken.getErrorCode();
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) return corrupt(file, broken.what());
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return locked(file);
    if (code != SQLITE_IOERR && code != SQLITE_FULL && code != SQLITE_READONLY &&
        code != SQLITE_CANTOPEN)
      throw;
    throw std::runtime_error("cannot open the database " + file.string() + ": " + broken.what() +
                             "; check space, rights and the disk");
  }
}

bool check_later(const std::filesystem::path& file) {
  return std::filesystem::file_size(file) >= kCheckedWhenOpened;
}

Result<void> quick_check(const std::filesystem::path& file, const std::stop_token& stop) {
  if (stop.stop_requested()) return {};
  try {
    const auto database = open_reader(file);
    const std::stop_callback interrupt(
        stop, [handle = database->getHandle()] { sqlite3_interrupt(handle); });
    const std::string verdict = database->execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict != "ok") return corrupt(file, verdict);
  } catch (const SQLite::Exception& broken) {
    const int code = broken.getErrorCode();
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) return corrupt(file, broken.what());
    if (code != SQLITE_INTERRUPT) throw;
  }
  return {};
}

std::unique_ptr<SQLite::Database> open_reader(const std::filesystem::path& file, int cache_kib) {
  auto database = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, kBusyMs);
  database->exec("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-" +
                 std::to_string(cache_kib));
  return database;
}

}  // namespace dosigate
