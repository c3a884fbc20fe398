#include <algorithm>

#include "ledger_impl.h"

// One study as it was sent, in figures. A fold takes the single instances, and leaves the sums by
// day, destination and status.

namespace dosigate {
namespace {

constexpr const char* kIssued =
    "EXISTS (SELECT 1 FROM withdrawal w WHERE w.note = i.id AND w.cause <> 'received')";

void add(Ledger::Proof::AtDestination& at, DeliveryState state, std::uint16_t status,
         std::uint64_t count) {
  switch (state) {
    case DeliveryState::Queued:
      at.queued += count;
      break;
    case DeliveryState::Delivered:
      at.delivered += count;
      at.acknowledged[status] += count;
      break;
    case DeliveryState::Parked:
      at.parked += count;
      at.parked_with[status] += count;
      break;
    case DeliveryState::Withdrawn:
      at.withdrawn += count;
      break;
  }
}

void widen(std::int64_t& first, std::int64_t& last, std::int64_t from, std::int64_t to) {
  first = first == 0 ? from : std::min(first, from);
  last = std::max(last, to);
}

void read_rows(ReadConnection& read, std::int64_t study, Ledger::Proof& out) {
  static const std::string sql =
      std::string("SELECT day, outcome, ") + kIssued +
      ", COUNT(*), 0 FROM instance i WHERE study_id = ?1 GROUP BY 1, 2, 3"
      " UNION ALL SELECT day, outcome, issued, count, 1 FROM study_day WHERE study_id = ?1";
  Query rows = read(sql.c_str());
  rows << study;
  while (rows.next()) {
    const std::uint64_t count = rows.unsigned_integer(3);
    if (rows.integer(4) != 0) out.folded += count;
    if (rows.integer(2) != 0) {
      out.notes += count;
      continue;
    }
    out.received += count;
    if (static_cast<Outcome>(rows.integer(1)) == Outcome::Duplicate) out.duplicate += count;
    widen(out.first_day, out.last_day, rows.integer(0), rows.integer(0));
  }
}

void read_deliveries(ReadConnection& read, std::int64_t study, Ledger::Proof& out) {
  {
    static const std::string sql =
        std::string(
            "SELECT a.destination, a.state, a.status, COUNT(*), MIN(a.changed), MAX(a.changed) "
            "FROM instance i CROSS JOIN assignment a ON a.id = i.id WHERE i.study_id = ?1 AND "
            "NOT ") +
        kIssued + " GROUP BY 1, 2, 3";
    Query rows = read(sql.c_str());
    rows << study;
    while (rows.next()) {
      auto& at = out.destinations[rows.text(0)];
      const auto state = static_cast<DeliveryState>(rows.integer(1));
      add(at, state, static_cast<std::uint16_t>(rows.integer(2)), rows.unsigned_integer(3));
      if (state == DeliveryState::Delivered)
        widen(at.first, at.last, rows.integer(4), rows.integer(5));
    }
  }
  std::map<std::pair<std::string, std::int64_t>, std::uint64_t> with_status;
  {
    Query rows = read(
        "SELECT destination, state, status, count, first, last, issued FROM study_day_delivery "
        "WHERE study_id = ?");
    rows << study;
    while (rows.next()) {
      const std::uint64_t count = rows.unsigned_integer(3);
      with_status[{rows.text(0), rows.integer(1)}] += count;
      if (rows.integer(6) != 0) continue;
      auto& at = out.destinations[rows.text(0)];
      const auto state = static_cast<DeliveryState>(rows.integer(1));
      add(at, state, static_cast<std::uint16_t>(rows.integer(2)), count);
      if (state == DeliveryState::Delivered)
        widen(at.first, at.last, rows.integer(4), rows.integer(5));
    }
  }
  Query rows =
      read("SELECT destination, state, count, first, last FROM study_total WHERE study_id = ?");
  rows << study;
  while (rows.next()) {
    const auto state = static_cast<DeliveryState>(rows.integer(1));
    // What is more here was folded before days and statuses were kept.
    const std::uint64_t all = rows.unsigned_integer(2);
    const std::uint64_t rest = all - std::min(all, with_status[{rows.text(0), rows.integer(1)}]);
    if (rest == 0) continue;
    auto& at = out.destinations[rows.text(0)];
    if (state == DeliveryState::Delivered) {
      widen(at.first, at.last, rows.integer(3), rows.integer(4));
      at.delivered += rest;
      at.status_unknown += rest;
    } else if (state == DeliveryState::Withdrawn) {
      at.withdrawn += rest;
    }
  }
}

}  // namespace

std::optional<Ledger::Proof> Ledger::proof(std::string_view study_uid) const {
  impl_->announced.wait(kReportPatience);
  ReadConnection read(open_reader(impl_->file));
  const SQLite::Transaction one_state(*read.database);
  Proof out;
  std::int64_t study = 0;
  {
    Query row = read(
        "SELECT study_id, pseudonym, last_arrival, completed, forgotten FROM study WHERE study_uid "
        "= ?");
    row << study_uid;
    if (!row.next()) return std::nullopt;
    study = row.integer(0);
    out.arrival = {std::string(study_uid), row.text(1), row.integer(2), row.integer(3)};
    out.forgotten = row.integer(4) != 0;
  }
  read_rows(read, study, out);
  read_deliveries(read, study, out);
  return out;
}

}  // namespace dosigate
