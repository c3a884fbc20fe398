#include "ledger_impl.h"

// What comes into a study and when it has come to rest. All of it stands in the rows of the
// studies, so a restart neither forgets a study nor announces it twice.

namespace dosigate {

void Ledger::Impl::count_arrived(SQLite::Database& db, std::int64_t day) {
  (statements(db,
              "INSERT INTO day_arrived (day, count) VALUES (?, 1) ON CONFLICT DO UPDATE SET count "
              "= count + 1")
   << day)
      .run();
}

void Ledger::Impl::count_assigned(SQLite::Database& db, const InstanceId& id,
                                  const std::string& destination) {
  // Of the day of the instance, which may have waited in quarantine.
  (statements(db,
              "INSERT INTO day_assigned (day, destination, count) SELECT day, ?, 1 FROM instance "
              "WHERE id = ? ON CONFLICT DO UPDATE SET count = count + 1")
   << destination << ByteView(id))
      .run();
}

void Ledger::Impl::arrived(SQLite::Database& db, std::int64_t study) {
  (statements(db,
              "UPDATE study SET last_arrival = ?1, completed = 0 WHERE study_id = ?2 AND "
              "(last_arrival <> ?1 OR completed <> 0) AND forgotten = 0")
   << now() << study)
      .run();
}

std::vector<Ledger::StudyArrival> Ledger::quiet_studies(std::chrono::seconds quiet,
                                                        std::size_t max) {
  const std::int64_t time = impl_->now();
  const auto find = [&](const char* sql, std::int64_t moment) {
    return impl_->report([&](ReadConnection& read) {
      std::vector<StudyArrival> out;
      Query rows = read(sql);
      rows << moment << static_cast<std::int64_t>(max);
      while (rows.next()) out.push_back({rows.text(0), rows.text(1), rows.integer(2), 0});
      return out;
    });
  };
  if (!find("SELECT study_uid, pseudonym, last_arrival FROM study WHERE completed = 0 AND "
            "last_arrival > 0 AND last_arrival > ? LIMIT ?",
            time)
           .empty()) {
    impl_->write(Durability::Normal, [&](SQLite::Database& db, LedgerCounts&) {
      (impl_->statements(db,
                         "UPDATE study SET last_arrival = ?1 WHERE completed = 0 AND last_arrival "
                         "> 0 AND last_arrival > ?1")
       << time)
          .run();
    });
  }
  return find(
      "SELECT study_uid, pseudonym, last_arrival FROM study WHERE completed = 0 AND last_arrival > "
      "0 AND last_arrival <= ? ORDER BY last_arrival LIMIT ?",
      time - quiet.count());
}

void Ledger::completed(const std::vector<StudyArrival>& studies) {
  if (studies.empty()) return;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    for (const StudyArrival& study : studies) {
      (impl_->statements(db,
                         "UPDATE study SET completed = ? WHERE study_uid = ? AND last_arrival = ? "
                         "AND completed = 0")
       << impl_->now() << study.study_uid << study.last_arrival)
          .run();
    }
  });
}

std::optional<Ledger::StudyArrival> Ledger::arrival_of(std::string_view study_uid) const {
  return impl_->report([&](ReadConnection& read) -> std::optional<StudyArrival> {
    Query row =
        read("SELECT study_uid, pseudonym, last_arrival, completed FROM study WHERE study_uid = ?");
    row << study_uid;
    if (!row.next()) return std::nullopt;
    return StudyArrival{row.text(0), row.text(1), row.integer(2), row.integer(3)};
  });
}

std::vector<Ledger::StudyArrival> Ledger::latest_studies(std::string_view after,
                                                         std::size_t max) const {
  return impl_->report([&](ReadConnection& read) {
    std::int64_t arrival = std::numeric_limits<std::int64_t>::max(), number = arrival;
    if (!after.empty()) {
      Query row = read("SELECT last_arrival, study_id FROM study WHERE study_uid = ?");
      row << after;
      if (!row.next()) return std::vector<StudyArrival>();
      arrival = row.integer(0);
      number = row.integer(1);
    }
    std::vector<StudyArrival> out;
    Query rows = read(
        "SELECT study_uid, pseudonym, last_arrival, completed FROM study WHERE pseudonym <> '' AND "
        "(last_arrival, study_id) < (?, ?) ORDER BY last_arrival DESC, study_id DESC LIMIT ?");
    rows << arrival << number << static_cast<std::int64_t>(max);
    while (rows.next())
      out.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.integer(3)});
    return out;
  });
}

Ledger::Arrivals Ledger::arrivals() const {
  const std::int64_t midnight = impl_->now() / kSecondsPerDay * kSecondsPerDay;
  return impl_->report([&](ReadConnection& read) {
    Arrivals out;
    {
      Query row = read("SELECT COUNT(*) FROM study WHERE completed = 0 AND last_arrival > 0");
      row.next();
      out.arriving = row.unsigned_integer(0);
    }
    Query row = read("SELECT COUNT(*) FROM study WHERE completed > 0 AND completed >= ?");
    row << midnight;
    row.next();
    out.complete_today = row.unsigned_integer(0);
    return out;
  });
}

}  // namespace dosigate
