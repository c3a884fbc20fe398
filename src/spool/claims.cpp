#include "claims.h"

namespace dosigate {

bool Claims::is_held(const std::string& destination, const InstanceId& id) const {
  if (putting_.contains(id)) return true;
  const auto found = lines_.find(destination);
  return found != lines_.end() && found->second.held.contains(id);
}

std::size_t Claims::held(const std::string& destination) const {
  const auto found = lines_.find(destination);
  return putting_.size() + (found == lines_.end() ? 0 : found->second.held.size());
}

void Claims::look_again() {
  for (auto& [name, line] : lines_) line.at_hand.look_again();
}

void Claims::wait(Lock& lock, std::chrono::steady_clock::time_point until) {
  changed_.wait_until(lock, until, [this, seen = changes_] { return changes_ != seen; });
}

void Claims::wait_for_work(Lock& lock, const std::string& destination, const std::stop_token& stop,
                           std::chrono::steady_clock::time_point until) {
  Line& line = lines_[destination];
  line.work.wait_until(lock, stop, until,
                       [&line, seen = line.changes] { return line.changes != seen; });
}

bool Claims::withdraw(const std::string& destination, const InstanceId& id) {
  Hold& hold = line(destination).held.at(id);
  if (!hold.begun) hold.withdrawn = true;
  return !hold.begun;
}

void Claims::withdraw_when_released(const std::string& destination, const InstanceId& id) {
  line(destination).held.at(id).withdrawn = true;
}

bool Claims::begin(const std::string& destination, const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  Hold& hold = line(destination).held.at(id);
  if (!hold.withdrawn) hold.begun = true;
  return !hold.withdrawn;
}

bool Claims::release(const std::string& destination, const InstanceId& id, Then then) {
  const std::lock_guard lock(mutex_);
  Line& of = line(destination);
  if (of.held.at(id).withdrawn) return false;
  drop(of, id, then);
  return true;
}

void Claims::end(const std::string& destination, const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  drop(line(destination), id, Then::Queued);
}

void Claims::drop(Line& line, const InstanceId& id, Then then) {
  line.held.erase(id);
  ++changes_;
  changed_.notify_all();
  if (then == Then::Settled) return;
  line.at_hand.look_again();
  ++line.changes;
  line.work.notify_all();
}

Claims::Turn Claims::begin_put(const InstanceId& id, const std::string& sop_instance_uid,
                               std::chrono::steady_clock::time_point until) {
  Lock lock(mutex_);
  const auto nobody = [&] { return !putting_.contains(id) && !sops_.contains(sop_instance_uid); };
  const Turn turn = nobody() ? Turn::AtOnce : Turn::AfterAnother;
  if (!changed_.wait_until(lock, until, nobody)) return Turn::TooLate;
  putting_.emplace(id, sop_instance_uid);
  sops_.insert(sop_instance_uid);
  return turn;
}

void Claims::end_put(const InstanceId& id, const std::vector<Queued>& queued) noexcept {
  const std::lock_guard lock(mutex_);
  const auto put = putting_.find(id);
  sops_.erase(put->second);
  putting_.erase(put);
  ++changes_;
  changed_.notify_all();
  for (const auto& [study, item] : queued) {
    Line& of = lines_[item.destination];
    of.at_hand.add(study, item);
    ++of.changes;
    of.work.notify_one();
  }
}

std::set<InstanceId> Claims::being_put() const {
  const std::lock_guard lock(mutex_);
  std::set<InstanceId> out;
  for (const auto& [id, sop_instance_uid] : putting_) out.insert(id);
  return out;
}

bool Claims::wait_for_put(const InstanceId& id, std::chrono::steady_clock::time_point until) {
  Lock lock(mutex_);
  return changed_.wait_until(lock, until, [&] { return !putting_.contains(id); });
}

void Claims::announce() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  changed_.notify_all();
  for (auto& [name, line] : lines_) {
    line.at_hand.look_again();
    ++line.changes;
    line.work.notify_all();
  }
}

}  // namespace dosigate
