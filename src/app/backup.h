#pragma once

#include <filesystem>
#include <string>

#include "dosigate/app/config.h"
#include "dosigate/audit/audit_head.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/identity/pseudonym_map.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

/// Where the audit record ended when a backup was made. NotFound, Corrupt, Denied as
/// BundleReader::open; Invalid when it is no backup, or one of an empty record.
Result<AuditHead> head_of_backup(const Keyring& keys, const std::filesystem::path& folder);

/// Names of the entries of a backup; what begins with kBackupProfiles is `profiles_dir`/NAME.toml.
inline constexpr const char* kBackupMap = "identity/map.db";
inline constexpr const char* kBackupLedger = "ledger.db";
inline constexpr const char* kBackupAudit = "audit/audit.jsonl";
inline constexpr const char* kBackupConfig = "config/dosigate.toml";
inline constexpr const char* kBackupProfiles = "profiles/";

struct BackupMade {
  std::filesystem::path folder;
  std::uint64_t bytes = 0;        ///< of the folder
  std::uint64_t audit_lines = 0;  ///< in it
  std::string audit_head;         ///< chain value of the last of them
};

/// Writes a sealed backup (sealed_bundle.h, kind "backup") while the node runs: map, ledger, audit
/// record, configuration with its profiles. Not the spool and the quarantine: what waits there is
/// the PACS's, which sends it again. It is read back before it counts. Copies of the databases lie
/// in `state_dir`/backup.part meanwhile. Invalid, NotFound, Denied for a directory that cannot be
/// used; Unavailable when there is no room; Busy when keys are rotated at this moment.
/// Thread: one at a time.
Result<BackupMade> make_backup(const Config& config, const Keyring& keys, PseudonymMap& map,
                               Ledger& ledger, const std::filesystem::path& directory,
                               WallTime now);

/// What a crash during a backup left in the state directory. For the start of the node.
void remove_backup_copies(const std::filesystem::path& state_dir);

}  // namespace dosigate
