#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "admin_lists.h"
#include "backup.h"
#include "status.h"
#include "syslog_sender.h"

// The audit record and the incident register, as the operator sees them.

namespace dosigate {
namespace {

namespace json = boost::json;

json::value time_or_null(std::int64_t time) {
  return time == 0 ? json::value(nullptr) : json::value(time);
}

}  // namespace

json::object json_of(const Incident& incident) {
  json::array subjects;
  for (const auto& pseudonym : incident.subjects) subjects.emplace_back(pseudonym);
  return {{"number", incident.number},
          {"kind", incident_word(incident.kind)},
          {"of", incident.of},
          {"detail", incident.detail},
          {"first", incident.first},
          {"last", incident.last},
          {"count", incident.count},
          {"subjects_affected", incident.subjects.size()},
          {"subjects", std::move(subjects)},
          {"state", incident.open ? "open" : "closed"},
          {"closed", time_or_null(incident.closed)},
          {"closed_by", incident.closed_by},
          {"reason", incident.reason}};
}

ApiResponse AdminApi::verify_audit(const ApiRequest& request) {
  std::vector<AuditHead> heads;
  if (const auto* body = request.body.if_object()) {
    const auto* list = body->if_contains("heads");
    if (list != nullptr && !list->is_array())
      return problem(fail(Fault::Invalid, "\"heads\" is a list of NUMBER:CHAIN-VALUE"));
    for (const auto& one : list == nullptr ? json::array() : list->get_array()) {
      const auto head =
          one.is_string() ? parse_audit_head(std::string_view(one.get_string())) : std::nullopt;
      if (!head)
        return problem(
            fail(Fault::Invalid, "a head is NUMBER:CHAIN-VALUE, as report and backup print it"));
      heads.push_back(*head);
    }
  }
  if (const std::filesystem::path folder = text_of(request.body, "backup"); !folder.empty()) {
    const auto head = head_of_backup(*node_.stores_.keys, folder);
    if (!head) return problem(head.error());
    heads.push_back(*head);
  }
  const auto verified = node_.stores_.audit->verify(heads);
  if (!verified) {
    if (verified.error().fault == Fault::Corrupt)
      node_.stores_.incidents->note(IncidentKind::Integrity, "audit record",
                                    verified.error().detail);
    return problem(verified.error());
  }
  return {200, json::object{{"lines", verified->number},
                            {"head", verified->number == 0 ? "" : text_of(*verified)},
                            {"heads_checked", heads.size()}}};
}

ApiResponse AdminApi::incidents(const ApiRequest& request) const {
  const auto page = Page::of(request, kAllRows);
  if (!page) return problem(page.error());
  return {200, paged(
                   *page, node_.stores_.incidents->list(),
                   [](const Incident& incident) { return sortable(incident.number); },
                   [](const Incident& incident) { return json_of(incident); })};
}

ApiResponse AdminApi::close_incident(const ApiRequest& request, const std::string& named) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  const bool digits =
      named.size() < 10 && named.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) return problem(fail(Fault::Invalid, "an incident is named by its number"));
  if (auto closed = node_.stores_.incidents->close(std::stoul(named), request.actor, reason);
      !closed)
    return problem(closed.error());
  return {200, json::object{{"ok", true}}};
}

/// Of the status: the record, where it is sent, and what waits for a person.
json::object AdminApi::audit_state() const {
  const AuditHead head = node_.stores_.audit->head();
  json::object out{
      {"lines", head.number}, {"head", head.number == 0 ? "" : text_of(head)}, {"syslog", nullptr}};
  const std::lock_guard lock(node_.syslog_mutex_);
  if (!node_.syslog_) return out;
  const auto state = node_.syslog_->state();
  const auto& to = node_.syslog_->settings();
  out["syslog"] = json::object{{"to", to.syslog_host + ":" + std::to_string(to.syslog_port)},
                               {"sent_line", state.sent_line},
                               {"waiting", state.waiting},
                               {"oldest_waiting", time_or_null(state.oldest_waiting)},
                               {"last_success", time_or_null(state.last_success)},
                               {"failing_since", time_or_null(state.failing_since)},
                               {"last_error", state.last_error}};
  return out;
}

json::object AdminApi::incident_state() const {
  std::size_t open = 0, all = 0;
  std::set<std::string> subjects;
  for (const auto& incident : node_.stores_.incidents->list()) {
    ++all;
    if (!incident.open) continue;
    ++open;
    subjects.insert(incident.subjects.begin(), incident.subjects.end());
  }
  return {{"open", open}, {"all", all}, {"subjects_affected", subjects.size()}};
}

}  // namespace dosigate
