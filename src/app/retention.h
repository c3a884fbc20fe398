#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dosigate/app/config.h"
#include "dosigate/identity/pseudonym_map.h"
#include "dosigate/quarantine/quarantine.h"
#include "dosigate/spool/ledger.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// One place where something of a patient, or the way to it, is kept. docs/retention.md has a row
/// for each, with what is in it, who reads it and how it is erased.
struct RetentionStore {
  std::string_view name;
  std::string_view kept;  ///< until when, in words
};
std::span<const RetentionStore> retention_stores();

struct StoreAge {
  RetentionStore store;
  std::optional<std::uint64_t> count, bytes;  ///< nullopt: not counted one by one
  long long oldest_unix = 0;                  ///< 0: nothing there, or it does not say
};
/// All of retention_stores(), in that order, as they are now. Thread: any.
std::vector<StoreAge> retention(const Config::Node& node, PseudonymMap& map, const Ledger& ledger,
                                const ArchiveSpool& spool, const Quarantine& quarantine);

}  // namespace dosigate
