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

namespace dosigate {
namespace {

/// Bounds what one commit makes the first of a batch wait for.
constexpr std::size_t kBatch = 256;

struct Request {
  Request(const DatabaseWriter::Job& what, Durability how) : job(what), durability(how) {}
  const DatabaseWriter::Job& job;  ///< the caller's, who waits
  Durability durability;
  std::promise<void> answer;
  std::exception_ptr failure;  ///< of this job alone
};
// Shared with the waiting caller: a promise must outlive its own set_value.
using Requests = std::vector<std::shared_ptr<Request>>;

bool in_transaction(SQLite::Database& database) {
  return sqlite3_get_autocommit(database.getHandle()) == 0;
}

}  // namespace

struct DatabaseWriter::Impl {
  explicit Impl(std::unique_ptr<SQLite::Database> opened)
      : database(std::move(opened)), thread([this] { work(); }) {}

  void work() noexcept {
    for (;;) {
      Requests batch;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (waiting.empty()) return;
        while (!waiting.empty() && batch.size() < kBatch) {
          batch.push_back(std::move(waiting.front()));
          waiting.pop_front();
        }
      }
      try {
        commit_together(batch);
      } catch (...) {
        const auto failure = std::current_exception();
        for (auto& request : batch)
          if (!request->failure) request->failure = failure;
        abandon_transaction();
      }
      for (auto& request : batch) {
        if (request->failure)
          request->answer.set_exception(request->failure);
        else
          request->answer.set_value();
      }
    }
  }

  void commit_together(Requests& batch) {
    Durability durability = Durability::Normal;
    for (const auto& request : batch)
      if (request->durability == Durability::Full) durability = Durability::Full;
    // Has no effect inside a transaction. A Full commit syncs the whole WAL, the Normal commits
    // before it included.
    if (durability != present) {
      present.reset();
      database->exec(durability == Durability::Full ? "PRAGMA synchronous=FULL"
                                                    : "PRAGMA synchronous=NORMAL");
      present = durability;
    }
    database->exec("BEGIN IMMEDIATE");
    for (auto& request : batch) run_alone(*request);
    fail_point("db.before-commit");
    database->exec("COMMIT");
    fail_point("db.after-commit");
  }

  void run_alone(Request& request) {
    database->exec("SAVEPOINT job");
    try {
      request.job(*database);
    } catch (...) {
      request.failure = std::current_exception();
    }
    // A full disk or an I/O error makes SQLite roll the whole transaction back by itself: then
    // nobody's job stands.
    if (!in_transaction(*database)) {
      if (request.failure) std::rethrow_exception(request.failure);
      throw std::logic_error("a database job ended the transaction of its batch");
    }
    database->exec(request.failure ? "ROLLBACK TO job; RELEASE job" : "RELEASE job");
  }

  void abandon_transaction() noexcept {
    try {
      if (in_transaction(*database)) database->exec("ROLLBACK");
    } catch (const SQLite::Exception&) {
      // The next BEGIN then fails, and its callers hear why.
    }
  }

  std::unique_ptr<SQLite::Database> database;
  std::optional<Durability> present;  ///< what PRAGMA synchronous was last set to
  std::mutex mutex;
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

void DatabaseWriter::run(const Job& job, Durability durability) {
  if (std::this_thread::get_id() == impl_->thread.get_id())
    throw std::logic_error("DatabaseWriter::run from inside a job would wait for itself");
  const auto request = std::make_shared<Request>(job, durability);
  auto answer = request->answer.get_future();
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) throw std::logic_error("DatabaseWriter::run after its end");
    impl_->waiting.push_back(request);
  }
  impl_->wake.notify_one();
  answer.get();
}

}  // namespace dosigate
