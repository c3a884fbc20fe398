#pragma once

#include <string>

#include "dosigate/app/config.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {

/// `init`: makes state directory, key file (when the configuration names one), keyring (with its
/// copy beside the journal) and the empty map, once.
/// @return the recovery key, to be printed once and never stored.
/// Conflict when a keyring or a map is already there: nothing is touched then.
Result<std::string> initialise(const Config& config);

/// The master key: `key_file`, or the systemd credential `dosigate.key` when no file is configured.
Result<Secret> master_key(const Config& config);

/// Where the copy of the keyring lies, beside the journal; empty when there is none.
std::filesystem::path keyring_copy(const Config& config);

/// The node's own map, as daemon and command open it.
PseudonymMap::Settings map_settings(const Config& config);

}  // namespace dosigate
