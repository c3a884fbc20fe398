#include "dosigate/app/node.h"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <set>

#include "admin_api.h"
#include "answers.h"
#include "approvals.h"
#include "arrival_audit.h"
#include "backup.h"
#include "config_http.h"
#include "destination_status.h"
#include "dosigate/api/http_server.h"
#include "dosigate/app/init.h"
#include "dosigate/app/pair_mover.h"
#include "dosigate/app/reconcile.h"
#include "key_rotation.h"
#include "node_tls.h"
#include "patient_facts.h"
#include "peer_refusals.h"
#include "places.h"
#include "syslog_sender.h"
#include "tokens.h"
#include "verifications.h"

namespace dosigate {
namespace {

constexpr std::chrono::milliseconds kPairPause{200};
constexpr std::chrono::seconds kPairTrouble{10};

bool same_destination(const Destination& a, const Destination& b) {
  const auto key = [](const Destination& d) {
    return std::tie(d.name, d.kind, d.ae_title, d.host, d.port, d.calling_ae, d.path,
                    d.associations, d.connect_timeout, d.dimse_timeout, d.max_attempts, d.max_age,
                    d.max_kbit_s, d.compress, d.tls, d.tls_context, d.stow);
  };
  return key(a) == key(b) && a.hours == b.hours;
}

/// Each waits for the instance in its hand; told one after the other they would add up their waits.
template <class Forwarders>
void end_together(Forwarders& ending) {
  for (const auto& [name, forwarder] : ending) forwarder->request_stop();
  ending.clear();
}

/// Sleeps until the time is over or a stop is requested.
void pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

Result<Node::Stores> Node::open_stores(const Config& config) {
  const auto& node = config.node;
  Stores stores;

  if (auto safe = check_places(config); !safe) return safe.error();
  auto lock = lock_state(node.state_dir);
  if (!lock) return lock.error();
  stores.lock = std::move(*lock);
  remove_backup_copies(node.state_dir);

  const auto master = master_key(config);
  if (!master) return master.error();
  auto keys = Keyring::open(node.state_dir / "keyring", *master);
  if (!keys) return keys.error();
  stores.keys = std::make_unique<Keyring>(std::move(*keys));

  auto audit = AuditLog::open(node.state_dir / "audit", *stores.keys);
  if (!audit) return audit.error();
  stores.audit = std::move(*audit);
  auto incidents = IncidentRegister::open(node.state_dir, *stores.keys, *stores.audit);
  if (!incidents) return incidents.error();
  stores.incidents = std::move(*incidents);

  auto settings = map_settings(config);
  // A first-seen camera or software is an event: its calibration factor is another one.
  settings.noticed = [&audit = *stores.audit](const std::string& site, const std::string& label,
                                              std::uint32_t epoch) {
    audit.record("device.new", "dosigated",
                 {{"site", site}, {"device", label}, {"epoch", std::to_string(epoch)}});
    spdlog::warn("a camera or software never seen before site={} device={} epoch={}", site, label,
                 epoch);
  };
  auto map = PseudonymMap::open(std::move(settings), *stores.keys);
  if (!map) return map.error();
  stores.map = std::move(*map);
  // After the map, which says better what it means that the directory is away.
  if (auto kept = stores.keys->keep_copy(keyring_copy(config)); !kept) return kept.error();

  auto ledger = Ledger::open_existing(node.state_dir / "ledger.db");
  if (!ledger) {
    Error error = ledger.error();
    if (error.fault == Fault::NotFound)
      error.detail +=
          ". Without a backup: `dosigate init --new-ledger` begins an empty one and "
          "leaves keys, map, queue and audit log as they are";
    return error;
  }
  stores.ledger = std::move(*ledger);
  Ingest::forget_unanswered(*stores.ledger);

  ArchiveSpool::Settings spool_settings;
  spool_settings.directory = node.state_dir / "archive";
  spool_settings.min_free_bytes = node.min_free_bytes;
  auto spool = ArchiveSpool::open(std::move(spool_settings), *stores.keys, *stores.ledger);
  if (!spool) return spool.error();
  stores.spool = std::move(*spool);
  return stores;
}

Result<std::unique_ptr<Node>> Node::start(Config config, std::optional<int> admin_socket) {
  auto stores = open_stores(config);
  if (!stores) {
    remember_failed_start(config, stores.error());
    return stores.error();
  }
  std::unique_ptr<Node> node(new Node(std::move(config), std::move(*stores)));
  auto routing = Routing::make(node->config_, *node->stores_.map);
  if (!routing) return routing.error();
  auto tls = NodeTls::load(node->config_);
  if (!tls) return tls.error();
  node->tls_->use(std::move(*tls));
  if (auto loaded = node->load_http_tls(node->config_.http); !loaded) return loaded.error();
  reconcile(node->quarantine_, *node->stores_.ledger);
  node->withdrawals_.finish();
  node->serve(std::move(*routing), admin_socket);
  return node;
}

Node::Node(Config config, Stores stores)
    : config_(std::move(config)),
      stores_(std::move(stores)),
      quarantine_(config_.node.state_dir / "quarantine", *stores_.keys,
                  config_.node.quarantine_cap_bytes),
      disk_watch_(config_.node.state_dir, config_.node.min_free_bytes),
      database_check_({config_.node.state_dir / "identity" / "map.db",
                       config_.node.state_dir / "ledger.db",
                       config_.node.state_dir / "archive" / "queue.db"}),
      peer_refusals_(std::make_unique<PeerRefusals>(*stores_.audit, *stores_.incidents)),
      arrivals_(std::make_unique<ArrivalAudit>(*stores_.audit)),
      withdrawals_(*stores_.map, *stores_.spool, *stores_.ledger),
      ingest_(*stores_.map, *stores_.spool, *stores_.ledger, quarantine_, withdrawals_,
              ingest_watch()),
      corrections_(*stores_.map, *stores_.ledger, quarantine_, ingest_, withdrawals_),
      tls_(std::make_unique<NodeTls>()) {}

Node::~Node() {
  if (acceptor_) acceptor_->stop();
  if (server_) server_->stop(config_.network.dimse_timeout);
  io_.stop();
  if (server_) count_refusals();
  http_.reset();
  admin_.reset();
  if (verifications_) verifications_->request_stop();
  Forwarders ending;
  forwarders_.with([&](auto& forwarders) { ending.swap(forwarders); });
  end_together(ending);
  key_rotation_.reset();
  pair_mover_ = {};
  peer_refusals_->write_all();  // not away yet: a late worker may still refuse
  try {
    stores_.audit->record("stop", "dosigated", {{"version", DOSIGATE_VERSION}});
  } catch (const std::exception& broken) {
    spdlog::error("cannot record the stop in the audit log error={}", broken.what());
  }
  const std::lock_guard lock(syslog_mutex_);
  syslog_.reset();
}

void Node::serve(std::shared_ptr<const Routing> routing, std::optional<int> admin_socket) {
  const auto& node = config_.node;
  ingest_.use(std::move(routing));

  const auto& recovered = stores_.spool->recovered();
  if (recovered.taken_in + recovered.removed_incomplete + recovered.finished > 0)
    spdlog::info("recovered after a crash taken_in={} removed_incomplete={} finished={}",
                 recovered.taken_in, recovered.removed_incomplete, recovered.finished);
  if (recovered.rows_without_file + recovered.damaged + recovered.lost > 0)
    spdlog::error(
        "the spool lost files rows_without_file={} damaged={} lost={}: parked, see "
        "`dosigate queue list`; have the studies sent again",
        recovered.rows_without_file, recovered.damaged, recovered.lost);
  pair_mover_ = std::jthread([this](const std::stop_token& stop) { move_pairs(stop); });
  approvals_ = std::make_unique<Approvals>(node.state_dir / "approvals", *stores_.keys);
  tokens_ = std::make_unique<Tokens>(node.state_dir / "tokens.json");
  key_rotation_ = std::make_unique<KeyRotation>(
      KeyRotation::Parts{*stores_.keys, *stores_.map, *stores_.spool, quarantine_, ingest_,
                         *stores_.audit, *approvals_});
  verifications_ = std::make_unique<Verifications>(*stores_.ledger, *stores_.audit);
  use_destinations(config_);

  AssociationServer::Settings server;
  server.ae_title = node.ae_title;
  const NetworkLimits& network = config_.network;
  server.max_associations = network.max_associations;
  server.max_associations_per_address = network.max_associations_per_address;
  server.idle_timeout = network.idle_timeout;
  server.dimse_timeout = network.dimse_timeout;
  server.min_bytes_per_s = network.min_bytes_per_s;
  server.rate_window = network.rate_window;
  server.max_instance_bytes = node.max_instance_bytes;
  server.memory_budget_bytes = node.memory_budget_bytes;
  server_ = std::make_unique<AssociationServer>(
      server, [this](const Origin& origin) { return admit(origin); },
      [this](const ReceivedInstance& received) { return take(received); },
      [this](const Origin& origin, const std::string& reason) { refused(origin, reason); },
      [this](const AssociationServer::EventReport& event) { return verifications_->report(event); },
      [this](const ReceivedInstance& begun) { return begin(begun); });

  Acceptor::Settings listen;
  listen.listen = node.listen;
  listen.first_pdu_deadline = network.first_pdu_timeout;
  listen.max_pending = network.max_pending;
  listen.max_pending_per_address = network.max_pending_per_address;
  if (network.close_unlisted)
    listen.welcomes = [this](const std::string& address) { return welcomes(address); };
  server_->decide_at(listen);
  listen.listen_tls = node.listen_tls;
  listen.tls_context = [this] { return tls_->server(); };
  listen.on_tls_failure = [this](const std::string& address, const std::string& reason) {
    tls_->failed(address, reason);
  };
  acceptor_ = std::make_unique<Acceptor>(
      io_, listen, [this](IncomingAssociation incoming) { server_->take(std::move(incoming)); });
  io_thread_ = std::jthread([this] { io_.run(); });

  admin_api_ = std::make_unique<AdminApi>(*this);
  answers_ = std::make_unique<Answers>(node.state_dir / "answers", *stores_.keys,
                                       config_.http.keep_answers);
  admin_ = std::make_unique<AdminServer>(node.admin_socket, admin_socket, *admin_api_);

  serve_http();

  stores_.audit->record("start", "dosigated", {{"version", DOSIGATE_VERSION}});
  record_destinations(config_);
  record_profiles();
  note_integrity_at_start();
  use_syslog(config_.audit);
  record_certificate();
  for (const auto& endpoint : acceptor_->endpoints())
    spdlog::info("listening on={} ae_title={}", endpoint, node.ae_title);
  for (const auto& endpoint : acceptor_->tls_endpoints())
    spdlog::info("listening on={} ae_title={} tls=\"{}\"", endpoint, node.ae_title,
                 tls_->server()->subject());
}

ApiService& Node::api() { return *admin_api_; }

Destination Node::made_ready(Destination wanted) const {
  wanted.calling_ae = config_.node.ae_title;
  wanted.connect_timeout = config_.node.connect_timeout;
  if (wanted.tls) wanted.tls_context = tls_->client();
  return wanted;
}

/// Which certificate the node shows from now on.
void Node::record_certificate() {
  const auto shown = tls_->client();
  if (!shown || !shown->has_certificate()) return;
  stores_.audit->record("tls.certificate", "dosigated",
                        {{"subject", shown->subject()},
                         {"fingerprint", shown->fingerprint()},
                         {"expires", std::to_string(to_unix(shown->expires()))}});
}

/// By which rules: two instances of one digest were cleaned alike.
void Node::record_profiles() {
  const auto routing = ingest_.routing();
  for (const auto& route : routing->config().routes) {
    const Profile& profile = routing->profile(route.name);
    stores_.audit->record("profile", "dosigated",
                          {{"route", route.name},
                           {"name", profile.name()},
                           {"version", profile.version()},
                           {"digest", profile.digest()}});
  }
}

/// Who gets the studies, and why: the record of processing (LGPD art. 37) over time.
void Node::record_destinations(const Config& config) {
  for (const auto& [destination, legal] : config.outputs) {
    stores_.ledger->legal(
        {destination.name, legal.purpose, legal.legal_basis, legal.operator_name, legal.country});
    stores_.audit->record("destination", "dosigated",
                          {{"name", destination.name},
                           {"kind", std::string(kind_text(destination.kind))},
                           {"tls", destination.tls ? "yes" : "no"},
                           {"to", place_text(destination)},
                           {"purpose", legal.purpose},
                           {"legal_basis", legal.legal_basis},
                           {"operator", legal.operator_name},
                           {"country", legal.country}});
  }
}

void Node::use_destinations(const Config& config) {
  Forwarders ending;  // destroyed outside the lock: each waits for the instance in its hand
  forwarders_.with([&](auto& forwarders) {
    Forwarders next;
    for (const auto& output : config.outputs) {
      const Destination wanted = made_ready(output.destination);
      const auto old = forwarders.find(wanted.name);
      if (old != forwarders.end() && same_destination(old->second->destination(), wanted))
        next[wanted.name] = old->second;
    }
    for (auto& [name, forwarder] : forwarders)
      if (!next.contains(name)) ending[name] = forwarder;
    forwarders.swap(next);
  });
  // An old forwarder of the same name ends before its successor starts, so that nothing is sent by
  // both.
  end_together(ending);
  const auto pauses = stores_.ledger->pauses();
  for (const auto& output : config.outputs) {
    const Destination wanted = made_ready(output.destination);
    if (forwarders_.with([&](auto& f) { return f.contains(wanted.name); })) continue;
    auto forwarder = std::make_shared<ArchiveForwarder>(
        wanted, *stores_.spool,
        [this](const std::string& study_uid) { return study_card(*stores_.ledger, study_uid); },
        pauses.contains(wanted.name) ? pause_text(pauses.at(wanted.name)) : "");
    forwarders_.with([&](auto& f) { f[wanted.name] = forwarder; });
  }
}

Result<void> Node::reload() {
  const std::lock_guard one_at_a_time(reloading_);
  auto loaded = load_config(config_.file);
  if (!loaded) {
    std::string all;
    for (const auto& line : loaded.error().lines) all += (all.empty() ? "" : "\n") + line;
    return fail(Fault::Invalid, all);
  }
  std::string changed;
  for (const auto& key : changed_node_keys(config_.node, loaded->node))
    changed += (changed.empty() ? "" : ", ") + ("[node] " + key);
  for (const auto& key : changed_network_keys(config_.network, loaded->network))
    changed += (changed.empty() ? "" : ", ") + ("[network] " + key);
  for (const auto& key : changed_http_keys(config_.http, loaded->http))
    changed += (changed.empty() ? "" : ", ") + ("[http] " + key);
  if (!changed.empty()) {
    spdlog::warn("configuration changed keys=\"{}\": restart dosigated to use them", changed);
    loaded->warnings.push_back(changed + " changed since the start: restart dosigated to use them");
  }
  loaded->node = config_.node;
  loaded->network = config_.network;
  if (loaded->http.listen_tls != config_.http.listen_tls) loaded->http.tls = config_.http.tls;
  loaded->http.listen = config_.http.listen;
  loaded->http.listen_tls = config_.http.listen_tls;
  loaded->http.max_uploads = config_.http.max_uploads;
  loaded->http.keep_answers = config_.http.keep_answers;
  auto tls = NodeTls::load(*loaded);
  if (!tls) return tls.error();
  auto routing = Routing::make(*loaded, *stores_.map);
  if (!routing) return routing.error();
  if (auto fresh_http = load_http_tls(loaded->http); !fresh_http) return fresh_http;
  const bool new_certificate = tls_->use(std::move(*tls));
  const Config fresh = (*routing)->config();
  ingest_.use(std::move(*routing));
  use_destinations(fresh);
  stores_.audit->record("reload", "dosigated", {});
  record_destinations(fresh);
  record_profiles();
  use_syslog(fresh.audit);
  if (new_certificate) {
    record_certificate();
    spdlog::info("the TLS files changed: new connections use them");
  }
  spdlog::info("configuration reloaded");
  return {};
}

void Node::move_pairs(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      const auto looked_at = dosigate::move_pairs(*stores_.spool, *stores_.map);
      if (!looked_at) {
        spdlog::error("cannot move UID pairs into the map error={}", looked_at.error().detail);
        pause(stop, kPairTrouble);
      } else if (*looked_at == 0) {
        pause(stop, kPairPause);
      }
    } catch (const std::exception& broken) {
      // The spool files keep the pairs, and stay until they are moved.
      spdlog::error("cannot move UID pairs into the map error={}", broken.what());
      pause(stop, kPairTrouble);
    }
  }
}

}  // namespace dosigate
