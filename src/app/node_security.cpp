// What the node's watch does about the audit record and the incident register.

#include <spdlog/spdlog.h>

#include "arrival_audit.h"
#include "dosigate/app/node.h"
#include "dosigate/base/clock.h"
#include "peer_refusals.h"
#include "syslog_sender.h"

namespace dosigate {
namespace {

constexpr std::size_t kTransfersAtOnce = 100;
constexpr std::size_t kMostRows = 10'000;
constexpr std::size_t kMostShown = 10;     ///< incidents as conditions of their own
constexpr std::int64_t kFailingLong = 60;  ///< seconds

/// What a node that does not start has to tell, if anything: an absent file or a busy lock is none.
const char* thing_of(const Error& error) {
  if (error.fault != Fault::Corrupt && error.fault != Fault::Denied) return nullptr;
  const auto about = [&](const char* word) { return error.detail.find(word) != std::string::npos; };
  if (about("audit")) return "audit record";
  if (about("keyring")) return "keyring";
  if (about("map.db")) return "map.db";
  if (about("journal")) return "journal";
  if (about("ledger.db")) return "ledger.db";
  if (about("queue.db")) return "queue.db";
  return error.fault == Fault::Corrupt ? "state directory" : nullptr;
}

/// Files that did not open when they were to be sent.
std::size_t damaged_and_parked(const ArchiveSpool& spool) {
  std::uint64_t parked = 0;
  for (const auto& [name, queue] : spool.destinations()) parked += queue.parked;
  if (parked == 0) return 0;
  std::size_t out = 0;
  for (const auto& row : spool.list(kMostRows))
    if (row.state == DeliveryState::Parked && row.reason.starts_with("the sealed file")) ++out;
  return out;
}

}  // namespace

void Node::remember_failed_start(const Config& config, const Error& error) {
  if (const char* const thing = thing_of(error))
    remember_incident(config.node.state_dir, IncidentKind::Integrity, thing, error.detail);
}

/// What the start has found and repaired, and what does not open any more.
void Node::note_integrity_at_start() {
  IncidentRegister& incidents = *stores_.incidents;
  if (const auto& recovered = stores_.spool->recovered(); recovered.damaged > 0)
    incidents.note(IncidentKind::Integrity, "spool",
                   std::to_string(recovered.damaged) +
                       " spool files do not authenticate; they are kept as *.dsg.damaged, and what "
                       "was in them is parked: find out whether the disk or a person did it");
  std::size_t damaged = 0;
  for (const auto& entry : quarantine_.list())
    damaged += entry.reason == Quarantine::kDamaged ? 1 : 0;
  if (damaged > 0)
    incidents.note(IncidentKind::Integrity, "quarantine",
                   std::to_string(damaged) +
                       " held originals do not authenticate: see `dosigate quarantine list`, and "
                       "find out whether the disk or a person did it");
}

IngestWatch Node::ingest_watch() {
  return {[this](const Origin& origin, const std::string& study) {
            arrivals_->arriving(origin, study);
          },
          [this](const std::string& route, const Held& held) {
            std::set<std::string> subjects;
            if (!held.pseudonym.empty()) subjects.insert(held.pseudonym);
            stores_.incidents->note(IncidentKind::LeakHit, "route " + route,
                                    "the leak check stopped an instance: " + held.detail +
                                        "; nothing left. Mend the profile, or the camera that "
                                        "writes names there",
                                    subjects);
          }};
}

void Node::watch_security() {
  IncidentRegister& incidents = *stores_.incidents;
  const std::string damage = database_check_.damage();
  const std::size_t files = damaged_and_parked(*stores_.spool);
  if (const std::string found = damage + "\n" + std::to_string(files); found != damage_noted_) {
    damage_noted_ = found;
    if (!damage.empty()) incidents.note(IncidentKind::Integrity, "databases", damage);
    if (files > 0)
      incidents.note(IncidentKind::Integrity, "spool",
                     std::to_string(files) +
                         " spool files do not authenticate and are parked: see `dosigate queue "
                         "list`, and find out whether the disk or a person did it");
  }
  peer_refusals_->flush();
  incidents.flush();
}

/// A crash between the two says it twice, which is better than never.
void Node::record_transfers() {
  const auto routing = ingest_.routing();
  const auto due = stores_.ledger->transfers_to_record(config_.node.study_quiet, kTransfersAtOnce);
  for (const auto& transfer : due) {
    std::string host;
    for (const auto& output : routing->config().outputs)
      if (output.destination.name == transfer.destination) host = output.destination.host;
    stores_.audit->record("instances.transferred", "dosigated",
                          {{"study", transfer.study_uid},
                           {"destination", transfer.destination},
                           {"host", host},
                           {"instances", std::to_string(transfer.count)},
                           {"first", std::to_string(transfer.first)},
                           {"last", std::to_string(transfer.last)}});
  }
  stores_.ledger->transfers_recorded(due);
}

void Node::use_syslog(const AuditSettings& wanted) {
  const std::lock_guard lock(syslog_mutex_);
  if (syslog_ ? syslog_->settings() == wanted : !wanted.sends()) return;
  syslog_.reset();  // the old one ends before its successor reads where it was
  if (!wanted.sends()) return;
  stores_.audit->record("syslog", "dosigated",
                        {{"to", wanted.syslog_host + ":" + std::to_string(wanted.syslog_port)}});
  syslog_ = std::make_unique<SyslogSender>(
      wanted, config_.node.state_dir / "audit", *stores_.audit,
      AuditSource{config_.node.ae_title, ""},
      [this](const std::string& study) { return stores_.ledger->pseudonym_of(study); });
}

void Node::add_security_conditions(std::vector<Condition>& out) const {
  std::vector<Incident> open;
  for (auto& incident : stores_.incidents->list())
    if (incident.open) open.push_back(std::move(incident));
  const std::size_t hidden = open.size() > kMostShown ? open.size() - kMostShown : 0;
  for (std::size_t i = hidden; i < open.size(); ++i) {
    const Incident& incident = open[i];
    const bool grave =
        incident.kind == IncidentKind::LeakHit || incident.kind == IncidentKind::Integrity;
    const std::string number = std::to_string(incident.number);
    out.push_back({grave ? 2 : 1, "incident", number,
                   std::string(incident_word(incident.kind)) + ", " + incident.of + ": " +
                       incident.detail + " (`dosigate incidents`, then `dosigate incidents close " +
                       number + "`)"});
  }
  if (hidden > 0)
    out.push_back({1, "incident", "older",
                   std::to_string(hidden) + " older incidents are open: see `dosigate incidents`"});

  const std::lock_guard lock(syslog_mutex_);
  if (!syslog_) return;
  const auto state = syslog_->state();
  const std::int64_t now = to_unix(wall_now());
  if (state.failing_since > 0 && now - state.failing_since >= kFailingLong)
    out.push_back({1, "syslog-unreachable", "",
                   state.last_error + "; " + std::to_string(state.waiting) +
                       " lines of the audit record wait, none is lost"});
  if (state.oldest_waiting > 0 && now - state.oldest_waiting >= kSecondsPerDay)
    out.push_back({2, "syslog-behind", "",
                   "the syslog server lacks more than a day of the audit record (" +
                       std::to_string(state.waiting) + " lines)"});
}

}  // namespace dosigate
