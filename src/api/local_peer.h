#pragma once

#include <optional>

#include "dosigate/api/http.h"

namespace dosigate {

/// Who is at the other end of a Unix socket, as the kernel says it of the moment of the connection;
/// nullopt when it does not say.
std::optional<ApiRequest> local_peer(int socket);

}  // namespace dosigate
