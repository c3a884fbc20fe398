#pragma once

#include <optional>

#include "admin_routes.h"

namespace dosigate {

/// Holds what a request says against what the document of the API (conf/openapi.json) says of its
/// endpoint: a field or key of the query that is not there, or a value of another type, would
/// otherwise count as not said, and a request without its destination is one for all. The answer
/// names what is known, never what came. Nullopt: as it should be. Thread: any.
std::optional<Error> misread(const AdminRoute& route, const ApiRequest& request);

}  // namespace dosigate
