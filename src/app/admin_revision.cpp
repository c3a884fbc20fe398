// Held revisions (docs/http-api.md): what differs is judged anew at each question, because rules
// and versions change while one waits. Everything shown is pseudonymous.

#include <algorithm>

#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "admin_lists.h"
#include "status.h"

namespace dosigate {
namespace {

namespace json = boost::json;

bool is_revision(const Quarantine::Entry& entry) {
  return entry.reason == hold_reason_text(HoldReason::Revision);
}

json::object json_of(const Quarantine::Entry& entry, const Result<Ingest::Revision>& judged) {
  json::object out{{"id", to_hex(entry.id)},
                   {"held", entry.held_unix},
                   {"route", entry.origin.route},
                   {"calling_ae", entry.origin.calling_ae},
                   {"sop_class", entry.sop_class_uid}};
  if (!judged) {
    out["problem"] = judged.error().detail;
    return out;
  }
  out["pseudonym"] = judged->pseudonym;
  out["study_uid"] = judged->study_uid;
  out["sop_uid"] = judged->first_uid;
  out["before_uid"] = judged->before_uid;
  out["number"] = judged->number;
  out["differs"] = judged->differs;
  out["older_came_back"] = judged->older_came_back;
  return out;
}

}  // namespace

ApiResponse AdminApi::revisions(const ApiRequest& request) const {
  const auto page = Page::of(request, kAllRows);
  if (!page) return problem(page.error());
  auto held = node_.quarantine_.list();
  std::erase_if(held, [](const auto& entry) { return !is_revision(entry); });
  std::ranges::sort(held, {}, cursor_of);
  return {200, paged(*page, held, cursor_of, [this](const Quarantine::Entry& entry) {
            return json_of(entry, node_.ingest_.examine(entry.id));
          })};
}

ApiResponse AdminApi::revision_of(const InstanceId& id) const {
  const auto entry = held_revision(id);
  if (!entry) return problem(entry.error());
  const auto judged = node_.ingest_.examine(id);
  json::object out = json_of(*entry, judged);
  if (judged) {
    json::object before;
    for (const auto& [destination, state] :
         node_.stores_.ledger->deliveries_of(judged->study_uid, judged->before_uid))
      before[destination] = word(state);
    out["before_at"] = std::move(before);
  }
  return {200, std::move(out)};
}

ApiResponse AdminApi::send_revision(const ApiRequest& request, const InstanceId& id) {
  if (const auto entry = held_revision(id); !entry) return problem(entry.error());
  return on_record(request, "revision.send", {{"id", to_hex(id)}}, [&]() -> Recorded {
    const auto released = node_.ingest_.release(id, {}, true);
    if (!released) return {problem(released.error()), {}};
    return {{200, json::object{{"outcome", released->outcome}, {"detail", released->detail}}},
            {{"became", released->outcome}}};
  });
}

ApiResponse AdminApi::drop_revision(const ApiRequest& request, const InstanceId& id) {
  if (const auto entry = held_revision(id); !entry) return problem(entry.error());
  return on_record(request, "revision.drop", {{"id", to_hex(id)}}, [&]() -> Recorded {
    if (auto gone = node_.ingest_.discard(id, "a revision dropped by an operator"); !gone)
      return {problem(gone.error()), {}};
    return {{200, json::object{{"outcome", "dropped"}}}, {}};
  });
}

Result<Quarantine::Entry> AdminApi::held_revision(const InstanceId& id) const {
  auto entry = node_.quarantine_.find(id);
  if (entry && !is_revision(*entry))
    return fail(Fault::Conflict,
                "it is held for another reason, " + entry->reason + ": see `quarantine show`");
  return entry;
}

}  // namespace dosigate
