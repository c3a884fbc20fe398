#include "ledger_impl.h"

namespace dosigate {

bool Ledger::pause(const Pause& pause) {
  bool fresh = false;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    (impl_->statements(db,
                       "INSERT INTO pause (destination, since, actor, reason) VALUES (?, ?, ?, ?) "
                       "ON CONFLICT DO NOTHING")
     << pause.destination << impl_->now() << pause.actor << pause.reason)
        .run();
    fresh = db.getChanges() > 0;
  });
  return fresh;
}

bool Ledger::resume(std::string_view destination) {
  bool was_paused = false;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    (impl_->statements(db, "DELETE FROM pause WHERE destination = ?") << destination).run();
    was_paused = db.getChanges() > 0;
  });
  return was_paused;
}

std::map<std::string, Ledger::Pause> Ledger::pauses() const {
  return impl_->report([](ReadConnection& read) {
    std::map<std::string, Pause> out;
    Query rows = read("SELECT destination, since, actor, reason FROM pause");
    while (rows.next())
      out[rows.text(0)] = {rows.text(0), rows.text(2), rows.text(3), rows.integer(1)};
    return out;
  });
}

}  // namespace dosigate
