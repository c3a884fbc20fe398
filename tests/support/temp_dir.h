#pragma once

#include <filesystem>

namespace dosigate::testing {

/// A directory of its own for one test, 0700, removed with everything in it.
struct TempDir {
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::filesystem::path path;
};

}  // namespace dosigate::testing
