#include <algorithm>

#include "ledger_impl.h"

// What the book says when it is asked, and the two short lists that reports need beside it.

namespace dosigate {

Ledger::Totals Ledger::totals() const {
  return impl_->report_counts([](const LedgerCounts& c) {
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
    out.issued = static_cast<std::uint64_t>(c.issued);
    out.received = out.duplicate + out.delivered + out.queued + out.parked + out.quarantined +
                   out.dropped + out.discarded - out.issued;
    return out;
  });
}

std::map<std::string, Ledger::DestinationTotals> Ledger::by_destination() const {
  return impl_->report_counts([](const LedgerCounts& c) {
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
  return impl_->report([&](ReadConnection& read) {
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
  return impl_->report([](ReadConnection& read) {
    std::map<std::string, std::uint64_t> out;
    Query rows = read("SELECT reason, SUM(count) FROM refused GROUP BY reason");
    while (rows.next()) out[rows.text(0)] = rows.unsigned_integer(1);
    return out;
  });
}

std::vector<Ledger::Facts> Ledger::facts_of(std::string_view pseudonym) const {
  return impl_->report([&](ReadConnection& read) {
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
  return impl_->report([&](ReadConnection& read) {
    std::vector<std::string> out;
    Query rows = read(
        "SELECT study_uid FROM study WHERE pseudonym = ? AND pseudonym <> '' ORDER BY study_id");
    rows << pseudonym;
    while (rows.next()) out.push_back(rows.text(0));
    return out;
  });
}

std::vector<std::string> Ledger::studies() const {
  return impl_->report([&](ReadConnection& read) {
    Query rows = read("SELECT study_uid FROM study WHERE pseudonym <> '' ORDER BY study_id");
    std::vector<std::string> out;
    while (rows.next()) out.push_back(rows.text(0));
    return out;
  });
}

std::vector<InstanceId> Ledger::quarantined_instances() const {
  return impl_->report([&](ReadConnection& read) {
    Query rows = read("SELECT id FROM instance WHERE outcome = ?");
    rows << static_cast<std::int64_t>(Outcome::Quarantined);
    std::vector<InstanceId> out;
    while (rows.next()) out.push_back(rows.id(0));
    return out;
  });
}

std::string Ledger::pseudonym_of(std::string_view study_uid) const {
  return impl_->report([&](ReadConnection& read) {
    Query row = read("SELECT pseudonym FROM study WHERE study_uid = ?");
    row << study_uid;
    return row.next() ? row.text(0) : std::string();
  });
}

std::vector<Ledger::Sent> Ledger::sent(std::string_view study_uid) const {
  return impl_->report([&](ReadConnection& read) {
    std::map<std::string, Sent> found;
    Query rows = read(
        "SELECT a.destination, a.state, COUNT(*), MIN(a.changed), MAX(a.changed) FROM study s JOIN "
        "instance i USING (study_id) JOIN assignment a ON a.id = i.id WHERE s.study_uid = ?1 GROUP "
        "BY a.destination, a.state"
        " UNION ALL SELECT t.destination, t.state, t.count, t.first, t.last FROM study s JOIN "
        "study_total t USING (study_id) WHERE s.study_uid = ?1");
    rows << study_uid;
    while (rows.next()) {
      Sent& sent = found[rows.text(0)];
      const std::uint64_t count = rows.unsigned_integer(2);
      switch (static_cast<DeliveryState>(rows.integer(1))) {
        case DeliveryState::Queued:
        case DeliveryState::Parked:
          sent.waiting += count;
          break;
        case DeliveryState::Withdrawn:
          sent.withdrawn += count;
          break;
        case DeliveryState::Delivered:
          sent.first =
              sent.delivered == 0 ? rows.integer(3) : std::min(sent.first, rows.integer(3));
          sent.last = std::max(sent.last, rows.integer(4));
          sent.delivered += count;
          break;
      }
    }
    std::vector<Sent> out;
    for (auto& [destination, sent] : found) {
      sent.study_uid = study_uid;
      sent.destination = destination;
      out.push_back(std::move(sent));
    }
    return out;
  });
}

void Ledger::legal(const Legal& now) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    std::int64_t since = impl_->now();
    {
      Query last = impl_->statements(
          db,
          "SELECT purpose, legal_basis, operator, country, since FROM legal WHERE destination = ? "
          "ORDER BY legal_id DESC LIMIT 1");
      last << now.destination;
      if (last.next()) {
        if (last.text(0) == now.purpose && last.text(1) == now.legal_basis &&
            last.text(2) == now.operator_name && last.text(3) == now.country)
          return;
        since = std::max(since, last.integer(4));  // the clock may have been set back
      }
    }
    (impl_->statements(db,
                       "INSERT INTO legal (destination, since, purpose, legal_basis, operator, "
                       "country) VALUES (?, ?, ?, ?, ?, ?)")
     << now.destination << since << now.purpose << now.legal_basis << now.operator_name
     << now.country)
        .run();
  });
}

std::vector<Ledger::Legal> Ledger::legal_during(std::string_view destination, std::int64_t from,
                                                std::int64_t to) const {
  return impl_->report([&](ReadConnection& read) {
    std::vector<Legal> out;
    Query rows = read(
        "SELECT destination, purpose, legal_basis, operator, country, since FROM legal WHERE "
        "destination = ? AND since <= ? ORDER BY legal_id");
    rows << destination << to;
    while (rows.next()) {
      // The one before ended here; it does not count when that was before `from`.
      if (!out.empty() && rows.integer(5) <= from) out.clear();
      out.push_back(
          {rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5)});
    }
    return out;
  });
}

void Ledger::milestone(std::string_view name, std::int64_t when) {
  impl_->write(Durability::Full, [&](SQLite::Database& db, LedgerCounts&) {
    (impl_->statements(db,
                       "INSERT INTO milestone (name, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET "
                       "at = excluded.at")
     << name << when)
        .run();
  });
}

std::int64_t Ledger::milestone(std::string_view name) const {
  return impl_->report([&](ReadConnection& read) -> std::int64_t {
    Query row = read("SELECT at FROM milestone WHERE name = ?");
    row << name;
    return row.next() ? row.integer(0) : 0;
  });
}

std::optional<std::int64_t> Ledger::oldest_day() const {
  return impl_->report([](ReadConnection& read) -> std::optional<std::int64_t> {
    Query row = read("SELECT day FROM instance ORDER BY day LIMIT 1");
    if (!row.next()) return std::nullopt;
    return row.integer(0);
  });
}

std::string Ledger::trouble() const { return impl_->writer.trouble(); }

Result<void> Ledger::copy_to(const std::filesystem::path& file) const {
  return copy_database(impl_->file, file);
}

std::map<std::string, DeliveryState> Ledger::deliveries_of(std::string_view study_uid,
                                                           std::string_view sop_uid) const {
  return impl_->report([&](ReadConnection& read) {
    std::map<std::string, DeliveryState> out;
    Query rows = read(
        "SELECT a.destination, a.state FROM study s JOIN instance i ON i.study_id = s.study_id "
        "JOIN assignment a ON a.id = i.id WHERE s.study_uid = ? AND i.sop_uid = ? "
        "ORDER BY CASE a.state WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE a.state END");
    rows << study_uid << sop_uid;
    while (rows.next()) out.emplace(rows.text(0), static_cast<DeliveryState>(rows.integer(1)));
    return out;
  });
}

}  // namespace dosigate
