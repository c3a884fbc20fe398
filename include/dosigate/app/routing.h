#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "dosigate/app/config.h"
#include "dosigate/base/guarded.h"
#include "dosigate/deid/deidentifier.h"

namespace dosigate {

/// A configuration made ready to work: one Deidentifier per route and character-set default.
/// Immutable; a reload makes another one and associations that began under the old one finish under
/// it. Thread: reading from any.
class Routing {
 public:
  /// Loads the profiles and registers the sites in the map. Faults name route, profile or site.
  static Result<std::shared_ptr<const Routing>> make(Config config, PseudonymMap& map);

  const Config& config() const { return config_; }
  /// nullptr when this configuration has no route of that name.
  const Config::Route* route(const std::string& name) const;
  /// The engine of a route for instances from `calling_ae`. The route must exist.
  const Deidentifier& engine(const std::string& route, const std::string& calling_ae) const;
  /// The same under another profile than the route's: "dosimetry", "basic" or one of profiles_dir.
  /// NotFound or Invalid when it is none. Made once and kept.
  Result<const Deidentifier*> engine_under(const std::string& profile, const std::string& route,
                                           const std::string& calling_ae) const;
  /// What the engines of a route are made with, for one with another map. The route must exist.
  Result<Deidentifier::Settings> settings(const std::string& profile, const std::string& route,
                                          const std::string& charset) const;
  /// The profile of a route. The route must exist.
  const Profile& profile(const std::string& route) const;

 private:
  Routing(Config config, PseudonymMap& map) : config_(std::move(config)), map_(map) {}
  const std::string& charset_of(const std::string& calling_ae) const;
  Config config_;
  PseudonymMap& map_;
  std::shared_ptr<ElementBudget> elements_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Deidentifier>>
      engines_;  ///< by route and default character set
  mutable Guarded<std::map<std::array<std::string, 3>, std::unique_ptr<Deidentifier>>>
      others_;  ///< by profile, route and character set
};

}  // namespace dosigate
