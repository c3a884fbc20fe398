#include <sqlite3.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "dosigate/base/fail_point.h"
#include "dosigate/store/database.h"
#include "dosigate/store/statements.h"

namespace dosigate {
namespace {

/// Bounds what one commit makes the first of a batch wait for.
constexpr std::size_t kBatch = 256;
/// Pages in the WAL from which on they are moved into the database; SQLite's own default.
constexpr int kCheckpointPages = 1'000;

struct Request {
  Request(const DatabaseWriter::Job& what, std::optional<Durability> how)
      : job(what), durability(how) {}
  const DatabaseWriter::Job& job;        ///< the caller's, who waits
  std::optional<Durability> durability;  ///< none: outside a transaction, alone
  std::promise<void> answer;
  std::exception_ptr failure;  ///< of this job alone
};
// Shared with the waiting caller: a promise must outlive its own set_value.
using Requests = std::vector<std::shared_ptr<Request>>;

bool is_failed_sync(int extended_code) {
  return extended_code == SQLITE_IOERR_FSYNC || extended_code == SQLITE_IOERR_DIR_FSYNC;
}

bool is_failed_sync(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const SQLite::Exception& broken) {
    return is_failed_sync(broken.getExtendedErrorCode());
  } catch (...) {
    return false;  // of another kind: its caller gets it
  }
}

bool in_transaction(SQLite::Database& database) {
  return sqlite3_get_autocommit(database.getHandle()) == 0;
}

}  // namespace

struct DatabaseWriter::Impl {
  explicit Impl(std::unique_ptr<SQLite::Database> opened)
      : database(std::move(opened)), thread([this] { work(); }) {}

  /// In the thread, before its first batch: setting a hook ends the automatic checkpoints.
  void set_up() {
    // What a savepoint needs for its rollback; else it is written into a file in /var/tmp. Here and
    // not where a database is opened: a migration may sort more than memory holds.
    database->exec("PRAGMA temp_store=MEMORY");
    sqlite3_wal_hook(
        database->getHandle(),
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<Impl*>(self)->wal_pages = pages;
          return SQLITE_OK;
        },
        this);
  }

  void work() noexcept {
    set_up();
    for (;;) {
      Requests batch;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (waiting.empty()) return;
        do {
          batch.push_back(std::move(waiting.front()));
          waiting.pop_front();
        } while (batch.back()->durability && !waiting.empty() && waiting.front()->durability &&
                 batch.size() < kBatch);
      }
      try {
        if (const std::string why = trouble(); !why.empty()) throw std::runtime_error(why);
        if (batch.front()->durability) {
          commit_together(batch);
        } else {
          set_durability(Durability::Full);
          batch.front()->job(*database);
        }
      } catch (...) {
        const auto failure = std::current_exception();
        for (auto& request : batch)
          if (!request->failure) request->failure = failure;
        abandon_transaction();
      }
      for (auto& request : batch)
        if (request->failure && is_failed_sync(request->failure)) stop_writing();
      for (auto& request : batch) {
        if (request->failure)
          request->answer.set_exception(request->failure);
        else
          request->answer.set_value();
      }
      if (wal_pages >= kCheckpointPages) checkpoint();
    }
  }

  /// As far as readers allow. Another failure than a sync is met by the next commit, too, whose
  /// callers hear of it.
  void checkpoint() noexcept {
    int left = 0, moved = 0;
    const int result = sqlite3_wal_checkpoint_v2(database->getHandle(), nullptr,
                                                 SQLITE_CHECKPOINT_PASSIVE, &left, &moved);
    if (result != SQLITE_OK && is_failed_sync(sqlite3_extended_errcode(database->getHandle())))
      stop_writing();
    wal_pages = 0;
  }

  void stop_writing() {
    const std::lock_guard lock(mutex);
    failed_sync = true;
  }

  std::string trouble() const {
    const std::lock_guard lock(mutex);
    if (!failed_sync) return "";
    return "a sync of the database " + database->getFilename() +
           " failed, and what the disk holds of it is not known: nothing is written any more. "
           "Check the disk, then restart dosigated";
  }

  void commit_together(Requests& batch) {
    Durability durability = Durability::Normal;
    for (const auto& request : batch)
      if (request->durability == Durability::Full) durability = Durability::Full;
    set_durability(durability);
    carry_out("BEGIN IMMEDIATE");
    if (batch.size() == 1) {
      // Nobody else's changes have to outlive a failure of this one.
      batch.front()->job(*database);
      if (!in_transaction(*database)) throw_ended();
    } else {
      for (auto& request : batch) run_in_savepoint(*request);
    }
    fail_point("db.before-commit");
    carry_out("COMMIT");
    fail_point("db.after-commit");
  }

  void carry_out(std::string_view sql) { control(*database, sql).run(); }

  [[noreturn]] static void throw_ended() {
    throw std::logic_error("a database job ended the transaction of its batch");
  }

  /// Has no effect inside a transaction. A Full commit syncs the whole WAL, the Normal commits
  /// before it included.
  void set_durability(Durability durability) {
    if (durability == present) return;
    present.reset();
    database->exec(durability == Durability::Full ? "PRAGMA synchronous=FULL"
                                                  : "PRAGMA synchronous=NORMAL");
    present = durability;
  }

  void run_in_savepoint(Request& request) {
    carry_out("SAVEPOINT job");
    try {
      request.job(*database);
    } catch (...) {
      request.failure = std::current_exception();
    }
    // A full disk or an I/O error makes SQLite roll the whole transaction back by itself: then
    // nobody's job stands.
    if (!in_transaction(*database)) {
      if (request.failure) std::rethrow_exception(request.failure);
      throw_ended();
    }
    if (request.failure) carry_out("ROLLBACK TO job");
    carry_out("RELEASE job");
  }

  void abandon_transaction() noexcept {
    try {
      if (in_transaction(*database)) database->exec("ROLLBACK");
    } catch (const SQLite::Exception&) {
      // The next BEGIN then fails, and its callers hear why.
    }
  }

  /// Blocks the caller until the request was carried out.
  void wait_for(const std::shared_ptr<Request>& request);

  std::unique_ptr<SQLite::Database> database;
  Statements control;                 // begins and ends transactions
  std::optional<Durability> present;  ///< what PRAGMA synchronous was last set to
  int wal_pages = 0;                  ///< after the last commit
  mutable std::mutex mutex;
  bool failed_sync = false;
  std::condition_variable wake;
  std::deque<std::shared_ptr<Request>> waiting;
  bool stopping = false;
  std::thread thread;  // last: everything above exists when it starts
};

DatabaseWriter::DatabaseWriter(std::unique_ptr<SQLite::Database> database)
    : impl_(std::make_unique<Impl>(std::move(database))) {}

DatabaseWriter::~DatabaseWriter() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void DatabaseWriter::Impl::wait_for(const std::shared_ptr<Request>& request) {
  if (std::this_thread::get_id() == thread.get_id())
    throw std::logic_error("DatabaseWriter::run from inside a job would wait for itself");
  auto answer = request->answer.get_future();
  {
    const std::lock_guard lock(mutex);
    if (stopping) throw std::logic_error("DatabaseWriter::run after its end");
    waiting.push_back(request);
    if (waiting.size() == 1) wake.notify_one();
  }
  answer.get();
}

void DatabaseWriter::run(const Job& job, Durability durability) {
  impl_->wait_for(std::make_shared<Request>(job, durability));
}

std::size_t DatabaseWriter::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting.size();
}

std::string DatabaseWriter::trouble() const { return impl_->trouble(); }

void DatabaseWriter::run_alone(const Job& job) {
  impl_->wait_for(std::make_shared<Request>(job, std::nullopt));
}

}  // namespace dosigate
