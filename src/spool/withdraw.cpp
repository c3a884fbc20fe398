#include <algorithm>
#include <set>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/fail_point.h"
#include "spool_core.h"

// Taking something out of the queue again. A worker holds whole batches, but only one instance at a
// time is on its way to the destination (`begin`): that one is waited for, the others are taken out
// of its hand. Whoever decides last loses nothing: the ledger says withdrawn before the row does,
// and a delivery that was on its way is booked as one.

namespace dosigate {
void SpoolCore::settle_withdrawn(const std::vector<QueueIndex::Open>& rows) {
  for (std::size_t first = 0; first < rows.size(); first += kBatch) {
    std::vector<Ledger::Change> changes;
    std::vector<QueueIndex::Verdict> verdicts;
    for (std::size_t i = first; i < std::min(first + kBatch, rows.size()); ++i) {
      const auto& row = rows[i];
      changes.push_back({row.id, row.destination, DeliveryState::Withdrawn, 0});
      verdicts.push_back({row.item_id, row.destination, DeliveryState::Withdrawn, 0, "", false});
    }
    ledger_.changed(changes);
    fail_point("spool.after-ledger-withdrawn");
    std::set<std::filesystem::path> directories;
    for (const InstanceId& id : index_.settle(verdicts, now_ms())) {
      files_.erase(id);
      directories.insert(files_.path(id).parent_path());
    }
    // Unlike what was delivered: a power cut must not bring back what somebody wanted gone.
    for (const auto& directory : directories) sync_directory(directory);
  }
}

SpoolWithdrawn SpoolCore::withdraw(const std::string& study_uid,
                                   const std::set<std::string>& sop_uids,
                                   std::chrono::milliseconds patience) {
  return take_out(
      [&] {
        std::vector<QueueIndex::Open> rows = index_.open_of_study(study_uid);
        std::erase_if(rows, [&](const QueueIndex::Open& row) {
          return (!sop_uids.empty() && !sop_uids.contains(row.sop_instance_uid)) ||
                 ledger_.is_note(row.id);
        });
        return rows;
      },
      patience);
}

SpoolWithdrawn SpoolCore::take_out(const std::function<std::vector<QueueIndex::Open>()>& open,
                                   std::chrono::milliseconds patience) {
  wait_for_rows();
  SpoolWithdrawn out;
  const auto until = steady_now() + patience;
  for (;;) {
    std::vector<QueueIndex::Open> taken, held_by_us, on_their_way;
    const std::lock_guard parked(parked_);
    {
      auto lock = claims_.lock();
      claims_.look_again();  // what is taken out may be at hand
      const bool patient = steady_now() < until;
      for (const auto& row : open()) {
        if (claims_.is_being_put(row.id)) {
          on_their_way.push_back(row);
        } else if (!claims_.is_held(row.destination, row.id)) {
          claims_.hold(row.destination, row.id);
          held_by_us.push_back(row);
          taken.push_back(row);
        } else if (claims_.withdraw(row.destination, row.id)) {
          taken.push_back(row);
        } else {
          // When it fails after all, its claim withdraws it (release).
          if (!patient) claims_.withdraw_when_released(row.destination, row.id);
          on_their_way.push_back(row);
        }
      }
      if (taken.empty()) {
        if (on_their_way.empty()) return out;
        if (!patient) {
          for (const auto& row : on_their_way) out.in_flight.insert(row.destination);
          return out;
        }
        claims_.wait(lock, until);
        continue;
      }
    }
    try {
      settle_withdrawn(taken);
    } catch (...) {
      for (const auto& row : held_by_us) claims_.end(row.destination, row.id);
      throw;
    }
    for (const auto& row : held_by_us) claims_.end(row.destination, row.id);
    out.withdrawn += taken.size();
  }
}

}  // namespace dosigate
