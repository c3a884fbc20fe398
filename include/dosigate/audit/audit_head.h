#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dosigate {

/// Where an audit record ended at some moment: number of its last line, and that line's chain
/// value (64 hexadecimal digits). Kept elsewhere (backup, daily report, a syslog server) it shows
/// later that no line up to it was cut off and that the record was not begun anew. Number 0 with an
/// empty value: no line yet.
struct AuditHead {
  std::uint64_t number = 0;
  std::string value;
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// "12:9f86…", as reports print it.
std::string text_of(const AuditHead& head);
/// nullopt when it is no number above 0, a colon and 64 hexadecimal digits.
std::optional<AuditHead> parse_audit_head(std::string_view text);

}  // namespace dosigate
