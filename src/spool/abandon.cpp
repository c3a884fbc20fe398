#include "spool_core.h"

// Giving up: an operator's decision about what can never be delivered. It goes the way of every
// withdrawal (withdraw.cpp); only what has no row any more is settled in the ledger alone.

namespace dosigate {
std::uint64_t SpoolCore::give_up_lost(
    const InstanceId& id, const std::function<bool(const std::string&, DeliveryState)>& which) {
  {
    const auto lock = claims_.lock();
    if (claims_.is_being_put(id) || index_.has(id)) return 0;
  }
  // Asked only now: whoever removed the row has told the ledger before.
  std::vector<Ledger::Change> changes;
  for (const auto& [destination, state] : ledger_.destinations(id)) {
    if ((state == DeliveryState::Queued || state == DeliveryState::Parked) &&
        which(destination, state))
      changes.push_back({id, destination, DeliveryState::Withdrawn, 0});
  }
  ledger_.changed(changes);
  return changes.size();
}

std::uint64_t SpoolCore::abandon(const std::string& destination,
                                 std::chrono::milliseconds patience) {
  std::uint64_t count = 0;
  std::set<InstanceId> without_file;
  count += take_out(
               [&] {
                 auto rows = index_.open_of_destination(destination, kBatch);
                 for (const auto& row : rows)
                   if (!std::filesystem::exists(files_.path(row.id))) without_file.insert(row.id);
                 return rows;
               },
               patience)
               .withdrawn;
  for (const InstanceId& id : without_file) index_.forget_finished(id);

  InstanceId after{};
  for (;;) {
    const auto open = ledger_.open_instances(domain_, after, kBatch);
    if (open.empty()) return count;
    for (const InstanceId& id : open) {
      count += give_up_lost(
          id, [&](const std::string& name, DeliveryState) { return name == destination; });
    }
    after = open.back();
  }
}

std::uint64_t SpoolCore::abandon(const InstanceId& id) {
  // Before anything is settled: afterwards a file that was there may be erased.
  const bool file_is_missing = !std::filesystem::exists(files_.path(id));
  std::uint64_t count =
      take_out([&] { return index_.parked_of(id); }, std::chrono::milliseconds::zero()).withdrawn;
  if (file_is_missing) index_.forget_finished(id);
  count += give_up_lost(
      id, [](const std::string&, DeliveryState state) { return state == DeliveryState::Parked; });
  return count;
}

}  // namespace dosigate
