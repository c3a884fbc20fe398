#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/app/node.h"
#include "http_requests.h"
#include "metrics_text.h"

namespace dosigate {

// What /metrics tells, by what it is about (docs/metrics.md). Nothing of a patient, a study or a
// peer is a label: destinations, routes' rules, reasons and endpoints are, and they are few.

void add_instances(MetricsText& out, const Ledger& ledger);
void add_stages(MetricsText& out, const AssociationServer& server, const Ingest& ingest);

struct DestinationsNow {
  std::map<std::string, std::shared_ptr<ArchiveForwarder>> forwarders;
  std::map<std::string, ArchiveSpool::DestinationState> queues;
  std::map<std::string, Ledger::DestinationTotals> books;
};
void add_destinations(MetricsText& out, const DestinationsNow& now);

void add_network(MetricsText& out, const AssociationServer::Counters& server,
                 const Acceptor::Counters& door, std::uint64_t memory_budget,
                 unsigned most_associations);
void add_disk(MetricsText& out, const DiskUse& disk, std::uint64_t min_free);
void add_conditions(MetricsText& out, const std::vector<Condition>& conditions);
void add_http(MetricsText& out, const HttpRequests& requests);
void add_process(MetricsText& out, WallTime started);

}  // namespace dosigate
