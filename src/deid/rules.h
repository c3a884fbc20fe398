#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcvr.h>

#include "dosigate/deid/profile.h"
#include "tag_key.h"

namespace dosigate {

/// What one profile says about one standard attribute.
struct Ruling {
  Action action = Action::Remove;
  Action otherwise = Action::Empty;  ///< when CleanText leaves nothing
  DcmEVR vr = EVR_UNKNOWN;  ///< of the data dictionary, ambiguous ones resolved to the wider
  bool by_rule = false;     ///< the profile's own rule: final, whatever VR the stream declares
};

/// One profile compiled into a decision for every attribute that the data dictionary knows:
/// computed once, then one hash look-up an element. Throws std::runtime_error when the data
/// dictionary is not loaded or an embedded table is broken.
class Rules {
 public:
  explicit Rules(Profile profile);

  /// nullptr: an attribute nobody knows. It is removed.
  const Ruling* find(std::uint32_t tag) const;
  /// What an attribute that neither profile nor table names gets, by its VR.
  Action by_vr(DcmEVR vr) const;

  const Profile& profile() const { return profile_; }
  const Options& options() const { return profile_.options(); }
  bool shifts_dates() const { return options().retain_long_modified_dates; }

 private:
  Profile profile_;
  std::unordered_map<std::uint32_t, Ruling> rulings_;
};

/// The action of a row of Table E.1-1 under the options (PS3.15 E.3).
Action action_of_row(const TableRow& row, const Options& options);

}  // namespace dosigate
