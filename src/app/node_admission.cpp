// Who may come in, and what is taken at all: before an instance is de-identified or written
// anywhere.

#include <spdlog/spdlog.h>

#include <algorithm>

#include "dosigate/app/node.h"
#include "dosigate/base/log_text.h"
#include "dosigate/dicom/status.h"
#include "peer_refusals.h"
#include "route_match.h"
#include "verifications.h"

namespace dosigate {
namespace {

constexpr std::chrono::minutes kCrowdedFor{10};

}  // namespace

Admitted Node::admit(const Origin& origin) {
  const auto present = ingest_.routing();
  if (!answers_to(present->config(), origin.called_ae)) return {Admission::CalledAeUnknown, ""};
  const auto* route = find_route(present->config(), origin.called_ae, origin.calling_ae,
                                 origin.address, origin.certificate);
  const bool reports = verifications_->may_report(present->config(), origin);
  if (route == nullptr && reports) return {Admission::Accept, "", true};
  if (route == nullptr) return {Admission::CallingAeUnknown, ""};
  if (drain_.on()) return {Admission::Draining, route->name, reports};
  if (disk_watch_.low()) return {Admission::NoRoom, route->name, reports};
  return {Admission::Accept, route->name, reports};
}

/// Whether an address may reach the titles at all. Routes without `from` are open to every address.
bool Node::welcomes(const std::string& address) {
  const auto present = ingest_.routing();
  const Config& config = present->config();
  if (has_address(config, address)) return true;
  const bool reports =
      std::any_of(config.outputs.begin(), config.outputs.end(), [&](const Config::Output& output) {
        return verifications_->may_report(config, {"", output.destination.ae_title, address, ""});
      });
  if (!reports) refused({"", "", address, ""}, "no route, peer or destination has this address");
  return reports;
}

/// Nothing that waits for the disk: the accept loop comes through here. `count_refusals` writes it
/// down a moment later.
void Node::refused(const Origin& origin, const std::string& reason) {
  auto& peers = origin.route.empty() ? refused_peers_ : turned_away_;
  if (!origin.route.empty())
    refusals_.with([&](auto& counts) { ++counts[reason]; });
  else
    peer_refusals_->add(origin, reason);
  if (peers.add(origin, reason, to_unix(wall_now())))
    spdlog::warn("refused called={} calling={} address={} why=\"{}\"", log_text(origin.called_ae),
                 log_text(origin.calling_ae), origin.address, reason);
}

void Node::count_refusals() noexcept try {
  std::map<std::string, std::uint64_t> counts;
  refusals_.with([&](auto& waiting) { counts.swap(waiting); });
  for (const auto& [reason, count] : counts) stores_.ledger->refused(reason, count);
} catch (const std::exception& full) {
  spdlog::error("cannot count refusals error={}", full.what());
}

/// At the end of an interval, how often it was that the log has not told.
void Node::log_refusals() {
  for (RefusedPeers* peers : {&refused_peers_, &turned_away_}) {
    const auto due = peers->due(to_unix(wall_now()));
    for (const auto& again : due.again)
      spdlog::warn("refused again called={} calling={} address={} times={} why=\"{}\"",
                   log_text(again.origin.called_ae), log_text(again.origin.calling_ae),
                   again.origin.address, again.count, again.reason);
    if (due.others > 0)
      spdlog::warn("refused others, too many to be logged one by one times={}", due.others);
  }
}

const char* Node::cannot_store() {
  if (disk_watch_.low()) return "disk-low";
  return database_check_.damage().empty() ? nullptr : "database-damaged";
}

AssociationServer::Answer Node::take(const ReceivedInstance& received) {
  const Drain::Passage passage(drain_);
  if (!passage.open()) return turn_away(received.origin, "draining");
  if (const char* why = cannot_store()) return turn_away(received.origin, why);
  return ingest_.accept(received);
}

/// One that was begun before the node drains may end: the drain waits for it.
class Node::LargePassage final : public AssociationServer::Passage {
 public:
  LargePassage(Node& node, std::unique_ptr<Drain::Passage> drain,
               std::unique_ptr<AssociationServer::Passage> ingest)
      : node_(node), drain_(std::move(drain)), ingest_(std::move(ingest)) {}
  void pixels(ByteView piece) override { ingest_->pixels(piece); }
  AssociationServer::Answer finish(ReceivedInstance instance) override {
    if (const char* why = node_.cannot_store()) return node_.turn_away(instance.origin, why);
    return ingest_->finish(std::move(instance));
  }

 private:
  Node& node_;
  std::unique_ptr<Drain::Passage> drain_;
  std::unique_ptr<AssociationServer::Passage> ingest_;
};

Result<std::unique_ptr<AssociationServer::Passage>> Node::begin(const ReceivedInstance& begun) {
  auto drain = std::make_unique<Drain::Passage>(drain_);
  if (!drain->open()) return fail(Fault::Busy, "draining");
  if (const char* why = cannot_store()) return fail(Fault::Busy, why);
  auto ingest = ingest_.begin(begun);
  if (!ingest) return ingest.error();
  return std::make_unique<LargePassage>(*this, std::move(drain), std::move(*ingest));
}

AssociationServer::Answer Node::turn_away(const Origin& origin, const char* why) {
  spdlog::warn("refused calling={} why={}", log_text(origin.calling_ae), why);
  try {
    stores_.ledger->refused(why);
  } catch (const std::exception& full) {
    // The count is lost, the instance is not: it stays with its sender.
    spdlog::error("cannot count a refusal error={}", full.what());
  }
  return {to_dimse(Fault::Busy), why};
}

/// What keeps instances away: drain mode, the disk, the clock that their days come from.
void Node::add_admission_conditions(std::vector<Condition>& out, const DiskUse& use) const {
  if (drain_.on())
    out.push_back(
        {1, "draining", "", "nothing new is taken until `dosigate drain --off` or the next start"});
  if (use.free < config_.node.min_free_bytes)
    out.push_back({2, "disk-low", "",
                   "less than [node] min_free_gb is free: associations are rejected for the time "
                   "being and instances refused with 0xA700, until there is room"});
  if (const auto peers = server_->counters();
      peers.since_sent_away && *peers.since_sent_away < kCrowdedFor) {
    const auto most =
        std::max_element(peers.by_address.begin(), peers.by_address.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    std::string held;
    if (most != peers.by_address.end())
      held = ", most are held by " + most->first + " (" + std::to_string(most->second) + ")";
    out.push_back({1, "network-crowded", "",
                   "associations that did nothing were ended for others: " +
                       std::to_string(peers.sent_away_idle) + " idle, " +
                       std::to_string(peers.sent_away_stalled + peers.sent_away_for_memory) +
                       " stalled since the start" + held +
                       ": see `dosigate status`; if they are yours, raise [network] "
                       "max_associations or [node] memory_budget_mb"});
  }
  if (const std::string damage = database_check_.damage(); !damage.empty())
    out.push_back({2, "database-damaged", "", damage + ". Until then nothing is taken"});
  if (const auto trouble = ingest_.trouble().present())
    out.push_back(
        {2, "cannot-store", "",
         std::to_string(trouble->refused) +
             " instances were refused with 0xA700 because they cannot be stored: " + trouble->why});
  if (config_.node.warn_unsynchronised_clock) {
    if (const char* const warning = clock_warning(clock_ask_))
      out.push_back({1, "clock-unsynchronised", "", warning});
  }
}

}  // namespace dosigate
