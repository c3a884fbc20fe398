#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Who holds what at the moment, in memory: the queue itself stays on disk. An instance that is
/// being put is held from everybody until row and ledger both know it.
///
/// The lock also covers the look into queue.db (`take`): a verdict commits its row before it
/// releases the claim, so what was read under the lock and is not claimed is still true. Thread:
/// any.
class Claims {
 public:
  using Lock = std::unique_lock<std::mutex>;

  Lock lock() { return Lock(mutex_); }

  /// With the lock held.
  bool is_held(const std::string& destination, const InstanceId& id) const;
  void hold(const std::string& destination, const InstanceId& id) {
    held_[destination].insert_or_assign(id, Hold{});
  }
  /// Takes it out of the hand of whoever holds it: `begin` says no from now on. False, and nothing
  /// happens, when that one has begun.
  bool withdraw(const std::string& destination, const InstanceId& id);
  /// One that has begun is to be withdrawn when it comes back.
  void withdraw_when_released(const std::string& destination, const InstanceId& id);
  bool is_being_put(const InstanceId& id) const { return putting_.contains(id); }
  /// How many may have to be skipped when looking for due ones.
  std::size_t held(const std::string& destination) const;
  std::uint64_t changes() const { return changes_; }
  /// Until something was released, added or stopped, or `until`. The lock is given up meanwhile.
  void wait(Lock& lock, const std::stop_token& stop, std::chrono::steady_clock::time_point until);

  /// Whoever holds it decides about it from now on. False when it was withdrawn: no verdict counts
  /// any more, but that it was delivered.
  bool begin(const std::string& destination, const InstanceId& id);
  /// False when it was withdrawn while it was held: it stays held until `end`, so that it can be
  /// settled first.
  bool release(const std::string& destination, const InstanceId& id);
  void end(const std::string& destination, const InstanceId& id);
  void begin_put(const InstanceId& id);
  void end_put(const InstanceId& id);
  std::set<InstanceId> being_put() const;
  /// Until nobody is putting it any more; false when that lasts longer than `until`.
  bool wait_for_put(const InstanceId& id, std::chrono::steady_clock::time_point until);
  /// Rows became due.
  void announce();

 private:
  struct Hold {
    bool begun = false, withdrawn = false;
  };
  void drop(const std::string& destination, const InstanceId& id);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::map<InstanceId, Hold>> held_;
  std::set<InstanceId> putting_;
  std::uint64_t changes_ = 0;
};

}  // namespace dosigate
