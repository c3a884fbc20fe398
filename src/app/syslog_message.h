#pragma once

#include <string>

#include "dosigate/audit/audit_message.h"

namespace dosigate {

/// Who sends, in the header of every syslog message (RFC 5424 6.2).
struct SyslogOrigin {
  std::string host;  ///< fully qualified where known
  int process = 0;
};

/// An event as a syslog message (RFC 5424; PS3.15 A.6) in the frame of RFC 5425 4.3, "LENGTH SP
/// MESSAGE": facility 10, severity 5 (notice) or 4 (warning) for a failure, MSGID DICOM+RFC3881,
/// the number of its line as `meta sequenceId` (7.3.1; it begins anew at 1 after 2147483647), the
/// XML after a byte order mark.
std::string syslog_frame(const AuditEvent& event, const AuditSource& source,
                         const SyslogOrigin& origin);

}  // namespace dosigate
