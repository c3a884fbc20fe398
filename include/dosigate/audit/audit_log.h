#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

/// Append-only record of who did what: one JSON line per event in audit/audit.jsonl, each with number, time (RFC 3339, UTC), event,
/// actor, fields, the chain value of the line before and its own: HMAC-SHA-256(audit key, previous chain value | line without it).
/// A line cut off by a crash is truncated at start and the cut recorded. No identity ever stands in it: pseudonyms only.
/// Thread: any.
class AuditLog {
 public:
  /// Corrupt when the chain does not hold.
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& directory, const Keyring& keys, WallClock clock = wall_now);
  ~AuditLog();

  /// Durable on return.
  void record(std::string_view event, std::string_view actor, const std::vector<std::pair<std::string, std::string>>& fields);
  /// Walks the whole chain. @return number of lines; Corrupt naming the first bad line.
  Result<std::uint64_t> verify() const;

 private:
  struct Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
