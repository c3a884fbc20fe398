#pragma once

#include <optional>
#include <string>

#include "cli.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate::cli {

/// What belongs to a node that does not run, for a command that only reads: its configuration, and
/// its keys by the master key that this names.
struct NodeAtRest {
  Config config;
  Keyring keys;

  /// nullopt after it was said why: no daemon answers (`why_not`), and there is no node here to be
  /// read, or not by this user.
  static std::optional<NodeAtRest> open(const Options& options, const std::string& why_not);
};

}  // namespace dosigate::cli
