#pragma once

#include <set>
#include <string>

#include "http_link.h"

namespace dosigate {

/// SOP Instance UIDs that an archive has of a study, by QIDO-RS (PS3.18 10.6), page by page. A
/// study that it does not know has none.
///
/// @return Denied when the archive refuses this question, Unavailable when it did not answer as it
/// should; both in words. More than 200,000 instances are no answer either.
Result<std::set<std::string>> web_find_instances(HttpLink& link, const StowTarget& to,
                                                 const std::string& study_uid);

/// Whether it answers searches at all: asks for one study.
Result<void> web_find_any(HttpLink& link, const StowTarget& to);

}  // namespace dosigate
