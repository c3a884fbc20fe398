#include <algorithm>
#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "destination_status.h"

namespace dosigate {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestReason = 200;

}  // namespace

ApiResponse AdminApi::pause(const ApiRequest& request) {
  const auto destination = text_of(request.body, "destination");
  const auto reason = text_of(request.body, "reason");
  if (destination.empty()) return missing("destination");
  if (reason.empty()) return missing("reason");
  if (reason.size() > kLongestReason)
    return problem(fail(Fault::Invalid, "a reason has at most 200 bytes"));
  if (auto paused = node_.pause_destination(destination, request.actor, reason); !paused)
    return problem(paused.error());
  return {200, json::object{{"destination", destination},
                            {"then",
                             "nothing is sent there until `dosigate queue resume`; an "
                             "instance on its way ends"}}};
}

ApiResponse AdminApi::resume(const ApiRequest& request) {
  const auto destination = text_of(request.body, "destination");
  if (destination.empty()) return missing("destination");
  if (auto resumed = node_.resume_destination(destination, request.actor); !resumed)
    return problem(resumed.error());
  return {200, json::object{{"destination", destination}}};
}

Result<void> Node::pause_destination(const std::string& destination, const std::string& actor,
                                     const std::string& reason) {
  // A reload makes forwarders anew from the pauses that it finds: never in between.
  const std::lock_guard one_at_a_time(reloading_);
  const auto forwarder = forwarders_.with([&](const auto& all) {
    const auto found = all.find(destination);
    return found == all.end() ? nullptr : found->second;
  });
  if (!forwarder)
    return fail(Fault::NotFound,
                "no destination of this name is configured: see `dosigate status`");
  if (const auto pauses = stores_.ledger->pauses(); pauses.contains(destination))
    return fail(Fault::Conflict, "it is " + pause_text(pauses.at(destination)) + " already");
  stores_.audit->record("queue.pause", actor, {{"destination", destination}, {"reason", reason}});
  stores_.ledger->pause({destination, actor, reason});
  forwarder->pause(pause_text(stores_.ledger->pauses().at(destination)));
  return {};
}

Result<void> Node::resume_destination(const std::string& destination, const std::string& actor) {
  const std::lock_guard one_at_a_time(reloading_);
  if (!stores_.ledger->pauses().contains(destination))
    return fail(Fault::NotFound, "no destination of this name is paused: see `dosigate status`");
  // First in the record: an unexplained delivery would be worse than an unexplained wait.
  stores_.audit->record("queue.resume", actor, {{"destination", destination}});
  stores_.ledger->resume(destination);
  forwarders_.with([&](const auto& all) {
    if (const auto found = all.find(destination); found != all.end()) found->second->resume();
  });
  return {};
}

}  // namespace dosigate
