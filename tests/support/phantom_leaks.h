#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/phantom.h"

namespace dosigate::testing {

struct Leak {
  std::filesystem::path file;
  std::string kind;
  std::string value;
  bool in_name = false;  ///< in the file's name, not in its bytes
};

/// Whether `bytes` hold an identifier, in ISO 8859-1, UTF-8 or UTF-16, whatever the case and the
/// accents, and numbers with or without punctuation. A number or date counts only where no digit
/// adjoins it, because UIDs are full of digits.
std::vector<Planted> leaks_in(std::string_view bytes, const std::vector<Planted>& planted);

/// Every file below `root` (names too), except below `except`. A file that vanishes meanwhile is
/// skipped.
std::vector<Leak> find_leaks(const std::filesystem::path& root, const std::vector<Planted>& planted,
                             const std::vector<std::filesystem::path>& except = {});

/// Everything that was written for a test of this process, so that whoever owns a node's directory
/// can search it. Without dates: a shifted one may by chance be another one's original.
void remember_planted(const std::vector<Planted>& planted);
const std::vector<Planted>& remembered_planted();

/// "kind<TAB>value" per line.
void save_planted(const std::vector<Planted>& planted, const std::filesystem::path& file);
std::vector<Planted> load_planted(const std::filesystem::path& file);

}  // namespace dosigate::testing
