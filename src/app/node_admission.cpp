// Who may come in, and what is taken at all: before an instance is de-identified or written
// anywhere.

#include <spdlog/spdlog.h>

#include "dosigate/app/node.h"
#include "dosigate/dicom/status.h"
#include "verifications.h"

namespace dosigate {

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

AssociationServer::Answer Node::take(const ReceivedInstance& received) {
  const Drain::Passage passage(drain_);
  if (!passage.open()) return turn_away(received.origin, "draining");
  if (disk_watch_.low()) return turn_away(received.origin, "disk-low");
  if (!database_check_.damage().empty()) return turn_away(received.origin, "database-damaged");
  return ingest_.accept(received);
}

AssociationServer::Answer Node::turn_away(const Origin& origin, const char* why) {
  spdlog::warn("refused calling={} why={}", origin.calling_ae, why);
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
