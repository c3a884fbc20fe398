#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "offline_part10.h"
#include "offline_zip.h"

namespace dosigate::offline {

struct ZipMember {
  std::shared_ptr<ZipArchive> archive;
  std::size_t which;
};

/// One thing found in the input, not looked into yet.
struct InputItem {
  /// Relative to the input, for the operator, who gave it. It may name a patient: never in a log,
  /// never in the output.
  std::string name;
  std::uint64_t size = 0;
  /// NoDicom and Refused: judged by what it is and not by its content (a symbolic link, a reference
  /// of a DICOMDIR that leads nowhere).
  std::variant<std::filesystem::path, ZipMember, NoDicom, Refused> where;
};

/// Everything in `input`, in the same order each time: one file; a folder with all below it, in the
/// order of the names, ZIP archives opened; a ZIP archive; a DICOMDIR, which stands for the files
/// that it references on its medium, never outside of it. Symbolic links are not followed. NotFound
/// when the input is not there; Invalid when it is a ZIP archive that is not to be read.
Result<std::vector<InputItem>> list_input(const std::filesystem::path& input);

/// Reads one item and says what it is. Larger than `most_bytes`: Refused. Never throws for a file
/// that cannot be read; std::bad_alloc means a broken machine. Thread: any.
FileContent load_item(const InputItem& item, std::uint64_t most_bytes);

}  // namespace dosigate::offline
