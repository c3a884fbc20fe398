// Two persons for what cannot be undone or takes every identity away: the first one's request waits
// in a sealed file, the second one's approval carries it out ([access] two_persons).

#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "approvals.h"

namespace dosigate {
namespace {

namespace json = boost::json;

json::object row_of(const Approvals::Request& request) {
  return {{"id", request.id},         {"endpoint", request.path}, {"what", request.what},
          {"reason", request.reason}, {"by", request.actor},      {"filed", request.filed},
          {"until", request.until}};
}

}  // namespace

bool AdminApi::needs_second_person(const ApiRequest& request) const {
  return request.approver.empty() && node_.ingest_.routing()->config().access.two_persons;
}

ApiResponse AdminApi::file(const ApiRequest& request, const std::string& what, json::object body) {
  Approvals::Request wanted;
  wanted.path = request.path;
  wanted.what = what;
  wanted.reason = text_of(request.body, "reason");
  wanted.actor = request.actor;
  wanted.uid = request.uid;
  wanted.body = std::move(body);
  const auto patience = node_.ingest_.routing()->config().access.approval;
  const auto filed = node_.approvals_->file(std::move(wanted), patience);
  if (!filed) return problem(filed.error());
  node_.stores_.audit->record("approval.filed", request.actor,
                              {{"id", filed->id},
                               {"endpoint", filed->path},
                               {"reason", filed->reason},
                               {"until", std::to_string(filed->until)}});
  return {202, json::object{{"approval", filed->id}, {"what", what}, {"until", filed->until}}};
}

ApiResponse AdminApi::approvals() {
  json::array items;
  for (const auto& waiting : node_.approvals_->waiting()) items.emplace_back(row_of(waiting));
  return {200, json::object{{"items", std::move(items)}}};
}

ApiResponse AdminApi::approve(const ApiRequest& request, const std::string& id) {
  const std::unique_lock one_at_a_time(approving_, std::try_to_lock);
  if (!one_at_a_time)
    return problem(fail(Fault::Busy, "another approved request is being carried out: wait for it"));
  const auto waiting = node_.approvals_->find(id);
  if (!waiting) return problem(waiting.error());
  std::string named;
  const AdminRoute* route = find_admin_route("POST", waiting->path, named);
  if (route == nullptr)  // of another version
    return problem(fail(Fault::Conflict, "this version has no " + waiting->path +
                                             ": take it back with `dosigate approvals reject`"));
  if (request.uid == waiting->uid)
    return denied(
        request, *route,
        "a second person approves it: " + request.actor +
            " has asked for it (behind sudo everybody is root, who counts as one; a token "
            "counts as the account that made it)");
  if (!has_right(request, *route))
    return denied(request, *route, "the second person needs the right to it as well");

  node_.stores_.audit->record(
      "approval.approved", request.actor,
      {{"id", id}, {"endpoint", waiting->path}, {"requested_by", waiting->actor}});
  ApiRequest asked;
  asked.method = "POST";
  asked.path = waiting->path;
  asked.body = waiting->body;
  asked.uid = waiting->uid;
  asked.actor = waiting->actor + ", approved by " + request.actor;
  asked.approver = request.actor;
  ApiResponse done = route->answer(*this, asked, named);
  if (done.status >= 400) return done;  // it stays: what was in the way may be mended
  node_.approvals_->remove(id);
  return {200, json::object{{"approval", id}, {"what", waiting->what}, {"answer", done.body}}};
}

ApiResponse AdminApi::reject(const ApiRequest& request, const std::string& id) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  const std::unique_lock one_at_a_time(approving_, std::try_to_lock);
  if (!one_at_a_time)
    return problem(fail(Fault::Busy, "an approved request is being carried out: wait for it"));
  const auto waiting = node_.approvals_->find(id);
  if (!waiting) return problem(waiting.error());
  node_.stores_.audit->record("approval.rejected", request.actor,
                              {{"id", id},
                               {"endpoint", waiting->path},
                               {"requested_by", waiting->actor},
                               {"reason", reason}});
  node_.approvals_->remove(id);
  return {200, json::object{{"approval", id}, {"what", waiting->what}}};
}

}  // namespace dosigate
