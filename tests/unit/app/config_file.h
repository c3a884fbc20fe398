#pragma once

#include <fstream>
#include <string>

#include "dosigate/app/config.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

/// A configuration file of its own in a directory of its own.
struct ConfigFile {
  explicit ConfigFile(const std::string& text) : file(dir.path / "dosigate.toml") {
    std::ofstream(file) << text;
  }
  auto load() const { return load_config(file); }
  /// All error lines, without the directory; empty when the file is valid.
  std::string errors() const {
    const auto loaded = load();
    std::string out;
    if (!loaded) {
      for (std::string line : loaded.error().lines) {
        if (line.starts_with(dir.path.string())) line.erase(0, dir.path.string().size() + 1);
        out += line + "\n";
      }
    }
    return out;
  }
  std::string warnings() const {
    const auto loaded = load();
    std::string out;
    if (loaded) {
      for (const std::string& line : loaded->warnings) out += line + "\n";
    }
    return out;
  }

  TempDir dir;
  std::filesystem::path file;
};

/// [tls], four lines.
inline std::string tls_section(const TlsFiles& files) {
  return "[tls]\ncertificate = \"" + files.certificate.string() + "\"\nkey = \"" +
         files.key.string() + "\"\nca = \"" + files.ca.string() + "\"\n";
}

/// The shortest useful file: lines 1 to 8.
inline const std::string kMinimal =
    "[[destination]]\n"
    "name = \"out\"\n"
    "kind = \"folder\"\n"
    "path = \"out\"\n"
    "[[route]]\n"
    "name = \"all\"\n"
    "site = \"Hospital Santa Rosa 2\"\n"
    "destinations = [\"out\"]\n";

}  // namespace dosigate::testing
