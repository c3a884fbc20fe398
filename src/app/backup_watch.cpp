#include "backup_watch.h"

#include "dosigate/base/clock.h"

namespace dosigate {

void add_backup_conditions(std::vector<Condition>& out, const Config::Node& node,
                           const Ledger& ledger, PseudonymMap& map) {
  if (node.backup_max_age_days > 0) {
    const long long last = ledger.milestone("backup");
    const long long age_days = (to_unix(wall_now()) - last) / kSecondsPerDay;
    if (last == 0)
      out.push_back({1, "backup-old", "",
                     "there is no backup yet: `dosigate backup DIR`, onto another disk"});
    else if (age_days >= node.backup_max_age_days)
      out.push_back({1, "backup-old", "",
                     "the last backup is " + std::to_string(age_days) +
                         " days old ([node] backup_max_age_days): `dosigate backup DIR`"});
  }
  if (map.gap_since())
    out.push_back({2, "map-gap", "",
                   "restored without a journal: patients of after the backup may have had another "
                   "pseudonym, so those that the map does not know are held. When they are all "
                   "accounted for: `dosigate map accept-gap`, then release what is held"});
}

}  // namespace dosigate
