#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "queue_index.h"

namespace dosigate {

/// The next of a destination's queue in memory, so that a forwarder asks the database once for
/// hundreds, and nothing at all when it keeps up: then `all()` holds, everything that may be
/// claimed now is here, and what is put is added. Bounded; what does not fit is found in the
/// database. Guarded by the lock of Claims.
class AtHand {
 public:
  /// The database has nothing but what is held: from now on what is put is added here.
  void caught_up() { all_ = true; }
  /// Something may be due that is not here.
  void look_again() {
    all_ = false;
    studies_.clear();
    count_ = 0;
  }
  bool all() const { return all_; }
  bool empty() const { return count_ == 0; }
  /// How many more find room.
  std::size_t room() const { return kMost - count_; }

  /// One that was put just now.
  void add(std::int64_t study, QueueItem item) {
    if (!all_) return;
    if (room() == 0) return look_again();
    read(study, std::move(item));
  }
  /// One that the database has.
  void read(std::int64_t study, QueueItem item) {
    studies_[study].push_back(std::move(item));
    ++count_;
  }
  /// From the study after `turn` on, each gives what it has.
  std::vector<QueueItem> take(std::int64_t& turn, std::size_t max) {
    std::vector<QueueItem> out;
    while (count_ > 0 && out.size() < max) {
      auto next = studies_.upper_bound(turn);
      if (next == studies_.end()) next = studies_.begin();
      turn = next->first;
      auto& items = next->second;
      while (!items.empty() && out.size() < max) {
        out.push_back(std::move(items.front()));
        items.pop_front();
        --count_;
      }
      if (items.empty()) studies_.erase(next);
    }
    return out;
  }

 private:
  static constexpr std::size_t kMost = 512;
  bool all_ = false;
  std::map<std::int64_t, std::deque<QueueItem>> studies_;
  std::size_t count_ = 0;
};

}  // namespace dosigate
