#pragma once

#include <optional>

#include "dosigate/deid/deidentifier.h"
#include "values.h"

namespace dosigate {

/// The first drop rule of the route of which every condition holds; nullptr when none does.
const DropRule* matching_drop_rule(const std::vector<DropRule>& rules, DcmItem& data_set,
                                   std::string_view sop_class_uid);

/// Why this instance waits for a person, by its class and by what may stand in its pixels. nullopt
/// when nothing speaks against it, or a person has looked and accepted every reason that a look can
/// answer.
///
/// @param reports_are_cleaned  the profile cleans structured content (PS3.15 E.3.4).
std::optional<Held> hold_by_content(DcmItem& data_set, std::string_view sop_class_uid,
                                    const Decision& decision, bool reports_are_cleaned);

}  // namespace dosigate
