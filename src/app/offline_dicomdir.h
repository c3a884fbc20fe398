#pragma once

#include <filesystem>
#include <string_view>

#include "dosigate/base/result.h"

namespace dosigate::offline {

/// The file that a DICOMDIR references (PS3.10 8.2): its components below the medium's folder, with
/// the letters' case as written or, as drives and systems fold it, otherwise.
/// Denied when it leads out of the medium, by "..", a slash or a symbolic link; NotFound when no
/// regular file is there.
Result<std::filesystem::path> find_referenced(const std::filesystem::path& medium,
                                              std::string_view file_id);

}  // namespace dosigate::offline
