#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dosigate/base/result.h"

namespace dosigate {

/// One line of an audit record, read back. Pseudonyms only, like the line.
struct AuditEvent {
  std::uint64_t number = 0;
  std::string time;  ///< RFC 3339, UTC, as written
  std::string event, actor;
  std::vector<std::pair<std::string, std::string>> fields;  ///< in the order of the line
  std::string chain;                                        ///< 64 hexadecimal digits

  /// Empty when there is none of that name.
  std::string field(std::string_view name) const;
};

/// Reads one line, without its line end; the chain is not checked (AuditLog does). Corrupt when it
/// is no line of ours.
Result<AuditEvent> parse_audit_line(std::string_view line);

}  // namespace dosigate
