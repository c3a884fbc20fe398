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

/// Append-only record of who did what: one JSON line per event in audit/audit.jsonl (0600), each
/// with number, time (RFC 3339, UTC), event, actor, fields, version of the audit key, the chain
/// value of the line before and its own, last:
///   {"n":1,"time":"...","event":"...","actor":"...","fields":{...},"key":1,"previous":"<64
///   hex>","chain":"<64 hex>"}
/// chain = keyed_hash(audit key, "audit line", {previous chain value, the line without
/// `,"chain":"..."`}); before the first line 32 zero bytes. A line cut off by a crash is truncated
/// at start and the cut recorded. No identity ever stands in it: pseudonyms only. An edited,
/// removed, swapped or inserted line is noticed. Lines removed from the very end while no node runs
/// are not, by the file alone: compare its last number with a copy kept elsewhere. Thread: any.
class AuditLog {
 public:
  /// Corrupt when the chain does not hold; Busy while another process has it open. The keyring
  /// outlives the log.
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& directory,
                                                const Keyring& keys, WallClock clock = wall_now);
  ~AuditLog();

  /// Durable on return; throws std::system_error when the disk fails, and nothing of the line then
  /// stays.
  void record(std::string_view event, std::string_view actor,
              const std::vector<std::pair<std::string, std::string>>& fields);
  /// Walks the whole chain. @return number of lines; Corrupt naming the first bad line.
  Result<std::uint64_t> verify() const;

 private:
  struct Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
