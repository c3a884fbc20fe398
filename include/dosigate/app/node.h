#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "dosigate/api/http.h"
#include "dosigate/app/clock_watch.h"
#include "dosigate/app/config.h"
#include "dosigate/app/corrections.h"
#include "dosigate/app/database_check.h"
#include "dosigate/app/disk_rate.h"
#include "dosigate/app/disk_watch.h"
#include "dosigate/app/drain.h"
#include "dosigate/app/incidents.h"
#include "dosigate/app/ingest.h"
#include "dosigate/app/refused_peers.h"
#include "dosigate/app/withdrawals.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/forward/forwarder.h"
#include "dosigate/net/acceptor.h"
#include "dosigate/receive/association_server.h"

namespace dosigate {

class AdminApi;
class Answers;
class Approvals;
class ArrivalAudit;
class HttpServer;
class KeyRotation;
class NodeTls;
class PeerRefusals;
class SyslogSender;
class Tokens;
class Verifications;

/// Something an operator should know, from the moment it holds until it no longer does.
struct Condition {
  int severity;      ///< as Nagios: 1 warning, 2 critical
  std::string name;  ///< "destination-down", "parked", "quarantine-not-empty", "disk-low",
                     ///< "disk-under-24h", "cannot-store", "draining", "clock-unsynchronised",
                     ///< "sync-failed", "database-damaged", "verify-missing", "pairs-not-moved",
                     ///< "backup-old", "map-gap", "withdrawal-not-told", "send-again",
                     ///< "key-rotation-unfinished", "recovery-not-verified", "network-crowded",
                     ///< "incident", "syslog-unreachable", "syslog-behind", "keys-not-locked",
                     ///< "tls-certificate-expires", "tls-certificate-expired", "tls-ca-expires",
                     ///< "tls-ca-expired", "token-expires", "tokens-damaged"
  std::string of;    ///< the destination, or empty
  std::string text;  ///< in words, without identity
};

/// What `status` shows of the disk.
struct DiskUse {
  std::uint64_t used = 0, free = 0, spool = 0, quarantine = 0;
  std::optional<std::uint64_t>
      bytes_per_hour;                ///< growth of `used`; nullopt until a minute was watched
  std::optional<double> hours_left;  ///< until the low-water mark; nullopt when it does not grow
};

/// The whole daemon: owns the stages in the order of the pipeline. Destruction runs backwards, and
/// that is the shutdown: no new associations, running instances finish, forwarders end after the
/// one in hand, databases close. Thread: construct, tick and destroy in one thread; the rest from
/// any.
class Node {
 public:
  /// Opens everything and starts serving. The error says what to do: run init, restore, free the
  /// lock, ...
  static Result<std::unique_ptr<Node>> start(Config config, std::optional<int> admin_socket);
  ~Node();

  /// Routes, destinations, sites, peers, the alert command and the TLS files as they are now;
  /// associations that run keep their certificates. What stands in [node] needs a restart, and a
  /// warning says which of it was changed. On any error the old ones stay.
  Result<void> reload();

  /// Nothing is sent to a destination until it is resumed, restarts included; an instance on its
  /// way ends. NotFound when the configuration has no such destination, Conflict when it is paused
  /// already.
  Result<void> pause_destination(const std::string& destination, const std::string& actor,
                                 const std::string& reason);
  /// NotFound when it is not paused. Also of a destination that the configuration no longer has.
  Result<void> resume_destination(const std::string& destination, const std::string& actor);

  /// When the thread that accepts associations has last come round (Acceptor::last_turn).
  SteadyTime last_turn() const;
  std::vector<Condition> conditions() const;
  DiskUse disk() const;
  /// What HTTP servers ask; as long as the node.
  ApiService& api();
  /// Once a second by main: samples the disk, raises and clears alerts, writes the count of
  /// removed private creators, records who was told of a withdrawal, says which studies are
  /// complete, folds the ledger.
  void tick();

 private:
  friend class AdminApi;  ///< the HTTP view of the node: reads the stages, owns nothing
  /// What is opened before anything serves, in the order it depends on each other.
  struct Stores {
    FileDescriptor lock;
    std::unique_ptr<Keyring> keys;
    std::unique_ptr<AuditLog> audit;
    std::unique_ptr<IncidentRegister> incidents;
    std::unique_ptr<PseudonymMap> map;
    std::unique_ptr<Ledger> ledger;
    std::unique_ptr<ArchiveSpool> spool;
  };
  static Result<Stores> open_stores(const Config& config);
  Node(Config config, Stores stores);
  void serve(std::shared_ptr<const Routing> routing, std::optional<int> admin_socket);
  void use_destinations(const Config& config);
  /// Of a destination as the configuration has it, what [node] says of every one.
  Destination made_ready(Destination wanted) const;
  void record_destinations(const Config& config);
  void record_profiles();
  void record_certificate();
  void move_pairs(const std::stop_token& stop);
  void serve_http();  // node_http.cpp
  Result<void> load_http_tls(const HttpSettings& http);
  // node_admission.cpp
  Admitted admit(const Origin& origin);
  AssociationServer::Answer take(const ReceivedInstance& received);
  class LargePassage;
  Result<std::unique_ptr<AssociationServer::Passage>> begin(const ReceivedInstance& begun);
  /// Why nothing can be kept, as the ledger counts it; null: it can.
  const char* cannot_store();
  bool welcomes(const std::string& address);
  void refused(const Origin& origin, const std::string& reason);
  void count_refusals() noexcept;
  void log_refusals();
  AssociationServer::Answer turn_away(const Origin& origin, const char* why);
  void add_admission_conditions(std::vector<Condition>& out, const DiskUse& use) const;
  void add_key_conditions(std::vector<Condition>& out) const;
  void add_token_conditions(std::vector<Condition>& out) const;
  void raise_and_clear_alerts();
  void note_closed();
  void record_told();
  // node_security.cpp
  static void remember_failed_start(const Config& config, const Error& error);
  void note_integrity_at_start();
  void watch_security();
  void record_transfers();
  void use_syslog(const AuditSettings& wanted);
  void add_security_conditions(std::vector<Condition>& out) const;
  IngestWatch ingest_watch();

  using Forwarders = std::map<std::string, std::shared_ptr<ArchiveForwarder>>;

  const Config config_;  ///< as started; what a reload may change is in ingest_.routing()
  const WallTime started_ = wall_now();
  const Stores stores_;
  Quarantine quarantine_;
  DiskWatch disk_watch_;
  DatabaseCheck database_check_;
  Drain drain_;
  const ClockAsk clock_ask_ = clock_is_synchronised;
  RefusedPeers refused_peers_{config_.network.refused_log_interval};  ///< no route admits them
  RefusedPeers turned_away_{config_.network.refused_log_interval};    ///< one does, but not now
  Guarded<std::map<std::string, std::uint64_t>> refusals_;  ///< not yet in the ledger, by reason
  std::unique_ptr<PeerRefusals> peer_refusals_;  ///< the same, for the audit log and the incidents
  std::unique_ptr<ArrivalAudit> arrivals_;
  Withdrawals withdrawals_;
  Ingest ingest_;
  Corrections corrections_;
  std::jthread pair_mover_;
  std::unique_ptr<Approvals> approvals_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<KeyRotation> key_rotation_;
  std::mutex reloading_;  ///< SIGHUP and the API may ask at once
  std::mutex bundling_;   ///< one backup or export at a time
  std::unique_ptr<Verifications> verifications_;
  mutable std::mutex syslog_mutex_;
  std::unique_ptr<SyslogSender> syslog_;
  std::string damage_noted_;
  std::unique_ptr<NodeTls> tls_;
  Guarded<Forwarders> forwarders_;
  std::unique_ptr<AssociationServer> server_;
  boost::asio::io_context io_;
  std::unique_ptr<Acceptor> acceptor_;
  std::jthread io_thread_;
  std::unique_ptr<AdminApi> admin_api_;
  std::unique_ptr<Answers> answers_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<HttpServer> http_;
  Guarded<std::shared_ptr<const TlsContext>> http_tls_;

  Guarded<DiskRate> rate_;  ///< a sample every ten seconds
  std::map<std::string, Condition> raised_;
  Guarded<std::map<std::string, SteadyTime>> last_closed_;  ///< destinations: paused, or by hours
  SteadyTime last_sample_{}, last_alert_{}, last_fold_{}, last_creators_{}, last_told_{},
      last_complete_{}, last_security_{};
};

}  // namespace dosigate
