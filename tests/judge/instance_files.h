#pragma once

#include <filesystem>
#include <optional>

#include "dosigate/dicom/instance.h"

namespace dosigate::testing {

/// The data set of a Part 10 file as a C-STORE would carry it, its bytes untouched; nullopt for
/// what no C-STORE could carry (no Part 10 file, a directory of media).
std::optional<ReceivedInstance> received_from(const std::filesystem::path& path);

/// Part 10 files that other programs can read. The folder is made; std::runtime_error when the file
/// cannot be written.
void write_part10(const std::filesystem::path& path, const ReceivedInstance& instance);
void write_part10(const std::filesystem::path& path, const CleanInstance& instance);

}  // namespace dosigate::testing
