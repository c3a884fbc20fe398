#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/guarded.h"
#include "dosigate/base/sparing.h"
#include "dosigate/identity/pseudonym_map.h"
#include "dosigate/store/database.h"
#include "dosigate/store/statements.h"
#include "journal.h"
#include "map_rows.h"
#include "removed_creators.h"
#include "subject_cache.h"

namespace dosigate {

/// Read-only connections, one per thread that reads at the moment.
class ReaderPool {
 public:
  explicit ReaderPool(std::filesystem::path file) : file_(std::move(file)) {}

  /// Borrows a connection for the time of `use`.
  template <class Use>
  decltype(auto) with(Use&& use) {
    return with_statements([&](ReadConnection& read) -> decltype(auto) {
      return std::forward<Use>(use)(*read.database);
    });
  }
  /// With what was prepared on it before, for what every instance asks.
  template <class Use>
  decltype(auto) with_statements(Use&& use) {
    Lease lease{*this, take()};
    return std::forward<Use>(use)(*lease.connection);
  }

 private:
  using Connection = std::unique_ptr<ReadConnection>;
  struct Lease {
    ReaderPool& pool;
    Connection connection;
    ~Lease() {
      pool.idle_.with([&](auto& idle) { idle.push_back(std::move(connection)); });
    }
  };
  Connection take() {
    Connection out = idle_.with([](auto& idle) {
      Connection last;
      if (!idle.empty()) {
        last = std::move(idle.back());
        idle.pop_back();
      }
      return last;
    });
    return out ? std::move(out) : std::make_unique<ReadConnection>(open_reader(file_));
  }
  std::filesystem::path file_;
  Guarded<std::vector<Connection>> idle_;
};

/// How far PseudonymMap::reseal has come in its walk through the sealed columns.
struct ResealCursor {
  struct RowKey {
    std::int64_t number = -1;  ///< below every row; device 0 is one
    Bytes blob{};
  };
  std::size_t column = 0;
  RowKey after{};
  bool found = false;  ///< this walk has met something: another has to follow
};

struct PseudonymMap::Impl {
  Impl(Settings settings_in, const Keyring& keys_in, std::filesystem::path file)
      : settings(std::move(settings_in)),
        keys(keys_in),
        pixel_key(pixel_key_of(keys_in)),
        readers(std::move(file)) {}

  static Secret pixel_key_of(const Keyring& keys);

  Settings settings;
  const Keyring& keys;
  const Secret pixel_key;
  FileDescriptor lock;             ///< one process at a time
  std::optional<Journal> journal;  ///< after open: only the writer thread
  std::atomic<bool> journal_failed{false};
  Guarded<std::map<std::string, SiteRow, std::less<>>> sites;
  Guarded<SubjectCache> cache{std::size_t{1024}};
  Guarded<RemovedCreators> removed_creators;
  Guarded<ResealCursor> reseal_cursor;
  std::atomic<long long> alarms{0};
  std::atomic<long long> gap_since{0};  ///< Unix seconds; 0: none
  Sparing<Totals> totals;
  std::unique_ptr<DatabaseWriter> writer;
  Statements statements;  ///< the writer's, used only inside its jobs
  /// Closed before the writer: the last connection to close moves the WAL into map.db, which a
  /// read-only one cannot.
  ReaderPool readers;

  std::filesystem::path file() const { return settings.directory / "map.db"; }
  long long now() const { return to_unix(settings.clock()); }

  /// Brings journal and map together at start; see Journal for the order of the two.
  Result<void> attach_journal(SQLite::Database& database);
  /// Carries out what the journal has and the map lacks: after a crash, or after a commit that
  /// failed.
  void catch_up(SQLite::Database& database);
  /// Runs a job in the writer thread, after `catch_up`; durable on return.
  void write(const DatabaseWriter::Job& job);
  /// Inside a job: journal first, then the rows.
  void record(SQLite::Database& database, const MapChanges& changes);

  Result<SiteRow> site_row(const SitePolicy& site);

  /// Runs a correction in the writer thread and forgets the subjects and alarms that were known
  /// before it.
  void correct(const DatabaseWriter::Job& job);
  /// What `forget` does after the rows are gone: WAL, copies of earlier schema versions and
  /// journal. Repeated at the next start when the process ends in the middle.
  void finish_forgetting();
  /// Inside a job, or on the only connection: the journal is written anew and adopted.
  void rewrite_journal(SQLite::Database& database);
  static void append_everything(Journal& to, MapRows& rows);
};

/// Copies that were made before a change of the schema (store/database.h): they hold what was in
/// the map then.
void remove_schema_copies(const std::filesystem::path& map_file);

Error no_such_pseudonym();

}  // namespace dosigate
