#pragma once

#include <filesystem>
#include <vector>

#include "audit_line.h"
#include "dosigate/audit/audit_head.h"
#include "dosigate/base/result.h"

namespace dosigate {

struct AuditChain {
  AuditLink last;
  std::uint64_t complete_bytes = 0;  ///< up to and with the last line end
  std::uint64_t cut_bytes = 0;       ///< after it: a line that a crash cut off
};

/// Walks the first `size` bytes of the file from the first line on. Corrupt names the first line
/// that does not hold, or the head that the record does not reach or does not have.
Result<AuditChain> walk_chain(int fd, const std::filesystem::path& file, const Keyring& keys,
                              std::uint64_t size, const std::vector<AuditHead>& heads = {});

/// "the audit record FILE was changed: line N is missing; …"
Error broken_chain(const std::filesystem::path& file, std::uint64_t line, std::string_view what);

}  // namespace dosigate
