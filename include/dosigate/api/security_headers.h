#pragma once

#include "dosigate/api/http.h"

namespace dosigate {

/// What every answer tells a browser, where the answer does not say it itself: take no other type
/// than is said (nosniff), keep no copy (no-store), run and load nothing (Content-Security-Policy;
/// a page brings its own), send no Referer, be in no frame. Idempotent. Strict-Transport-Security
/// is the server's, who knows of TLS.
void add_security_headers(ApiResponse& response);

}  // namespace dosigate
