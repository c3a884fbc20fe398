#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "admin_routes.h"
#include "dosigate/api/http.h"
#include "dosigate/app/node.h"
#include "http_requests.h"
#include "rate_limit.h"

namespace dosigate {

struct RestOrder;

/// The HTTP API of the node (paths and fields: docs/http-api.md): a view over the stages. Which
/// endpoints there are, and what right each needs, stands in admin_routes.cpp. Thread: any.
class AdminApi final : public ApiService {
 public:
  explicit AdminApi(Node& node) : node_(node) {}
  // admin_entrance.cpp
  /// Over the socket the kernel says who asks; over TCP a token does, else a certificate. Every
  /// refusal for want of a right is in the audit log.
  std::variant<Entry, ApiResponse> enter(ApiRequest& head) override;
  ApiResponse answer(const ApiRequest& request) override;
  ApiResponse stream(const ApiRequest& head, RequestBody& body) override;
  /// What was served, for /metrics.
  const HttpRequests& served() const { return served_; }

 private:
  friend struct AdminRoutes;                ///< the table of what may be asked
  static constexpr unsigned kNobody = ~0U;  ///< no account
  std::variant<Entry, ApiResponse> let_in(ApiRequest& head);
  std::optional<ApiResponse> identify(ApiRequest& head, const HttpSettings& http, bool open);
  std::optional<ApiResponse> refuse(const ApiRequest& head, const AdminRoute* route);
  ApiResponse login_failed(const ApiRequest& head, const std::string& why);
  void finish(const ApiRequest& head, ApiResponse& response) const;
  // admin_access.cpp
  bool has_right(const ApiRequest& request, const AdminRoute& route) const;
  std::optional<ApiResponse> lacks_right(const ApiRequest& request, const AdminRoute& route);
  ApiResponse denied(const ApiRequest& request, const AdminRoute& route, const std::string& why);
  /// False when `who` had too many of them within the hour: then it is only counted.
  bool record_refusal(const std::string& who, const std::string& actor, const char* event,
                      std::vector<std::pair<std::string, std::string>> fields);
  boost::json::object access_state() const;
  // admin_approvals.cpp
  /// Whether what is asked waits until somebody else approves it.
  bool needs_second_person(const ApiRequest& request) const;
  /// 202 and what the second person has to name. `body` holds no identity.
  ApiResponse file(const ApiRequest& request, const std::string& what, boost::json::object body);
  ApiResponse approvals();
  ApiResponse approve(const ApiRequest& request, const std::string& id);
  ApiResponse reject(const ApiRequest& request, const std::string& id);

  ApiResponse status() const;
  ApiResponse check() const;
  // admin_health.cpp
  std::vector<std::string> not_ready() const;
  ApiResponse live() const;
  ApiResponse ready() const;
  // admin_page.cpp
  ApiResponse front_page(const ApiRequest& request) const;
  ApiResponse page(const ApiRequest& request, const std::string& name) const;
  ApiResponse metrics() const;                           // admin_metrics.cpp
  ApiResponse studies(const ApiRequest& request) const;  // admin_studies.cpp
  // admin_drain.cpp
  boost::json::object drain_state() const;
  boost::json::object network_state() const;  // admin_network.cpp
  boost::json::value http_state() const;
  boost::json::array conditions() const;
  ApiResponse drain(const ApiRequest& request);
  ApiResponse queue(const ApiRequest& request) const;
  ApiResponse abandon(const ApiRequest& request);  // admin_queue.cpp
  ApiResponse retry(const ApiRequest& request);
  ApiResponse pause(const ApiRequest& request);
  ApiResponse resume(const ApiRequest& request);
  ApiResponse quarantine(const ApiRequest& request) const;
  ApiResponse header(const InstanceId& id) const;  // admin_header.cpp
  // admin_configuration.cpp
  ApiResponse destinations() const;
  ApiResponse routes() const;
  ApiResponse check_configuration() const;
  boost::json::array destinations_state() const;
  ApiResponse openapi() const;  // admin_openapi.cpp
  ApiResponse held(const InstanceId& id) const;
  ApiResponse discard(const ApiRequest& request, const InstanceId& id);
  ApiResponse release(const ApiRequest& request, const InstanceId& id);
  ApiResponse study(const ApiRequest& request, const std::string& name) const;
  ApiResponse lookup(const ApiRequest& request);
  ApiResponse reveal(const ApiRequest& request);
  ApiResponse devices(const ApiRequest& request);
  ApiResponse backup(const ApiRequest& request);
  // admin_tokens.cpp
  ApiResponse tokens() const;
  ApiResponse add_token(const ApiRequest& request);
  ApiResponse revoke_token(const ApiRequest& request, const std::string& name);
  bool may_give(const ApiRequest& request, Right right) const;
  /// When the token ends by which somebody asks; nothing when it is none.
  std::optional<std::int64_t> own_token_expires(const ApiRequest& request) const;
  // admin_audit.cpp
  ApiResponse verify_audit(const ApiRequest& request);
  ApiResponse incidents(const ApiRequest& request) const;
  ApiResponse close_incident(const ApiRequest& request, const std::string& number);
  boost::json::object audit_state() const;
  boost::json::object incident_state() const;
  ApiResponse map_export(const ApiRequest& request);
  ApiResponse map_import(const ApiRequest& request);
  ApiResponse accept_gap(const ApiRequest& request);
  ApiResponse retention() const;
  /// admin_reports.cpp
  ApiResponse report(const ApiRequest& request) const;
  ApiResponse proof(const std::string& uid) const;
  /// Whether destinations still hold what they got (admin_verify.cpp).
  ApiResponse verify(const ApiRequest& request);
  ApiResponse verification(const std::string& id) const;
  ApiResponse reload();
  // admin_keys.cpp
  ApiResponse key_status(const ApiRequest& request) const;
  ApiResponse rotate_keys(const ApiRequest& request);
  ApiResponse key_file_written(const ApiRequest& request);
  ApiResponse verify_recovery(const ApiRequest& request);
  ApiResponse keys_compromised(const ApiRequest& request);

  // admin_rest.cpp
  /// By which route, profile and name what is sent over HTTP is taken.
  Result<RestOrder> rest_order(const ApiRequest& head) const;
  ApiResponse deidentify(const ApiRequest& head, RequestBody& body, const std::string& named);
  /// @param study  UID of the target resource; empty: any.
  ApiResponse store(const ApiRequest& head, RequestBody& body, const std::string& study);
  ApiResponse store_any(const ApiRequest& head, RequestBody& body, const std::string& named);

  // Corrections of identities and the rights of the person (admin_corrections.cpp)
  ApiResponse alias(const ApiRequest& request);
  ApiResponse alarms() const;
  ApiResponse distinct(const ApiRequest& request);
  ApiResponse person_report(const ApiRequest& request);
  ApiResponse forget(const ApiRequest& request);
  ApiResponse reassign(const ApiRequest& request, const std::string& uid);
  ApiResponse withdraw(const ApiRequest& request, const std::string& uid);
  ApiResponse admit(const ApiRequest& request, const std::string& uid);
  ApiResponse withdrawals(const ApiRequest& request) const;
  ApiResponse accept_device(const ApiRequest& request);

  // admin_revision.cpp
  ApiResponse revisions(const ApiRequest& request) const;
  ApiResponse revision_of(const InstanceId& id) const;
  ApiResponse send_revision(const ApiRequest& request, const InstanceId& id);
  ApiResponse drop_revision(const ApiRequest& request, const InstanceId& id);
  /// Conflict for what is held for another reason.
  Result<Quarantine::Entry> held_revision(const InstanceId& id) const;

  struct Recorded {
    ApiResponse answer;
    std::vector<std::pair<std::string, std::string>> fields;  ///< of the audit log, beside reason
  };
  /// `<event>.begin` with reason and `fields`, what is done, `<event>` with its outcome.
  ApiResponse on_record(const ApiRequest& request, const std::string& event,
                        const std::vector<std::pair<std::string, std::string>>& fields,
                        const std::function<Recorded()>& carry_out);
  /// Pseudonym of the person whom a request names by "pseudonym" or "patient_id".
  Result<std::string> person_of(const ApiRequest& request);
  Result<void> is_known(const std::string& pseudonym) const;

  Node& node_;
  RateLimit reveals_, denials_;
  HttpRequests served_;
  RequestRate requests_, failed_logins_;  ///< over TCP
  std::mutex approving_;                  ///< one at a time, so that nothing is carried out twice
  std::atomic<std::uint64_t> denied_{0}, not_recorded_{0};
};

}  // namespace dosigate
