#include <algorithm>

#include "ledger_impl.h"

// The book by days of UTC: rows that are kept one by one and those that were folded, together.

namespace dosigate {
namespace {

void add(Ledger::DestinationTotals& totals, DeliveryState state, std::uint64_t count) {
  switch (state) {
    case DeliveryState::Queued:
      totals.queued += count;
      break;
    case DeliveryState::Delivered:
      totals.delivered += count;
      break;
    case DeliveryState::Parked:
      totals.parked += count;
      break;
    case DeliveryState::Withdrawn:
      totals.withdrawn += count;
      break;
  }
}

/// The days of a span while they are read.
class Days {
 public:
  Days(ReadConnection& read, std::int64_t from, std::int64_t to)
      : read_(read), from_(from), to_(to) {}

  std::map<std::int64_t, Ledger::Day> all() {
    each("SELECT day, count FROM day_arrived WHERE day BETWEEN ?1 AND ?2",
         [&](Query& row, Ledger::Day& day) { day.received = row.unsigned_integer(1); });
    each("SELECT day, count FROM issued WHERE day BETWEEN ?1 AND ?2",
         [&](Query& row, Ledger::Day& day) { day.issued = row.unsigned_integer(1); });
    each("SELECT day, reason, count FROM refused WHERE day BETWEEN ?1 AND ?2",
         [&](Query& row, Ledger::Day& day) { day.refused[row.text(1)] = row.unsigned_integer(2); });
    each(
        "SELECT day, outcome, reason, COUNT(*) FROM instance WHERE day BETWEEN ?1 AND ?2 GROUP BY "
        "1, 2, 3"
        " UNION ALL SELECT day, outcome, reason, count FROM day_total WHERE domain IN (0, 1) AND "
        "day BETWEEN ?1 AND ?2",
        [&](Query& row, Ledger::Day& day) {
          day.outcomes[static_cast<Outcome>(row.integer(1))][row.text(2)] +=
              row.unsigned_integer(3);
        });
    each("SELECT day, destination, count FROM day_assigned WHERE day BETWEEN ?1 AND ?2",
         [&](Query& row, Ledger::Day& day) {
           day.destinations[row.text(1)].assigned = row.unsigned_integer(2);
         });
    each(
        "SELECT i.day, a.destination, a.state, COUNT(*) FROM instance i CROSS JOIN assignment a ON "
        "a.id = i.id WHERE i.day BETWEEN ?1 AND ?2 GROUP BY 1, 2, 3"
        " UNION ALL SELECT day, destination, state, count FROM day_destination WHERE domain IN (0, "
        "1) AND day BETWEEN ?1 AND ?2",
        [&](Query& row, Ledger::Day& day) {
          add(day.destinations[row.text(1)], static_cast<DeliveryState>(row.integer(2)),
              row.unsigned_integer(3));
        });
    studies();
    for (auto& [number, day] : days_) {
      day.day = number;
      day.received -= std::min(day.received, day.issued);
    }
    return std::move(days_);
  }

 private:
  template <class Take>
  void each(const char* sql, const Take& take) {
    Query rows = read_(sql);
    rows << from_ << to_;
    while (rows.next()) take(rows, days_[rows.integer(0)]);
  }

  void studies() {
    // By day and study_id: the order of their first arrival.
    std::map<std::pair<std::int64_t, std::int64_t>, Ledger::Day::Study> found;
    // What this node issued about a study is not of the study.
    each(
        "SELECT i.day, i.study_id, COUNT(*) FROM instance i WHERE i.day BETWEEN ?1 AND ?2 AND "
        "i.study_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.note = i.id AND "
        "w.cause <> 'received') GROUP BY 1, 2"
        " UNION ALL SELECT day, study_id, count FROM study_day WHERE issued = 0 AND day BETWEEN ?1 "
        "AND ?2",
        [&](Query& row, Ledger::Day&) {
          found[{row.integer(0), row.integer(1)}].received += row.unsigned_integer(2);
        });
    each(
        "SELECT i.day, i.study_id, a.destination, a.state, COUNT(*) FROM instance i CROSS JOIN "
        "assignment a ON a.id = i.id WHERE i.day BETWEEN ?1 AND ?2 AND i.study_id IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.note = i.id AND w.cause <> 'received') "
        "GROUP BY 1, 2, 3, 4"
        " UNION ALL SELECT day, study_id, destination, state, count FROM study_day_delivery WHERE "
        "issued = 0 AND day BETWEEN ?1 AND ?2",
        [&](Query& row, Ledger::Day&) {
          auto& totals = found[{row.integer(0), row.integer(1)}].destinations[row.text(2)];
          add(totals, static_cast<DeliveryState>(row.integer(3)), row.unsigned_integer(4));
          totals.assigned += row.unsigned_integer(4);
        });
    for (auto& [key, study] : found) {
      Query row = read_(
          "SELECT study_uid, pseudonym, last_arrival, completed FROM study WHERE study_id = ?");
      row << key.second;
      if (!row.next()) continue;
      study.study_uid = row.text(0);
      study.pseudonym = row.text(1);
      study.last_arrival = row.integer(2);
      study.completed = row.integer(3);
      days_[key.first].studies.push_back(std::move(study));
    }
  }

  ReadConnection& read_;
  const std::int64_t from_, to_;
  std::map<std::int64_t, Ledger::Day> days_;
};

}  // namespace

std::uint64_t Ledger::Day::count(Outcome outcome) const {
  std::uint64_t out = 0;
  if (const auto reasons = outcomes.find(outcome); reasons != outcomes.end())
    for (const auto& [reason, count] : reasons->second) out += count;
  return out;
}

std::vector<std::string> Ledger::Day::faults() const {
  std::vector<std::string> out;
  std::uint64_t sum = 0;
  for (const auto& [outcome, reasons] : outcomes) sum += count(outcome);
  if (sum != received + issued)
    out.push_back(std::to_string(received + issued) +
                  " instances were received and issued, and what became of them is " +
                  std::to_string(sum));
  for (const auto& [name, totals] : destinations) {
    const auto states = totals.delivered + totals.queued + totals.parked + totals.withdrawn;
    if (states != totals.assigned)
      out.push_back(std::to_string(totals.assigned) + " instances were assigned to destination " +
                    name + ", and what became of them is " + std::to_string(states));
  }
  return out;
}

std::vector<Ledger::Day> Ledger::days(std::int64_t from, std::int64_t to) const {
  impl_->announced.wait(kReportPatience);
  ReadConnection read(open_reader(impl_->file));
  const SQLite::Transaction one_state(*read.database);
  std::vector<Day> out;
  for (auto& [number, day] : Days(read, from, to).all()) out.push_back(std::move(day));
  return out;
}

}  // namespace dosigate
