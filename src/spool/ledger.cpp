#include "dosigate/spool/ledger.h"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "dosigate/base/guarded.h"
#include "dosigate/store/database.h"
#include "ledger_counts.h"
#include "statements.h"

namespace dosigate {
namespace {

constexpr long long kSecondsPerDay = 86'400;

[[noreturn]] void not_in_the_book(const char* what, const InstanceId& id) {
  throw std::logic_error("ledger: " + std::string(what) + " instance=" + to_hex(id));
}

std::set<std::string> distinct(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

struct Ledger::Impl {
  Impl(std::unique_ptr<SQLite::Database> database, const std::filesystem::path& path,
       WallClock wall_clock)
      : clock(std::move(wall_clock)), writer(std::move(database)), reader(open_reader(path)) {
    counts.with([&](LedgerCounts& c) {
      reader.with([&](ReadConnection& read) { c = count_all(*read.database); });
    });
  }

  WallClock clock;
  DatabaseWriter writer;
  Statements statements;  // the writer's, used only inside its jobs
  mutable Guarded<ReadConnection> reader;
  Guarded<LedgerCounts> counts;

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

  std::optional<Outcome> outcome_of(SQLite::Database& db, const InstanceId& id) {
    Query found = statements(db, "SELECT outcome FROM instance WHERE id = ?");
    found << ByteView(id);
    if (!found.next()) return std::nullopt;
    return static_cast<Outcome>(found.integer(0));
  }

  std::int64_t study_id(SQLite::Database& db, std::string_view study_uid,
                        std::string_view pseudonym = {}) {
    (statements(db,
                "INSERT INTO study (study_uid, pseudonym) VALUES (?, ?) ON CONFLICT DO UPDATE SET "
                "pseudonym = excluded.pseudonym WHERE pseudonym = '' AND excluded.pseudonym <> ''")
     << study_uid << pseudonym)
        .run();
    Query found = statements(db, "SELECT study_id FROM study WHERE study_uid = ?");
    found << study_uid;
    found.next();
    return found.integer(0);
  }

  void add(SQLite::Database& db, const InstanceId& id, Outcome outcome, std::string_view reason,
           LedgerCounts& delta) {
    const std::int64_t time = now();
    (statements(db,
                "INSERT INTO instance (id, domain, day, outcome, reason, changed) VALUES (?, 0, ?, "
                "?, ?, ?)")
     << ByteView(id) << time / kSecondsPerDay << static_cast<std::int64_t>(outcome) << reason
     << time)
        .run();
    ++delta.of(outcome);
  }

  /// Before the instance has its row: one of the same SOP instance in the same study was counted.
  void count_facts(SQLite::Database& db, const Entry& entry, std::int64_t study) {
    if (entry.facts.empty()) return;
    {
      Query same = statements(
          db, "SELECT 1 FROM instance WHERE study_id = ? AND sop_uid = ? AND id <> ? LIMIT 1");
      same << study << entry.sop_instance_uid << ByteView(entry.id);
      if (!entry.sop_instance_uid.empty() && same.next()) return;
    }
    const std::string_view all(entry.facts);
    const auto end = std::min(all.find('\n'), all.size());
    const std::string_view acquired = all.substr(std::min(end + 1, all.size()));
    const std::int64_t day = now() / kSecondsPerDay;
    (statements(db,
                "INSERT INTO study_facts (study_id, facts, instances, first_day, last_day, "
                "first_acquired, last_acquired) VALUES (?, ?, 1, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET instances = instances + 1,"
                " first_day = MIN(first_day, excluded.first_day),"
                " last_day = MAX(last_day, excluded.last_day),"
                " first_acquired = CASE WHEN first_acquired = '' OR (excluded.first_acquired <> '' "
                "AND excluded.first_acquired < first_acquired) THEN excluded.first_acquired ELSE "
                "first_acquired END,"
                " last_acquired = MAX(last_acquired, excluded.last_acquired)")
     << study << all.substr(0, end) << day << day << acquired << acquired)
        .run();
  }

  /// From one outcome to another, if it is another.
  void move(SQLite::Database& db, const InstanceId& id, Outcome from, Outcome to,
            std::string_view reason, LedgerCounts& delta) {
    if (from == to) return;
    (statements(db, "UPDATE instance SET outcome = ?, reason = ?, changed = ? WHERE id = ?")
     << static_cast<std::int64_t>(to) << reason << now() << ByteView(id))
        .run();
    --delta.of(from);
    ++delta.of(to);
  }

  /// The outcome of an instance with destinations follows from theirs (design 7.3).
  void settle(SQLite::Database& db, const InstanceId& id, Outcome from, LedgerCounts& delta) {
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
};

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path& file, WallClock clock) {
  auto database = open_database(file, kLedgerSchema, OpenMode::Create);
  if (!database) return database.error();
  return std::unique_ptr<Ledger>(
      new Ledger(std::make_unique<Impl>(std::move(*database), file, std::move(clock))));
}

void Ledger::queued(const Entry& entry) {
  impl_->write(Durability::Normal, [&](SQLite::Database& db, LedgerCounts& delta) {
    Outcome outcome = Outcome::Queued;
    const std::int64_t time = impl_->now();
    if (const auto known = impl_->outcome_of(db, entry.id)) {
      outcome = *known;
      if (outcome == Outcome::Dropped || outcome == Outcome::Discarded ||
          outcome == Outcome::Duplicate) {
        not_in_the_book("an instance that was closed is queued again", entry.id);
      }
      if (outcome == Outcome::Quarantined) {  // released
        const std::int64_t study = impl_->study_id(db, entry.study_uid, entry.pseudonym);
        impl_->count_facts(db, entry, study);
        (impl_->statements(db,
                           "UPDATE instance SET domain = ?, study_id = ?, sop_class = ?, sop_uid = "
                           "? WHERE id = ?")
         << static_cast<std::int64_t>(entry.domain) << study << entry.sop_class_uid
         << entry.sop_instance_uid << ByteView(entry.id))
            .run();
        impl_->move(db, entry.id, outcome, Outcome::Queued, "", delta);
        outcome = Outcome::Queued;
      }
    } else {
      const std::int64_t study = impl_->study_id(db, entry.study_uid, entry.pseudonym);
      impl_->count_facts(db, entry, study);
      (impl_->statements(db,
                         "INSERT INTO instance (id, domain, day, study_id, sop_class, sop_uid, "
                         "outcome, changed) VALUES (?, ?, ?, ?, ?, ?, 1, ?)")
       << ByteView(entry.id) << static_cast<std::int64_t>(entry.domain) << time / kSecondsPerDay
       << study << entry.sop_class_uid << entry.sop_instance_uid << time)
          .run();
      ++delta.of(Outcome::Queued);
    }
    for (const std::string& destination : distinct(entry.destinations)) {
      const int added = (impl_->statements(db,
                                           "INSERT OR IGNORE INTO assignment (id, destination, "
                                           "state, changed) VALUES (?, ?, 0, ?)")
                         << ByteView(entry.id) << destination << time)
                            .run();
      delta.of(destination, DeliveryState::Queued) += added;
    }
    impl_->settle(db, entry.id, outcome, delta);
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
    (impl_->statements(db, "UPDATE instance SET study_id = ? WHERE id = ?")
     << impl_->study_id(db, study_uid) << ByteView(id))
        .run();
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
      impl_->settle(db, change.id, *outcome, delta);
    }
  });
}

void Ledger::refused(std::string_view reason) {
  impl_->write(Durability::Normal, [&](SQLite::Database& db, LedgerCounts& delta) {
    (impl_->statements(db,
                       "INSERT INTO refused (day, reason, count) VALUES (?, ?, 1) ON CONFLICT DO "
                       "UPDATE SET count = count + 1")
     << impl_->now() / kSecondsPerDay << reason)
        .run();
    ++delta.refused;
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

Ledger::Totals Ledger::totals() const {
  return impl_->counts.with([](const LedgerCounts& c) {
    const auto count = [&](Outcome outcome) {
      return static_cast<std::uint64_t>(c.outcomes.at(static_cast<std::size_t>(outcome)));
    };
    Totals out;
    out.duplicate = count(Outcome::Duplicate);
    out.delivered = count(Outcome::Delivered);
    out.queued = count(Outcome::Queued);
    out.parked = count(Outcome::Parked);
    out.quarantined = count(Outcome::Quarantined);
    out.dropped = count(Outcome::Dropped);
    out.discarded = count(Outcome::Discarded);
    out.refused = static_cast<std::uint64_t>(c.refused);
    out.received = out.duplicate + out.delivered + out.queued + out.parked + out.quarantined +
                   out.dropped + out.discarded;
    return out;
  });
}

std::map<std::string, Ledger::DestinationTotals> Ledger::by_destination() const {
  return impl_->counts.with([](const LedgerCounts& c) {
    std::map<std::string, DestinationTotals> out;
    for (const auto& [name, states] : c.destinations) {
      const auto count = [&states = states](DeliveryState state) {
        return static_cast<std::uint64_t>(states.at(static_cast<std::size_t>(state)));
      };
      DestinationTotals& totals = out[name];
      totals.delivered = count(DeliveryState::Delivered);
      totals.queued = count(DeliveryState::Queued);
      totals.parked = count(DeliveryState::Parked);
      totals.withdrawn = count(DeliveryState::Withdrawn);
      totals.assigned = totals.delivered + totals.queued + totals.parked + totals.withdrawn;
    }
    return out;
  });
}

std::map<std::string, std::uint64_t> Ledger::reasons(Outcome outcome) const {
  return impl_->reader.with([&](ReadConnection& read) {
    std::map<std::string, std::uint64_t> out;
    Query rows = read(
        "SELECT reason, COUNT(*) FROM instance WHERE outcome = ?1 GROUP BY reason"
        " UNION ALL SELECT reason, SUM(count) FROM day_total WHERE outcome = ?1 GROUP BY reason");
    rows << static_cast<std::int64_t>(outcome);
    while (rows.next()) out[rows.text(0)] += rows.unsigned_integer(1);
    return out;
  });
}

std::map<std::string, std::uint64_t> Ledger::refusals() const {
  return impl_->reader.with([](ReadConnection& read) {
    std::map<std::string, std::uint64_t> out;
    Query rows = read("SELECT reason, SUM(count) FROM refused GROUP BY reason");
    while (rows.next()) out[rows.text(0)] = rows.unsigned_integer(1);
    return out;
  });
}

std::vector<Ledger::Facts> Ledger::facts_of(std::string_view pseudonym) const {
  return impl_->reader.with([&](ReadConnection& read) {
    std::vector<Facts> out;
    Query rows = read(
        "SELECT s.study_uid, f.facts, f.instances, f.first_day, f.last_day, f.first_acquired, "
        "f.last_acquired FROM study s JOIN study_facts f USING (study_id) WHERE s.pseudonym = ? "
        "AND s.pseudonym <> '' ORDER BY s.study_id, f.facts_id");
    rows << pseudonym;
    while (rows.next()) {
      out.push_back({rows.text(0), rows.text(1), rows.unsigned_integer(2), rows.integer(3),
                     rows.integer(4), rows.text(5), rows.text(6)});
    }
    return out;
  });
}

std::vector<std::string> Ledger::studies_of(std::string_view pseudonym) const {
  return impl_->reader.with([&](ReadConnection& read) {
    std::vector<std::string> out;
    Query rows = read(
        "SELECT study_uid FROM study WHERE pseudonym = ? AND pseudonym <> '' ORDER BY study_id");
    rows << pseudonym;
    while (rows.next()) out.push_back(rows.text(0));
    return out;
  });
}

std::string Ledger::pseudonym_of(std::string_view study_uid) const {
  return impl_->reader.with([&](ReadConnection& read) {
    Query row = read("SELECT pseudonym FROM study WHERE study_uid = ?");
    row << study_uid;
    return row.next() ? row.text(0) : std::string();
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
