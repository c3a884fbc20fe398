#pragma once

#include <string_view>

namespace dosigate {

/// A coded value as the audit schema writes it.
struct AuditCode {
  std::string_view value, system, meaning;
  bool operator==(const AuditCode& other) const { return value == other.value; }
};

/// How an event of ours is told in the words of PS3.15 A.5.3 and PS3.16 CID 400 and 401.
struct AuditKind {
  std::string_view event;  ///< a whole name, or a prefix that ends with '.'
  AuditCode id;
  char action;     ///< EventActionCode: C, R, U, D, E
  AuditCode type;  ///< EventTypeCode; empty value: none
};

/// Of the whole name, else of the longest prefix; every event has one.
const AuditKind& audit_kind(std::string_view event);

namespace audit_code {

inline constexpr std::string_view kDcm = "DCM", kRfc = "RFC-3881";
// CID 400
inline constexpr AuditCode kApplicationActivity{"110100", kDcm, "Application Activity"},
    kBeginTransferring{"110102", kDcm, "Begin Transferring DICOM Instances"},
    kInstancesAccessed{"110103", kDcm, "DICOM Instances Accessed"},
    kInstancesTransferred{"110104", kDcm, "DICOM Instances Transferred"},
    kStudyDeleted{"110105", kDcm, "DICOM Study Deleted"}, kExport{"110106", kDcm, "Export"},
    kImport{"110107", kDcm, "Import"}, kPatientRecord{"110110", kDcm, "Patient Record"},
    kQuery{"110112", kDcm, "Query"}, kSecurityAlert{"110113", kDcm, "Security Alert"};
// CID 401
inline constexpr AuditCode kNone{}, kApplicationStart{"110120", kDcm, "Application Start"},
    kApplicationStop{"110121", kDcm, "Application Stop"},
    kNodeAuthentication{"110126", kDcm, "Node Authentication"},
    kNetworkConfiguration{"110128", kDcm, "Network Configuration"},
    kSecurityConfiguration{"110129", kDcm, "Security Configuration"},
    kHardwareConfiguration{"110130", kDcm, "Hardware Configuration"},
    kSoftwareConfiguration{"110131", kDcm, "Software Configuration"},
    kRestrictedFunction{"110132", kDcm, "Use of Restricted Function"},
    kRecordingStopped{"110133", kDcm, "Audit Recording Stopped"},
    kSecurityRoles{"110136", kDcm, "Security Roles Changed"};
// CID 402, 404, 405, and the identifiers of RFC 3881 5.5.4
inline constexpr AuditCode kApplication{"110150", kDcm, "Application"},
    kDestinationRole{"110152", kDcm, "Destination Role ID"},
    kSourceRole{"110153", kDcm, "Source Role ID"},
    kDestinationMedia{"110154", kDcm, "Destination Media"},
    kStudyUid{"110180", kDcm, "Study Instance UID"}, kUri{"110037", kDcm, "URI"},
    kPatientNumber{"2", kRfc, "Patient Number"}, kSearchCriteria{"10", kRfc, "Search Criteria"},
    kUriId{"12", kRfc, "URI"};

}  // namespace audit_code
}  // namespace dosigate
