#pragma once

#include <string>

#include "dosigate/audit/audit_event.h"

namespace dosigate {

/// Who reports, in every message.
struct AuditSource {
  std::string id;    ///< AuditSourceID and UserID of the node: its AE title
  std::string host;  ///< NetworkAccessPointID of the node; empty: not said
};

/// EventOutcomeIndicator (PS3.15 A.5.2): 0 success, 4 minor, 8 serious failure.
int audit_outcome(const AuditEvent& event);

/// The event as a DICOM audit message (PS3.15 A.5; RFC 3881 is where it comes from): one XML
/// element without line ends, UTF-8, no BOM. The patient is named by the pseudonym, a study by the
/// UID that this node gave it. Nothing of the line is lost: its number, chain value and every field
/// stand in the last ParticipantObjectIdentification. docs/audit.md has the table of events.
std::string audit_message(const AuditEvent& event, const AuditSource& source);

}  // namespace dosigate
