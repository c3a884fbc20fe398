#include "dosigate/api/security_headers.h"

#include <algorithm>
#include <array>

namespace dosigate {

void add_security_headers(ApiResponse& response) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHeaders{{
      {"X-Content-Type-Options", "nosniff"},
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Frame-Options", "DENY"},
  }};
  for (const auto& ours : kHeaders) {
    const bool said = std::any_of(response.headers.begin(), response.headers.end(),
                                  [&](const auto& header) { return header.first == ours.first; });
    if (!said) response.headers.emplace_back(ours.first, ours.second);
  }
}

}  // namespace dosigate
