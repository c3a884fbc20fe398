#include "support/temp_dir.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace dosigate::testing {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "dosigate-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  path = name;
}

TempDir::~TempDir() {
  std::error_code ignored;  // a test that broke permissions has failed already
  std::filesystem::remove_all(path, ignored);
}

}  // namespace dosigate::testing
