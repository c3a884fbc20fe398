#pragma once

#include <filesystem>
#include <string>

#include "dosigate/app/config.h"
#include "dosigate/base/clock.h"
#include "sealed_bundle.h"

namespace dosigate {

struct RestoreOrder {
  std::filesystem::path folder;  ///< of a backup
  std::filesystem::path
      config_file;  ///< used as it is; when missing, the backup's is written there
  std::filesystem::path credential_file;  ///< where the master key goes without [node] key_file
  std::filesystem::path
      journal;                   ///< directory of the journal, the configured one; or empty and ...
  bool without_journal = false;  ///< ... this: the journal is lost
};

struct Restored {
  Config config;
  std::filesystem::path key_file;
  bool config_written = false;  ///< from the backup
  bool config_another = false;  ///< the one that was there is not the backup's
  std::uint64_t created = 0;    ///< of the backup, Unix seconds
  long long patients = 0, studies = 0, uid_pairs = 0;  ///< in the map now
  std::string patients_before, studies_before;         ///< in the backup, as its card says
  std::uint64_t forgotten_studies = 0;  ///< forgotten since the backup, now in the ledger too
};

/// Makes a node out of a backup, the journal and the recovery key, on a machine that has none: new
/// master key, keyring (the journal's copy and the backup's together), audit record, ledger, and
/// the map brought up to its journal, or marked as having a gap. Everything is made and proved in
/// `state_dir`/restoring and moved to its place at the end, the map last: until then no daemon
/// starts, and after a crash the same command begins again.
///
/// Invalid (neither or both of journal and without_journal, wrong configuration, a mistyped
/// recovery key), NotFound, Denied (a recovery key that is not of this backup), Corrupt (the
/// backup is damaged), Conflict (a node is there already; another map's journal). Throws
/// std::system_error when a disk fails.
Result<Restored> restore(const RestoreOrder& order, const std::string& recovery_key,
                         const std::string& actor, WallTime now);

/// The configuration to restore with. When there is none at `file`, the backup's is written there,
/// and its profiles into its profiles_dir when that holds none.
struct ConfigToUse {
  Config config;
  bool written = false;  ///< by this call
  bool another = false;  ///< than the backup's
};
Result<ConfigToUse> config_to_use(const std::filesystem::path& file, const BundleReader& backup);

}  // namespace dosigate
