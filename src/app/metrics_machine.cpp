// /metrics of what is around the pipeline: network, disk, conditions, HTTP and the process.

#include "metrics_families.h"
#include "process_facts.h"

namespace dosigate {
namespace {

double value(std::uint64_t count) { return static_cast<double>(count); }

}  // namespace

void add_network(MetricsText& out, const AssociationServer::Counters& server,
                 const Acceptor::Counters& door, std::uint64_t memory_budget,
                 unsigned most_associations) {
  const unsigned busy = server.idle + server.receiving;
  out.gauge("dosigate_associations", "Open associations with senders, by what they do.");
  out.sample(server.idle, {{"state", "idle"}});
  out.sample(server.receiving, {{"state", "receiving"}});
  out.sample(server.active > busy ? server.active - busy : 0, {{"state", "working"}});
  out.gauge("dosigate_associations_limit", "How many there may be at once.", most_associations);
  out.counter("dosigate_associations_accepted_total", "Associations accepted, since the start.",
              value(server.associations));
  out.counter("dosigate_associations_rejected_total", "Associations rejected, since the start.",
              value(server.rejected));
  out.counter("dosigate_associations_aborted_total",
              "Associations that did not end with a release, since the start.",
              value(server.aborted));
  out.counter("dosigate_associations_ended_total",
              "Associations ended by this node, by reason, since the start.");
  out.sample(value(server.sent_away_idle), {{"reason", "idle-for-another"}});
  out.sample(value(server.sent_away_stalled), {{"reason", "stalled-for-another"}});
  out.sample(value(server.sent_away_for_memory), {{"reason", "memory"}});
  out.sample(value(server.timed_out), {{"reason", "timed-out"}});
  out.sample(value(server.too_slow), {{"reason", "too-slow"}});
  out.counter("dosigate_echoes_total", "C-ECHO answered, since the start.", value(server.echoes));
  out.counter("dosigate_received_bytes_total", "Bytes of received data sets, since the start.",
              value(server.bytes));
  out.counter("dosigate_connections_total", "Connections by what became of them.");
  out.sample(value(door.accepted), {{"outcome", "accepted"}});
  out.sample(value(door.over_limit), {{"outcome", "over-limit"}});
  out.sample(value(door.timed_out), {{"outcome", "timed-out"}});
  out.sample(value(door.malformed), {{"outcome", "malformed"}});
  out.sample(value(door.unwelcome), {{"outcome", "unlisted-address"}});
  out.sample(value(door.failed), {{"outcome", "failed"}});
  out.gauge("dosigate_instance_memory_bytes", "Memory of instances on their way.",
            value(server.memory));
  out.gauge("dosigate_instance_memory_limit_bytes", "How much of it there may be.",
            value(memory_budget));
}

void add_disk(MetricsText& out, const DiskUse& disk, std::uint64_t min_free) {
  out.gauge("dosigate_disk_used_bytes", "Bytes of everything that this node keeps.",
            value(disk.used));
  out.gauge("dosigate_disk_free_bytes", "Bytes that are free where the state lies.",
            value(disk.free));
  out.gauge("dosigate_disk_min_free_bytes", "Below so many free bytes nothing new is taken.",
            value(min_free));
  out.gauge("dosigate_disk_left_seconds",
            "Time until then at the present rate; not there while nothing grows.");
  if (disk.hours_left) out.sample(*disk.hours_left * 3600);
  out.gauge("dosigate_spool_bytes", "Bytes of the queue's files.", value(disk.spool));
}

void add_conditions(MetricsText& out, const std::vector<Condition>& conditions) {
  out.gauge("dosigate_condition",
            "1 for each thing an operator should know, as `dosigate check` lists them.");
  std::uint64_t warnings = 0, critical = 0;
  for (const auto& condition : conditions) {
    const bool grave = condition.severity >= 2;
    ++(grave ? critical : warnings);
    out.sample(1, {{"name", condition.name},
                   {"of", condition.of},
                   {"severity", grave ? "critical" : "warning"}});
  }
  out.gauge("dosigate_conditions", "How many there are, by severity.");
  out.sample(value(warnings), {{"severity", "warning"}});
  out.sample(value(critical), {{"severity", "critical"}});
}

void add_http(MetricsText& out, const HttpRequests& requests) {
  const auto all = requests.all();
  out.counter("dosigate_http_requests_total",
              "HTTP requests since the start, by endpoint and status.");
  for (const auto& [endpoint, counted] : all)
    for (const auto& [status, count] : counted.by_status)
      out.sample(value(count), {{"endpoint", endpoint}, {"status", std::to_string(status)}});
  out.histogram("dosigate_http_request_duration_seconds", "Time until an endpoint has its answer.");
  for (const auto& [endpoint, counted] : all) out.sample(counted.time, {{"endpoint", endpoint}});
}

void add_process(MetricsText& out, WallTime started) {
  out.gauge("dosigate_build_info", "1, with the version as a label.");
  out.sample(1, {{"version", DOSIGATE_VERSION}});
  const auto facts = process_facts();
  // The names that every Prometheus client library gives these.
  out.counter("process_cpu_seconds_total", "User and system CPU time.", facts.cpu_seconds);
  out.gauge("process_start_time_seconds", "When the process started.",
            static_cast<double>(to_unix(started)));
  out.gauge("process_resident_memory_bytes", "Resident memory.", value(facts.resident_bytes));
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", value(facts.virtual_bytes));
  out.gauge("process_open_fds", "Open file descriptors.", value(facts.open_descriptors));
  out.gauge("process_max_fds", "How many there may be.", value(facts.most_descriptors));
  out.gauge("process_threads", "Threads.", value(facts.threads));
}

}  // namespace dosigate
