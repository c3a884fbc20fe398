#pragma once

#include <filesystem>
#include <string>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// What the errors about a file that holds a secret call it and ask for.
struct PrivateFileWords {
  std::string name;     ///< "the TLS key"
  std::string content;  ///< "a PEM file of a private key"
  /// What to do besides chmod when others could have read it: "have … issued anew"
  std::string exposed;
};

/// The bytes of a file that nobody but its owner (or systemd, for a credential) can read or change:
/// mode 0400 or 0600 (a systemd credential also 0440), of this user or root, 1 byte to 64 KiB. The
/// caller wipes them.
Result<Bytes> read_private_file(const std::filesystem::path& file, const PrivateFileWords& words);

}  // namespace dosigate
