#include "ledger_counts.h"

namespace dosigate {

LedgerCounts& LedgerCounts::operator+=(const LedgerCounts& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  refused += other.refused;
  issued += other.issued;
  for (const auto& [name, states] : other.destinations) {
    auto& mine = destinations[name];
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] += states[i];
  }
  return *this;
}

LedgerCounts count_all(SQLite::Database& ledger) {
  LedgerCounts out;
  SQLite::Statement outcomes(
      ledger,
      "SELECT outcome, COUNT(*) FROM instance GROUP BY outcome"
      " UNION ALL SELECT outcome, SUM(count) FROM day_total GROUP BY outcome");
  while (outcomes.executeStep())
    out.of(static_cast<Outcome>(outcomes.getColumn(0).getInt64())) +=
        outcomes.getColumn(1).getInt64();

  SQLite::Statement states(
      ledger,
      "SELECT destination, state, COUNT(*) FROM assignment GROUP BY destination, state"
      " UNION ALL SELECT destination, state, SUM(count) FROM day_destination GROUP BY destination, "
      "state");
  while (states.executeStep()) {
    out.of(states.getColumn(0).getString(),
           static_cast<DeliveryState>(states.getColumn(1).getInt64())) +=
        states.getColumn(2).getInt64();
  }

  const auto sum = [&](const char* sql) -> std::int64_t {
    SQLite::Statement statement(ledger, sql);
    statement.executeStep();
    return statement.getColumn(0).getInt64();
  };
  out.refused = sum("SELECT COALESCE(SUM(count), 0) FROM refused");
  out.issued = sum("SELECT COALESCE(SUM(count), 0) FROM issued");
  return out;
}

void fold_days_before(SQLite::Database& ledger, std::int64_t oldest) {
  const auto run = [&](const char* sql) {
    SQLite::Statement statement(ledger, sql);
    statement.bind(1, oldest);
    statement.exec();
  };
  // 2 delivered, 5 dropped, 6 discarded, 7 duplicate: nothing more can happen to these.
  run("INSERT INTO day_total (domain, day, outcome, reason, count)"
      " SELECT domain, day, outcome, reason, COUNT(*) FROM instance WHERE outcome IN (2, 5, 6, 7) "
      "AND day < ?1"
      " GROUP BY domain, day, outcome, reason"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count");
  run("INSERT INTO day_destination (domain, day, destination, state, count)"
      " SELECT i.domain, i.day, a.destination, a.state, COUNT(*) FROM instance i JOIN assignment a "
      "USING (id)"
      " WHERE i.outcome IN (2, 5, 6, 7) AND i.day < ?1 GROUP BY i.domain, i.day, a.destination, "
      "a.state"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count");
  run("INSERT INTO study_total (study_id, destination, state, count, first, last)"
      " SELECT i.study_id, a.destination, a.state, COUNT(*), MIN(a.changed), MAX(a.changed) FROM "
      "instance i JOIN assignment a USING (id)"
      " WHERE i.outcome IN (2, 5, 6, 7) AND i.day < ?1 AND i.study_id IS NOT NULL GROUP BY "
      "i.study_id, a.destination, a.state"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count, first = MIN(first, "
      "excluded.first), last = MAX(last, excluded.last)");
  run("INSERT INTO study_day (study_id, day, outcome, issued, count)"
      " SELECT study_id, day, outcome, EXISTS (SELECT 1 FROM withdrawal w WHERE w.note = i.id AND "
      "w.cause <> 'received'), COUNT(*) FROM instance i"
      " WHERE outcome IN (2, 5, 6, 7) AND day < ?1 AND study_id IS NOT NULL GROUP BY 1, 2, 3, 4"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count");
  run("INSERT INTO study_day_delivery (study_id, day, destination, state, status, issued, count, "
      "first, "
      "last)"
      " SELECT i.study_id, i.day, a.destination, a.state, a.status, EXISTS (SELECT 1 FROM "
      "withdrawal w WHERE w.note = i.id AND w.cause <> 'received'), COUNT(*), MIN(a.changed), "
      "MAX(a.changed) FROM instance i JOIN "
      "assignment a USING (id)"
      " WHERE i.outcome IN (2, 5, 6, 7) AND i.day < ?1 AND i.study_id IS NOT NULL GROUP BY 1, 2, "
      "3, 4, 5, 6"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count, first = MIN(first, "
      "excluded.first), last = MAX(last, excluded.last)");
  run("DELETE FROM assignment WHERE id IN (SELECT id FROM instance WHERE outcome IN (2, 5, 6, 7) "
      "AND day < ?1)");
  run("DELETE FROM instance WHERE outcome IN (2, 5, 6, 7) AND day < ?1");
}

}  // namespace dosigate
