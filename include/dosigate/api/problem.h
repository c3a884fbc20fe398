#pragma once

#include "dosigate/api/http.h"

namespace dosigate {

/// Problem details (RFC 9457) for a status that is not an Error of ours.
ApiResponse problem_of(unsigned status, std::string_view title, std::string_view detail);

}  // namespace dosigate
