#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "dosigate/base/durable_file.h"
#include "dosigate/store/database.h"

namespace dosigate {
Result<void> copy_database(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::filesystem::exists(to))
    return fail(Fault::Conflict, "the copy " + to.string() + " exists already: name another file");
  // Read-only and of its own: neither the writer nor another reader waits for it.
  SQLite::Database source(from.string(), SQLite::OPEN_READONLY, kBusyMs);
  const FileDescriptor made = create_new_file(to);  // VACUUM INTO takes an empty, private file
  try {
    SQLite::Statement vacuum(source, "VACUUM INTO ?");
    vacuum.bind(1, to.string());
    vacuum.exec();
    sync_data(made.get(), to);
  } catch (...) {
    ::unlink(to.c_str());
    throw;
  }
  sync_directory(to.parent_path().empty() ? std::filesystem::path(".") : to.parent_path());
  return {};
}

void empty_wal(const std::filesystem::path& file) {
  SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, kBusyMs);
  empty_wal(database);
}

void empty_wal(SQLite::Database& database) {
  SQLite::Statement checkpoint(database, "PRAGMA wal_checkpoint(TRUNCATE)");
  checkpoint.executeStep();
  if (checkpoint.getColumn(0).getInt() != 0)
    throw std::runtime_error("the write-ahead log of " + database.getFilename() +
                             " cannot be emptied: another program reads the database");
}

}  // namespace dosigate
