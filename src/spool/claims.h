#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "at_hand.h"
#include "dosigate/base/bytes.h"

namespace dosigate {

/// Who holds what at the moment, in memory: the queue itself stays on disk. An instance that is
/// being put is held from everybody until row and ledger both know it.
///
/// The lock also covers the look into queue.db (`take`): a verdict commits its row before it
/// releases the claim, so what was read under the lock and is not claimed is still true. The same
/// holds for what is at hand. Thread: any.
class Claims {
 public:
  using Lock = std::unique_lock<std::mutex>;

  Lock lock() { return Lock(mutex_); }

  /// With the lock held.
  bool is_held(const std::string& destination, const InstanceId& id) const;
  void hold(const std::string& destination, const InstanceId& id) {
    lines_[destination].held.insert_or_assign(id, Hold{});
  }
  /// Takes it out of the hand of whoever holds it: `begin` says no from now on. False, and nothing
  /// happens, when that one has begun.
  bool withdraw(const std::string& destination, const InstanceId& id);
  /// One that has begun is to be withdrawn when it comes back.
  void withdraw_when_released(const std::string& destination, const InstanceId& id);
  bool is_being_put(const InstanceId& id) const { return putting_.contains(id); }
  /// How many may have to be skipped when looking for due ones.
  std::size_t held(const std::string& destination) const;
  AtHand& at_hand(const std::string& destination) { return lines_[destination].at_hand; }
  /// Every destination's.
  void look_again();
  /// Until something was released or put, or `until`. The lock is given up meanwhile.
  void wait(Lock& lock, std::chrono::steady_clock::time_point until);
  /// Until something more of that destination may be claimed, a stop, or `until`. One of those who
  /// wait is woken for each. The lock is given up meanwhile.
  void wait_for_work(Lock& lock, const std::string& destination, const std::stop_token& stop,
                     std::chrono::steady_clock::time_point until);

  /// Whoever holds it decides about it from now on. False when it was withdrawn: no verdict counts
  /// any more, but that it was delivered.
  bool begin(const std::string& destination, const InstanceId& id);
  /// Whether it can be claimed again.
  enum class Then { Settled, Queued };
  /// False when it was withdrawn while it was held: it stays held until `end`, so that it can be
  /// settled first.
  bool release(const std::string& destination, const InstanceId& id, Then then);
  /// Of one that was withdrawn.
  void end(const std::string& destination, const InstanceId& id);
  enum class Turn { AtOnce, AfterAnother, TooLate };
  /// One put at a time of an id, and of a SOP instance: those before it are waited for. TooLate,
  /// and nothing is begun, when that lasts longer than `until`.
  Turn begin_put(const InstanceId& id, const std::string& sop_instance_uid,
                 std::chrono::steady_clock::time_point until);
  using Queued = std::pair<std::int64_t, QueueItem>;  ///< with its study
  /// @param queued  what can be claimed from now on; none when the put failed.
  void end_put(const InstanceId& id, const std::vector<Queued>& queued = {}) noexcept;
  std::set<InstanceId> being_put() const;
  /// Until nobody is putting it any more; false when that lasts longer than `until`.
  bool wait_for_put(const InstanceId& id, std::chrono::steady_clock::time_point until);
  /// Rows became due.
  void announce();

 private:
  struct Hold {
    bool begun = false, withdrawn = false;
  };
  struct Line {
    std::map<InstanceId, Hold> held;
    AtHand at_hand;
    std::condition_variable_any work;
    std::uint64_t changes = 0;
  };
  void drop(Line& line, const InstanceId& id, Then then);
  Line& line(const std::string& destination) { return lines_.find(destination)->second; }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Line, std::less<>> lines_;
  std::map<InstanceId, std::string> putting_;  ///< with their SOP instances
  std::set<std::string> sops_;                 ///< the same
  std::uint64_t changes_ = 0;
};

}  // namespace dosigate
