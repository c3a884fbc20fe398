#pragma once

#include <boost/json/object.hpp>

#include "dosigate/app/node.h"

namespace dosigate {

/// Seconds from a Unix time to now, 0 when the time is 0 or in the future.
long long age_s(std::uint64_t unix_time);

/// "queued", "delivered", "parked", "withdrawn".
std::string_view word(DeliveryState state);
boost::json::object json_of(const Ledger::Totals& totals);
boost::json::object json_of(const Config::Legal& legal);
boost::json::object json_of(const Ledger::Withdrawal& order);
/// Where it stands in a list of what is held: the oldest first.
std::string cursor_of(const Quarantine::Entry& entry);
boost::json::object json_of(const Quarantine::Entry& entry);
boost::json::object json_of(const ArchiveSpool::Row& row);
boost::json::object json_of(const RefusedPeers::Peer& peer);
boost::json::object json_of(const DiskUse& disk);
boost::json::object json_of(const Incident& incident);  // admin_audit.cpp
boost::json::object json_of(const PseudonymMap::Device& device);

}  // namespace dosigate
