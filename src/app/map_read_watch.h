#pragma once

#include "dosigate/api/http.h"
#include "dosigate/app/incidents.h"

namespace dosigate {

/// An incident when a request that reads the map was refused for want of a right or for its rate
/// (403, 429): who it was, and about whom.
void watch_map_reads(IncidentRegister& incidents, const ApiRequest& request,
                     const ApiResponse& response);

}  // namespace dosigate
