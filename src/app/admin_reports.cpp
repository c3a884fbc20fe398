#include "admin_reports.h"

#include <boost/json.hpp>

#include "admin_api.h"
#include "dosigate/base/clock.h"
#include "dosigate/dicom/status.h"
#include "status.h"
#include "study_completion.h"
#include "utc_day.h"

// The ledger by days and by study: pseudonyms and counts only, for whoever may ask for the status.

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostDays = 366;
constexpr std::size_t kMostQueueRows = 10'000;
constexpr std::size_t kMostWithdrawals = 1'000;

struct Word {
  Outcome outcome;
  const char* text;
};
constexpr Word kOutcomes[] = {
    {Outcome::Duplicate, "duplicate"},     {Outcome::Delivered, "delivered"},
    {Outcome::Queued, "queued"},           {Outcome::Parked, "parked"},
    {Outcome::Quarantined, "quarantined"}, {Outcome::Dropped, "dropped"},
    {Outcome::Discarded, "discarded"}};

json::array json_of(const std::map<std::string, Ledger::DestinationTotals>& destinations) {
  json::array out;
  for (const auto& [name, totals] : destinations)
    out.emplace_back(json::object{{"name", name},
                                  {"assigned", totals.assigned},
                                  {"delivered", totals.delivered},
                                  {"queued", totals.queued},
                                  {"parked", totals.parked},
                                  {"withdrawn", totals.withdrawn}});
  return out;
}

json::object counts_of(const std::map<std::string, std::uint64_t>& counts) {
  json::object out;
  for (const auto& [name, count] : counts)
    if (!name.empty()) out[name] = count;
  return out;
}

json::object json_of(const Ledger::Day& day) {
  json::object out{{"day", day_text(day.day)}, {"received", day.received}, {"issued", day.issued}};
  json::object reasons;
  for (const auto& [outcome, text] : kOutcomes) {
    out[text] = day.count(outcome);
    if (const auto found = day.outcomes.find(outcome); found != day.outcomes.end())
      if (auto named = counts_of(found->second); !named.empty()) reasons[text] = std::move(named);
  }
  std::uint64_t refused = 0;
  for (const auto& [reason, count] : day.refused) refused += count;
  out["refused"] = refused;
  if (refused > 0) reasons["refused"] = counts_of(day.refused);
  out["reasons"] = std::move(reasons);
  out["destinations"] = json_of(day.destinations);
  json::array studies;
  for (const auto& study : day.studies)
    studies.emplace_back(json::object{
        {"study_uid", study.study_uid},
        {"pseudonym", study.pseudonym},
        {"received", study.received},
        {"arrival", json_of(Ledger::StudyArrival{study.study_uid, study.pseudonym,
                                                 study.last_arrival, study.completed})},
        {"destinations", json_of(study.destinations)}});
  out["studies"] = std::move(studies);
  json::array faults;
  for (const auto& fault : day.faults()) faults.emplace_back(fault);
  out["adds_up"] = faults.empty();
  out["faults"] = std::move(faults);
  return out;
}

json::array by_status(const std::map<std::uint16_t, std::uint64_t>& counts) {
  json::array out;
  for (const auto& [status, count] : counts)
    out.emplace_back(
        json::object{{"status", status}, {"text", status_text(status)}, {"count", count}});
  return out;
}

json::array legal_of(const Ledger& ledger, const std::string& destination,
                     const Ledger::Proof::AtDestination& at) {
  json::array out;
  if (at.delivered == 0) return out;
  for (const auto& held : ledger.legal_during(destination, at.first, at.last))
    out.emplace_back(json::object{{"since", held.since},
                                  {"purpose", held.purpose},
                                  {"legal_basis", held.legal_basis},
                                  {"operator", held.operator_name},
                                  {"country", held.country}});
  return out;
}

json::array withdrawals_of(const Ledger& ledger, const std::string& uid) {
  json::array out;
  for (const auto& order : ledger.withdrawals(uid, kMostWithdrawals))
    out.emplace_back(json_of(order));
  return out;
}

json::array series_of(const StudyCounts& counts) {
  json::array out;
  for (const auto& series : counts.series) {
    json::object row{{"series_uid", series.series_uid},
                     {"modality", series.modality},
                     {"received", series.received},
                     {"expected", nullptr}};
    if (series.expected) row["expected"] = *series.expected;
    out.emplace_back(std::move(row));
  }
  return out;
}

}  // namespace

json::value json_of(const Ledger::StudyArrival& arrival) {
  if (arrival.last_arrival == 0) return nullptr;
  return json::object{{"last", arrival.last_arrival},
                      {"completed", arrival.completed},
                      {"complete", arrival.completed > 0}};
}

json::object json_of(const Ledger::Arrivals& arrivals) {
  return {{"arriving", arrivals.arriving}, {"complete_today", arrivals.complete_today}};
}

void add_arrivals(json::object& report, const Ledger& ledger) {
  auto* studies = report.if_contains("studies");
  if (studies == nullptr || !studies->is_array()) return;
  for (auto& study : studies->get_array()) {
    const auto& uid = study.at("study_uid").as_string();
    const auto arrival = ledger.arrival_of(std::string_view(uid.data(), uid.size()));
    study.as_object()["arrival"] = arrival ? json_of(*arrival) : json::value(nullptr);
  }
}

ApiResponse AdminApi::report(const ApiRequest& request) const {
  const std::int64_t now = to_unix(wall_now());
  std::int64_t from = now / kSecondsPerDay, to = from;
  for (const auto& [key, value] : request.query) {
    if (key != "from" && key != "to") continue;
    const auto day = parse_day(value);
    if (!day) return problem(fail(Fault::Invalid, "from and to are days of UTC, as in 2026-11-28"));
    (key == "from" ? from : to) = *day;
  }
  if (to < from || to - from >= kMostDays)
    return problem(
        fail(Fault::Invalid, "a report covers 1 to 366 days, from the first to the last"));

  std::map<std::int64_t, Ledger::Day> days;
  for (std::int64_t day = from; day <= to; ++day) days[day].day = day;
  for (auto& day : node_.stores_.ledger->days(from, to)) days[day.day] = std::move(day);
  // Who keeps the report can show with it later that nothing was taken from the end of the record.
  const AuditHead head = node_.stores_.audit->head();
  bool adds_up = true;
  json::array rows;
  for (const auto& [number, day] : days) {
    rows.emplace_back(json_of(day));
    adds_up = adds_up && day.faults().empty();
  }
  return {200, json::object{{"from", day_text(from)},
                            {"to", day_text(to)},
                            {"time_zone", "UTC"},
                            {"made", now},
                            {"adds_up", adds_up},
                            {"audit_head", head.number == 0 ? "" : text_of(head)},
                            {"days", std::move(rows)}}};
}

ApiResponse AdminApi::proof(const std::string& uid) const {
  const Ledger& ledger = *node_.stores_.ledger;
  const auto found = ledger.proof(uid);
  // The UID is not repeated: somebody may have typed the original one.
  if (!found) return problem(fail(Fault::NotFound, "not the UID that this node gave to a study"));

  std::map<std::string, std::map<std::string, std::uint64_t>> reasons;
  bool parked = false;
  for (const auto& [name, at] : found->destinations) parked = parked || at.parked > 0;
  if (parked) {
    for (const auto& row : node_.stores_.spool->list(kMostQueueRows))
      if (row.study_uid == uid && row.state == DeliveryState::Parked)
        ++reasons[row.destination][row.reason];
  }
  json::array destinations;
  for (const auto& [name, at] : found->destinations) {
    destinations.emplace_back(json::object{{"name", name},
                                           {"delivered", at.delivered},
                                           {"queued", at.queued},
                                           {"parked", at.parked},
                                           {"withdrawn", at.withdrawn},
                                           {"first", at.first},
                                           {"last", at.last},
                                           {"acknowledged", by_status(at.acknowledged)},
                                           {"status_unknown", at.status_unknown},
                                           {"parked_with", by_status(at.parked_with)},
                                           {"parked_reasons", counts_of(reasons[name])},
                                           {"legal", legal_of(ledger, name, at)}});
  }
  const StudyCounts counts = study_counts(ledger, uid);
  json::object out{{"study_uid", uid},
                   {"pseudonym", found->arrival.pseudonym},
                   {"made", to_unix(wall_now())},
                   {"forgotten", found->forgotten},
                   {"arrival", json_of(found->arrival)},
                   {"received", found->received},
                   {"duplicate", found->duplicate},
                   {"notes", found->notes},
                   {"folded", found->folded},
                   {"first_day", nullptr},
                   {"last_day", nullptr},
                   {"objects", counts.instances},
                   {"series", series_of(counts)},
                   {"expected", nullptr},
                   {"profile", nullptr},
                   {"destinations", std::move(destinations)},
                   {"withdrawals", withdrawals_of(ledger, uid)}};
  if (found->first_day != 0) {
    out["first_day"] = day_text(found->first_day);
    out["last_day"] = day_text(found->last_day);
  }
  if (counts.expected) out["expected"] = *counts.expected;
  return {200, std::move(out)};
}

}  // namespace dosigate
