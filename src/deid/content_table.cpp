#include "content_table.h"

#include "content.h"
#include "tsv.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>
#include <vector>

namespace dosigate {

extern const std::string_view sr_codes_text, content_concepts_text;

namespace {

/// The table writes "NCDR [2.0b]"; devices leave the version out, or give it elsewhere.
std::string concept_key(std::string_view code, std::string_view scheme) {
  return std::string(code) + '\t' + std::string(scheme.substr(0, scheme.find(' ')));
}

bool is_marked(std::string_view cell, std::string_view mark) {
  if (!cell.empty() && cell != mark)
    throw std::runtime_error("conf/ps315/sr_codes.tsv: unknown mark " + std::string(cell));
  return !cell.empty();
}

using Rows = std::unordered_map<std::string, std::vector<ConceptRow>>;

Rows read_rows() {
  const Tsv tsv = read_tsv(sr_codes_text, "conf/ps315/sr_codes.tsv");
  Rows rows;
  for (const auto& cell : tsv.rows) {
    // code scheme meaning value_type retired in_template basic, then the seven options.
    if (cell.size() != 14) throw std::runtime_error("conf/ps315/sr_codes.tsv: 14 columns expected");
    if (cell[6] != "X" && cell[6] != "D" && cell[6] != "X/D")
      throw std::runtime_error("conf/ps315/sr_codes.tsv: unknown action code at " +
                               std::string(cell[0]));
    rows[concept_key(cell[0], cell[1])].push_back(
        {std::string(cell[3]), std::string(cell[6]), is_marked(cell[7], "K"),
         is_marked(cell[8], "K"), is_marked(cell[9], "K"), is_marked(cell[10], "K"),
         is_marked(cell[11], "K"), is_marked(cell[12], "C"), is_marked(cell[13], "C"),
         "Table E.3.4-1: " + std::string(cell[0]) + " " + std::string(cell[1])});
  }
  return rows;
}

const Rows& rows() {
  static const Rows read = read_rows();
  return read;
}

using Known = std::unordered_map<std::string, KnownConcept>;

Known read_known() {
  const Tsv tsv = read_tsv(content_concepts_text, "conf/deid/content_concepts.tsv");
  Known known;
  for (const auto& cell : tsv.rows) {
    if (cell.size() != 4 || (cell[3] != "equipment" && cell[3] != "technique" &&
                             cell[3] != "label" && cell[3] != "person"))
      throw std::runtime_error("conf/deid/content_concepts.tsv: unknown class at " +
                               std::string(cell[0]));
    known[concept_key(cell[0], cell[1])] = {
        cell[3] == "label"    ? ConceptClass::Label
        : cell[3] == "person" ? ConceptClass::Person
                              : ConceptClass::Machine,
        "content_concepts.tsv: " + std::string(cell[0]) + " " + std::string(cell[1])};
  }
  return known;
}

const Known& known_concepts() {
  static const Known read = read_known();
  return read;
}

/// A birth date that stands as DATETIME or as text is still a birth date. Codes, numbers and
/// references are not among these: "Finding" is text that a person typed or a code from a list.
bool is_written_value(std::string_view type) {
  static constexpr std::array<std::string_view, 5> kTypes{"TEXT", "PNAME", "DATE", "TIME",
                                                          "DATETIME"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

}  // namespace

const ConceptRow* find_concept(std::string_view code, std::string_view scheme,
                               std::string_view value_type) {
  const auto found = rows().find(concept_key(code, scheme));
  if (found == rows().end()) return nullptr;
  for (const ConceptRow& row : found->second) {
    if (row.value_type == value_type) return &row;
  }
  if (!is_written_value(value_type)) return nullptr;
  for (const ConceptRow& row : found->second) {
    if (is_written_value(row.value_type)) return &row;
  }
  return nullptr;
}

const KnownConcept* find_known_concept(std::string_view code, std::string_view scheme) {
  const auto found = known_concepts().find(concept_key(code, scheme));
  return found == known_concepts().end() ? nullptr : &found->second;
}

void load_content_tables() {
  rows();
  known_concepts();
}

}  // namespace dosigate
