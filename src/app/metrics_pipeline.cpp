// /metrics of the pipeline: instances, stages, destinations.

#include "metrics_families.h"

namespace dosigate {
namespace {

double value(std::uint64_t count) { return static_cast<double>(count); }

void add_queue(MetricsText& out, const DestinationsNow& now) {
  out.gauge("dosigate_destination_queued_instances",
            "Instances in the queue of a destination, parked ones aside.");
  for (const auto& [name, queue] : now.queues)
    out.sample(value(queue.queued), {{"destination", name}});
  out.gauge("dosigate_destination_parked_instances",
            "Instances that a person has to look at before they are sent again.");
  for (const auto& [name, queue] : now.queues)
    out.sample(value(queue.parked), {{"destination", name}});
  out.gauge("dosigate_destination_queue_bytes", "Bytes of what is queued or parked.");
  for (const auto& [name, queue] : now.queues)
    out.sample(value(queue.bytes), {{"destination", name}});
  out.gauge("dosigate_destination_oldest_queued_seconds",
            "How long the oldest queued instance has waited; 0: nothing waits.");
  const long long moment = to_unix(wall_now());
  for (const auto& [name, queue] : now.queues) {
    const auto since = static_cast<long long>(queue.oldest_queued_unix);
    const long long age = since == 0 || since > moment ? 0 : moment - since;
    out.sample(static_cast<double>(age), {{"destination", name}});
  }
}

void add_state(MetricsText& out, const DestinationsNow& now) {
  const auto each = [&](const auto& of) {
    for (const auto& [name, forwarder] : now.forwarders)
      out.sample(of(forwarder->state()), {{"destination", name}});
  };
  using State = ArchiveForwarder::State;
  out.gauge("dosigate_destination_up",
            "0 while the latest attempt to reach a destination has failed.");
  each([](const State& state) { return state.state == "down" ? 0.0 : 1.0; });
  out.gauge("dosigate_destination_paused", "1 while an operator has paused a destination.");
  each([](const State& state) { return state.state == "paused" ? 1.0 : 0.0; });
  out.gauge("dosigate_destination_waiting",
            "1 while a destination is closed by its hours of the day.");
  each([](const State& state) { return state.state == "waiting" ? 1.0 : 0.0; });
  out.gauge("dosigate_destination_last_success_timestamp_seconds",
            "When something was last delivered since the start; 0: nothing was.");
  each([](const State& state) { return static_cast<double>(state.last_success_unix); });
  out.gauge("dosigate_destination_associations", "Open associations to a destination.");
  each([](const State& state) { return static_cast<double>(state.associations); });
  out.counter("dosigate_destination_sent_bytes_total",
              "Bytes of data sets as they were sent, since the start.");
  each([](const State& state) { return value(state.bytes); });
  out.counter("dosigate_destination_saved_bytes_total",
              "Bytes that compression has saved, since the start.");
  each([](const State& state) { return value(state.bytes_saved); });
}

}  // namespace

void add_instances(MetricsText& out, const Ledger& ledger) {
  const auto totals = ledger.totals();
  out.counter("dosigate_instances_received_total", "Instances acknowledged to their senders.",
              value(totals.received));
  out.counter("dosigate_instances_issued_total", "Rejection notes that this node made itself.",
              value(totals.issued));
  out.counter("dosigate_instances_delivered_total",
              "Instances delivered to every destination they were meant for.",
              value(totals.delivered));
  out.counter("dosigate_instances_duplicate_total",
              "Instances that were in the queue already when they came.", value(totals.duplicate));
  out.counter("dosigate_instances_discarded_total",
              "Held originals that an operator has discarded.", value(totals.discarded));
  out.counter("dosigate_instances_dropped_total",
              "Instances that nobody wants, acknowledged and not kept, by rule.");
  out.samples("rule", ledger.reasons(Outcome::Dropped));
  out.counter("dosigate_instances_refused_total",
              "Instances and associations that were refused, by reason.");
  out.samples("reason", ledger.refusals());
  out.gauge("dosigate_instances",
            "What has become of all that was received and issued; the outcomes add up.");
  for (const auto& [outcome, count] :
       std::map<std::string_view, std::uint64_t>{{"duplicate", totals.duplicate},
                                                 {"delivered", totals.delivered},
                                                 {"queued", totals.queued},
                                                 {"parked", totals.parked},
                                                 {"quarantined", totals.quarantined},
                                                 {"dropped", totals.dropped},
                                                 {"discarded", totals.discarded}})
    out.sample(value(count), {{"outcome", outcome}});
  out.gauge("dosigate_held_instances", "Originals that wait for a decision, by reason.");
  out.samples("reason", ledger.reasons(Outcome::Quarantined));
  const auto arrivals = ledger.arrivals();
  out.gauge("dosigate_studies_arriving", "Studies into which instances still come.",
            value(arrivals.arriving));
  out.gauge("dosigate_withdrawals_open",
            "Rejection notes that have not reached their destinations yet.",
            value(ledger.withdrawals_open()));
  out.gauge("dosigate_backup_last_success_timestamp_seconds",
            "When the last backup was made and read back; 0: never.",
            static_cast<double>(ledger.milestone("backup")));
}

void add_stages(MetricsText& out, const AssociationServer& server, const Ingest& ingest) {
  out.histogram("dosigate_stage_duration_seconds",
                "Time of one instance in a stage: receive (request to last byte), deidentify, put "
                "(durable in the spool), answer (last byte to response: what the sender waits "
                "for).");
  out.sample(server.durations().receive.read(), {{"stage", "receive"}});
  out.sample(ingest.durations().deidentify.read(), {{"stage", "deidentify"}});
  out.sample(ingest.durations().put.read(), {{"stage", "put"}});
  out.sample(server.durations().answer.read(), {{"stage", "answer"}});
  const auto rules = ingest.counts();
  out.counter("dosigate_deidentified_instances_total",
              "Instances that the rules have cleaned, since the start.", value(rules.cleaned));
  out.counter("dosigate_values_emptied_total",
              "Dates and numbers that were none and were emptied, since the start.",
              value(rules.values_emptied));
}

void add_destinations(MetricsText& out, const DestinationsNow& now) {
  add_state(out, now);
  add_queue(out, now);
  out.counter("dosigate_destination_delivered_total", "Instances delivered to a destination.");
  for (const auto& [name, book] : now.books)
    out.sample(value(book.delivered), {{"destination", name}});
  out.counter("dosigate_destination_withdrawn_total",
              "Instances that were withdrawn before they were sent.");
  for (const auto& [name, book] : now.books)
    out.sample(value(book.withdrawn), {{"destination", name}});
  out.histogram("dosigate_destination_send_duration_seconds",
                "Time of one delivered instance, from its first byte to the answer.");
  for (const auto& [name, forwarder] : now.forwarders)
    out.sample(forwarder->sending().read(), {{"destination", name}});
}

}  // namespace dosigate
