#pragma once

#include <memory>
#include <shared_mutex>
#include <string>

#include "dosigate/app/routing.h"
#include "dosigate/base/guarded.h"
#include "dosigate/quarantine/quarantine.h"
#include "dosigate/receive/association_server.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// The sentence "receive, de-identify, spool", and the only place where a verdict becomes custody:
/// each instance ends in exactly one of queued, duplicate, quarantined, dropped (all acknowledged,
/// all in the ledger) or refused. Thread: `accept` and `release` from any; `use` replaces the
/// routing for what comes afterwards.
class Ingest {
 public:
  Ingest(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger, Quarantine& quarantine);

  void use(std::shared_ptr<const Routing> routing);
  std::shared_ptr<const Routing> routing() const;

  /// Success only when the node has durable custody of the instance, or has counted that nobody
  /// wants it.
  AssociationServer::Answer accept(const ReceivedInstance& received) noexcept;

  /// While it is held no instance is between its look at the map and its place in the queue.
  std::unique_lock<std::shared_mutex> still() const {
    return std::unique_lock<std::shared_mutex>(in_flight_);
  }

  /// What the rules met since the start.
  struct Counts {
    std::uint64_t cleaned = 0;
    std::uint64_t values_emptied = 0;  ///< dates, times, ages and numbers that were none
    std::uint64_t type_blind = 0;      ///< compound codes decided without the attribute's Type
  };
  Counts counts() const {
    return counts_.with([](const Counts& all) { return all; });
  }

  /// A person's decision about a quarantined instance: de-identification runs again under present
  /// rules. Never forwards an original.
  struct Released {
    std::string outcome;  ///< "queued", "duplicate", "dropped", "held"
    std::string detail;
  };
  /// @param as_revision  a revision of a known instance gets UIDs of its own and is queued, and the
  ///                     version before it is withdrawn; otherwise it stays held.
  Result<Released> release(const InstanceId& id, const Decision& decision,
                           bool as_revision = false);
  /// The original is removed; the ledger remembers that it was.
  Result<void> discard(const InstanceId& id, const std::string& reason);

 private:
  AssociationServer::Answer keep(const ReceivedInstance& received, const Config::Route& route,
                                 const Held& held);
  AssociationServer::Answer refuse(Fault fault, const std::string& detail, const Origin& origin);
  /// Revision when the instance is known with another fingerprint.
  Result<ArchiveSpool::Put> spool(const InstanceId& id, const Cleaned& cleaned,
                                  const Config::Route& route);

  PseudonymMap& map_;
  ArchiveSpool& spool_;
  Ledger& ledger_;
  Quarantine& quarantine_;
  Guarded<std::shared_ptr<const Routing>> routing_;
  Guarded<Counts> counts_;
  mutable std::shared_mutex in_flight_;  ///< shared by accept and release
};

/// The word of a fault in counters and logs: "not-dicom", "busy", ...
std::string_view fault_word(Fault fault);

}  // namespace dosigate
