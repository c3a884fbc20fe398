#pragma once

#include <memory>

#include "dosigate/base/result.h"
#include "dosigate/deid/element_budget.h"
#include "rules.h"
#include "values.h"

namespace dosigate {

/// Reads every UN element (and every one of a VR nobody knows) at every depth as the VR it has by
/// tag or by private creator, so that an action can be chosen and the proof sees the same places
/// before and after. A sequence inside UN is implicit little endian (PS3.5 6.2.2) and goes through
/// the walker like bytes from the wire. What stays unknown stays UN, and is removed later. NotDicom
/// when a sequence inside is broken or nested too deep, or the data set has too many elements with
/// it; Busy when others have the memory for them.
Result<void> resolve_unknowns(DcmItem& item, const Rules& rules, ElementShare& elements,
                              unsigned depth = 0);

}  // namespace dosigate
