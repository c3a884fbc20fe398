#include <boost/json.hpp>

#include "admin_api.h"
#include "metrics_families.h"
#include "node_tls.h"

namespace dosigate {
namespace {

void add_expiry(MetricsText& out, const boost::json::value& state, std::string_view member,
                std::string_view label) {
  const auto* object = state.if_object();
  const auto* one = object == nullptr ? nullptr : object->if_contains(member);
  if (one == nullptr || !one->is_object()) return;
  out.sample(one->at("expires").to_number<double>(), {{"certificate", label}});
}

/// As `status` has them.
void add_certificates(MetricsText& out, const boost::json::value& tls,
                      const boost::json::value& http) {
  out.gauge("dosigate_certificate_expiry_timestamp_seconds",
            "When the certificate of a port (dicom, http) or the first of the CA expires.");
  add_expiry(out, tls, "certificate", "dicom");
  add_expiry(out, tls, "ca", "ca");
  add_expiry(out, http, "certificate", "http");
}

void add_map(MetricsText& out, PseudonymMap& map) {
  const auto totals = map.totals();
  out.gauge("dosigate_map_patients", "Patients in the map.", static_cast<double>(totals.patients));
  out.gauge("dosigate_map_studies", "Studies in the map.", static_cast<double>(totals.studies));
  out.gauge("dosigate_map_devices", "Cameras in the map.", static_cast<double>(totals.devices));
  out.gauge("dosigate_map_uid_pairs", "Pairs of an original UID and ours in the map.",
            static_cast<double>(totals.uid_pairs));
  out.gauge("dosigate_map_alarms", "Pairs of patients that seem to be one person.",
            static_cast<double>(map.alarms()));
}

void add_incidents(MetricsText& out, const std::vector<Incident>& all) {
  std::map<std::string, std::uint64_t> open, times;
  for (const auto kind : {IncidentKind::RefusedPeer, IncidentKind::LeakHit, IncidentKind::MapRead,
                          IncidentKind::Integrity})
    open[std::string(incident_word(kind))] = times[std::string(incident_word(kind))] = 0;
  for (const auto& incident : all) {
    const std::string kind(incident_word(incident.kind));
    if (incident.open) ++open[kind];
    times[kind] += incident.count;
  }
  out.gauge("dosigate_incidents_open", "Incidents that wait for a person, by kind.");
  out.samples("kind", open);
  out.counter("dosigate_incident_events_total",
              "How often something happened that counts as an incident, by kind.");
  out.samples("kind", times);
}

}  // namespace

ApiResponse AdminApi::metrics() const {
  node_.count_refusals();
  const auto& stores = node_.stores_;
  const auto& config = node_.config_;
  MetricsText out;
  out.gauge("dosigate_ready", "1 while new instances can be taken, as /health/ready says it.",
            not_ready().empty() ? 1 : 0);
  out.gauge("dosigate_draining", "1 while nothing new is taken by an operator's word.",
            node_.drain_.on() ? 1 : 0);
  add_instances(out, *stores.ledger);
  add_stages(out, *node_.server_, node_.ingest_);
  add_destinations(out, {node_.forwarders_.with([](const auto& all) { return all; }),
                         stores.spool->destinations(), stores.ledger->by_destination()});
  const auto held = node_.quarantine_.totals();
  out.gauge("dosigate_quarantine_instances", "Held originals on the disk.",
            static_cast<double>(held.count));
  out.gauge("dosigate_quarantine_bytes", "Their bytes.", static_cast<double>(held.bytes));
  out.gauge("dosigate_quarantine_limit_bytes", "Above so many bytes nothing more is held.",
            static_cast<double>(config.node.quarantine_cap_bytes));
  out.gauge("dosigate_quarantine_oldest_timestamp_seconds",
            "Since when the oldest is held; 0: nothing is.", static_cast<double>(held.oldest_unix));
  add_map(out, *stores.map);
  add_network(out, node_.server_->counters(), node_.acceptor_->counters(),
              config.node.memory_budget_bytes, config.network.max_associations);
  add_disk(out, node_.disk(), config.node.min_free_bytes);
  add_certificates(out, node_.tls_->state({}), http_state());
  add_incidents(out, stores.incidents->list());
  out.counter("dosigate_audit_records_total", "Lines of the audit record.",
              static_cast<double>(stores.audit->head().number));
  out.counter("dosigate_access_denied_total",
              "Requests denied for want of a right, since the start.",
              static_cast<double>(denied_.load()));
  add_conditions(out, node_.conditions());
  add_http(out, served_);
  add_process(out, node_.started_);

  ApiResponse response;
  response.content_type = MetricsText::kContentType;
  response.text = std::move(out).done();
  return response;
}

}  // namespace dosigate
