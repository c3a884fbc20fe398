#include "ledger_impl.h"

// Deliveries on their way into the audit log: one line a study and destination, not one an
// instance.

namespace dosigate {

void Ledger::Impl::count_transfer(SQLite::Database& db, const InstanceId& id,
                                  const std::string& destination) {
  (statements(db,
              "INSERT INTO transfer (study_id, destination, count, first, last) SELECT study_id, "
              "?2, 1, ?3, ?3 FROM instance WHERE id = ?1 AND study_id IS NOT NULL ON CONFLICT DO "
              "UPDATE SET count = count + 1, last = excluded.last")
   << ByteView(id) << destination << now())
      .run();
}

std::vector<Ledger::Transfer> Ledger::transfers_to_record(std::chrono::seconds quiet,
                                                          std::size_t max) const {
  return impl_->report([&](ReadConnection& read) {
    std::vector<Transfer> out;
    // One in the future is of a clock that was set back since.
    Query rows = read(
        "SELECT s.study_uid, s.pseudonym, t.destination, t.count, t.first, t.last FROM transfer t "
        "JOIN study s USING (study_id) WHERE t.last <= ?1 OR t.last > ?2 ORDER BY t.last LIMIT ?3");
    const std::int64_t now = impl_->now();
    rows << now - quiet.count() << now << static_cast<std::int64_t>(max);
    while (rows.next())
      out.push_back({rows.text(0), rows.text(1), rows.text(2), rows.unsigned_integer(3),
                     rows.integer(4), rows.integer(5)});
    return out;
  });
}

void Ledger::transfers_recorded(const std::vector<Transfer>& transfers) {
  if (transfers.empty()) return;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    for (const Transfer& transfer : transfers) {
      const auto count = static_cast<std::int64_t>(transfer.count);
      // More may have been delivered meanwhile: that stays for the next line.
      (impl_->statements(db,
                         "UPDATE transfer SET count = count - ?1, first = last WHERE destination = "
                         "?2 AND study_id = (SELECT study_id FROM study WHERE study_uid = ?3)")
       << count << transfer.destination << transfer.study_uid)
          .run();
    }
    impl_->statements(db, "DELETE FROM transfer WHERE count <= 0").run();
  });
}

}  // namespace dosigate
