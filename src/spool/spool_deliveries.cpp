// Of the spool: who is given what, in turns, and what became of it.

#include <algorithm>
#include <set>

#include "dosigate/base/fail_point.h"
#include "spool_core.h"

namespace dosigate {
namespace {

constexpr std::size_t kRequeueBatch = 1'000;
constexpr std::size_t kLongestReason = 300;
constexpr std::int64_t kBeforeTheFirst = -1;  ///< numbers of studies are not negative
constexpr std::size_t kStudiesAhead = 64;

}  // namespace

QueueIndex::When SpoolCore::due_now() const {
  const std::int64_t now = now_ms();
  return {now, now + settings_.longest_delay.count()};
}

bool SpoolCore::is_anything_due(const std::string& destination, QueueIndex::When when) {
  return std::ranges::any_of(
      index_.due(destination, when, 1 + claims_.held(destination)),
      [&](const InstanceId& id) { return !claims_.is_held(destination, id); });
}

std::vector<QueueItem> SpoolCore::claim(const std::string& destination, std::size_t max) {
  const auto lock = claims_.lock();
  AtHand& at_hand = claims_.at_hand(destination);
  std::int64_t& turn = turns_.try_emplace(destination, kBeforeTheFirst).first->second;
  std::vector<QueueItem> out;
  while (out.size() < max) {
    if (at_hand.empty() && !at_hand.all()) read_ahead(destination, at_hand, turn);
    if (at_hand.empty()) break;
    for (QueueItem& item : at_hand.take(turn, max - out.size())) {
      claims_.hold(destination, item.id);
      out.push_back(std::move(item));
    }
  }
  return out;
}

/// What is due of the studies whose turn it is, as much of each: a few that are large leave room
/// for the small ones. Nothing only when nothing is due.
void SpoolCore::read_ahead(const std::string& destination, AtHand& at_hand, std::int64_t turn) {
  const QueueIndex::When when = due_now();
  if (!is_anything_due(destination, when)) return;
  std::set<std::int64_t> looked_at;
  while (at_hand.empty()) {
    std::vector<std::int64_t> studies;
    while (studies.size() < kStudiesAhead) {
      auto study = index_.next_study(destination, turn);
      if (!study) study = index_.next_study(destination, kBeforeTheFirst);
      if (!study || !looked_at.insert(*study).second) break;
      studies.push_back(turn = *study);
    }
    if (studies.empty()) return;
    for (std::size_t i = 0; i < studies.size(); ++i) {
      std::size_t share = at_hand.room() / (studies.size() - i);
      for (QueueItem& item :
           index_.due_of(destination, studies[i], when, share + claims_.held(destination))) {
        if (share == 0) break;
        if (claims_.is_held(destination, item.id)) continue;
        at_hand.read(studies[i], std::move(item));
        --share;
      }
    }
  }
}

void SpoolCore::release(const QueueItem& item, Claims::Then then,
                        std::optional<InFlight::Mark> mark) noexcept {
  try {
    // Nothing was written of an attempt: the next one has to know that it was sent.
    if (mark) index_.mark_sent({{item.id, item.destination}});
  } catch (...) {
    mark->keep();
  }
  mark.reset();
  if (claims_.release(item.destination, item.id, then)) return;
  try {
    settle_withdrawn(index_.open_of(item.id, item.destination));
    claims_.end(item.destination, item.id);
  } catch (...) {
    // A broken machine. It stays held: nobody sends what was withdrawn.
  }
}

void SpoolCore::wait(const std::string& destination, const std::stop_token& stop,
                     std::chrono::steady_clock::time_point until) {
  auto lock = claims_.lock();
  AtHand& at_hand = claims_.at_hand(destination);
  while (!stop.stop_requested() && steady_now() < until) {
    auto wake = until;
    if (!at_hand.empty()) return;
    if (!at_hand.all()) {
      // One moment for both: what became due between two would be in neither answer, and then
      // nobody would look for it again.
      const QueueIndex::When when = due_now();
      if (is_anything_due(destination, when)) return;
      if (const auto next = index_.next_due(destination, when.now_ms)) {
        wake = std::min(wake, steady_now() + std::chrono::milliseconds(*next - when.now_ms));
      } else {
        at_hand.caught_up();
      }
    }
    claims_.wait_for_work(lock, destination, stop, wake);
  }
}

void SpoolCore::settle(const std::vector<const QueueItem*>& items, DeliveryState state,
                       std::uint16_t status, std::string_view reason, bool sent) {
  std::vector<Ledger::Change> changes;
  std::vector<QueueIndex::Verdict> verdicts;
  changes.reserve(items.size());
  verdicts.reserve(items.size());
  for (const QueueItem* item : items) {
    // What has reached a destination has, even when it was withdrawn on the way.
    if (state != DeliveryState::Delivered && !begin(*item)) continue;
    changes.push_back({item->id, item->destination, state, status});
    verdicts.push_back({item->item_id, item->destination, state, status,
                        std::string(reason.substr(0, kLongestReason)), sent});
  }
  ledger_.changed(changes);
  fail_point("spool.after-ledger-delivered");
  const std::vector<InstanceId> erasable = index_.settle(verdicts, now_ms());
  fail_point("spool.after-row-delete");
  for (const InstanceId& id : erasable) files_.erase(id);
}

void SpoolCore::retry(const QueueItem& item, std::chrono::milliseconds delay, std::uint16_t status,
                      std::string_view reason, bool sent_once) {
  if (!begin(item)) return;
  const std::int64_t now = now_ms();
  index_.retry(item.item_id, item.destination, status, reason.substr(0, kLongestReason), sent_once,
               now + std::min(delay, settings_.longest_delay).count(), now);
}

void SpoolCore::put_back(const std::vector<const QueueItem*>& items, std::string_view reason) {
  if (items.empty()) return;
  std::vector<std::int64_t> ids;
  ids.reserve(items.size());
  for (const QueueItem* item : items) {
    if (begin(*item)) ids.push_back(item->item_id);
  }
  index_.set_reason(ids, items.front()->destination, reason.substr(0, kLongestReason), now_ms());
}

std::uint64_t SpoolCore::requeue(const std::string& destination,
                                 const std::optional<InstanceId>& id) {
  const std::lock_guard lock(parked_);
  ++requeues_;  // before anything is due: who claims it knows that it was requeued
  std::uint64_t count = index_.hasten(destination, id, now_ms());
  for (;;) {
    const auto parked = index_.parked(destination, id, kRequeueBatch);
    if (parked.empty()) break;
    ledger_.changed(parked);
    index_.unpark(parked, now_ms());
    count += parked.size();
  }
  claims_.announce();
  return count;
}

}  // namespace dosigate
