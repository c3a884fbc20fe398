#pragma once

#include <string_view>
#include <vector>

namespace dosigate {

/// Rows of an embedded table. The first line is our comment and ends in "<n> rows." or "<n> rows";
/// the second names the columns. Throws std::runtime_error when the number of rows or of columns is
/// not what the file says of itself: a table that lost a line would let an element through.
struct Tsv {
  std::string_view comment;
  std::vector<std::vector<std::string_view>> rows;
};
Tsv read_tsv(std::string_view text, std::string_view name);

}  // namespace dosigate
