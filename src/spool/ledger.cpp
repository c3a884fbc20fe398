#include <algorithm>
#include <set>
#include <stdexcept>

#include "ledger_impl.h"

namespace dosigate {
namespace {

[[noreturn]] void not_in_the_book(const char* what, const InstanceId& id) {
  throw std::logic_error("ledger: " + std::string(what) + " instance=" + to_hex(id));
}

std::set<std::string> distinct(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path& file, WallClock clock) {
  auto database = open_database(file, kLedgerSchema, OpenMode::Create);
  if (!database) return database.error();
  return std::unique_ptr<Ledger>(
      new Ledger(std::make_unique<Impl>(std::move(*database), file, std::move(clock))));
}

Result<std::unique_ptr<Ledger>> Ledger::open_existing(const std::filesystem::path& file) {
  auto database = open_database(file, kLedgerSchema, OpenMode::MustExist);
  if (!database) return database.error();
  return std::unique_ptr<Ledger>(
      new Ledger(std::make_unique<Impl>(std::move(*database), file, wall_now)));
}

Outstanding::Mark Ledger::announce() { return impl_->announced.add(); }

void Ledger::Impl::enter(SQLite::Database& db, const Entry& entry, LedgerCounts& delta) {
  Outcome outcome = Outcome::Queued;
  const std::int64_t time = now();
  if (const auto known = outcome_of(db, entry.id)) {
    outcome = *known;
    if (outcome == Outcome::Dropped || outcome == Outcome::Discarded ||
        outcome == Outcome::Duplicate) {
      not_in_the_book("an instance that was closed is queued again", entry.id);
    }
    if (outcome == Outcome::Quarantined) {  // released
      const std::int64_t study = study_id(db, entry.study_uid, entry.pseudonym);
      const auto facts = count_facts(db, entry, study);
      sent_again(db, entry);
      (statements(db,
                  "UPDATE instance SET domain = ?, study_id = ?, sop_class = ?, sop_uid = "
                  "?, facts_id = nullif(?, 0) WHERE id = ?")
       << static_cast<std::int64_t>(entry.domain) << study << entry.sop_class_uid
       << entry.sop_instance_uid << facts.value_or(0) << ByteView(entry.id))
          .run();
      move(db, entry.id, outcome, Outcome::Queued, "", delta);
      arrived(db, study);
      outcome = Outcome::Queued;
    }
  } else {
    const std::int64_t study = study_id(db, entry.study_uid, entry.pseudonym);
    const auto facts = count_facts(db, entry, study);
    sent_again(db, entry);
    if (entry.issued) count_issued(db, delta);
    (statements(db,
                "INSERT INTO instance (id, domain, day, study_id, sop_class, sop_uid, "
                "outcome, changed, facts_id) VALUES (?, ?, ?, ?, ?, ?, 1, ?, nullif(?, "
                "0))")
     << ByteView(entry.id) << static_cast<std::int64_t>(entry.domain) << time / kSecondsPerDay
     << study << entry.sop_class_uid << entry.sop_instance_uid << time << facts.value_or(0))
        .run();
    count_arrived(db, time / kSecondsPerDay);
    if (!entry.issued) arrived(db, study);
    ++delta.of(Outcome::Queued);
  }
  for (const std::string& destination : distinct(entry.destinations)) {
    const int added = (statements(db,
                                  "INSERT OR IGNORE INTO assignment (id, destination, "
                                  "state, changed) VALUES (?, ?, 0, ?)")
                       << ByteView(entry.id) << destination << time)
                          .run();
    if (added > 0) count_assigned(db, entry.id, destination);
    delta.of(destination, DeliveryState::Queued) += added;
  }
  settle(db, entry.id, outcome, delta);
}

void Ledger::queued(const std::vector<Entry>& entries) {
  impl_->write(Durability::Normal, [&](SQLite::Database& db, LedgerCounts& delta) {
    for (const Entry& entry : entries) impl_->enter(db, entry, delta);
  });
}

void Ledger::quarantined(const InstanceId& id, std::string_view reason) {
  impl_->write(Durability::Normal, [&](SQLite::Database& db, LedgerCounts& delta) {
    if (!impl_->outcome_of(db, id)) impl_->add(db, id, Outcome::Quarantined, reason, delta);
  });
}

void Ledger::dropped(const InstanceId& id, std::string_view reason) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts& delta) {
    if (!impl_->outcome_of(db, id)) impl_->add(db, id, Outcome::Dropped, reason, delta);
  });
}

void Ledger::duplicate(const InstanceId& id, std::string_view study_uid) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts& delta) {
    if (impl_->outcome_of(db, id)) return;
    impl_->add(db, id, Outcome::Duplicate, "", delta);
    if (study_uid.empty()) return;
    const std::int64_t study = impl_->study_id(db, study_uid);
    (impl_->statements(db, "UPDATE instance SET study_id = ? WHERE id = ?")
     << study << ByteView(id))
        .run();
    impl_->arrived(db, study);
  });
}

void Ledger::discarded(const InstanceId& id, std::string_view reason) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts& delta) {
    const auto known = impl_->outcome_of(db, id);
    if (!known) {
      impl_->add(db, id, Outcome::Discarded, reason, delta);
    } else if (*known == Outcome::Quarantined) {
      impl_->move(db, id, *known, Outcome::Discarded, reason, delta);
    } else if (*known != Outcome::Discarded) {
      not_in_the_book("only what is in quarantine can be discarded", id);
    }
  });
}

void Ledger::superseded(const InstanceId& id) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts& delta) {
    if (impl_->outcome_of(db, id) != Outcome::Parked) return;
    {
      Query open = impl_->statements(
          db, "SELECT destination, state FROM assignment WHERE id = ? AND state IN (0, 2)");
      open << ByteView(id);
      while (open.next()) {
        const std::string destination = open.text(0);
        --delta.of(destination, static_cast<DeliveryState>(open.integer(1)));
        ++delta.of(destination, DeliveryState::Withdrawn);
      }
    }
    (impl_->statements(
         db, "UPDATE assignment SET state = 3, changed = ? WHERE id = ? AND state IN (0, 2)")
     << impl_->now() << ByteView(id))
        .run();
    impl_->move(db, id, Outcome::Parked, Outcome::Duplicate, "", delta);
  });
}

void Ledger::changed(const std::vector<Change>& changes) {
  if (changes.empty()) return;
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts& delta) {
    const std::int64_t time = impl_->now();
    for (const Change& change : changes) {
      const auto outcome = impl_->outcome_of(db, change.id);
      if (!outcome) not_in_the_book("a delivery changes of an unknown", change.id);
      DeliveryState before{};
      {
        Query found = impl_->statements(
            db, "SELECT state, status FROM assignment WHERE id = ? AND destination = ?");
        found << ByteView(change.id) << change.destination;
        if (!found.next())
          not_in_the_book(("destination=" + change.destination + " was never assigned to").c_str(),
                          change.id);
        before = static_cast<DeliveryState>(found.integer(0));
        if (before == change.state && found.integer(1) == change.status) continue;
      }
      (impl_->statements(db,
                         "UPDATE assignment SET state = ?, status = ?, changed = ? WHERE id = ? "
                         "AND destination = ?")
       << static_cast<std::int64_t>(change.state) << std::int64_t{change.status} << time
       << ByteView(change.id) << change.destination)
          .run();
      --delta.of(change.destination, before);
      ++delta.of(change.destination, change.state);
      if (change.state == DeliveryState::Delivered && before != DeliveryState::Delivered)
        impl_->count_transfer(db, change.id, change.destination);
      if (change.state == DeliveryState::Delivered) impl_->tell(db, change.id, change.destination);
      if (change.state == DeliveryState::Withdrawn)
        impl_->give_up_telling(db, change.id, change.destination);
      impl_->settle(db, change.id, *outcome, delta);
    }
  });
}

void Ledger::refused(std::string_view reason, std::uint64_t count) {
  impl_->write(Durability::Normal, [&](SQLite::Database& db, LedgerCounts& delta) {
    (impl_->statements(db,
                       "INSERT INTO refused (day, reason, count) VALUES (?, ?, ?) ON CONFLICT DO "
                       "UPDATE SET count = count + excluded.count")
     << impl_->now() / kSecondsPerDay << reason << static_cast<std::int64_t>(count))
        .run();
    delta.refused += static_cast<std::int64_t>(count);
  });
}

std::map<std::string, DeliveryState> Ledger::destinations(const InstanceId& id) const {
  return impl_->reader.with([&](ReadConnection& read) {
    std::map<std::string, DeliveryState> out;
    Query rows = read("SELECT destination, state FROM assignment WHERE id = ?");
    rows << ByteView(id);
    while (rows.next()) out[rows.text(0)] = static_cast<DeliveryState>(rows.integer(1));
    return out;
  });
}

std::optional<Outcome> Ledger::outcome(const InstanceId& id) const {
  return impl_->reader.with([&](ReadConnection& read) -> std::optional<Outcome> {
    Query row = read("SELECT outcome FROM instance WHERE id = ?");
    row << ByteView(id);
    if (!row.next()) return std::nullopt;
    return static_cast<Outcome>(row.integer(0));
  });
}

std::vector<InstanceId> Ledger::open_instances(Domain domain, const InstanceId& after,
                                               std::size_t max) const {
  return impl_->reader.with([&](ReadConnection& read) {
    std::vector<InstanceId> out;
    Query rows = read(
        "SELECT id FROM instance WHERE outcome IN (1, 3) AND id > ? AND domain = ? ORDER BY id "
        "LIMIT ?");
    rows << ByteView(after) << static_cast<std::int64_t>(domain) << static_cast<std::int64_t>(max);
    while (rows.next()) out.push_back(rows.id(0));
    return out;
  });
}

void Ledger::fold(int keep_days) {
  if (keep_days < 1) throw std::invalid_argument("the ledger keeps at least one day");
  const std::int64_t oldest = impl_->now() / kSecondsPerDay - keep_days;
  // The delta stays empty: what leaves one table is counted in another.
  impl_->write(Durability::Full,
               [&](SQLite::Database& db, LedgerCounts&) { fold_days_before(db, oldest); });
}

}  // namespace dosigate
