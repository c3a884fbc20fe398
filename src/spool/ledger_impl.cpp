#include "ledger_impl.h"

#include <algorithm>

namespace dosigate {

std::optional<Outcome> Ledger::Impl::outcome_of(SQLite::Database& db, const InstanceId& id) {
  Query found = statements(db, "SELECT outcome FROM instance WHERE id = ?");
  found << ByteView(id);
  if (!found.next()) return std::nullopt;
  return static_cast<Outcome>(found.integer(0));
}

std::int64_t Ledger::Impl::study_id(SQLite::Database& db, std::string_view study_uid,
                                    std::string_view pseudonym) {
  (statements(db,
              "INSERT INTO study (study_uid, pseudonym) VALUES (?, ?) ON CONFLICT DO UPDATE SET "
              "pseudonym = excluded.pseudonym WHERE pseudonym = '' AND forgotten = 0 AND "
              "excluded.pseudonym "
              "<> ''")
   << study_uid << pseudonym)
      .run();
  Query found = statements(db, "SELECT study_id FROM study WHERE study_uid = ?");
  found << study_uid;
  found.next();
  return found.integer(0);
}

void Ledger::Impl::add(SQLite::Database& db, const InstanceId& id, Outcome outcome,
                       std::string_view reason, LedgerCounts& delta) {
  const std::int64_t time = now();
  (statements(db,
              "INSERT INTO instance (id, domain, day, outcome, reason, changed) VALUES (?, 0, ?, "
              "?, ?, ?)")
   << ByteView(id) << time / kSecondsPerDay << static_cast<std::int64_t>(outcome) << reason << time)
      .run();
  count_arrived(db, time / kSecondsPerDay);
  ++delta.of(outcome);
}

std::optional<std::int64_t> Ledger::Impl::count_facts(SQLite::Database& db, const Entry& entry,
                                                      std::int64_t study) {
  if (entry.facts.empty()) return std::nullopt;
  {
    Query same = statements(
        db, "SELECT 1 FROM instance WHERE study_id = ? AND sop_uid = ? AND id <> ? LIMIT 1");
    same << study << entry.sop_instance_uid << ByteView(entry.id);
    if (!entry.sop_instance_uid.empty() && same.next()) return std::nullopt;
  }
  const std::string_view all(entry.facts);
  const auto end = std::min(all.find('\n'), all.size());
  const std::string_view acquired = all.substr(std::min(end + 1, all.size()));
  const std::int64_t day = now() / kSecondsPerDay;
  Query counted = statements(
      db,
      "INSERT INTO study_facts (study_id, facts, instances, first_day, last_day, "
      "first_acquired, last_acquired) VALUES (?, ?, 1, ?, ?, ?, ?)"
      " ON CONFLICT DO UPDATE SET instances = instances + 1,"
      " first_day = MIN(first_day, excluded.first_day),"
      " last_day = MAX(last_day, excluded.last_day),"
      " first_acquired = CASE WHEN first_acquired = '' OR (excluded.first_acquired <> '' "
      "AND excluded.first_acquired < first_acquired) THEN excluded.first_acquired ELSE "
      "first_acquired END,"
      " last_acquired = MAX(last_acquired, excluded.last_acquired) RETURNING facts_id");
  counted << study << all.substr(0, end) << day << day << acquired << acquired;
  counted.next();
  return counted.integer(0);
}

void Ledger::Impl::move(SQLite::Database& db, const InstanceId& id, Outcome from, Outcome to,
                        std::string_view reason, LedgerCounts& delta) {
  if (from == to) return;
  (statements(db, "UPDATE instance SET outcome = ?, reason = ?, changed = ? WHERE id = ?")
   << static_cast<std::int64_t>(to) << reason << now() << ByteView(id))
      .run();
  --delta.of(from);
  ++delta.of(to);
}

void Ledger::Impl::settle(SQLite::Database& db, const InstanceId& id, Outcome from,
                          LedgerCounts& delta) {
  Outcome to = Outcome::Delivered;
  {
    Query states =
        statements(db, "SELECT SUM(state = 0), SUM(state = 2) FROM assignment WHERE id = ?");
    states << ByteView(id);
    states.next();
    if (states.integer(0) > 0) {
      to = Outcome::Queued;
    } else if (states.integer(1) > 0) {
      to = Outcome::Parked;
    }
  }
  move(db, id, from, to, "", delta);
}

void Ledger::Impl::count_issued(SQLite::Database& db, LedgerCounts& delta) {
  (statements(db,
              "INSERT INTO issued (day, count) VALUES (?, 1) ON CONFLICT DO UPDATE SET count = "
              "count + 1")
   << now() / kSecondsPerDay)
      .run();
  ++delta.issued;
}

void Ledger::Impl::tell(SQLite::Database& db, const InstanceId& id,
                        const std::string& destination) {
  (statements(
       db,
       "UPDATE withdrawal_note SET told = ? WHERE destination = ? AND told = 0 AND number IN "
       "(SELECT number FROM withdrawal WHERE note = ?)")
   << now() << destination << ByteView(id))
      .run();
}

void Ledger::Impl::give_up_telling(SQLite::Database& db, const InstanceId& id,
                                   const std::string& destination) {
  (statements(db,
              "UPDATE withdrawal_note SET recorded = 1 WHERE destination = ? AND told = 0 AND "
              "number IN (SELECT number FROM withdrawal WHERE note = ?)")
   << destination << ByteView(id))
      .run();
}

void Ledger::Impl::sent_again(SQLite::Database& db, const Entry& entry) {
  if (entry.sop_instance_uid.empty()) return;
  (statements(db, "DELETE FROM withdrawal_object WHERE sop_uid = ?") << entry.sop_instance_uid)
      .run();
}

}  // namespace dosigate
