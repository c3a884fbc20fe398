#include "admin_api.h"

#include <algorithm>
#include <boost/json.hpp>

#include "admin_fields.h"
#include "admin_lists.h"
#include "admin_reports.h"
#include "destination_status.h"
#include "dosigate/dosimetry/report.h"
#include "node_tls.h"
#include "patient_facts.h"
#include "status.h"
#include "verifications.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRows = 1000;
constexpr unsigned kMostToleranceMinutes = 720;
constexpr long long kNewFor = 7LL * 24 * 3600;  ///< seconds that a private creator counts as new

/// Decimal digits up to `most`.
std::optional<unsigned> whole_number(const std::string& text, unsigned most) {
  const bool digits =
      !text.empty() && text.size() < 7 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoul(text) > most) return std::nullopt;
  return static_cast<unsigned>(std::stoul(text));
}

/// What Deidentifier::clean lets a Decision accept.
bool is_waived_by_a_look(HoldReason reason) {
  return reason == HoldReason::SecondaryCapture || reason == HoldReason::BurnedIn ||
         reason == HoldReason::Ultrasound || reason == HoldReason::Recording;
}

/// What is queued waits for its destination when that is not asked at the moment: why that is, and
/// no time.
void add_destination(json::object& row, const ArchiveForwarder* forwarder) {
  std::string why;
  if (forwarder == nullptr) {
    why = "its destination is not configured";
  } else if (const auto state = forwarder->state();
             state.state == "paused" || state.state == "waiting") {
    why = state.state_text;
  } else if (state.state == "down") {
    const auto& own = row.at("reason").as_string();  // of one that was tried
    why = own.empty() ? "the destination is down: " + state.last_error : std::string(own);
  } else {
    return;
  }
  row["reason"] = why;
  row["next_attempt_s"] = nullptr;
}

json::object counts_of(const std::map<std::string, std::uint64_t>& counts) {
  json::object out;
  for (const auto& [name, count] : counts) out[name] = count;
  return out;
}

}  // namespace

ApiResponse AdminApi::status() const {
  node_.count_refusals();
  const auto routing = node_.ingest_.routing();
  const auto counters = node_.server_->counters();
  const auto& ledger = *node_.stores_.ledger;

  json::array listeners;
  for (const auto& endpoint : node_.acceptor_->endpoints()) listeners.emplace_back(endpoint);

  const auto held = node_.quarantine_.totals();

  json::array new_creators;
  for (const auto& fresh : node_.stores_.map->new_creators(to_unix(wall_now()) - kNewFor))
    new_creators.emplace_back(json::object{
        {"site", fresh.site_code}, {"label", fresh.label}, {"creators", fresh.creators}});

  json::array refused_peers;
  for (const auto& peer : node_.refused_peers_.list()) refused_peers.emplace_back(json_of(peer));
  json::array warnings;
  for (const auto& warning : routing->config().warnings) warnings.emplace_back(warning);
  json::array profiles;
  for (const auto& route : routing->config().routes) {
    const Profile& profile = routing->profile(route.name);
    profiles.emplace_back(json::object{{"route", route.name},
                                       {"name", profile.name()},
                                       {"version", profile.version()},
                                       {"digest", profile.digest()}});
  }
  const auto rules = node_.ingest_.counts();
  const auto map = node_.stores_.map->totals();
  const auto& recovered = node_.stores_.spool->recovered();

  return {200, json::object{{"version", DOSIGATE_VERSION},
                            {"node",
                             {{"ae_title", node_.config_.node.ae_title},
                              {"started", to_unix(node_.started_)},
                              {"uptime_s", to_unix(wall_now()) - to_unix(node_.started_)},
                              {"listeners", std::move(listeners)}}},
                            {"associations",
                             {{"active", counters.active},
                              {"max", node_.config_.network.max_associations},
                              {"total", counters.associations},
                              {"rejected", counters.rejected},
                              {"aborted", counters.aborted},
                              {"echoes", counters.echoes},
                              {"instances", counters.instances},
                              {"bytes", counters.bytes}}},
                            {"network", network_state()},
                            {"http", http_state()},
                            {"tls", node_.tls_->state(node_.acceptor_->tls_endpoints())},
                            {"drain", drain_state()},
                            {"conditions", conditions()},
                            {"totals", json_of(ledger.totals())},
                            {"withdrawals", {{"open", ledger.withdrawals_open()}}},
                            {"studies", json_of(ledger.arrivals())},
                            {"destinations", destinations_state()},
                            {"quarantine",
                             {{"count", held.count},
                              {"bytes", held.bytes},
                              {"oldest_s", age_s(held.oldest_unix)},
                              {"reasons", counts_of(ledger.reasons(Outcome::Quarantined))}}},
                            {"dropped", counts_of(ledger.reasons(Outcome::Dropped))},
                            {"refusals", counts_of(ledger.refusals())},
                            {"refused_peers", std::move(refused_peers)},
                            {"map",
                             {{"patients", map.patients},
                              {"studies", map.studies},
                              {"devices", map.devices},
                              {"uid_pairs", map.uid_pairs},
                              {"alarms", node_.stores_.map->alarms()}}},
                            {"profiles", std::move(profiles)},
                            {"deidentified",
                             {{"instances", rules.cleaned},
                              {"values_emptied", rules.values_emptied},
                              {"type_blind", rules.type_blind}}},
                            {"new_creators", std::move(new_creators)},
                            {"disk", json_of(node_.disk())},
                            {"audit", audit_state()},
                            {"incidents", incident_state()},
                            {"journal", {{"configured", !node_.config_.node.journal_dir.empty()}}},
                            {"access", access_state()},
                            {"recovered",
                             {{"taken_in", recovered.taken_in},
                              {"removed_incomplete", recovered.removed_incomplete},
                              {"finished", recovered.finished},
                              {"rows_without_file", recovered.rows_without_file},
                              {"damaged", recovered.damaged},
                              {"lost", recovered.lost}}},
                            {"warnings", std::move(warnings)}}};
}

ApiResponse AdminApi::check() const {
  int worst = 0;
  json::array lines;
  for (const auto& condition : node_.conditions()) {
    worst = std::max(worst, condition.severity);
    lines.emplace_back(condition.name + (condition.of.empty() ? "" : " " + condition.of) + ": " +
                       condition.text);
  }
  const auto routing = node_.ingest_.routing();
  for (const auto& warning : routing->config().warnings) {
    worst = std::max(worst, 1);
    lines.emplace_back(warning);
  }
  return {200, json::object{{"state", worst}, {"lines", std::move(lines)}}};
}

ApiResponse AdminApi::queue(const ApiRequest& request) const {
  const auto page = Page::of(request, kMostRows);
  if (!page) return problem(page.error());
  struct Placed {
    std::string cursor;
    ArchiveSpool::Row row;
  };
  std::vector<Placed> rows;
  for (auto& row : node_.stores_.spool->list(kAllRows)) {
    std::string cursor = sortable(row.queued_unix) + "-" + to_hex(row.id) + "-" + row.destination;
    rows.push_back({std::move(cursor), std::move(row)});
  }
  std::ranges::sort(rows, {}, &Placed::cursor);
  const auto forwarders = node_.forwarders_.with([](const auto& all) { return all; });
  return {200, paged(
                   *page, rows, [](const Placed& one) { return one.cursor; },
                   [&](const Placed& one) {
                     json::object row = json_of(one.row);
                     const auto to = forwarders.find(one.row.destination);
                     if (one.row.state == DeliveryState::Queued)
                       add_destination(row, to == forwarders.end() ? nullptr : to->second.get());
                     return row;
                   })};
}

ApiResponse AdminApi::quarantine(const ApiRequest& request) const {
  const auto page = Page::of(request, kAllRows);
  if (!page) return problem(page.error());
  auto held = node_.quarantine_.list();
  std::ranges::sort(held, {}, cursor_of);
  return {200, paged(*page, held, cursor_of,
                     [](const Quarantine::Entry& entry) { return json_of(entry); })};
}

ApiResponse AdminApi::held(const InstanceId& id) const {
  const auto entry = node_.quarantine_.find(id);
  if (!entry) return problem(entry.error());
  return {200, json_of(*entry)};
}

ApiResponse AdminApi::discard(const ApiRequest& request, const InstanceId& id) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  node_.stores_.audit->record("quarantine.discard", request.actor,
                              {{"id", to_hex(id)}, {"reason", reason}});
  if (auto gone = node_.ingest_.discard(id, "discarded by an operator"); !gone)
    return problem(gone.error());
  return {200, json::object{{"outcome", "discarded"}}};
}

ApiResponse AdminApi::release(const ApiRequest& request, const InstanceId& id) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  Decision decision;
  std::string accepted;
  if (const auto* body = request.body.if_object()) {
    if (const auto* list = body->if_contains("accept")) {
      const auto* words = list->if_array();
      if (words == nullptr) return problem(fail(Fault::Invalid, "\"accept\" is a list of reasons"));
      for (const auto& word : *words) {
        const auto parsed =
            word.is_string() ? parse_hold_reason(std::string(word.get_string())) : std::nullopt;
        if (!parsed)
          return problem(
              fail(Fault::Invalid, "\"accept\" names an unknown reason: see `quarantine list`"));
        if (!is_waived_by_a_look(*parsed))
          return problem(fail(Fault::Invalid,
                              std::string(hold_reason_text(*parsed)) +
                                  " cannot be waived: only secondary-capture, burned-in, "
                                  "ultrasound and recording can, by a look at the pixels. End "
                                  "what it is held for (`quarantine show ID`), then release it "
                                  "without accepting anything"));
        decision.accepted.insert(*parsed);
        accepted += (accepted.empty() ? "" : " ") + std::string(hold_reason_text(*parsed));
      }
    }
  }
  node_.stores_.audit->record("quarantine.release", request.actor,
                              {{"id", to_hex(id)}, {"reason", reason}, {"accepted", accepted}});
  const auto released = node_.ingest_.release(id, decision);
  if (!released) return problem(released.error());
  return {200, json::object{{"outcome", released->outcome}, {"detail", released->detail}}};
}

/// By the patient's pseudonym or a study UID of ours; what it shows is what the archive got too, so
/// it is not recorded.
ApiResponse AdminApi::study(const ApiRequest& request, const std::string& name) const {
  auto tolerance = kInjectionTolerance;
  for (const auto& [key, value] : request.query) {
    if (key != "tolerance_min") continue;
    const auto minutes = whole_number(value, kMostToleranceMinutes);
    if (!minutes)
      return problem(fail(Fault::Invalid, "tolerance_min is a number of minutes up to " +
                                              std::to_string(kMostToleranceMinutes)));
    tolerance = std::chrono::minutes(*minutes);
  }
  const Ledger& ledger = *node_.stores_.ledger;
  const bool by_pseudonym = is_pseudonym(name);
  const std::string pseudonym = by_pseudonym ? name : ledger.pseudonym_of(name);
  const PatientFacts patient = patient_facts(ledger, pseudonym);
  if (patient.studies.empty())
    return problem(fail(Fault::NotFound,
                        by_pseudonym ? "no study of this pseudonym was received here"
                                     : "neither a pseudonym of ours (check the last character) nor "
                                       "the UID that this node gave to a study"));
  auto report = patient_report(patient, tolerance, by_pseudonym ? "" : name);
  add_arrivals(report, ledger);
  return {200, std::move(report)};
}

ApiResponse AdminApi::lookup(const ApiRequest& request) {
  const Phi patient_id(text_of(request.body, "patient_id"));
  const auto reason = text_of(request.body, "reason");
  if (patient_id.empty()) return missing("patient_id");
  if (reason.empty()) return missing("reason");
  const auto found = node_.stores_.map->lookup(patient_id);
  std::string pseudonyms;
  json::array rows;
  for (const auto& patient : found) {
    pseudonyms += (pseudonyms.empty() ? "" : " ") + patient.pseudonym;
    json::array studies;
    for (const auto& uid : patient.study_uids) studies.emplace_back(uid);
    rows.emplace_back(json::object{{"pseudonym", patient.pseudonym},
                                   {"site", patient.site_code},
                                   {"first_seen", patient.first_seen},
                                   {"study_uids", std::move(studies)}});
  }
  // Recorded before it is answered: nobody learns a link that the log does not know of.
  node_.stores_.audit->record("map.lookup", request.actor,
                              {{"reason", reason}, {"found", pseudonyms}});
  return {200, json::object{{"found", std::move(rows)}}};
}

ApiResponse AdminApi::devices(const ApiRequest& request) {
  // Serial number and station name of a camera lead into the hospital's own books: whoever saw
  // them is on record.
  node_.stores_.audit->record("devices.list", request.actor, {});
  if (auto written = node_.stores_.map->write_removed_creators(); !written)
    return problem(written.error());
  json::array items;
  for (const auto& device : node_.stores_.map->devices()) items.emplace_back(json_of(device));
  return {200, json::object{{"items", std::move(items)}}};
}

ApiResponse AdminApi::reveal(const ApiRequest& request) {
  const auto pseudonym = text_of(request.body, "pseudonym");
  const auto reason = text_of(request.body, "reason");
  if (pseudonym.empty()) return missing("pseudonym");
  if (reason.empty()) return missing("reason");
  if (!is_pseudonym(pseudonym))
    return problem(fail(Fault::Invalid, "not a pseudonym of ours: check the last character"));
  node_.stores_.audit->record("map.reveal", request.actor,
                              {{"reason", reason}, {"pseudonym", pseudonym}});
  const auto person = node_.stores_.map->reveal(pseudonym);
  if (!person) return problem(person.error());
  return {200, json::object{{"patient_id", person->patient_id.reveal()},
                            {"issuer", person->issuer.reveal()},
                            {"name", person->name.reveal()},
                            {"birth_date", person->birth_date.reveal()},
                            {"sex", person->sex.reveal()}}};
}

ApiResponse AdminApi::reload() {
  if (auto reloaded = node_.reload(); !reloaded) return problem(reloaded.error());
  return {200, json::object{{"ok", true}}};
}

}  // namespace dosigate
