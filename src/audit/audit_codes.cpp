#include "audit_codes.h"

#include <array>

namespace dosigate {
namespace {

using namespace audit_code;

/// Whole names and prefixes; the order does not matter. docs/audit.md shows the same table.
constexpr std::array kKinds{
    AuditKind{"start", kApplicationActivity, 'E', kApplicationStart},
    AuditKind{"stop", kApplicationActivity, 'E', kApplicationStop},
    AuditKind{"association.refused", kSecurityAlert, 'E', kNodeAuthentication},
    AuditKind{"instances.begin", kBeginTransferring, 'E', kNone},
    AuditKind{"instances.received", kInstancesTransferred, 'C', kNone},
    AuditKind{"instances.transferred", kInstancesTransferred, 'C', kNone},
    AuditKind{"deidentify.begin", kBeginTransferring, 'E', kNone},
    AuditKind{"deidentify.end", kInstancesTransferred, 'C', kNone},
    AuditKind{"map.lookup", kQuery, 'E', kNone},
    AuditKind{"map.reveal", kQuery, 'E', kNone},
    AuditKind{"map.report", kQuery, 'E', kNone},
    AuditKind{"devices.list", kQuery, 'E', kNone},
    AuditKind{"verify", kQuery, 'E', kNone},
    AuditKind{"map.export", kExport, 'R', kNone},
    AuditKind{"backup", kExport, 'R', kNone},
    AuditKind{"map.import", kImport, 'C', kNone},
    AuditKind{"restore", kImport, 'C', kNone},
    AuditKind{"map.forget", kStudyDeleted, 'D', kNone},
    AuditKind{"map.forget.begin", kStudyDeleted, 'D', kNone},
    AuditKind{"map.denied", kSecurityAlert, 'E', kRestrictedFunction},
    AuditKind{"map.", kPatientRecord, 'U', kNone},
    AuditKind{"study.", kInstancesAccessed, 'U', kNone},
    AuditKind{"study.withdraw", kInstancesAccessed, 'D', kNone},
    AuditKind{"study.withdraw.begin", kInstancesAccessed, 'D', kNone},
    AuditKind{"study.withdrawal-told", kInstancesAccessed, 'D', kNone},
    AuditKind{"quarantine.", kInstancesAccessed, 'U', kNone},
    AuditKind{"quarantine.discard", kInstancesAccessed, 'D', kNone},
    AuditKind{"revision.", kInstancesAccessed, 'U', kNone},
    AuditKind{"revision.drop", kInstancesAccessed, 'D', kNone},
    AuditKind{"revision.drop.begin", kInstancesAccessed, 'D', kNone},
    AuditKind{"queue.", kSecurityAlert, 'E', kSoftwareConfiguration},
    AuditKind{"queue.abandon", kInstancesAccessed, 'D', kNone},
    AuditKind{"drain.", kSecurityAlert, 'E', kSoftwareConfiguration},
    AuditKind{"reload", kSecurityAlert, 'E', kSoftwareConfiguration},
    AuditKind{"ledger.begun", kSecurityAlert, 'E', kSoftwareConfiguration},
    AuditKind{"destination", kSecurityAlert, 'E', kNetworkConfiguration},
    AuditKind{"syslog", kSecurityAlert, 'E', kNetworkConfiguration},
    AuditKind{"tls.", kSecurityAlert, 'E', kSecurityConfiguration},
    AuditKind{"profile", kSecurityAlert, 'E', kSecurityConfiguration},
    AuditKind{"key.", kSecurityAlert, 'E', kSecurityConfiguration},
    AuditKind{"device.", kSecurityAlert, 'E', kHardwareConfiguration},
    AuditKind{"audit.", kSecurityAlert, 'E', kRecordingStopped},
    AuditKind{"incident.", kSecurityAlert, 'E', kSecurityConfiguration},
    AuditKind{"incident.refused-peer", kSecurityAlert, 'E', kNodeAuthentication},
    AuditKind{"incident.map-read", kSecurityAlert, 'E', kRestrictedFunction},
    AuditKind{"approval.", kSecurityAlert, 'E', kRestrictedFunction},
    AuditKind{"access.", kSecurityAlert, 'E', kRestrictedFunction},
    AuditKind{"roles.", kSecurityAlert, 'E', kSecurityRoles},
    AuditKind{"token.", kSecurityAlert, 'E', kSecurityRoles},
};
/// An event that a later version of this program knows, or a new one nobody has put into the table:
/// told all the same.
constexpr AuditKind kUnknown{"", kSecurityAlert, 'E', kSoftwareConfiguration};

}  // namespace

const AuditKind& audit_kind(std::string_view event) {
  const AuditKind* best = &kUnknown;
  for (const AuditKind& kind : kKinds) {
    if (kind.event == event) return kind;
    if (kind.event.back() == '.' && event.starts_with(kind.event) &&
        kind.event.size() > best->event.size())
      best = &kind;
  }
  return *best;
}

}  // namespace dosigate
