#include "ledger_impl.h"

namespace dosigate {

void Ledger::forget(const std::vector<std::string>& study_uids) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    // What each leaves behind on its page is overwritten with zeros (secure_delete).
    static constexpr const char* kSteps[] = {
        "DELETE FROM study_facts WHERE study_id = (SELECT study_id FROM study WHERE study_uid = ?)",
        "UPDATE instance SET sop_uid = '' WHERE study_id = (SELECT study_id FROM study WHERE "
        "study_uid = ?)",
        // Nothing is announced of it any more.
        "UPDATE study SET pseudonym = '', forgotten = 1, completed = MAX(completed, last_arrival) "
        "WHERE study_uid = ?",
        "DELETE FROM withdrawal_object WHERE number IN (SELECT number FROM withdrawal WHERE "
        "study_uid = ?)",
        "UPDATE withdrawal SET pseudonym = '' WHERE study_uid = ?"};
    for (const std::string& study_uid : study_uids)
      for (const char* step : kSteps) (impl_->statements(db, step) << study_uid).run();
  });
  empty_wal(impl_->file);
}

bool Ledger::is_forgotten(std::string_view study_uid) const {
  return impl_->reader.with([&](ReadConnection& read) {
    return (read("SELECT 1 FROM study WHERE study_uid = ? AND forgotten = 1") << study_uid).next();
  });
}

}  // namespace dosigate
