#include "held_originals.h"

#include <algorithm>

#include "held_instance.h"

namespace dosigate {

void HeldOriginals::look() {
  for (const Quarantine::Entry& entry : quarantine_.list()) {
    if (!seen_.insert(entry.id).second) continue;
    switch (whose(entry)) {
      case Whose::Theirs:
        of_person_.push_back(entry.id);
        break;
      case Whose::AnotherPersons:
        break;
      case Whose::NotKnown:
        ++unread_;
        break;
    }
  }
}

HeldOriginals::Whose HeldOriginals::whose(const Quarantine::Entry& entry) const {
  if (entry.reason == Quarantine::kDamaged) return Whose::NotKnown;
  const Config::Route* route = routing_.route(entry.origin.route);
  if (route == nullptr)
    route = find_route(routing_.config(), entry.origin.called_ae, entry.origin.calling_ae,
                       entry.origin.address);
  if (route == nullptr) return Whose::NotKnown;
  const auto& sites = routing_.config().sites;
  const auto site = std::ranges::find(sites, route->site, &Config::Site::name);
  if (site == sites.end() || site->policy.code != site_.code) return Whose::AnotherPersons;

  HeldInstance original(quarantine_, entry.id, nullptr);
  if (!original.read()) return Whose::NotKnown;
  const auto named =
      routing_.engine(route->name, entry.origin.calling_ae).identity_of(original.received());
  if (!named) return Whose::NotKnown;
  const auto persons = map_.known_as(site_, named->patient_id, named->issuer, named->study_uid);
  return std::ranges::find(persons, pseudonym_) == persons.end() ? Whose::AnotherPersons
                                                                 : Whose::Theirs;
}

}  // namespace dosigate
