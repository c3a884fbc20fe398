#pragma once

#include <string>
#include <vector>

#include "dosigate/app/http_settings.h"

namespace dosigate {

/// Keys of [http] that differ between the two and that a running node cannot change: where it
/// listens. The rest counts from a reload on.
std::vector<std::string> changed_http_keys(const HttpSettings& before, const HttpSettings& now);

/// "https://host[:port]", as browsers write it in the header Origin; over plain http for this
/// machine only.
bool is_origin(std::string_view text);

}  // namespace dosigate
