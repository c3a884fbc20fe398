#pragma once

#include <filesystem>
#include <string>

#include "dosigate/base/result.h"

namespace dosigate {

/// How far the audit record reaches at this moment, without walking its chain: it is appended to
/// and never changed, so its first `bytes` are a complete record of their own.
struct AuditSpan {
  std::uint64_t bytes = 0;   ///< up to and with the last line end
  std::uint64_t lines = 0;   ///< number of the last line
  std::string head;          ///< chain value of the last line, hexadecimal; empty without a line
  long long first_unix = 0;  ///< time of the first line; 0 without one
};
/// Corrupt when what stands there is no audit record.
Result<AuditSpan> audit_span(const std::filesystem::path& file);

}  // namespace dosigate
