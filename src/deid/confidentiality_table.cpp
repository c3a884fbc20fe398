#include "dosigate/deid/profile.h"
#include "tsv.h"

#include <stdexcept>

namespace dosigate {

extern const std::string_view confidentiality_text;

namespace {

std::vector<TableRow> read_table() {
  const Tsv tsv = read_tsv(confidentiality_text, "conf/ps315/table_e1_1.tsv");
  if (tsv.rows.size() != kConfidentialityTableRows) {
    throw std::runtime_error("conf/ps315/table_e1_1.tsv: " + std::to_string(tsv.rows.size()) +
                             " rows, edition 2026d has " +
                             std::to_string(kConfidentialityTableRows));
  }
  std::vector<TableRow> rows;
  rows.reserve(tsv.rows.size());
  for (const auto& cell : tsv.rows) {
    // tag keyword name vr retired in_composite_iod basic, then the ten options.
    if (cell.size() != 17)
      throw std::runtime_error("conf/ps315/table_e1_1.tsv: 17 columns expected");
    const auto text = [&](std::size_t column) { return std::string(cell[column]); };
    rows.push_back({text(0), text(1), text(3), text(6), text(7), text(8), text(9), text(10),
                    text(11), text(12), text(13), text(14), text(15), text(16)});
  }
  return rows;
}

}  // namespace

const std::vector<TableRow>& confidentiality_table() {
  static const std::vector<TableRow> table = read_table();
  return table;
}

std::string_view confidentiality_table_edition() {
  // "# PS3.15 Table E.1-1, edition 2026d, 657 rows"
  static constexpr std::string_view kWord = "edition ";
  const auto begin = confidentiality_text.find(kWord) + kWord.size();
  return confidentiality_text.substr(begin, confidentiality_text.find(',', begin) - begin);
}

}  // namespace dosigate
