#include <spdlog/spdlog.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "answers.h"
#include "arrival_audit.h"
#include "backup_watch.h"
#include "dosigate/app/alert.h"
#include "dosigate/app/node.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/locked_memory.h"
#include "dosigate/net/acceptor.h"
#include "key_rotation.h"
#include "node_tls.h"
#include "status.h"
#include "study_completion.h"
#include "tokens.h"
#include "verifications.h"

namespace dosigate {
namespace {

constexpr std::chrono::seconds kSampleEvery{10};
constexpr std::chrono::seconds kAlertEvery{2};
constexpr std::chrono::seconds kCreatorsEvery{5};
constexpr std::chrono::seconds kToldEvery{3};
constexpr std::chrono::seconds kCompleteEvery{1};
constexpr std::chrono::seconds kSecurityEvery{10};
constexpr std::chrono::hours kFoldEvery{1};
constexpr long long kLateAfter = 3'600;  ///< seconds in the queue of a destination that is open
constexpr std::int64_t kNotToldAfter = 3'600;  ///< seconds until an open withdrawal is a warning
constexpr std::size_t kToldAtOnce = 100;
constexpr std::int64_t kTokenWarns = 14 * kSecondsPerDay;

std::uint64_t size_or_zero(const std::filesystem::path& file) {
  std::error_code absent;  // -wal and -shm come and go
  const auto size = std::filesystem::file_size(file, absent);
  return absent ? 0 : size;
}

std::uint64_t database_bytes(const std::filesystem::path& file) {
  return size_or_zero(file) + size_or_zero(file.string() + "-wal");
}

}  // namespace

SteadyTime Node::last_turn() const { return acceptor_->last_turn(); }

DiskUse Node::disk() const {
  const auto& node = config_.node;
  DiskUse use;
  use.spool = stores_.spool->bytes();
  use.quarantine = quarantine_.totals().bytes;
  use.used = use.spool + use.quarantine + database_bytes(node.state_dir / "identity" / "map.db") +
             database_bytes(node.state_dir / "archive" / "queue.db") +
             database_bytes(node.state_dir / "ledger.db") +
             size_or_zero(node.state_dir / "audit" / "audit.jsonl");
  struct statvfs file_system {};
  if (::statvfs(node.state_dir.c_str(), &file_system) == 0)
    use.free = file_system.f_bavail * file_system.f_frsize;

  const auto now = steady_now();
  rate_.with([&](const DiskRate& rate) {
    use.bytes_per_hour = rate.bytes_per_hour(now, use.used);
    use.hours_left = rate.hours_left(now, use.used, use.free, node.min_free_bytes);
  });
  return use;
}

std::vector<Condition> Node::conditions() const {
  std::vector<Condition> out;
  const auto backlog = stores_.spool->destinations();
  const auto forwarders = forwarders_.with([](const auto& all) { return all; });
  std::set<std::string> configured;  // also while a reload waits for the old forwarder's end
  const auto routing = ingest_.routing();
  for (const auto& output : routing->config().outputs) configured.insert(output.destination.name);
  std::set<std::string> closed;  // what waits there is not late
  for (const auto& [name, forwarder] : forwarders) {
    const auto state = forwarder->state();
    if (state.state == "down") out.push_back({2, "destination-down", name, state.last_error});
    if (state.state == "paused")
      out.push_back({1, "destination-paused", name,
                     state.state_text + ": nothing is sent until `dosigate queue resume`"});
    if (state.state == "paused" || state.state == "waiting") closed.insert(name);
  }
  for (const auto& [name, queue] : backlog) {
    if (queue.parked > 0)
      out.push_back({1, "parked", name,
                     std::to_string(queue.parked) +
                         " instances are parked: see `dosigate queue list`, mend the cause, then "
                         "`dosigate queue retry`"});
    if (!forwarders.contains(name) && !configured.contains(name) && queue.queued > 0)
      out.push_back(
          {2, "destination-removed", name,
           std::to_string(queue.queued) +
               " instances wait for a destination that the configuration no longer has: put "
               "it back and reload, or give them up by `dosigate queue abandon`"});
    // What came while it was closed is not late as soon as it opens.
    const bool was_closed = last_closed_.with([&of = name](const auto& closed_at) {
      const auto last = closed_at.find(of);
      return last != closed_at.end() &&
             steady_now() - last->second < std::chrono::seconds(kLateAfter);
    });
    if (const auto age = age_s(queue.oldest_queued_unix);
        age > kLateAfter && !was_closed && !closed.contains(name) && forwarders.contains(name))
      out.push_back({1, "queue-old", name,
                     "the oldest instance has waited for " + std::to_string(age / 3'600) +
                         " h: see `dosigate queue list` and `dosigate peer echo " + name + "`"});
  }
  for (const std::string& trouble :
       {stores_.map->trouble(), stores_.ledger->trouble(), stores_.spool->trouble()})
    if (!trouble.empty()) out.push_back({2, "sync-failed", "", trouble});
  if (const std::string why = stores_.spool->not_entered(); !why.empty())
    out.push_back({2, "cannot-store", "queue", why});
  if (const auto stuck = stores_.spool->pairs_stuck(); stuck > 0)
    out.push_back(
        {1, "pairs-not-moved", "",
         std::to_string(stuck) +
             " spool files are kept because the map does not take their UID pairs: see "
             "the log; restore the map that belongs to them, or its journal, and restart"});
  if (const auto open =
          stores_.ledger->withdrawals_open(to_unix(wall_now()) - kNotToldAfter, closed);
      open > 0)
    out.push_back({1, "withdrawal-not-told", "",
                   std::to_string(open) +
                       " rejection notes have not reached their destinations for an hour: see "
                       "`dosigate study withdrawals` and `dosigate queue list`"});
  if (const auto missing = corrections_.awaited(); missing > 0)
    out.push_back({1, "send-again", "",
                   std::to_string(missing) +
                       " studies were withdrawn because they are another patient's, and have not "
                       "come back: see `dosigate study withdrawals`, and send them from the PACS"});
  for (const auto& [name, last] : verifications_->last())
    if (last.missing > 0)
      out.push_back({1, "verify-missing", name,
                     std::to_string(last.missing) +
                         " instances that it had acknowledged were not found when it was asked "
                         "(" +
                         last.scope +
                         "): have their studies sent again from the PACS, then "
                         "repeat `dosigate verify`"});
  const auto held = quarantine_.totals();
  if (held.count > 0)
    out.push_back({1, "quarantine-not-empty", "",
                   std::to_string(held.count) +
                       " originals wait for a decision: see `dosigate quarantine list`"});
  if (quarantine_.is_full())
    out.push_back({2, "quarantine-full", "",
                   "the quarantine is at its cap ([node] quarantine_cap_gb): what would be held is "
                   "refused with 0xA700 and stays with its sender; decide about what is held "
                   "(`dosigate quarantine list`), or raise the cap and restart"});
  const auto use = disk();
  add_admission_conditions(out, use);
  if (use.free >= config_.node.min_free_bytes && use.hours_left && *use.hours_left < 24)
    out.push_back({2, "disk-under-24h", "",
                   "the disk is full in " + std::to_string(static_cast<long>(*use.hours_left)) +
                       " h at the present rate"});
  if (config_.node.journal_dir.empty())
    out.push_back({1, "no-journal", "",
                   "[node] journal_dir is not set: after the loss of this disk patients would be "
                   "unknown"});
  add_backup_conditions(out, config_.node, *stores_.ledger, *stores_.map);
  add_key_conditions(out);
  add_token_conditions(out);
  add_security_conditions(out);
  tls_->add_conditions(out);
  return out;
}

void Node::add_key_conditions(std::vector<Condition>& out) const {
  if (!secrets_are_locked())
    out.push_back({1, "keys-not-locked", "",
                   "the system did not allow keys to be locked in memory, they may be swapped out: "
                   "LimitMEMLOCK=64M in the service, `ulimit -l 65536` without one"});
  if (const auto rotation = key_rotation_->progress(); !rotation.trouble.empty())
    out.push_back({1, "key-rotation-unfinished", "", rotation.trouble});
  if (stores_.ledger->milestone("recovery-verified") == 0)
    out.push_back({1, "recovery-not-verified", "",
                   "nobody has shown yet that the printed recovery key is at hand: run `dosigate "
                   "key recovery-verify`"});
}

void Node::add_token_conditions(std::vector<Condition>& out) const {
  const auto tokens = tokens_->list();
  if (!tokens) {
    out.push_back({2, "tokens-damaged", "", tokens.error().detail});
    return;
  }
  const std::int64_t now = to_unix(wall_now());
  for (const auto& token : *tokens) {
    const std::int64_t left = token.expires - now;
    // One that was made for a week would be warned of from its first day.
    if (left > std::min(kTokenWarns, (token.expires - token.created) / 2)) continue;
    out.push_back(
        {1, "token-expires", token.name,
         (left <= 0 ? std::string("the token has expired")
                    : "the token expires in " + std::to_string(left / kSecondsPerDay) + " days") +
             ": `dosigate token revoke`, and `token add` if its program still needs one"});
  }
}

void Node::tick() {
  const auto now = steady_now();
  count_refusals();
  log_refusals();
  if (now - last_sample_ >= kSampleEvery) {
    last_sample_ = now;
    const auto used = disk().used;
    rate_.with([&](DiskRate& rate) { rate.add(now, used); });
  }
  if (now - last_alert_ >= kAlertEvery) {
    last_alert_ = now;
    note_closed();
    raise_and_clear_alerts();
  }
  if (now - last_creators_ >= kCreatorsEvery) {
    last_creators_ = now;
    if (const auto written = stores_.map->write_removed_creators(); !written)
      spdlog::warn("{}; tried again in a few seconds", written.error().detail);
  }
  if (now - last_told_ >= kToldEvery) {
    last_told_ = now;
    record_told();
    record_transfers();
  }
  if (now - last_security_ >= kSecurityEvery) {
    last_security_ = now;
    watch_security();
  }
  if (now - last_complete_ >= kCompleteEvery) {
    last_complete_ = now;
    announce_complete(*stores_.ledger, config_.node.study_quiet,
                      [this](const Ledger::StudyArrival& study, const StudyCounts& counts) {
                        arrivals_->complete(study.study_uid, counts.instances,
                                            counts.series.size());
                      });
  }
  if (now - last_fold_ >= kFoldEvery) {
    last_fold_ = now;
    answers_->expire();
    stores_.ledger->fold(config_.node.ledger_keep_days);
  }
}

void Node::note_closed() {
  const auto forwarders = forwarders_.with([](const auto& all) { return all; });
  for (const auto& [name, forwarder] : forwarders) {
    const auto state = forwarder->state().state;
    if (state == "paused" || state == "waiting")
      last_closed_.with([&of = name](auto& closed) { closed[of] = steady_now(); });
  }
}

/// A crash between the two says it twice, which is better than never.
void Node::record_told() {
  const auto told = stores_.ledger->told_and_not_recorded(kToldAtOnce);
  for (const auto& one : told) {
    stores_.audit->record("study.withdrawal-told", "dosigated",
                          {{"study", one.study_uid},
                           {"destination", one.destination},
                           {"code", one.code},
                           {"cause", one.cause}});
  }
  stores_.ledger->recorded(told);
}

void Node::raise_and_clear_alerts() {
  const auto routing = ingest_.routing();
  const auto& command = routing->config().alert_command;
  std::map<std::string, Condition> present;
  for (const auto& condition : conditions())
    present.emplace(condition.name + "/" + condition.of, condition);

  const auto tell = [&](const char* event, const Condition& condition) {
    spdlog::log(condition.severity == 2 ? spdlog::level::err : spdlog::level::warn,
                "alert {} condition={} of={} text=\"{}\"", event, condition.name, condition.of,
                condition.text);
    if (command.empty()) return;
    const boost::json::object line{{"event", event},
                                   {"condition", condition.name},
                                   {"of", condition.of},
                                   {"severity", condition.severity == 2 ? "critical" : "warning"},
                                   {"text", condition.text},
                                   {"node", config_.node.ae_title},
                                   {"time", to_unix(wall_now())}};
    if (auto ran = run_alert_command(command, boost::json::serialize(line)); !ran)
      spdlog::error("alert command failed error=\"{}\"", ran.error().detail);
  };
  for (const auto& [key, condition] : present)
    if (!raised_.contains(key)) tell("raised", condition);
  for (const auto& [key, condition] : raised_)
    if (!present.contains(key)) tell("cleared", condition);
  raised_.swap(present);
}

}  // namespace dosigate
