#pragma once

#include "dosigate/base/log_text.h"
#include "dosigate/receive/association_server.h"
#include "memory_budget.h"
#include "places.h"

namespace dosigate {

/// What the worker threads of one AssociationServer share.
struct ServerState {
  ServerState(AssociationServer::Settings chosen, AssociationServer::Handle handler,
              AssociationServer::OnRefused refused_handler,
              AssociationServer::OnEventReport report_handler,
              AssociationServer::Begin begin_function)
      : settings(std::move(chosen)),
        handle(std::move(handler)),
        on_refused(std::move(refused_handler)),
        on_event_report(std::move(report_handler)),
        begin(std::move(begin_function)),
        memory(settings.memory_budget_bytes),
        places({settings.max_associations, settings.max_associations_per_address}) {}

  /// Tells whoever keeps the ledger. What that function throws is logged and ends here.
  void refused(const Origin& origin, const std::string& reason) noexcept;

  const AssociationServer::Settings settings;
  const AssociationServer::Handle handle;
  const AssociationServer::OnRefused on_refused;
  const AssociationServer::OnEventReport on_event_report;
  const AssociationServer::Begin begin;
  MemoryBudget memory;
  Places places;
  AssociationServer::Durations durations;
  LogBudget quiet_lines{100, 5};  ///< for associations that brought nothing: anybody can make them
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> associations{0}, rejected{0}, aborted{0}, echoes{0}, instances{0},
      bytes{0}, too_slow{0}, timed_out{0}, without_context{0};
};

}  // namespace dosigate
