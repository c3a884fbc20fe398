#include "waiting_room.h"

#include <algorithm>

namespace dosigate {

void WaitingRoom::add(const Guest& guest) {
  guests_.push_back(guest);
  ++by_address_[guest->address()];
}

void WaitingRoom::remove(const PendingAssociation& guest) {
  const auto found = std::find_if(guests_.begin(), guests_.end(),
                                  [&](const Guest& one) { return one.get() == &guest; });
  if (found == guests_.end()) return;
  const auto count = by_address_.find(guest.address());
  if (--count->second == 0) by_address_.erase(count);
  guests_.erase(found);
}

std::vector<WaitingRoom::Guest> WaitingRoom::take_all() {
  std::vector<Guest> all(guests_.begin(), guests_.end());
  guests_.clear();
  by_address_.clear();
  return all;
}

std::size_t WaitingRoom::size_of(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second;
}

WaitingRoom::Guest WaitingRoom::oldest_of(const std::string& address) const {
  const auto found = std::find_if(guests_.begin(), guests_.end(),
                                  [&](const Guest& one) { return one->address() == address; });
  return found == guests_.end() ? nullptr : *found;
}

WaitingRoom::Guest WaitingRoom::oldest_of_a_crowd_or_all(std::size_t crowd) const {
  if (guests_.empty()) return nullptr;
  const auto most =
      std::max_element(by_address_.begin(), by_address_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most->second > crowd ? oldest_of(most->first) : guests_.front();
}

}  // namespace dosigate
