#include "ledger_impl.h"

// Who is told that something is rejected. `told` is written by the delivery of the note itself
// (Ledger::changed), so it is durable with it and outlives the note's own rows.

namespace dosigate {
namespace {

constexpr const char* kColumns =
    "SELECT number, study_uid, pseudonym, code, cause, objects, whole_study, ordered, note FROM "
    "withdrawal ";

Ledger::Withdrawal read_withdrawal(Query& row) {
  Ledger::Withdrawal out;
  out.number = row.integer(0);
  out.study_uid = row.text(1);
  out.pseudonym = row.text(2);
  out.code = row.text(3);
  out.cause = row.text(4);
  out.objects = row.unsigned_integer(5);
  out.whole_study = row.integer(6) != 0;
  out.ordered = row.integer(7);
  return out;
}

std::map<std::string, std::int64_t> read_told(ReadConnection& read, std::int64_t number) {
  std::map<std::string, std::int64_t> out;
  Query rows = read("SELECT destination, told FROM withdrawal_note WHERE number = ?");
  rows << number;
  while (rows.next()) out[rows.text(0)] = rows.integer(1);
  return out;
}

}  // namespace

std::int64_t Ledger::Impl::note_withdrawal(SQLite::Database& db, const Withdrawal& what,
                                           const InstanceId& note,
                                           const std::vector<std::string>& destinations) {
  const std::int64_t time = what.ordered != 0 ? what.ordered : now();
  const bool made =
      (statements(db,
                  "INSERT INTO withdrawal (note, study_uid, pseudonym, code, cause, objects, "
                  "whole_study, ordered) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
       << ByteView(note) << what.study_uid << what.pseudonym << what.code << what.cause
       << static_cast<std::int64_t>(what.objects) << std::int64_t{what.whole_study} << time)
          .run() > 0;
  std::int64_t number = 0;
  {
    Query found = statements(db, "SELECT number FROM withdrawal WHERE note = ? AND study_uid = ?");
    found << ByteView(note) << what.study_uid;
    found.next();
    number = found.integer(0);
  }
  if (!made) return number;
  // A note that was received may be delivered before this is written.
  for (const std::string& destination : destinations) {
    (statements(db,
                "INSERT OR IGNORE INTO withdrawal_note (number, destination, told) VALUES (?1, ?2, "
                "COALESCE((SELECT changed FROM assignment WHERE id = ?3 AND destination = ?2 AND "
                "state = 1), 0))")
     << number << destination << ByteView(note))
        .run();
  }
  return number;
}

void Ledger::replaced(std::string_view study_uid, std::string_view sop_uid) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    std::vector<std::pair<InstanceId, std::int64_t>> counted;
    {
      Query rows = impl_->statements(
          db,
          "SELECT i.id, i.facts_id FROM instance i JOIN study s USING (study_id) WHERE s.study_uid "
          "= ? AND i.sop_uid = ? AND i.facts_id IS NOT NULL");
      rows << study_uid << sop_uid;
      while (rows.next()) counted.emplace_back(rows.id(0), rows.integer(1));
    }
    for (const auto& [id, facts] : counted) {
      (impl_->statements(db, "UPDATE instance SET facts_id = NULL WHERE id = ?") << ByteView(id))
          .run();
      (impl_->statements(db, "UPDATE study_facts SET instances = instances - 1 WHERE facts_id = ?")
       << facts)
          .run();
      (impl_->statements(db, "DELETE FROM study_facts WHERE facts_id = ? AND instances <= 0")
       << facts)
          .run();
    }
  });
}

std::int64_t Ledger::ordered(const Withdrawal& what, const InstanceId& note,
                             const std::vector<std::string>& destinations,
                             const std::set<std::string>& sop_uids) {
  std::int64_t number = 0;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    number = impl_->note_withdrawal(db, what, note, destinations);
    for (const std::string& sop_uid : sop_uids) {
      (impl_->statements(db,
                         "INSERT OR IGNORE INTO withdrawal_object (number, sop_uid) VALUES (?, ?)")
       << number << sop_uid)
          .run();
    }
  });
  return number;
}

void Ledger::rejected(const Withdrawal& what, const InstanceId& note,
                      const std::vector<std::string>& destinations) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    impl_->note_withdrawal(db, what, note, destinations);
  });
}

std::vector<Ledger::Withdrawal> Ledger::withdrawals(std::string_view study_uid,
                                                    std::size_t max) const {
  static const std::string sql =
      std::string(kColumns) + "WHERE ?1 = '' OR study_uid = ?1 ORDER BY number DESC LIMIT ?2";
  return impl_->report([&](ReadConnection& read) {
    std::vector<Withdrawal> out;
    {
      Query rows = read(sql.c_str());
      rows << study_uid << static_cast<std::int64_t>(max);
      while (rows.next()) out.push_back(read_withdrawal(rows));
    }
    for (Withdrawal& one : out) one.told = read_told(read, one.number);
    return out;
  });
}

std::vector<Ledger::Told> Ledger::told_and_not_recorded(std::size_t max) const {
  return impl_->report([&](ReadConnection& read) {
    std::vector<Told> out;
    Query rows = read(
        "SELECT w.number, n.destination, w.study_uid, w.code, w.cause, n.told FROM withdrawal_note "
        "n JOIN withdrawal w USING (number) WHERE n.recorded = 0 AND n.told > 0 ORDER BY n.told, "
        "w.number LIMIT ?");
    rows << static_cast<std::int64_t>(max);
    while (rows.next()) {
      out.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                     rows.integer(5)});
    }
    return out;
  });
}

void Ledger::recorded(const std::vector<Told>& told) {
  if (told.empty()) return;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    for (const Told& one : told) {
      (impl_->statements(
           db, "UPDATE withdrawal_note SET recorded = 1 WHERE number = ? AND destination = ?")
       << one.number << one.destination)
          .run();
    }
  });
}

std::uint64_t Ledger::withdrawals_open(std::int64_t until,
                                       const std::set<std::string>& except) const {
  return impl_->report([&](ReadConnection& read) {
    std::uint64_t out = 0;
    Query rows = read(
        "SELECT n.destination, COUNT(*) FROM withdrawal_note n JOIN withdrawal w USING (number) "
        "WHERE n.recorded = 0 AND n.told = 0 AND w.ordered <= ? GROUP BY n.destination");
    rows << until;
    while (rows.next())
      if (!except.contains(rows.text(0))) out += rows.unsigned_integer(1);
    return out;
  });
}

std::vector<Ledger::Unfinished> Ledger::unfinished_orders() const {
  static const std::string sql =
      std::string(kColumns) +
      "WHERE cause <> 'received' AND number IN (SELECT number FROM withdrawal_note WHERE recorded "
      "= 0 AND told = 0) AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.id = withdrawal.note) "
      "ORDER BY number";
  return impl_->report([&](ReadConnection& read) {
    std::vector<Unfinished> out;
    {
      Query rows = read(sql.c_str());
      while (rows.next()) out.push_back({read_withdrawal(rows), rows.id(8), {}});
    }
    for (Unfinished& one : out) {
      one.what.told = read_told(read, one.what.number);
      Query rows = read("SELECT sop_uid FROM withdrawal_object WHERE number = ?");
      rows << one.what.number;
      while (rows.next()) one.sop_uids.insert(rows.text(0));
    }
    return out;
  });
}

std::set<std::string> Ledger::rejected_at(std::string_view study_uid, std::string_view destination,
                                          std::string_view cause) const {
  return impl_->report([&](ReadConnection& read) {
    std::set<std::string> out;
    Query rows = read(
        "SELECT o.sop_uid FROM withdrawal w JOIN withdrawal_note n USING (number) JOIN "
        "withdrawal_object o USING (number) WHERE w.study_uid = ?1 AND n.destination = ?2 AND (?3 "
        "= '' "
        "OR w.cause = ?3)");
    rows << study_uid << destination << cause;
    while (rows.next()) out.insert(rows.text(0));
    return out;
  });
}

std::set<std::string> Ledger::never_sent(std::string_view study_uid) const {
  return impl_->report([&](ReadConnection& read) {
    std::set<std::string> out;
    {
      Query folded = read(
          "SELECT 1 FROM study_total t JOIN study s USING (study_id) WHERE s.study_uid = ? LIMIT "
          "1");
      folded << study_uid;
      if (folded.next()) return out;
    }
    Query rows = read(
        "SELECT i.sop_uid FROM study s JOIN instance i USING (study_id) JOIN assignment a ON a.id "
        "= i.id WHERE s.study_uid = ? AND i.sop_uid <> '' GROUP BY i.sop_uid HAVING MIN(a.state) = "
        "3");
    rows << study_uid;
    while (rows.next()) out.insert(rows.text(0));
    return out;
  });
}

bool Ledger::is_note(const InstanceId& id) const {
  return impl_->reader.with([&](ReadConnection& read) {
    return (read("SELECT 1 FROM withdrawal WHERE note = ? LIMIT 1") << ByteView(id)).next();
  });
}

}  // namespace dosigate
