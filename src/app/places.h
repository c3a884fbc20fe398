#pragma once

#include <filesystem>

#include "dosigate/app/config.h"

namespace dosigate {

/// Whether nobody else can read or change what the node keeps and obeys, before anything of it is
/// opened: state_dir with databases, keyring, audit, spool and quarantine belong to this user and
/// have no bit for group or others; configuration and profiles can be written by root and this user
/// alone, journal_dir not by everybody. Denied names the first place that is wrong and the command
/// that mends it. What does not exist is no matter of this.
Result<void> check_places(const Config& config);

/// Denied when the key file lies in a directory that a backup or an export goes to: who takes the
/// one would have the other.
Result<void> away_from_key(const std::filesystem::path& directory,
                           const std::filesystem::path& key_file);

}  // namespace dosigate
