#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "support/paths.h"

namespace dosigate {

/// A file of the developers' collection as it would come over the wire: its data set alone.
struct RealFile {
  std::string name;
  std::string transfer_syntax_uid;
  Bytes data_set;
};

/// Part 10 files below <source>/../shared/data/dicom; empty where the collection is not there.
/// Files without file meta information are left out: a C-STORE names the transfer syntax.
inline std::vector<RealFile> real_files() {
  std::vector<RealFile> files;
  const std::filesystem::path root =
      std::filesystem::path(DOSIGATE_SOURCE_DIR) / ".." / "shared" / "data" / "dicom";
  if (!std::filesystem::is_directory(root)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    Bytes all(entry.file_size());
    in.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(all.size()));
    if (all.size() < 144 || as_text(ByteView(all).subspan(128, 4)) != "DICM") continue;
    RealFile file;
    file.name = std::filesystem::relative(entry.path(), root).string();
    std::size_t at = 132;
    while (at + 8 <= all.size() && all[at] == 2 && all[at + 1] == 0) {
      const bool extended = all[at + 4] == 'O' || (all[at + 4] == 'U' && all[at + 5] == 'N');
      const std::size_t length =
          extended ? all[at + 8] + all[at + 9] * 256U : all[at + 6] + all[at + 7] * 256U;
      const std::size_t value = at + (extended ? 12U : 8U);
      if (all[at + 2] == 0x10 && all[at + 3] == 0)
        file.transfer_syntax_uid = std::string(as_text(ByteView(all).subspan(value, length)));
      at = value + length;
    }
    if (file.transfer_syntax_uid.empty() || at >= all.size()) continue;
    file.data_set.assign(all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace dosigate
