#include "status.h"

#include "admin_lists.h"

#include <boost/json.hpp>

namespace dosigate {

namespace json = boost::json;

long long age_s(std::uint64_t unix_time) {
  const long long now = to_unix(wall_now());
  const auto then = static_cast<long long>(unix_time);
  return then == 0 || then > now ? 0 : now - then;
}

json::object json_of(const Ledger::Totals& totals) {
  return {{"received", totals.received},   {"duplicate", totals.duplicate},
          {"delivered", totals.delivered}, {"queued", totals.queued},
          {"parked", totals.parked},       {"quarantined", totals.quarantined},
          {"dropped", totals.dropped},     {"discarded", totals.discarded},
          {"refused", totals.refused},     {"issued", totals.issued}};
}

json::object json_of(const Config::Legal& legal) {
  return {{"purpose", legal.purpose},
          {"legal_basis", legal.legal_basis},
          {"operator", legal.operator_name},
          {"country", legal.country}};
}

json::object json_of(const Ledger::Withdrawal& order) {
  json::object told;
  for (const auto& [destination, when] : order.told) told[destination] = when;
  return {{"study_uid", order.study_uid},
          {"pseudonym", order.pseudonym},
          {"code", order.code},
          {"meaning", rejection_meaning(order.code)},
          {"cause", order.cause},
          {"objects", order.objects},
          {"whole_study", order.whole_study},
          {"ordered", order.ordered},
          {"told", std::move(told)}};
}

std::string cursor_of(const Quarantine::Entry& entry) {
  return sortable(entry.held_unix) + "-" + to_hex(entry.id);
}

json::object json_of(const Quarantine::Entry& entry) {
  return {{"id", to_hex(entry.id)},
          {"reason", entry.reason},
          {"detail", entry.detail},
          {"called_ae", entry.origin.called_ae},
          {"calling_ae", entry.origin.calling_ae},
          {"address", entry.origin.address},
          {"route", entry.origin.route},
          {"sop_class", entry.sop_class_uid},
          {"transfer_syntax", entry.transfer_syntax_uid},
          {"bytes", entry.bytes},
          {"held", entry.held_unix}};
}

std::string_view word(DeliveryState state) {
  switch (state) {
    case DeliveryState::Queued:
      return "queued";
    case DeliveryState::Delivered:
      return "delivered";
    case DeliveryState::Parked:
      return "parked";
    case DeliveryState::Withdrawn:
      return "withdrawn";
  }
  return "unknown";
}

json::object json_of(const ArchiveSpool::Row& row) {
  return {{"id", to_hex(row.id)},
          {"destination", row.destination},
          {"study_uid", row.study_uid},
          {"sop_class", row.sop_class},
          {"pseudonym", row.pseudonym},
          {"state", word(row.state)},
          {"attempts", row.attempts},
          {"status", row.status},
          {"reason", row.reason},
          {"queued_s", age_s(row.queued_unix)},
          {"next_attempt_s", static_cast<long long>(row.next_attempt_unix) - to_unix(wall_now())},
          {"bytes", row.bytes}};
}

json::object json_of(const RefusedPeers::Peer& peer) {
  return {{"called_ae", peer.origin.called_ae},
          {"calling_ae", peer.origin.calling_ae},
          {"address", peer.origin.address},
          {"reason", peer.reason},
          {"count", peer.count},
          {"last", peer.last_unix},
          {"route_toml", route_toml(peer.origin)}};
}

namespace {

/// A creator is of the default character repertoire (PS3.5 7.8.1); what else came off the wire must
/// not break the JSON.
std::string ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  return out;
}

}  // namespace

json::object json_of(const PseudonymMap::Device& device) {
  json::array epochs;
  for (const auto& epoch : device.epochs)
    epochs.emplace_back(json::object{{"number", epoch.number},
                                     {"software_versions", epoch.software_versions.reveal()},
                                     {"last_calibration", epoch.last_calibration.reveal()},
                                     {"first_seen", epoch.first_seen}});
  json::array creators;
  for (const auto& creator : device.creators)
    creators.emplace_back(json::object{
        {"creator", creator.others ? json::value(nullptr) : json::value(ascii(creator.text))},
        {"instances", creator.instances},
        {"first_seen", creator.first_seen},
        {"last_seen", creator.last_seen}});
  return {{"site", device.site_code},
          {"label", device.label},
          {"manufacturer", device.manufacturer.reveal()},
          {"model", device.model.reveal()},
          {"serial_number", device.serial_number.reveal()},
          {"station_name", device.station_name.reveal()},
          {"first_seen", device.first_seen},
          {"epochs", std::move(epochs)},
          {"removed_creators", std::move(creators)}};
}

json::object json_of(const DiskUse& disk) {
  json::object out{{"used_bytes", disk.used},   {"free_bytes", disk.free},
                   {"spool_bytes", disk.spool}, {"quarantine_bytes", disk.quarantine},
                   {"bytes_per_hour", nullptr}, {"hours_left", nullptr}};
  if (disk.bytes_per_hour) out["bytes_per_hour"] = *disk.bytes_per_hour;
  if (disk.hours_left) out["hours_left"] = *disk.hours_left;
  return out;
}

}  // namespace dosigate
