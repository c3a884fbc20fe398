#include "claims.h"

namespace dosigate {

bool Claims::is_held(const std::string& destination, const InstanceId& id) const {
  if (putting_.contains(id)) return true;
  const auto found = held_.find(destination);
  return found != held_.end() && found->second.contains(id);
}

std::size_t Claims::held(const std::string& destination) const {
  const auto found = held_.find(destination);
  return putting_.size() + (found == held_.end() ? 0 : found->second.size());
}

void Claims::wait(Lock& lock, const std::stop_token& stop,
                  std::chrono::steady_clock::time_point until) {
  changed_.wait_until(lock, stop, until, [this, seen = changes_] { return changes_ != seen; });
}

bool Claims::withdraw(const std::string& destination, const InstanceId& id) {
  Hold& hold = held_.at(destination).at(id);
  if (!hold.begun) hold.withdrawn = true;
  return !hold.begun;
}

void Claims::withdraw_when_released(const std::string& destination, const InstanceId& id) {
  held_.at(destination).at(id).withdrawn = true;
}

bool Claims::begin(const std::string& destination, const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  Hold& hold = held_.at(destination).at(id);
  if (!hold.withdrawn) hold.begun = true;
  return !hold.withdrawn;
}

bool Claims::release(const std::string& destination, const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  if (held_.at(destination).at(id).withdrawn) return false;
  drop(destination, id);
  return true;
}

void Claims::end(const std::string& destination, const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  drop(destination, id);
}

void Claims::drop(const std::string& destination, const InstanceId& id) {
  held_.at(destination).erase(id);
  ++changes_;
  changed_.notify_all();
}

void Claims::begin_put(const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  putting_.insert(id);
}

void Claims::end_put(const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  putting_.erase(id);
  ++changes_;
  changed_.notify_all();
}

std::set<InstanceId> Claims::being_put() const {
  const std::lock_guard lock(mutex_);
  return putting_;
}

bool Claims::wait_for_put(const InstanceId& id, std::chrono::steady_clock::time_point until) {
  Lock lock(mutex_);
  return changed_.wait_until(lock, until, [&] { return !putting_.contains(id); });
}

void Claims::announce() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  changed_.notify_all();
}

}  // namespace dosigate
