#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "admin_api.h"
#include "admin_fields.h"
#include "verifications.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostStudies =
    1000;  ///< named in an answer, those with something wrong first
constexpr std::int64_t kLongestWait = 3600;

/// Days since 1970 of YYYY-MM-DD.
std::optional<std::int64_t> day_of(const std::string& text) {
  const auto number = [&](std::size_t from, std::size_t count) -> std::optional<int> {
    int value = 0;
    const char* const begin = text.data() + from;
    const auto [end, error] = std::from_chars(begin, begin + count, value);
    if (error != std::errc() || end != begin + count) return std::nullopt;
    return value;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (!year || !month || !day || *month < 1 || *day < 1) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

Result<Verifier::By> by_of(const std::string& word) {
  if (word.empty() || word == "auto") return Verifier::By::Auto;
  if (word == "find") return Verifier::By::Find;
  if (word == "commitment") return Verifier::By::Commitment;
  return fail(Fault::Invalid, "\"by\" is find, commitment or auto");
}

/// Scope and its name in words.
Result<std::string> read_scope(const json::value& body, Ledger::DeliveredScope& scope) {
  const auto study = text_of(body, "study"), day = text_of(body, "day"),
             since = text_of(body, "since");
  const auto named = {!study.empty(), !day.empty(), !since.empty()};
  if (std::ranges::count(named, true) > 1)
    return fail(Fault::Invalid, "one of \"study\", \"day\" and \"since\", not several");
  if (!study.empty()) {
    const bool uid = study.size() <= 64 && std::ranges::all_of(study, [](char c) {
                       return (c >= '0' && c <= '9') || c == '.';
                     });
    if (!uid) return fail(Fault::Invalid, "\"study\" is the UID of a study as the archive has it");
    scope.study_uid = study;
    return "study " + study;
  }
  if (day.empty() && since.empty()) return std::string("everything");
  const auto from = day_of(day.empty() ? since : day);
  if (!from) return fail(Fault::Invalid, "a day is written YYYY-MM-DD");
  scope.from_day = *from;
  if (!day.empty()) scope.to_day = *from;
  return day.empty() ? "since " + since : "day " + day;
}

json::object json_of(const Verifier::Study& study) {
  json::array uids;
  for (const auto& uid : study.missing_uids) uids.emplace_back(uid);
  return {{"study_uid", study.study_uid}, {"delivered", study.delivered},
          {"found", study.found},         {"missing", study.missing},
          {"rejected", study.rejected},   {"unasked", study.unasked},
          {"problem", study.problem},     {"missing_uids", std::move(uids)}};
}

json::object json_of(const Verifier::Outcome& outcome, const std::string& scope) {
  const auto sum = summed_up(outcome, scope);
  std::vector<const Verifier::Study*> studies;
  for (const auto& study : outcome.studies) studies.push_back(&study);
  std::stable_partition(studies.begin(), studies.end(),
                        [](const auto* study) { return study->missing + study->unasked > 0; });
  if (studies.size() > kMostStudies) studies.resize(kMostStudies);
  json::array rows;
  for (const auto* study : studies) rows.emplace_back(json_of(*study));
  return {{"destination", outcome.destination},
          {"by", outcome.by},
          {"complete", sum.complete},
          {"delivered", sum.delivered},
          {"found", sum.found},
          {"missing", sum.missing},
          {"rejected", sum.rejected},
          {"unasked", sum.unasked},
          {"folded", outcome.folded},
          {"problem", outcome.problem},
          {"when", to_unix(outcome.when)},
          {"study_count", outcome.studies.size()},
          {"studies", std::move(rows)}};
}

}  // namespace

json::object json_of(const Verifications::Last& last) {
  return {{"when", to_unix(last.when)}, {"scope", last.scope},         {"by", last.by},
          {"complete", last.complete},  {"delivered", last.delivered}, {"found", last.found},
          {"missing", last.missing},    {"rejected", last.rejected},   {"unasked", last.unasked},
          {"problem", last.problem}};
}

ApiResponse AdminApi::verify(const ApiRequest& request) {
  Verifications::Order order;
  order.actor = request.actor;
  const auto scope = read_scope(request.body, order.what.scope);
  if (!scope) return problem(scope.error());
  order.scope = *scope;
  const auto by = by_of(text_of(request.body, "by"));
  if (!by) return problem(by.error());
  order.what.by = *by;
  if (const auto* body = request.body.if_object()) {
    if (const auto* wait = body->if_contains("wait_s")) {
      const auto* seconds = wait->if_int64();
      if (seconds == nullptr || *seconds < 1 || *seconds > kLongestWait)
        return problem(fail(Fault::Invalid, "\"wait_s\" is a number of seconds from 1 to 3600"));
      order.what.wait = std::chrono::seconds(*seconds);
    }
  }

  const auto name = text_of(request.body, "destination");
  const auto routing = node_.ingest_.routing();
  std::set<std::string> configured;
  for (const auto& output : routing->config().outputs) {
    configured.insert(output.destination.name);
    if (name.empty() || name == output.destination.name)
      order.what.destinations.push_back(node_.made_ready(output.destination));
  }
  for (const auto& [removed, totals] : node_.stores_.ledger->by_destination()) {
    if (!configured.contains(removed) && removed != kGivenBack && totals.delivered > 0 &&
        (name.empty() || name == removed))
      order.what.removed.push_back(removed);
  }
  if (order.what.destinations.empty() && order.what.removed.empty())
    return problem(fail(Fault::NotFound, name.empty() ? "no destination is configured"
                                                      : "there is no destination \"" + name +
                                                            "\": `dosigate status` lists them"));
  if (const auto& uid = order.what.scope.study_uid; !uid.empty()) {
    const auto sent = node_.stores_.ledger->sent(uid);
    if (std::ranges::none_of(sent, [&](const Ledger::Sent& to) {
          return to.delivered > 0 && (name.empty() || name == to.destination);
        }))
      return problem(fail(Fault::NotFound, "nothing of this study was delivered" +
                                               (name.empty() ? "" : " to " + name) +
                                               ": is it the UID that the archive has?"));
  }
  const auto id = node_.verifications_->begin(std::move(order));
  if (!id) return problem(id.error());
  return {202, json::object{{"id", *id}}};
}

ApiResponse AdminApi::verification(const std::string& id) const {
  const auto state = node_.verifications_->find(id);
  if (!state)
    return problem(fail(Fault::NotFound,
                        "there is no verification of this id: the node keeps the last sixteen, "
                        "until it is restarted"));
  if (!state->broken.empty()) return problem(fail(Fault::Unavailable, state->broken));
  json::array destinations;
  bool complete = !state->running;
  for (const auto& outcome : state->outcomes) {
    complete = complete && outcome.complete();
    destinations.emplace_back(json_of(outcome, state->scope));
  }
  return {200, json::object{{"id", state->id},
                            {"scope", state->scope},
                            {"state", state->running ? "running" : "done"},
                            {"began", to_unix(state->began)},
                            {"ended", state->running ? 0 : to_unix(state->ended)},
                            {"complete", complete},
                            {"destinations", std::move(destinations)}}};
}

}  // namespace dosigate
