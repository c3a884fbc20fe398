#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/object.hpp>

#include "dosigate/app/config.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/guarded.h"
#include "dosigate/forward/verifier.h"
#include "dosigate/receive/association_server.h"

namespace dosigate {

/// What operators have verified: one order at a time, in a thread of its own, so that the API goes
/// on answering; and the reports on storage commitment that archives send for it. Results are kept
/// in memory, the counts in the audit log (`verify`, a line for each destination).
/// Thread: construct in the thread that starts the node, before others; the rest from any.
class Verifications {
 public:
  struct Order {
    Verifier::Order what;
    std::string scope;  ///< "study 2.25.1", "day 2026-01-31", "since 2026-01-31", "everything"
    std::string actor;
  };
  struct State {
    std::string id;  ///< 32 hexadecimal digits
    std::string scope;
    bool running = true;
    WallTime began{}, ended{};
    std::vector<Verifier::Outcome> outcomes{};
    std::string broken{};  ///< why there are no outcomes; empty when there are
  };
  /// The last one of a destination since the start.
  struct Last {
    std::string scope, by, problem;
    WallTime when{};
    std::uint64_t delivered = 0, found = 0, missing = 0, rejected = 0, unasked = 0;
    bool complete = false;
  };

  Verifications(const Ledger& ledger, AuditLog& audit);
  ~Verifications();
  /// Begins the end without waiting for it.
  void request_stop();

  /// Its id. Busy while another one is running.
  Result<std::string> begin(Order order);
  /// The sixteen last ones are kept.
  std::optional<State> find(const std::string& id) const;
  std::map<std::string, Last> last() const;

  /// Whether an association may report on storage commitment: it is a DICOM destination's AE title,
  /// and its address is that of the configuration, or where the destination was reached when it was
  /// asked last. Never waits: a host name is not looked up.
  bool may_report(const Config& config, const Origin& origin) const;
  AssociationServer::Answer report(const AssociationServer::EventReport& event);

 private:
  void run(const std::stop_token& stop, const Order& order, const std::string& id) noexcept;
  void keep(const Order& order, const std::string& id, std::vector<Verifier::Outcome> outcomes,
            const std::string& broken);

  AuditLog& audit_;
  CommitmentDesk desk_;
  Verifier verifier_;
  struct Book {
    std::deque<State> states;
    std::map<std::string, Last> last;
    bool running = false;
  };
  Guarded<Book> book_;
  std::mutex beginning_;
  std::jthread thread_;
};

/// As the status shows it.
boost::json::object json_of(const Verifications::Last& last);

/// The counts of an outcome.
Verifications::Last summed_up(const Verifier::Outcome& outcome, const std::string& scope);

}  // namespace dosigate
