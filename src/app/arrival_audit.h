#pragma once

#include <map>
#include <set>
#include <string>

#include "dosigate/audit/audit_log.h"
#include "dosigate/base/guarded.h"
#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Studies as they come in, in the audit log: a line when a machine begins to send one, and one
/// when the study is complete. Bounded by studies, not instances. The patient is not in them: who
/// is forgotten leaves no pseudonym behind (the ledger knows it until then). Thread: any.
class ArrivalAudit {
 public:
  explicit ArrivalAudit(AuditLog& audit) : audit_(audit) {}

  /// Before an instance is acknowledged. Throws when the line cannot be written: the sender keeps
  /// the instance then.
  void arriving(const Origin& origin, const std::string& study_uid);
  /// Nothing has arrived for a while.
  /// @param instances  different objects that are here now.
  void complete(const std::string& study_uid, std::uint64_t instances, std::size_t series);

 private:
  struct Sender {
    std::string calling_ae, address;
    auto operator<=>(const Sender&) const = default;
  };
  static constexpr std::size_t kMost = 4096;  ///< studies at a time; above it a line is repeated

  AuditLog& audit_;
  Guarded<std::map<std::string, std::set<Sender>>> senders_;  ///< by study
};

}  // namespace dosigate
