// Giving up what can never be delivered, over the API.

#include <algorithm>
#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"

namespace dosigate {

ApiResponse AdminApi::abandon(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  const auto destination = text_of(request.body, "destination");
  const auto id_text = text_of(request.body, "id");
  if (reason.empty()) return missing("reason");
  if (destination.empty() == id_text.empty())
    return problem(fail(Fault::Invalid, "name either a destination or the id of one instance"));
  auto& spool = *node_.stores_.spool;
  const auto& ledger = *node_.stores_.ledger;

  std::optional<InstanceId> id;
  if (!id_text.empty()) {
    id = parse_id(id_text);
    if (!id)
      return problem(fail(Fault::Invalid, "an id has 32 hexadecimal digits: see `queue list`"));
    const auto deliveries = ledger.destinations(*id);
    if (deliveries.empty()) return problem(fail(Fault::NotFound, "no instance has this id"));
    const bool parked = std::ranges::any_of(
        deliveries, [](const auto& entry) { return entry.second == DeliveryState::Parked; });
    if (!parked)
      return problem(
          fail(Fault::Conflict,
               "the instance is parked nowhere: only what is parked is given up singly"));
  } else {
    const bool served =
        node_.forwarders_.with([&](const auto& all) { return all.contains(destination); });
    if (served)
      return problem(fail(Fault::Conflict, "destination " + destination +
                                               " is configured: take it out of the configuration "
                                               "and reload, or name single parked instances"));
    if (!ledger.by_destination().contains(destination))
      return problem(fail(Fault::NotFound, "nothing was ever assigned to destination " +
                                               destination + ": see `dosigate status`"));
  }
  // Before anything goes: an order that a crash cuts short is known, and is given again.
  node_.stores_.audit->record(
      "queue.abandon", request.actor,
      {{"destination", destination}, {"id", id ? to_hex(*id) : ""}, {"reason", reason}});
  const auto withdrawn = id ? spool.abandon(*id) : spool.abandon(destination);
  return {200, boost::json::object{{"withdrawn", withdrawn}}};
}

}  // namespace dosigate
