#include "dosigate/app/routing.h"

#include <algorithm>
#include <set>

namespace dosigate {

Result<std::shared_ptr<const Routing>> Routing::make(Config config, PseudonymMap& map) {
  std::shared_ptr<Routing> routing(new Routing(std::move(config)));
  const Config& ready = routing->config_;

  for (const auto& site : ready.sites) {
    if (auto declared = map.declare_site(site.policy); !declared)
      return fail(declared.error().fault, "site " + site.name + ": " + declared.error().detail);
  }

  const auto elements = std::make_shared<ElementBudget>(2 * ElementShare::kLargest);
  std::set<std::string> charsets{""};
  for (const auto& peer : ready.peers) charsets.insert(peer.default_charset);
  for (const auto& route : ready.routes) {
    const auto site = std::find_if(ready.sites.begin(), ready.sites.end(),
                                   [&](const Config::Site& s) { return s.name == route.site; });
    if (site == ready.sites.end())
      return fail(Fault::Invalid,
                  "route " + route.name + ": site " + route.site + " is not declared");
    auto profile = Profile::load(ready.node.profiles_dir, route.profile);
    if (!profile)
      return fail(profile.error().fault, "route " + route.name + ": " + profile.error().detail);
    for (const auto& charset : charsets) {
      Deidentifier::Settings settings;
      settings.profile = *profile;
      settings.site = site->policy;
      settings.drop = route.drop;
      settings.default_charset = charset;
      settings.new_devices = route.new_devices;
      settings.max_inflated =
          std::min(ready.node.max_instance_bytes, ready.node.memory_budget_bytes);
      settings.elements = elements;
      routing->engines_[{route.name, charset}] =
          std::make_unique<Deidentifier>(std::move(settings), map);
    }
  }
  return std::shared_ptr<const Routing>(std::move(routing));
}

const Config::Route* Routing::route(const std::string& name) const {
  const auto found = std::find_if(config_.routes.begin(), config_.routes.end(),
                                  [&](const Config::Route& r) { return r.name == name; });
  return found == config_.routes.end() ? nullptr : &*found;
}

const std::string& Routing::charset_of(const std::string& calling_ae) const {
  static const std::string none;
  const auto peer = std::find_if(config_.peers.begin(), config_.peers.end(),
                                 [&](const Config::Peer& p) { return p.ae_title == calling_ae; });
  return peer == config_.peers.end() ? none : peer->default_charset;
}

const Deidentifier& Routing::engine(const std::string& route, const std::string& calling_ae) const {
  return *engines_.at({route, charset_of(calling_ae)});
}

const Profile& Routing::profile(const std::string& route) const {
  return engines_.at({route, ""})->profile();  // every route has an engine for the default set
}

}  // namespace dosigate
