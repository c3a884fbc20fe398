#pragma once

#include "dosigate/identity/subject.h"
#include "rules.h"
#include "values.h"

namespace dosigate {

/// Says in the data set what was done to it (PS3.15 E.1.1 items 6 to 8, CID 7050) and whose it is
/// now.
/// @param age  AS computed from the source, or empty.
void mark(DcmItem& data_set, const Rules& rules, const Subject& subject, const std::string& age);

}  // namespace dosigate
