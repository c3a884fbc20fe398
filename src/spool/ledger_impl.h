#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "dosigate/base/guarded.h"
#include "dosigate/spool/ledger.h"
#include "dosigate/store/database.h"
#include "dosigate/store/statements.h"
#include "ledger_counts.h"

namespace dosigate {

inline constexpr std::chrono::milliseconds kReportPatience{1'000};

/// The connections of ledger.db, the counters, and what the calls of the book have in common.
struct Ledger::Impl {
  Impl(std::unique_ptr<SQLite::Database> database, const std::filesystem::path& path,
       WallClock wall_clock)
      : file(path),
        clock(std::move(wall_clock)),
        writer(std::move(database)),
        reader(open_reader(path)) {
    counts.with([&](LedgerCounts& c) {
      reader.with([&](ReadConnection& read) { c = count_all(*read.database); });
    });
  }

  std::filesystem::path file;
  WallClock clock;
  DatabaseWriter writer;
  Statements statements;  // the writer's, used only inside its jobs
  mutable Guarded<ReadConnection> reader;
  Guarded<LedgerCounts> counts;
  Outstanding announced;

  std::int64_t now() const { return to_unix(clock()); }

  /// Runs `job(db, delta)` and books its delta once it is committed, so that the counters never
  /// show what a failed commit undid.
  template <class Job>
  void write(Durability durability, const Job& job) {
    LedgerCounts delta;
    writer.run(
        [&](SQLite::Database& db) {
          delta = {};
          job(db, delta);
        },
        durability);
    counts.with([&](LedgerCounts& c) { c += delta; });
  }

  /// For reports: with what was announced before. Never with a lock of the spool held, which
  /// whoever enters it may need.
  template <class Use>
  decltype(auto) report(Use&& use) const {
    announced.wait(kReportPatience);
    return reader.with(std::forward<Use>(use));
  }
  template <class Use>
  decltype(auto) report_counts(Use&& use) const {
    announced.wait(kReportPatience);
    return counts.with(std::forward<Use>(use));
  }

  // Inside a job.
  /// What `queued` does for one.
  void enter(SQLite::Database& db, const Entry& entry, LedgerCounts& delta);
  std::optional<Outcome> outcome_of(SQLite::Database& db, const InstanceId& id);
  /// Row of a study, made when new. A forgotten one never gets its pseudonym again.
  std::int64_t study_id(SQLite::Database& db, std::string_view study_uid,
                        std::string_view pseudonym = {});
  void add(SQLite::Database& db, const InstanceId& id, Outcome outcome, std::string_view reason,
           LedgerCounts& delta);
  /// Before the instance has its row: one of the same SOP instance in the same study was counted.
  /// @return the row that counts it.
  std::optional<std::int64_t> count_facts(SQLite::Database& db, const Entry& entry,
                                          std::int64_t study);
  void count_issued(SQLite::Database& db, LedgerCounts& delta);
  /// One more row of that day, whatever becomes of it.
  void count_arrived(SQLite::Database& db, std::int64_t day);
  void count_assigned(SQLite::Database& db, const InstanceId& id, const std::string& destination);
  /// Something has come into the study now: it is arriving, again or still.
  void arrived(SQLite::Database& db, std::int64_t study);
  /// From one outcome to another, if it is another.
  void move(SQLite::Database& db, const InstanceId& id, Outcome from, Outcome to,
            std::string_view reason, LedgerCounts& delta);
  /// The outcome of an instance with destinations follows from theirs (design 7.3).
  void settle(SQLite::Database& db, const InstanceId& id, Outcome from, LedgerCounts& delta);
  void count_transfer(SQLite::Database& db, const InstanceId& id, const std::string& destination);
  /// A delivered instance may be a note: its destination is told then.
  void tell(SQLite::Database& db, const InstanceId& id, const std::string& destination);
  /// The note will never reach that destination: an operator gave it up, who is in the audit log.
  void give_up_telling(SQLite::Database& db, const InstanceId& id, const std::string& destination);
  /// Its number, a new one or that of an earlier call.
  std::int64_t note_withdrawal(SQLite::Database& db, const Withdrawal& what, const InstanceId& note,
                               const std::vector<std::string>& destinations);
  /// An object that is sent again is no longer rejected.
  void sent_again(SQLite::Database& db, const Entry& entry);
};

}  // namespace dosigate
