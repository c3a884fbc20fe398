#pragma once

#include <string>

#include "dosigate/app/config.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {

/// `init`: makes state directory, key file (when the configuration names one), keyring (with its
/// copy beside the journal), the empty map and the empty ledger, once.
/// @return the recovery key, to be printed once and never stored.
/// Conflict when a keyring, a map or a ledger is already there: nothing is touched then.
Result<std::string> initialise(const Config& config);

/// `init --new-ledger`: an empty ledger.db for a node that has keyring and map and lost its ledger.
/// In the audit log. NotFound without keyring or map; Conflict when a ledger is there or a daemon
/// runs.
Result<void> begin_ledger(const Config& config);

/// Two daemons over one state directory would each believe to be its only writer. Conflict when it
/// is held; NotFound when there is no state directory.
Result<FileDescriptor> lock_state(const std::filesystem::path& state_dir);

/// The master key: `key_file`, or the systemd credential `dosigate.key` when no file is configured.
Result<Secret> master_key(const Config& config);

/// Where the copy of the keyring lies, beside the journal; empty when there is none.
std::filesystem::path keyring_copy(const Config& config);

/// The node's own map, as daemon and command open it.
PseudonymMap::Settings map_settings(const Config& config);

}  // namespace dosigate
