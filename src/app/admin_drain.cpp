// Drain mode: take nothing new, finish the queue.

#include <boost/json.hpp>

#include "admin_api.h"
#include "dosigate/app/node.h"
#include "status.h"

namespace dosigate {

namespace json = boost::json;

json::object AdminApi::drain_state() const {
  const Drain& drain = node_.drain_;
  // In this order: what is no longer in hand is in the queue.
  const std::uint64_t in_hand = drain.in_hand();
  std::uint64_t left = in_hand;
  if (drain.on()) {
    // Nobody may think that nothing is left because the queue does not know of it yet.
    try {
      (void)node_.stores_.spool->pairs_waiting();  // returns when it knows of all
    } catch (const std::exception&) {
      ++left;  // one at least; what keeps it from knowing is a condition of its own
    }
  }
  left += node_.stores_.ledger->totals().queued;
  return {{"on", drain.on()}, {"since", drain.since()}, {"in_hand", in_hand}, {"left", left}};
}

ApiResponse AdminApi::drain(const ApiRequest& request) {
  const auto* body = request.body.if_object();
  const auto* on = body == nullptr ? nullptr : body->if_contains("on");
  if (on == nullptr || !on->is_bool())
    return problem(fail(Fault::Invalid, "\"on\" is true or false"));
  const bool changed = on->get_bool() ? node_.drain_.begin(wall_now()) : node_.drain_.end();
  if (changed)
    node_.stores_.audit->record(on->get_bool() ? "drain.begin" : "drain.end", request.actor, {});
  return {200, drain_state()};
}

json::array AdminApi::conditions() const {
  json::array out;
  for (const auto& condition : node_.conditions())
    out.emplace_back(json::object{{"name", condition.name},
                                  {"of", condition.of},
                                  {"severity", condition.severity},
                                  {"text", condition.text}});
  return out;
}

}  // namespace dosigate
