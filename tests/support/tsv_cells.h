#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/paths.h"

namespace dosigate::testing {

/// The rows of a table under conf/, cell by cell, read apart from the product's own reader: the
/// line of comment and that of the columns' names are left out; empty cells at the end are there.
inline std::vector<std::vector<std::string>> cells_of(const std::string& file) {
  std::ifstream in(std::string(DOSIGATE_SOURCE_DIR) + "/conf/" + file);
  if (!in) throw std::runtime_error("conf/" + file + " cannot be read");
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(in, line);
  std::getline(in, line);
  while (std::getline(in, line)) {
    auto& cells = rows.emplace_back();
    std::stringstream cut(line + "\t|");
    for (std::string cell; std::getline(cut, cell, '\t');) cells.push_back(cell);
    cells.pop_back();
  }
  return rows;
}

}  // namespace dosigate::testing
