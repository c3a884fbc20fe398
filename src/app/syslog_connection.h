#pragma once

#include <string>

#include "dosigate/app/audit_settings.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// One TLS session with the syslog server that carries `frames` and is then ended by both sides.
///
/// Syslog has no acknowledgement. What stands for one is the end of the session: a server answers
/// our close_notify with its own (RFC 5425 4.4), and so has read everything before it. Anything
/// else (a reset, an end without it, a deadline) is an error, and the caller sends the frames
/// again. Blocks for half a minute at most.
Result<void> send_to_syslog(const AuditSettings& to, const std::string& frames);

}  // namespace dosigate
