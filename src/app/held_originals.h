#pragma once

#include <set>
#include <string>
#include <vector>

#include "dosigate/app/routing.h"
#include "dosigate/quarantine/quarantine.h"

namespace dosigate {

/// The quarantined originals of one person: those whose PatientID is the person's, or whose study
/// is. All that is held is opened for it, because nothing about whose it is stands outside.
class HeldOriginals {
 public:
  /// @param site  of the person: what came over a route of another site is not theirs.
  HeldOriginals(const Quarantine& quarantine, PseudonymMap& map, const Routing& routing,
                SitePolicy site, std::string pseudonym)
      : quarantine_(quarantine),
        map_(map),
        routing_(routing),
        site_(std::move(site)),
        pseudonym_(std::move(pseudonym)) {}

  /// Looks at everything that is held and was not looked at before.
  void look();

  const std::vector<InstanceId>& of_person() const { return of_person_; }
  /// How many do not say whose they are: damaged, broken, or of a route that is no more.
  std::uint64_t unread() const { return unread_; }

 private:
  enum class Whose { Theirs, AnotherPersons, NotKnown };
  Whose whose(const Quarantine::Entry& entry) const;

  const Quarantine& quarantine_;
  PseudonymMap& map_;
  const Routing& routing_;
  SitePolicy site_;
  std::string pseudonym_;
  std::set<InstanceId> seen_;
  std::vector<InstanceId> of_person_;
  std::uint64_t unread_ = 0;
};

}  // namespace dosigate
