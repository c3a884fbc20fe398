#include "dosigate/app/pair_mover.h"

#include <spdlog/spdlog.h>

namespace dosigate {
namespace {

constexpr std::size_t kPairsPerBatch = 256;

}  // namespace

Result<std::size_t> move_pairs(ArchiveSpool& spool, PseudonymMap& map) {
  const auto pairs = spool.pairs_to_move(kPairsPerBatch);
  std::vector<InstanceId> moved, refused;
  if (const auto together = map.absorb(pairs)) {
    for (const auto& [id, sealed] : pairs) moved.push_back(id);
  } else if (together.error().fault == Fault::Unavailable) {
    return together.error();
  } else {
    // One of them is not taken. Absorbing the others a second time changes nothing.
    for (const auto& one : pairs) {
      const auto alone = map.absorb({one});
      if (!alone && alone.error().fault == Fault::Unavailable) return alone.error();
      (alone ? moved : refused).push_back(one.first);
      if (!alone)
        spdlog::error("the map does not take UID pairs id={} error={}", to_hex(one.first),
                      alone.error().detail);
    }
  }
  spool.pairs_moved(moved);
  spool.pairs_refused(refused);
  return pairs.size();
}

}  // namespace dosigate
