#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dosigate/audit/audit_head.h"
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
/// removed, swapped or inserted line is noticed. Lines removed from the very end while no node
/// runs, and a record begun anew, are noticed against a head that was kept elsewhere. Thread: any.
class AuditLog {
 public:
  /// Corrupt when the chain does not hold; Busy while another process has it open. The keyring
  /// outlives the log.
  /// @param name  of the file; the incident register is a record of its own, kept the same way.
  static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& directory,
                                                const Keyring& keys, WallClock clock = wall_now,
                                                const char* name = "audit.jsonl");
  ~AuditLog();

  /// Durable on return; throws std::system_error when the disk fails, and nothing of the line then
  /// stays.
  void record(std::string_view event, std::string_view actor,
              const std::vector<std::pair<std::string, std::string>>& fields);
  /// Of the last line.
  AuditHead head() const;
  /// Bytes of the file that are whole, durable lines.
  std::uint64_t bytes() const;
  /// Walks the whole chain.
  /// @param heads  kept elsewhere, in any order: each has to be on the way.
  /// @return where it ends; Corrupt naming the first bad line, or the head that does not fit.
  Result<AuditHead> verify(const std::vector<AuditHead>& heads = {}) const;
  /// The same of a file that nobody, or another process, has open; changes nothing. NotFound when
  /// it is not there; throws std::system_error when it cannot be read.
  static Result<AuditHead> verify_file(const std::filesystem::path& file, const Keyring& keys,
                                       const std::vector<AuditHead>& heads = {});

 private:
  struct Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
