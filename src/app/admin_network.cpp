#include <algorithm>

#include "admin_api.h"
#include "dosigate/api/http_server.h"

// What the peers use of the node at present, beside what they may use ([network]).

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostAddresses = 10;

struct OfAddress {
  std::size_t pending = 0, associations = 0;
};

/// Those that hold the most, first.
json::array busiest(const std::map<std::string, OfAddress>& by_address) {
  std::vector<std::pair<std::string, OfAddress>> all(by_address.begin(), by_address.end());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second.pending + a.second.associations > b.second.pending + b.second.associations;
  });
  if (all.size() > kMostAddresses) all.resize(kMostAddresses);
  json::array out;
  for (const auto& [address, held] : all)
    out.emplace_back(json::object{
        {"address", address}, {"pending", held.pending}, {"associations", held.associations}});
  return out;
}

}  // namespace

json::object AdminApi::network_state() const {
  const NetworkLimits& limits = node_.config_.network;
  const auto server = node_.server_->counters();
  const auto door = node_.acceptor_->counters();
  std::map<std::string, OfAddress> by_address;
  std::size_t pending = 0, associations = 0;
  for (const auto& [address, count] : node_.acceptor_->pending()) {
    by_address[address].pending = count;
    pending += count;
  }
  for (const auto& [address, count] : server.by_address) {
    by_address[address].associations = count;
    associations += count;
  }
  return {{"pending",
           {{"now", pending},
            {"max", limits.max_pending},
            {"max_per_address", limits.max_pending_per_address}}},
          {"associations",
           {{"now", associations},
            {"idle", server.idle},
            {"receiving", server.receiving},
            {"max", limits.max_associations},
            {"max_per_address", limits.max_associations_per_address}}},
          {"memory",
           {{"used_bytes", server.memory}, {"max_bytes", node_.config_.node.memory_budget_bytes}}},
          {"addresses", busiest(by_address)},
          {"addresses_in_all", by_address.size()},
          {"limits",
           {{"first_pdu_timeout_s", limits.first_pdu_timeout.count()},
            {"idle_timeout_s", limits.idle_timeout.count()},
            {"dimse_timeout_s", limits.dimse_timeout.count()},
            {"min_bytes_per_s", limits.min_bytes_per_s},
            {"rate_window_s", limits.rate_window.count()},
            {"unlisted_addresses", limits.close_unlisted ? "close" : "reject"},
            {"refused_log_interval_s", limits.refused_log_interval.count()}}},
          {"since_start",
           {{"connections", door.accepted},
            {"pending_over_limit", door.over_limit},
            {"pending_timed_out", door.timed_out},
            {"malformed", door.malformed},
            {"unlisted_address", door.unwelcome},
            {"refused", server.rejected},
            {"refused_not_listed", node_.refused_peers_.not_listed()},
            {"evicted_idle", server.sent_away_idle},
            {"evicted_stalled", server.sent_away_stalled},
            {"evicted_for_memory", server.sent_away_for_memory},
            {"too_slow", server.too_slow},
            {"timed_out", server.timed_out},
            {"without_context", server.without_context},
            {"accept_failed", door.failed}}}};
}

/// Null while the API is not served over TCP.
json::value AdminApi::http_state() const {
  if (!node_.http_) return nullptr;
  json::array listeners, tls_listeners;
  for (const auto& endpoint : node_.http_->endpoints()) listeners.emplace_back(endpoint);
  for (const auto& endpoint : node_.http_->tls_endpoints()) tls_listeners.emplace_back(endpoint);
  json::object out{{"listeners", std::move(listeners)},
                   {"tls_listeners", std::move(tls_listeners)},
                   {"certificate", nullptr}};
  if (const auto tls = node_.http_tls_.with([](const auto& present) { return present; }))
    out["certificate"] = json::object{{"subject", tls->subject()},
                                      {"fingerprint", tls->fingerprint()},
                                      {"expires", to_unix(tls->expires())}};
  return out;
}

}  // namespace dosigate
