#include "dosigate/app/routing.h"

#include <algorithm>
#include <set>

namespace dosigate {

Result<std::shared_ptr<const Routing>> Routing::make(Config config, PseudonymMap& map) {
  std::shared_ptr<Routing> routing(new Routing(std::move(config), map));
  const Config& ready = routing->config_;

  for (const auto& site : ready.sites) {
    if (auto declared = map.declare_site(site.policy); !declared)
      return fail(declared.error().fault, "site " + site.name + ": " + declared.error().detail);
  }

  routing->elements_ = std::make_shared<ElementBudget>(2 * ElementShare::kLargest);
  std::set<std::string> charsets{""};
  for (const auto& peer : ready.peers) charsets.insert(peer.default_charset);
  for (const auto& route : ready.routes) {
    for (const auto& charset : charsets) {
      auto settings = routing->settings(route.profile, route.name, charset);
      if (!settings) return settings.error();
      routing->engines_[{route.name, charset}] =
          std::make_unique<Deidentifier>(std::move(*settings), map);
    }
  }
  return std::shared_ptr<const Routing>(std::move(routing));
}

Result<Deidentifier::Settings> Routing::settings(const std::string& profile_name,
                                                 const std::string& route_name,
                                                 const std::string& charset) const {
  const Config::Route& route = *this->route(route_name);
  const auto site = std::find_if(config_.sites.begin(), config_.sites.end(),
                                 [&](const Config::Site& s) { return s.name == route.site; });
  if (site == config_.sites.end())
    return fail(Fault::Invalid,
                "route " + route.name + ": site " + route.site + " is not declared");
  auto profile = Profile::load(config_.node.profiles_dir, profile_name);
  if (!profile)
    return fail(profile.error().fault, "route " + route.name + ": " + profile.error().detail);
  Deidentifier::Settings settings;
  settings.profile = std::move(*profile);
  settings.site = site->policy;
  settings.drop = route.drop;
  settings.default_charset = charset;
  settings.new_devices = route.new_devices;
  settings.max_inflated =
      std::min(config_.node.max_instance_bytes, config_.node.memory_budget_bytes);
  settings.elements = elements_;
  return settings;
}

Result<const Deidentifier*> Routing::engine_under(const std::string& profile,
                                                  const std::string& route,
                                                  const std::string& calling_ae) const {
  const std::string& charset = charset_of(calling_ae);
  return others_.with([&](auto& others) -> Result<const Deidentifier*> {
    auto& engine = others[{profile, route, charset}];
    if (!engine) {
      auto settings = this->settings(profile, route, charset);
      if (!settings) {
        others.erase({profile, route, charset});
        return settings.error();
      }
      engine = std::make_unique<Deidentifier>(std::move(*settings), map_);
    }
    return engine.get();
  });
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
