// Sending again what waits, and giving up what can never be delivered, over the API.

#include <algorithm>
#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"

namespace dosigate {

namespace json = boost::json;

ApiResponse AdminApi::retry(const ApiRequest& request) {
  const auto destination = text_of(request.body, "destination");
  const auto id_text = text_of(request.body, "id");
  const auto& ledger = *node_.stores_.ledger;
  auto& spool = *node_.stores_.spool;
  const auto forwarders = node_.forwarders_.with([](const auto& all) { return all; });

  std::optional<InstanceId> id;
  if (!id_text.empty()) {
    id = parse_id(id_text);
    if (!id)
      return problem(fail(Fault::Invalid, "an id has 32 hexadecimal digits: see `queue list`"));
    if (ledger.destinations(*id).empty())
      return problem(fail(Fault::NotFound, "no instance has this id: see `dosigate queue list`"));
  }
  // One that has left the configuration is known as long as something waits for it.
  const auto waiting = [&](const std::string& name) {
    const auto queues = spool.destinations();
    const auto found = queues.find(name);
    return found != queues.end() && found->second.queued + found->second.parked > 0;
  };
  if (!destination.empty() && !forwarders.contains(destination) && !waiting(destination)) {
    std::string names;
    for (const auto& [name, forwarder] : forwarders) names += (names.empty() ? "" : ", ") + name;
    return problem(fail(Fault::NotFound,
                        "no destination of this name is configured or has anything waiting; "
                        "configured: " +
                            names));
  }
  const auto requeued = spool.requeue(destination, id);
  node_.stores_.audit->record("queue.retry", request.actor,
                              {{"destination", destination},
                               {"id", id ? to_hex(*id) : ""},
                               {"requeued", std::to_string(requeued)}});

  std::map<std::string, std::uint64_t> due;
  if (id) {
    for (const auto& [name, state] : ledger.destinations(*id))
      if (state == DeliveryState::Queued) due[name] = 1;
  } else {
    for (const auto& [name, queue] : spool.destinations()) due[name] = queue.queued;
  }
  json::array destinations;
  for (const auto& [name, count] : due) {
    if (count == 0 || (!destination.empty() && name != destination)) continue;
    json::object row{{"name", name}, {"due", count}, {"state", "removed"}, {"state_text", ""}};
    if (const auto found = forwarders.find(name); found != forwarders.end()) {
      const auto state = found->second->state();
      row["state"] = state.state;
      row["state_text"] = state.state_text;
    }
    destinations.emplace_back(std::move(row));
  }
  return {200, json::object{{"requeued", requeued}, {"destinations", std::move(destinations)}}};
}

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
  return {200, json::object{{"withdrawn", withdrawn}}};
}

}  // namespace dosigate
