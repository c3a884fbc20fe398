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

json::value names_of(const std::optional<AccessRules::Groups>& groups) {
  if (!groups) return nullptr;
  json::array out;
  for (const auto& group : *groups) out.emplace_back(group.name);
  return out;
}

}  // namespace

std::variant<ApiService::Entry, ApiResponse> AdminApi::enter(ApiRequest& head) {
  Entry entry;
  if (head.path == "/api/v1/map/import") entry.most_body = std::uint64_t{64} << 20U;
  if (head.path == "/api/v1/deidentify" || head.path.starts_with("/dicom-web/studies"))
    entry = {std::uint64_t{64} << 30U, true};
  return entry;
}

ApiResponse AdminApi::stream(const ApiRequest& head, RequestBody& body) {
  if (head.path == "/api/v1/deidentify") return deidentify(head, body, "");
  if (head.path == "/dicom-web/studies") return store(head, body, "");
  if (head.path.starts_with("/dicom-web/studies/"))
    return store(head, body, head.path.substr(std::string("/dicom-web/studies/").size()));
  return problem(fail(Fault::NotFound, head.path + " is not part of this API"));
}

ApiResponse AdminApi::answer(const ApiRequest& request) {
  std::string named;
  const AdminRoute* route = find_admin_route(request.method, request.path, named);
  if (route == nullptr)
    return problem(
        fail(Fault::NotFound, request.method + " " + request.path + " is not part of this API"));
  const auto routing = node_.ingest_.routing();
  const AccessRules& rules = routing->config().access;
  const AdminPeer peer{request.uid, request.gid, request.groups};
  const auto [right, otherwise, open] = route->needs;
  if (!open && !permits(rules, right, otherwise, peer, ::geteuid())) {
    const Right needed = right == Right::Manage && !rules.manage ? otherwise : right;
    return denied(request, *route,
                  "it needs the right \"" + std::string(right_word(needed)) +
                      "\": this account was in none of the groups that [access] " +
                      std::string(right_word(needed)) + " names when it connected");
  }
  if (route->reads == AdminRoute::Reads::Identity &&
      !reveals_.take(request.uid, rules.reveals_per_hour))
    return denied(request, *route,
                  "this user has learned who somebody is " +
                      std::to_string(rules.reveals_per_hour) +
                      " times within an hour ([access] reveals_per_hour): wait");
  const SteadyTime begun = steady_now();
  ApiResponse response = route->answer(*this, request, named);
  requests_.add(request, response.status, steady_now() - begun);
  watch_map_reads(*node_.stores_.incidents, request, response);
  return response;
}

ApiResponse AdminApi::denied(const ApiRequest& request, const AdminRoute& route,
                             const std::string& why) {
  ++denied_;
  // The pattern and not the path: somebody may have typed an identity into the path.
  const std::string endpoint = std::string(route.method) + " " + std::string(route.path);
  if (!denials_.take(request.uid, kDenialsRecorded)) {
    ++not_recorded_;
    return problem(fail(Fault::Denied, why));
  }
  std::vector<std::pair<std::string, std::string>> fields{
      {"right", std::string(right_word(route.needs.right))}, {"endpoint", endpoint}, {"why", why}};
  if (const auto more = not_recorded_.exchange(0); more > 0)
    fields.emplace_back("not_recorded_before", std::to_string(more));
  const bool of_map = route.path.starts_with("/api/v1/map/");
  node_.stores_.audit->record(of_map ? "map.denied" : "access.denied", request.actor, fields);
  spdlog::warn("denied user={} endpoint=\"{}\" right={}", request.actor, endpoint,
               right_word(route.needs.right));
  return problem(fail(Fault::Denied, why));
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
