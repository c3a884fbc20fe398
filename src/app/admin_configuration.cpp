// What the configuration says, as the running node has it and as the file is now.

#include <arpa/inet.h>

#include <array>
#include <set>

#include <boost/json.hpp>

#include "admin_api.h"
#include "config_http.h"
#include "destination_status.h"
#include "status.h"
#include "verifications.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr unsigned kMapped = 96;  ///< bits before an IPv4 address in ::ffff:0:0/96

std::string text_of(const Network& network) {
  static const Network v4 = *parse_network("::ffff:0:0/96");
  std::array<char, INET6_ADDRSTRLEN> out{};
  const bool is_v4 =
      network.prefix >= kMapped &&
      std::equal(v4.address.begin(), v4.address.begin() + 12, network.address.begin());
  (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, network.address.data() + (is_v4 ? 12 : 0), out.data(),
                  out.size());
  return std::string(out.data()) + "/" + std::to_string(network.prefix - (is_v4 ? kMapped : 0));
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::object json_of(const Config::Route& route, const Profile& profile) {
  json::array from, drop;
  for (const Network& network : route.from) from.emplace_back(text_of(network));
  for (const DropRule& rule : route.drop) drop.emplace_back(rule.text);
  return {
      {"name", route.name},
      {"site", route.site},
      {"called_ae", array_of(route.called_ae)},
      {"calling_ae", array_of(route.calling_ae)},
      {"from", std::move(from)},
      {"tls_names", array_of(route.tls.names)},
      {"tls_fingerprints", array_of(route.tls.fingerprints)},
      {"profile",
       {{"name", profile.name()}, {"version", profile.version()}, {"digest", profile.digest()}}},
      {"destinations", array_of(route.destinations)},
      {"on_uncertain", route.on_uncertain == Config::OnUncertain::Refuse ? "refuse" : "quarantine"},
      {"revisions", route.revisions == Config::Revisions::NewUid ? "new-uid" : "hold"},
      {"new_devices", route.new_devices == NewDevices::Hold ? "hold" : "accept"},
      {"drop", std::move(drop)}};
}

}  // namespace

json::array AdminApi::destinations_state() const {
  const auto routing = node_.ingest_.routing();
  const auto& ledger = *node_.stores_.ledger;
  json::array destinations;
  const auto books = ledger.by_destination();
  const auto queues = node_.stores_.spool->destinations();
  const auto pauses = ledger.pauses();
  const auto forwarders = node_.forwarders_.with([](const auto& all) { return all; });
  const auto verified = node_.verifications_->last();
  std::set<std::string> names;
  for (const auto& [name, book] : books) names.insert(name);
  for (const auto& [name, forwarder] : forwarders) names.insert(name);
  for (const auto& name : names) {
    const auto book = books.contains(name) ? books.at(name) : Ledger::DestinationTotals{};
    const auto queue = queues.contains(name) ? queues.at(name) : ArchiveSpool::DestinationState{};
    const auto forwarder = forwarders.find(name);
    json::object row{{"name", name},
                     {"kind", name == kGivenBack ? "rest" : "removed"},
                     {"state", name == kGivenBack ? "up" : "removed"},
                     {"state_text", ""},
                     {"queued", book.queued},
                     {"delivered", book.delivered},
                     {"parked", book.parked},
                     {"withdrawn", book.withdrawn},
                     {"assigned", book.assigned},
                     {"oldest_queued_s", age_s(queue.oldest_queued_unix)},
                     {"last_error", ""},
                     {"last_success", 0},
                     {"legal", nullptr},
                     {"verified", nullptr}};
    if (const auto last = verified.find(name); last != verified.end())
      row["verified"] = json_of(last->second);
    for (const auto& output : routing->config().outputs)
      if (output.destination.name == name) row["legal"] = json_of(output.legal);
    if (forwarder != forwarders.end()) add_forwarder(row, *forwarder->second);
    const auto paused = pauses.find(name);
    row["paused"] = json_of(paused == pauses.end() ? nullptr : &paused->second);
    destinations.emplace_back(std::move(row));
  }
  return destinations;
}

ApiResponse AdminApi::destinations() const {
  return {200, json::object{{"items", destinations_state()}}};
}

ApiResponse AdminApi::routes() const {
  const auto routing = node_.ingest_.routing();
  json::array items;
  for (const Config::Route& route : routing->config().routes)
    items.emplace_back(json_of(route, routing->profile(route.name)));
  return {200, json::object{{"items", std::move(items)}}};
}

/// Of the file as it is now; nothing is taken over.
ApiResponse AdminApi::check_configuration() const {
  const auto loaded = load_config(node_.config_.file);
  json::array restart;
  if (loaded) {
    for (const auto& key : changed_node_keys(node_.config_.node, loaded->node))
      restart.emplace_back("[node] " + key);
    for (const auto& key : changed_network_keys(node_.config_.network, loaded->network))
      restart.emplace_back("[network] " + key);
    for (const auto& key : changed_http_keys(node_.config_.http, loaded->http))
      restart.emplace_back("[http] " + key);
  }
  return {200, json::object{{"ok", loaded.has_value()},
                            {"errors", loaded ? json::array() : array_of(loaded.error().lines)},
                            {"warnings", loaded ? array_of(loaded->warnings) : json::array()},
                            {"needs_restart", std::move(restart)}}};
}

}  // namespace dosigate
