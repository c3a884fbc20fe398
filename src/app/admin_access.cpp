// Who may ask what (admin_routes.cpp says which right an endpoint needs, [access] who has it).

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "admin_api.h"
#include "approvals.h"
#include "map_read_watch.h"

namespace dosigate {
namespace {

namespace json = boost::json;

/// Of one user and hour, one by one: each line is a sync of the disk, which nobody without rights
/// may cause at will. What is beyond is counted in the next line.
constexpr unsigned kDenialsRecorded = 60;

/// A person of this machine by the number of his account, everybody else by name.
std::string who_asks(const ApiRequest& request) {
  return request.local ? "uid " + std::to_string(request.uid) : request.actor;
}

json::value names_of(const std::optional<AccessRules::Groups>& groups) {
  if (!groups) return nullptr;
  json::array out;
  for (const auto& group : *groups) out.emplace_back(group.name);
  return out;
}

}  // namespace

bool AdminApi::has_right(const ApiRequest& request, const AdminRoute& route) const {
  const auto [right, otherwise, open] = route.needs;
  if (open) return true;
  // Over TCP each right stands for itself: there are no groups that could be missing.
  if (!request.local) return (request.rights & right_bit(right)) != 0;
  const auto routing = node_.ingest_.routing();
  return permits(routing->config().access, right, otherwise,
                 {request.uid, request.gid, request.groups}, ::geteuid());
}

std::optional<ApiResponse> AdminApi::lacks_right(const ApiRequest& request,
                                                 const AdminRoute& route) {
  const auto routing = node_.ingest_.routing();
  const AccessRules& rules = routing->config().access;
  if (!has_right(request, route)) {
    const auto& needs = route.needs;
    const bool replaced = request.local && needs.right == Right::Manage && !rules.manage;
    const std::string word(right_word(replaced ? needs.without_manage : needs.right));
    return denied(request, route,
                  "it needs the right \"" + word + "\"" +
                      (request.local ? ": this account was in none of the groups that [access] " +
                                           word + " names when it connected"
                                     : ", which " + request.actor + " has not"));
  }
  if (route.reads == AdminRoute::Reads::Identity &&
      !reveals_.take(who_asks(request), rules.reveals_per_hour))
    return denied(request, route,
                  "this user has learned who somebody is " +
                      std::to_string(rules.reveals_per_hour) +
                      " times within an hour ([access] reveals_per_hour): wait");
  return std::nullopt;
}

ApiResponse AdminApi::denied(const ApiRequest& request, const AdminRoute& route,
                             const std::string& why) {
  ++denied_;
  // The pattern and not the path: somebody may have typed an identity into the path.
  const std::string endpoint = std::string(route.method) + " " + std::string(route.path);
  const std::string right(right_word(route.needs.right));
  const bool of_map = route.path.starts_with("/api/v1/map/");
  if (record_refusal(who_asks(request), request.actor, of_map ? "map.denied" : "access.denied",
                     {{"right", right}, {"endpoint", endpoint}, {"why", why}}))
    spdlog::warn("denied user={} endpoint=\"{}\" right={}", request.actor, endpoint, right);
  return problem(fail(Fault::Denied, why));
}

bool AdminApi::record_refusal(const std::string& who, const std::string& actor, const char* event,
                              std::vector<std::pair<std::string, std::string>> fields) {
  if (!denials_.take(who, kDenialsRecorded)) {
    ++not_recorded_;
    return false;
  }
  if (const auto more = not_recorded_.exchange(0); more > 0)
    fields.emplace_back("not_recorded_before", std::to_string(more));
  node_.stores_.audit->record(event, actor, fields);
  return true;
}

json::object AdminApi::access_state() const {
  const auto routing = node_.ingest_.routing();
  const AccessRules& rules = routing->config().access;
  return {{"operate", names_of(rules.operate)},
          {"reveal", names_of(rules.reveal)},
          {"manage", names_of(rules.manage)},
          {"reveals_per_hour", rules.reveals_per_hour},
          {"two_persons", rules.two_persons},
          {"approvals", node_.approvals_->waiting().size()},
          {"denied", denied_.load()}};
}

}  // namespace dosigate
