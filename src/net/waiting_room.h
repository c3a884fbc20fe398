#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pending_association.h"

namespace dosigate {

/// The connections whose association request is not complete, by address and in the order they
/// came. Thread: under the acceptor's lock.
class WaitingRoom {
 public:
  using Guest = std::shared_ptr<PendingAssociation>;

  void add(const Guest& guest);
  void remove(const PendingAssociation& guest);
  std::vector<Guest> take_all();

  std::size_t size() const { return size_; }
  std::size_t size_of(const std::string& address) const;
  Guest oldest_of(const std::string& address) const;
  /// Of the address that has the most.
  Guest oldest_of_the_many() const;
  std::map<std::string, std::size_t> by_address() const;

 private:
  std::map<std::string, std::list<Guest>> by_address_;
  std::size_t size_ = 0;
};

}  // namespace dosigate
