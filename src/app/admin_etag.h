#pragma once

#include "dosigate/api/http.h"

namespace dosigate {

/// Gives a JSON answer to a GET its ETag, and makes it 304 without a body when the request names
/// it (RFC 9110 13.1.2). The tag is weak: what only counts seconds (names that end in "_s") makes
/// no other one.
void add_etag(const ApiRequest& request, ApiResponse& response);

}  // namespace dosigate
