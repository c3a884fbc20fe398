#pragma once

#include <map>
#include <memory>
#include <string>

#include "dosigate/app/config.h"
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
  /// The profile of a route. The route must exist.
  const Profile& profile(const std::string& route) const;

 private:
  explicit Routing(Config config) : config_(std::move(config)) {}
  const std::string& charset_of(const std::string& calling_ae) const;
  Config config_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Deidentifier>>
      engines_;  ///< by route and default character set
};

}  // namespace dosigate
