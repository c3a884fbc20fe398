#pragma once

#include <filesystem>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// Writes a key file that must not exist yet, durably and as a whole: a crash leaves no half of a
/// key, and an existing one is never replaced (two `init` at once: one wins).
/// @param model  a file whose owner and mode the new one gets; empty: this user's, 0600.
/// Fault::Conflict when it exists; throws std::system_error.
Result<void> write_new_key_file(const std::filesystem::path& path, ByteView content,
                                const char* what, const std::filesystem::path& model = {});

}  // namespace dosigate
