#pragma once

#include <cstddef>

#include "dosigate/base/result.h"
#include "dosigate/identity/pseudonym_map.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// Moves UID pairs that wait in spool files into the map, one batch, and lets files go that only
/// waited for that. Pairs that the map does not take (damaged, or of a study it does not have) are
/// set apart, so that those behind them do not wait: their files stay, and the next start offers
/// them again.
/// @return how many were looked at; 0 = nothing waits. Unavailable when the map cannot be written:
/// try again later.
/// Thread: one at a time.
Result<std::size_t> move_pairs(ArchiveSpool& spool, PseudonymMap& map);

}  // namespace dosigate
