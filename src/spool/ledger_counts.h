#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dosigate/spool/ledger.h"

namespace dosigate {

/// How many instances are in each outcome, and deliveries in each state; also a difference of such,
/// hence the signs.
struct LedgerCounts {
  std::array<std::int64_t, 8> outcomes{};
  std::int64_t refused = 0, issued = 0;
  std::map<std::string, std::array<std::int64_t, 4>> destinations;

  std::int64_t& of(Outcome outcome) { return outcomes.at(static_cast<std::size_t>(outcome)); }
  std::int64_t& of(const std::string& destination, DeliveryState state) {
    return destinations[destination].at(static_cast<std::size_t>(state));
  }
  LedgerCounts& operator+=(const LedgerCounts& other);
};

/// Everything in ledger.db, folded days included.
LedgerCounts count_all(SQLite::Database& ledger);

/// Moves final instances of days before `oldest` into the totals by day and study.
void fold_days_before(SQLite::Database& ledger, std::int64_t oldest);

}  // namespace dosigate
