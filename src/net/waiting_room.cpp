#include "waiting_room.h"

#include <algorithm>

namespace dosigate {

void WaitingRoom::add(const Guest& guest) {
  by_address_[guest->address()].push_back(guest);
  ++size_;
}

void WaitingRoom::remove(const PendingAssociation& guest) {
  const auto of_address = by_address_.find(guest.address());
  if (of_address == by_address_.end()) return;
  auto& guests = of_address->second;
  const auto found = std::find_if(guests.begin(), guests.end(),
                                  [&](const Guest& one) { return one.get() == &guest; });
  if (found == guests.end()) return;
  guests.erase(found);
  --size_;
  if (guests.empty()) by_address_.erase(of_address);
}

std::vector<WaitingRoom::Guest> WaitingRoom::take_all() {
  std::vector<Guest> all;
  for (const auto& [address, guests] : by_address_)
    all.insert(all.end(), guests.begin(), guests.end());
  by_address_.clear();
  size_ = 0;
  return all;
}

std::size_t WaitingRoom::size_of(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second.size();
}

WaitingRoom::Guest WaitingRoom::oldest_of(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second.front();
}

WaitingRoom::Guest WaitingRoom::oldest_of_the_many() const {
  const auto most = std::max_element(
      by_address_.begin(), by_address_.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  return most == by_address_.end() ? nullptr : most->second.front();
}

std::map<std::string, std::size_t> WaitingRoom::by_address() const {
  std::map<std::string, std::size_t> out;
  for (const auto& [address, guests] : by_address_) out[address] = guests.size();
  return out;
}

}  // namespace dosigate
