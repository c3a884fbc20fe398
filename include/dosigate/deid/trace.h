#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/phi.h"

namespace dosigate {

/// What became of one element.
enum class Change {
  Kept,
  Removed,
  Emptied,
  Replaced,       ///< by a dummy that says nothing
  Mapped,         ///< UIDs
  Shifted,        ///< dates
  Cleaned,        ///< text of which words went
  Pseudonymised,  ///< by a label of ours
  Entered,        ///< a sequence that stays; its elements have lines of their own
  Added           ///< by the marking
};
std::string_view change_text(Change change);  ///< "kept", "removed", ...

/// One element of the source and why it became what it is. `dosigate explain` shows it.
struct TraceLine {
  std::string path;    ///< "0054,0016[0].0018,1072"; a private one "0009,xx0D GEMS_PETD_01"
  std::string name;    ///< of the dictionary or of our lists; empty when nobody knows it
  std::string vr;      ///< "DA"
  std::string source;  ///< the rule that decided: "dosimetry.toml line 57", "PS3.15 Table E.1-1:
                       ///< X/Z/D, Type 2", ...
  std::string action;  ///< action_text(): "shift_date", ...
  Change change = Change::Kept;
  Phi before, after;  ///< values as text, at most 64 characters; both identify
};
using Trace = std::vector<TraceLine>;

}  // namespace dosigate
