#include "node_tls.h"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::chrono::hours kWarnBefore{24 * 30};
constexpr std::chrono::minutes kLogEvery{1};

void add_end(std::vector<Condition>& out, const char* what, const std::string& subject,
             WallTime end, const std::string& renew) {
  const auto left = end - wall_now();
  if (left > kWarnBefore) return;
  const std::string name = std::string("tls-") + what;
  const std::string which = "the TLS " + std::string(what) + " (" + subject + ") ";
  const auto days = std::chrono::duration_cast<std::chrono::hours>(left).count() / 24;
  if (left <= WallTime::duration::zero())
    out.push_back({2, name + "-expired", "", which + "has expired: " + renew});
  else
    out.push_back({1, name + "-expires", "",
                   which + "expires in " + std::to_string(days) + " days: " + renew});
}

}  // namespace

Result<NodeTls::Contexts> NodeTls::load(const Config& config) {
  Contexts out;
  if (!config.tls) return out;
  auto client = TlsContext::client(*config.tls);
  if (!client) return client.error();
  out.client = std::move(*client);
  if (config.node.listen_tls.empty()) return out;
  auto server = TlsContext::server(*config.tls);
  if (!server) return server.error();
  out.server = std::move(*server);
  return out;
}

bool NodeTls::use(Contexts fresh) {
  return contexts_.with([&](Contexts& now) {
    const auto take = [](auto& into, auto& from) {
      if (!from || (into && into->same_files(*from))) return false;
      into = std::move(from);
      return true;
    };
    const bool client = take(now.client, fresh.client);
    const bool server = take(now.server, fresh.server);
    return client || server;
  });
}

void NodeTls::failed(const std::string& address, const std::string& reason) {
  const SteadyTime now = steady_now();
  const std::uint64_t to_log = failures_.with([&](auto& failures) -> std::uint64_t {
    Failure& failure = failures[reason];
    ++failure.count;
    failure.address = address;
    failure.last_unix = to_unix(wall_now());
    if (failure.count > 1 && now - failure.logged < kLogEvery) return 0;
    failure.logged = now;
    return failure.count;
  });
  if (to_log > 0)
    spdlog::warn("TLS handshake failed address={} why=\"{}\" count={}", address, reason, to_log);
}

void NodeTls::add_conditions(std::vector<Condition>& out) const {
  const Contexts now = present();
  const auto& context = now.server ? now.server : now.client;
  if (!context) return;
  const std::string renew =
      "put a new one in its place, then `systemctl reload dosigate` or `dosigate reload`";
  if (context->has_certificate())
    add_end(out, "certificate", context->subject(), context->expires(), renew);
  add_end(out, "ca", context->ca_subject(), context->ca_expires(),
          "put the new one beside it in [tls] ca, and have the certificates issued anew");
}

json::value NodeTls::state(const std::vector<std::string>& listeners) const {
  const Contexts now = present();
  const auto& context = now.server ? now.server : now.client;
  if (!context) return nullptr;
  json::array listening, reasons;
  for (const auto& one : listeners) listening.emplace_back(one);
  std::uint64_t failed = 0;
  for (const auto& [reason, failure] : failures_.with([](const auto& all) { return all; })) {
    failed += failure.count;
    reasons.emplace_back(json::object{{"reason", reason},
                                      {"count", failure.count},
                                      {"last", failure.last_unix},
                                      {"address", failure.address}});
  }
  json::object out{
      {"listeners", std::move(listening)},
      {"certificate", nullptr},
      {"ca", {{"subject", context->ca_subject()}, {"expires", to_unix(context->ca_expires())}}},
      {"handshakes_failed", failed},
      {"failures", std::move(reasons)}};
  if (context->has_certificate())
    out["certificate"] = json::object{{"subject", context->subject()},
                                      {"fingerprint", context->fingerprint()},
                                      {"expires", to_unix(context->expires())}};
  return out;
}

}  // namespace dosigate
