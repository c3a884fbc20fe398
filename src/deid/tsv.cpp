#include "tsv.h"

#include <charconv>
#include <stdexcept>
#include <string>

namespace dosigate {

namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const auto tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

std::size_t announced_rows(std::string_view comment) {
  const auto rows = comment.find(" rows");
  if (!comment.starts_with('#') || rows == std::string_view::npos) return 0;
  const auto begin = comment.rfind(' ', rows - 1);
  std::size_t count = 0;
  std::from_chars(comment.data() + begin + 1, comment.data() + rows, count);
  return count;
}

}  // namespace

Tsv read_tsv(std::string_view text, std::string_view name) {
  Tsv table;
  table.comment = next_line(text);
  const std::size_t columns = split(next_line(text)).size();
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    table.rows.push_back(split(line));
    if (table.rows.back().size() != columns) {
      throw std::runtime_error(std::string(name) + ": row " + std::to_string(table.rows.size()) +
                               " has " + std::to_string(table.rows.back().size()) +
                               " columns, not " + std::to_string(columns));
    }
  }
  if (table.rows.size() != announced_rows(table.comment)) {
    throw std::runtime_error(std::string(name) + ": " + std::to_string(table.rows.size()) +
                             " rows, but its first line says " +
                             std::to_string(announced_rows(table.comment)));
  }
  return table;
}

}  // namespace dosigate
