#include <algorithm>
#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "admin_lists.h"
#include "answers.h"
#include "status.h"

// Corrections of identities and the rights of the person (docs/http-api.md). Each is announced in
// the audit log before it begins and recorded with its outcome before it is answered, so that one
// that was cut off is on record as well.

namespace dosigate {
namespace {

namespace json = boost::json;

using StudyInfo = PseudonymMap::StudyInfo;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMostAlarms = 1000;
constexpr std::size_t kMostWithdrawals = 1000;

json::array array_of(const auto& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

std::string words_of(const auto& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}

json::object json_of(const Corrections::Done& done) {
  return {{"pseudonym", done.pseudonym},
          {"study_uid", done.study_uid},
          {"stale_studies", array_of(done.stale_studies)},
          {"send_again", array_of(done.send_again)},
          {"told", array_of(done.told)},
          {"objects", done.objects},
          {"unlisted", done.unlisted},
          {"withdrawn_from_queue", done.withdrawn_from_queue},
          {"originals_destroyed", done.originals_destroyed},
          {"originals_unread", done.originals_unread}};
}

std::string_view state_word(StudyInfo::State state) {
  switch (state) {
    case StudyInfo::State::Active:
      return "active";
    case StudyInfo::State::Withdrawn:
      return "withdrawn";
    case StudyInfo::State::GivenAway:
      return "given-away";
  }
  return "unknown";
}

/// What the ledger has of one destination without the notes of this node, which are no data of the
/// person.
struct Counted {
  std::uint64_t delivered, waiting;
};
Counted without_notes(const Ledger::Sent& sent, const std::vector<Ledger::Withdrawal>& orders) {
  Counted out{sent.delivered, sent.waiting};
  for (const Ledger::Withdrawal& order : orders) {
    const auto told = order.told.find(sent.destination);
    if (order.cause == "received" || told == order.told.end()) continue;
    std::uint64_t& of_note = told->second > 0 ? out.delivered : out.waiting;
    of_note -= std::min<std::uint64_t>(of_note, 1);
  }
  return out;
}

json::object report_of(const Ledger& ledger, const StudyInfo& study) {
  const auto orders = ledger.withdrawals(study.study_uid, kMostWithdrawals);
  json::array destinations;
  for (const Ledger::Sent& sent : ledger.sent(study.study_uid)) {
    const Counted counted = without_notes(sent, orders);
    json::array legal;
    if (sent.delivered > 0) {
      for (const auto& held : ledger.legal_during(sent.destination, sent.first, sent.last))
        legal.emplace_back(json::object{{"since", held.since},
                                        {"purpose", held.purpose},
                                        {"legal_basis", held.legal_basis},
                                        {"operator", held.operator_name},
                                        {"country", held.country}});
    }
    destinations.emplace_back(json::object{{"destination", sent.destination},
                                           {"delivered", counted.delivered},
                                           {"waiting", counted.waiting},
                                           {"withdrawn", sent.withdrawn},
                                           {"first", sent.first},
                                           {"last", sent.last},
                                           {"legal", std::move(legal)}});
  }
  json::array withdrawals;
  for (const auto& order : orders) withdrawals.emplace_back(json_of(order));
  return {{"study_uid", study.study_uid},     {"pseudonym", study.pseudonym},
          {"state", state_word(study.state)}, {"replaced_by", study.replaced_by},
          {"sent", std::move(destinations)},  {"withdrawals", std::move(withdrawals)}};
}

const char* const kThen =
    "instances that were held because of this wait in the quarantine: dosigate quarantine list, "
    "then dosigate quarantine release ID";

/// What an outcome adds to the line of the audit log.
Fields outcome_of(const Corrections::Done& done) {
  return {{"withdrawn_studies", words_of(done.stale_studies)},
          {"destinations", words_of(done.told)},
          {"objects", std::to_string(done.objects)},
          {"unlisted", std::to_string(done.unlisted)},
          {"withdrawn_from_queue", std::to_string(done.withdrawn_from_queue)}};
}

Fields joined(Fields first, const Fields& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

ApiResponse AdminApi::on_record(const ApiRequest& request, const std::string& event,
                                const Fields& fields, const std::function<Recorded()>& carry_out) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  AuditLog& audit = *node_.stores_.audit;
  const Fields known = joined({{"reason", reason}}, fields);
  audit.record(event + ".begin", request.actor, known);
  try {
    Recorded done = carry_out();
    const bool refused = done.answer.status >= 400;
    audit.record(event, request.actor,
                 joined(joined(known, done.fields), {{"outcome", refused ? "refused" : "done"}}));
    return std::move(done.answer);
  } catch (const std::exception& broken) {
    audit.record(event, request.actor, joined(known, {{"outcome", "cut off"}}));
    throw;
  }
}

Result<std::string> AdminApi::person_of(const ApiRequest& request) {
  if (const auto pseudonym = text_of(request.body, "pseudonym"); !pseudonym.empty()) {
    if (auto known = is_known(pseudonym); !known) return known.error();
    return pseudonym;
  }
  const auto found = node_.stores_.map->lookup(Phi(text_of(request.body, "patient_id")));
  std::set<std::string> pseudonyms;
  for (const auto& patient : found) pseudonyms.insert(patient.pseudonym);
  if (pseudonyms.size() == 1) return *pseudonyms.begin();
  // Who learns a link by this answer is on record, as for map/lookup.
  node_.stores_.audit->record(
      "map.lookup", request.actor,
      {{"reason", text_of(request.body, "reason")}, {"found", words_of(pseudonyms)}});
  if (pseudonyms.empty())
    return fail(Fault::NotFound, "no patient with this PatientID has passed here");
  return fail(Fault::Conflict,
              "this PatientID is of several patients, by site or issuer: name one "
              "by its pseudonym: " +
                  words_of(pseudonyms));
}

/// A PatientID typed where a pseudonym belongs must not come into the audit log.
Result<void> AdminApi::is_known(const std::string& pseudonym) const {
  if (auto present = node_.stores_.map->present(pseudonym); !present) return present.error();
  return {};
}

ApiResponse AdminApi::alias(const ApiRequest& request) {
  const auto pseudonym = text_of(request.body, "pseudonym");
  const auto loser = text_of(request.body, "loser");
  const Phi patient_id(text_of(request.body, "patient_id"));
  const Phi issuer(text_of(request.body, "issuer"));
  const bool resend = flag_of(request.body, "resend");
  if (pseudonym.empty()) return missing("pseudonym");
  if (loser.empty() && patient_id.empty()) return missing("patient_id");
  for (const auto& name : {pseudonym, loser}) {
    if (name.empty()) continue;
    if (auto known = is_known(name); !known) return problem(known.error());
  }
  const Fields fields{{"pseudonym", pseudonym},
                      {"with", loser.empty() ? "a PatientID" : loser},
                      {"resend", resend ? "yes" : "no"}};
  return on_record(request, "map.alias", fields, [&]() -> Recorded {
    const auto done = loser.empty()
                          ? node_.corrections_.alias(pseudonym, patient_id, issuer, resend)
                          : node_.corrections_.alias(pseudonym, loser, resend);
    if (!done) return {problem(done.error()), {}};
    json::object answer = json_of(*done);
    answer["then"] = kThen;
    return {{200, std::move(answer)}, joined({{"holds", done->pseudonym}}, outcome_of(*done))};
  });
}

ApiResponse AdminApi::alarms() const {
  json::array items;
  for (const auto& alarm : node_.stores_.map->alarm_list(kMostAlarms))
    items.emplace_back(json::object{{"a", alarm.a}, {"b", alarm.b}, {"why", alarm.why}});
  return {200, json::object{{"items", std::move(items)}, {"all", node_.stores_.map->alarms()}}};
}

ApiResponse AdminApi::distinct(const ApiRequest& request) {
  const auto a = text_of(request.body, "a"), b = text_of(request.body, "b");
  if (a.empty()) return missing("a");
  if (b.empty()) return missing("b");
  for (const auto& name : {a, b})
    if (auto known = is_known(name); !known) return problem(known.error());
  return on_record(request, "map.distinct", {{"a", a}, {"b", b}}, [&]() -> Recorded {
    if (auto done = node_.stores_.map->declare_distinct(a, b); !done)
      return {problem(done.error()), {}};
    return {{200, json::object{{"ok", true}}}, {}};
  });
}

ApiResponse AdminApi::person_report(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  if (text_of(request.body, "pseudonym").empty() && text_of(request.body, "patient_id").empty())
    return missing("pseudonym\" or \"patient_id");
  const auto pseudonym = person_of(request);
  if (!pseudonym) return problem(pseudonym.error());
  node_.stores_.audit->record("map.report", request.actor,
                              {{"reason", reason}, {"pseudonym", *pseudonym}});
  const auto studies = node_.stores_.map->studies_of(*pseudonym);
  if (!studies) return problem(studies.error());
  json::array rows;
  for (const auto& study : *studies) rows.emplace_back(report_of(*node_.stores_.ledger, study));
  return {200, json::object{{"pseudonym", *pseudonym},
                            {"made", to_unix(wall_now())},
                            {"studies", std::move(rows)}}};
}

/// Nothing in the audit log leads from the act to the pseudonym: who is forgotten stays so.
ApiResponse AdminApi::forget(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  const bool by_id = text_of(request.body, "pseudonym").empty();
  if (reason.empty()) return missing("reason");
  if (by_id && text_of(request.body, "patient_id").empty())
    return missing("pseudonym\" or \"patient_id");
  if (needs_second_person(request)) {
    // No PatientID waits on the disk, and a list of what waits gives no link away.
    const auto pseudonym = person_of(request);
    if (!pseudonym) return problem(pseudonym.error());
    return file(
        request,
        by_id ? "forget a person who was named by PatientID" : "forget the person of " + *pseudonym,
        {{"pseudonym", *pseudonym}, {"reason", reason}});
  }
  return on_record(request, "map.forget", {}, [&]() -> Recorded {
    const auto pseudonym = person_of(request);
    if (!pseudonym) return {problem(pseudonym.error()), {}};
    node_.answers_->clear();
    const auto done = node_.corrections_.forget(*pseudonym);
    if (!done) return {problem(done.error()), {}};
    return {{200, json_of(*done)},
            {{"studies", std::to_string(done->studies)},
             {"destinations", std::to_string(done->told.size())},
             {"objects", std::to_string(done->objects)},
             {"unlisted", std::to_string(done->unlisted)},
             {"withdrawn_from_queue", std::to_string(done->withdrawn_from_queue)},
             {"originals_destroyed", std::to_string(done->originals_destroyed)},
             {"originals_unread", std::to_string(done->originals_unread)}}};
  });
}

ApiResponse AdminApi::reassign(const ApiRequest& request, const std::string& uid) {
  const Phi patient_id(text_of(request.body, "patient_id"));
  if (patient_id.empty()) return missing("patient_id");
  if (auto known = node_.stores_.map->study_info(uid); !known) return problem(known.error());
  return on_record(request, "study.reassign", {{"study", uid}}, [&]() -> Recorded {
    const auto done =
        node_.corrections_.reassign(uid, patient_id, Phi(text_of(request.body, "issuer")));
    if (!done) return {problem(done.error()), {}};
    json::object answer = json_of(*done);
    answer["then"] = kThen;
    return {{200, std::move(answer)}, joined({{"new_study", done->study_uid}}, outcome_of(*done))};
  });
}

ApiResponse AdminApi::withdraw(const ApiRequest& request, const std::string& uid) {
  const auto code = text_of(request.body, "code");
  if (code.empty()) return missing("code");
  if (rejection_meaning(code).empty())
    return problem(fail(Fault::Invalid, "\"code\" is 113001, 113037, 113038 or 113039"));
  if (auto known = node_.stores_.map->study_info(uid); !known) return problem(known.error());
  const Fields fields{{"study", uid}, {"code", code}};
  return on_record(request, "study.withdraw", fields, [&]() -> Recorded {
    const auto done = node_.corrections_.withdraw(uid, code);
    if (!done) return {problem(done.error()), {}};
    return {{200, json_of(*done)}, outcome_of(*done)};
  });
}

ApiResponse AdminApi::admit(const ApiRequest& request, const std::string& uid) {
  if (auto known = node_.stores_.map->study_info(uid); !known) return problem(known.error());
  return on_record(request, "study.admit", {{"study", uid}}, [&]() -> Recorded {
    if (auto done = node_.corrections_.admit(uid); !done) return {problem(done.error()), {}};
    return {{200, json::object{{"ok", true}, {"then", kThen}}}, {}};
  });
}

ApiResponse AdminApi::withdrawals(const ApiRequest& request) const {
  const auto page = Page::of(request, kMostWithdrawals);
  if (!page) return problem(page.error());
  const auto orders = node_.stores_.ledger->withdrawals(request.queried("study"), kAllRows);
  // Newest first, and new ones come before all: a place is counted from the end.
  std::uint64_t from_end = orders.size();
  std::vector<std::pair<std::string, const Ledger::Withdrawal*>> rows;
  for (const auto& order : orders) rows.emplace_back(sortable(kAllRows - from_end--), &order);
  return {200, paged(
                   *page, rows, [](const auto& row) { return row.first; },
                   [](const auto& row) { return json_of(*row.second); })};
}

ApiResponse AdminApi::accept_device(const ApiRequest& request) {
  const auto label = text_of(request.body, "label");
  if (label.empty()) return missing("label");
  std::string site = text_of(request.body, "site");
  std::set<std::string> sites;
  for (const auto& device : node_.stores_.map->devices())
    if (device.label == label && (site.empty() || device.site_code == site))
      sites.insert(device.site_code);
  if (sites.empty())
    return problem(fail(Fault::NotFound, "no camera of that name: see `dosigate devices`"));
  if (sites.size() > 1)
    return problem(fail(Fault::Conflict, "several sites have a camera of that name: say which of " +
                                             words_of(sites)));
  site = *sites.begin();
  const Fields fields{{"site", site}, {"label", label}};
  return on_record(request, "device.accept", fields, [&]() -> Recorded {
    if (auto done = node_.stores_.map->accept_device(site, label); !done)
      return {problem(done.error()), {}};
    return {{200, json::object{{"site", site}, {"label", label}, {"then", kThen}}}, {}};
  });
}

}  // namespace dosigate
