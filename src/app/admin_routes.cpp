#include "admin_routes.h"

#include <optional>

#include "admin_api.h"
#include "dosigate/base/bytes.h"

namespace dosigate {

/// The rows call what only the API itself may.
struct AdminRoutes {
  using Reads = AdminRoute::Reads;
  using Needs = AdminRoute::Needs;

  template <auto Method>
  static ApiResponse plain(AdminApi& api, const ApiRequest&, const std::string&) {
    return (api.*Method)();
  }
  template <auto Method>
  static ApiResponse with_request(AdminApi& api, const ApiRequest& request, const std::string&) {
    return (api.*Method)(request);
  }
  template <auto Method>
  static ApiResponse with_name(AdminApi& api, const ApiRequest&, const std::string& named) {
    return (api.*Method)(named);
  }
  template <auto Method>
  static ApiResponse with_both(AdminApi& api, const ApiRequest& request, const std::string& named) {
    return (api.*Method)(request, named);
  }
  static ApiResponse no_id() {
    return problem(fail(Fault::Invalid,
                        "an id has 32 hexadecimal digits: see `quarantine list`, `revision list`"));
  }
  /// Of what is held, named by its id.
  template <auto Method>
  static ApiResponse with_id(AdminApi& api, const ApiRequest&, const std::string& named) {
    const auto id = parse_id(named);
    return id ? (api.*Method)(*id) : no_id();
  }
  template <auto Method>
  static ApiResponse with_request_and_id(AdminApi& api, const ApiRequest& request,
                                         const std::string& named) {
    const auto id = parse_id(named);
    return id ? (api.*Method)(request, *id) : no_id();
  }

  template <auto Method>
  static ApiResponse streamed(AdminApi& api, const ApiRequest& head, RequestBody& body,
                              const std::string& named) {
    return (api.*Method)(head, body, named);
  }

  static std::span<const AdminRoute> all();
};

std::span<const AdminRoute> AdminRoutes::all() {
  constexpr Needs kOperate = Right::Operate, kReveal = Right::Reveal;
  // Decisions about studies and the node, and about persons: who makes them where no group of its
  // own is named.
  constexpr Needs kManageNode{Right::Manage, Right::Operate};
  constexpr Needs kManagePersons{Right::Manage, Right::Reveal};
  constexpr Needs kMetrics = Right::Metrics, kOpen = Needs::nothing();
  constexpr auto kNobody = Reads::Nobody, kIdentity = Reads::Identity;
  /// A list of pseudonyms is taken as a whole or not at all, so it comes in one request.
  constexpr std::uint64_t kWholeList = 64U << 20U;
  using Api = AdminApi;
  static constexpr AdminRoute kRoutes[] = {
      {"GET", "/api/v1/status", kOperate, kNobody, plain<&Api::status>},
      {"GET", "/api/v1/check", kOperate, kNobody, plain<&Api::check>},
      {"POST", "/api/v1/drain", kOperate, kNobody, with_request<&Api::drain>},
      {"GET", "/api/v1/queue", kOperate, kNobody, with_request<&Api::queue>},
      {"POST", "/api/v1/queue/retry", kOperate, kNobody, with_request<&Api::retry>},
      {"POST", "/api/v1/queue/pause", kOperate, kNobody, with_request<&Api::pause>},
      {"POST", "/api/v1/queue/resume", kOperate, kNobody, with_request<&Api::resume>},
      {"POST", "/api/v1/queue/abandon", kManageNode, kNobody, with_request<&Api::abandon>},
      {"GET", "/api/v1/quarantine", kOperate, kNobody, plain<&Api::quarantine>},
      {"GET", "/api/v1/quarantine/{}", kOperate, kNobody, with_id<&Api::held>},
      {"POST", "/api/v1/quarantine/{}/discard", kManageNode, kNobody,
       with_request_and_id<&Api::discard>},
      {"POST", "/api/v1/quarantine/{}/release", kManageNode, kNobody,
       with_request_and_id<&Api::release>},
      {"GET", "/api/v1/revision", kOperate, kNobody, plain<&Api::revisions>},
      {"GET", "/api/v1/revision/{}", kOperate, kNobody, with_id<&Api::revision_of>},
      {"POST", "/api/v1/revision/{}/send", kManageNode, kNobody,
       with_request_and_id<&Api::send_revision>},
      {"POST", "/api/v1/revision/{}/drop", kManageNode, kNobody,
       with_request_and_id<&Api::drop_revision>},
      {"GET", "/api/v1/report", kOperate, kNobody, with_request<&Api::report>},
      {"GET", "/api/v1/study/{}", kOperate, kNobody, with_both<&Api::study>},
      {"GET", "/api/v1/study/{}/proof", kOperate, kNobody, with_name<&Api::proof>},
      {"POST", "/api/v1/study/{}/reassign", kManagePersons, kNobody, with_both<&Api::reassign>},
      {"POST", "/api/v1/study/{}/withdraw", kManageNode, kNobody, with_both<&Api::withdraw>},
      {"POST", "/api/v1/study/{}/admit", kManageNode, kNobody, with_both<&Api::admit>},
      {"GET", "/api/v1/withdrawals", kOperate, kNobody, with_request<&Api::withdrawals>},
      {"POST", "/api/v1/map/lookup", kReveal, kIdentity, with_request<&Api::lookup>},
      {"POST", "/api/v1/map/reveal", kReveal, kIdentity, with_request<&Api::reveal>},
      {"POST", "/api/v1/map/report", kReveal, kIdentity, with_request<&Api::person_report>},
      {"POST", "/api/v1/map/alias", kManagePersons, kNobody, with_request<&Api::alias>},
      {"GET", "/api/v1/map/alarms", kOperate, kNobody, plain<&Api::alarms>},
      {"POST", "/api/v1/map/distinct", kManagePersons, kNobody, with_request<&Api::distinct>},
      {"POST", "/api/v1/map/forget", kManagePersons, kIdentity, with_request<&Api::forget>},
      {"POST", "/api/v1/map/export", kManagePersons, kIdentity, with_request<&Api::map_export>},
      {"POST", "/api/v1/map/import", kManagePersons, kNobody, with_request<&Api::map_import>,
       nullptr, kWholeList},
      {"POST", "/api/v1/map/accept-gap", kManageNode, kNobody, with_request<&Api::accept_gap>},
      {"GET", "/api/v1/approvals", kManagePersons, kNobody, plain<&Api::approvals>},
      {"POST", "/api/v1/approvals/{}/approve", kManagePersons, kNobody, with_both<&Api::approve>},
      {"POST", "/api/v1/approvals/{}/reject", kManagePersons, kNobody, with_both<&Api::reject>},
      {"GET", "/api/v1/tokens", kManageNode, kNobody, plain<&Api::tokens>},
      {"POST", "/api/v1/tokens", kManageNode, kNobody, with_request<&Api::add_token>},
      {"POST", "/api/v1/tokens/{}/revoke", kManageNode, kNobody, with_both<&Api::revoke_token>},
      {"POST", "/api/v1/backup", kManageNode, kNobody, with_request<&Api::backup>},
      {"POST", "/api/v1/deidentify", Right::Deidentify, kNobody, nullptr,
       streamed<&Api::deidentify>},
      {"POST", "/dicom-web/studies", Right::Store, kNobody, nullptr, streamed<&Api::store_any>},
      {"POST", "/dicom-web/studies/{}", Right::Store, kNobody, nullptr, streamed<&Api::store>},
      {"GET", "/api/v1/retention", kOperate, kNobody, plain<&Api::retention>},
      {"POST", "/api/v1/verify", kOperate, kNobody, with_request<&Api::verify>},
      {"GET", "/api/v1/verify/{}", kOperate, kNobody, with_name<&Api::verification>},
      {"GET", "/api/v1/devices", kOperate, kNobody, with_request<&Api::devices>},
      {"POST", "/api/v1/devices/accept", kOperate, kNobody, with_request<&Api::accept_device>},
      {"GET", "/api/v1/key", kOperate, kNobody, with_request<&Api::key_status>},
      {"POST", "/api/v1/key/rotate", kManageNode, kNobody, with_request<&Api::rotate_keys>},
      {"POST", "/api/v1/key/file-written", kManageNode, kNobody,
       with_request<&Api::key_file_written>},
      {"POST", "/api/v1/key/recovery-verify", kManageNode, kNobody,
       with_request<&Api::verify_recovery>},
      {"POST", "/api/v1/key/compromise", kManageNode, kNobody,
       with_request<&Api::keys_compromised>},
      {"GET", "/api/v1/audit/verify", kOperate, kNobody, with_request<&Api::verify_audit>},
      {"POST", "/api/v1/audit/verify", kOperate, kNobody, with_request<&Api::verify_audit>},
      {"GET", "/api/v1/incidents", kOperate, kNobody, plain<&Api::incidents>},
      {"POST", "/api/v1/incidents/{}/close", kManageNode, kNobody, with_both<&Api::close_incident>},
      {"POST", "/api/v1/reload", kOperate, kNobody, plain<&Api::reload>},
      {"GET", "/api/v1/studies", kOperate, kNobody, with_request<&Api::studies>},
      {"GET", "/metrics", kMetrics, kNobody, plain<&Api::metrics>},
      {"GET", "/health/live", kOpen, kNobody, plain<&Api::live>},
      {"GET", "/health/ready", kOpen, kNobody, plain<&Api::ready>},
      {"GET", "/", kOpen, kNobody, with_request<&Api::front_page>},
      {"GET", "/page/{}", kOpen, kNobody, with_both<&Api::page>},
  };
  return kRoutes;
}

std::span<const AdminRoute> admin_routes() { return AdminRoutes::all(); }

namespace {

/// What stands at "{}"; nullopt when the path is another one.
std::optional<std::string> named_in(std::string_view pattern, std::string_view path) {
  constexpr std::string_view kName = "{}";
  const auto at = pattern.find(kName);
  if (at == std::string_view::npos) return pattern == path ? std::optional("") : std::nullopt;
  const auto before = pattern.substr(0, at), after = pattern.substr(at + kName.size());
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after))
    return std::nullopt;
  const auto segment = path.substr(before.size(), path.size() - before.size() - after.size());
  if (segment.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(segment);
}

}  // namespace

const AdminRoute* find_admin_route(std::string_view method, std::string_view path,
                                   std::string& named) {
  for (const AdminRoute& route : admin_routes()) {
    if (route.method != method) continue;
    if (auto found = named_in(route.path, path)) {
      named = std::move(*found);
      return &route;
    }
  }
  return nullptr;
}

std::string methods_of(std::string_view path) {
  std::string out;
  for (const AdminRoute& route : admin_routes())
    if (named_in(route.path, path) && out.find(route.method) == std::string::npos)
      out += (out.empty() ? "" : ", ") + std::string(route.method);
  return out;
}

}  // namespace dosigate
