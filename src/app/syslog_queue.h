#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/audit/audit_event.h"
#include "dosigate/audit/audit_log.h"

namespace dosigate {

/// What of the audit record has to be sent on. The record itself is the queue; a small file beside
/// it, audit/syslog.cursor, says how far the server has it. Durable, so that neither a kill nor
/// days without a server lose a line. Thread: one; `waiting` of any.
class SyslogQueue {
 public:
  /// A cursor that does not fit the record (restored from a backup, begun anew) begins at the first
  /// line: rather twice than never. So does another server.
  /// @param to  the server, as configured.
  SyslogQueue(const std::filesystem::path& audit_directory, const AuditLog& audit, std::string to);

  struct Batch {
    std::vector<AuditEvent> events;
    std::uint64_t end = 0;  ///< offset after the last of them
  };
  /// The next lines, in order; empty when all is sent. Only what is durable: a line whose write
  /// failed is never seen elsewhere. Throws std::runtime_error when the record cannot be read.
  Batch next() const;
  /// The server has them. Durable on return; throws std::system_error.
  void sent(const Batch& batch);

  /// Number of the last line that the server has.
  std::uint64_t line() const { return line_; }

 private:
  bool fits(std::uint64_t offset, std::uint64_t line, const std::string& chain) const;

  std::filesystem::path record_, cursor_;
  const AuditLog& audit_;
  std::string to_;
  std::uint64_t offset_ = 0, line_ = 0;
};

}  // namespace dosigate
