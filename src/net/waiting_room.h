#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pending_association.h"

namespace dosigate {

/// The connections whose association request is not complete, in the order they came. Thread: under
/// the acceptor's lock.
class WaitingRoom {
 public:
  using Guest = std::shared_ptr<PendingAssociation>;

  void add(const Guest& guest);
  void remove(const PendingAssociation& guest);
  std::vector<Guest> take_all();

  std::size_t size() const { return guests_.size(); }
  std::size_t size_of(const std::string& address) const;
  /// The one of an address that has waited longest.
  Guest oldest_of(const std::string& address) const;
  /// Of the address that has the most, when these are more than `crowd`; else of all.
  Guest oldest_of_a_crowd_or_all(std::size_t crowd) const;
  const std::map<std::string, std::size_t>& by_address() const { return by_address_; }

 private:
  std::list<Guest> guests_;
  std::map<std::string, std::size_t> by_address_;
};

}  // namespace dosigate
