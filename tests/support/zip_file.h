#pragma once

#include <zip.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dosigate::testing {

/// Writes a ZIP archive of these names and contents, compressed. With a password: encrypted.
inline void write_zip(const std::filesystem::path& file,
                      const std::vector<std::pair<std::string, std::string>>& entries,
                      const char* password = nullptr) {
  int code = 0;
  zip_t* archive = zip_open(file.c_str(), ZIP_CREATE | ZIP_EXCL, &code);
  if (archive == nullptr) throw std::runtime_error("cannot create " + file.string());
  for (const auto& [name, content] : entries) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const auto index = zip_file_add(archive, name.c_str(), source, 0);
    if (index < 0) throw std::runtime_error("cannot add to " + file.string());
    if (password != nullptr && zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index),
                                                       ZIP_EM_AES_256, password) != 0)
      throw std::runtime_error("cannot encrypt in " + file.string());
  }
  if (zip_close(archive) != 0) throw std::runtime_error("cannot write " + file.string());
}

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace dosigate::testing
