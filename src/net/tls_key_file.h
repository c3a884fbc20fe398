#pragma once

#include <filesystem>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// The bytes of a private key's file, if nobody but its owner (or systemd, for a credential) can
/// read or change it. The caller wipes them.
Result<Bytes> read_key_file(const std::filesystem::path& file);

}  // namespace dosigate
