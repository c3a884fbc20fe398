#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dosigate {

/// One row of PS3.15 Table E.3.4-1 (conf/ps315/sr_codes.tsv): a concept with the value type it has.
struct ConceptRow {
  std::string value_type;                                       ///< "TEXT", "UIDREF", ...
  std::string basic;                                            ///< "X", "D" or "X/D"
  bool uids, device, institution, characteristics, full_dates;  ///< "K" under that option
  bool modified_dates, descriptors;                             ///< "C" under that option
  std::string source;  ///< "Table E.3.4-1: 121022 DCM", how `explain` names the row
};

/// The row of a concept for that value type; for text, names and dates any row of the concept that
/// is one of these, since the same value is written as another type by some devices. nullptr when
/// not listed.
const ConceptRow* find_concept(std::string_view code, std::string_view scheme,
                               std::string_view value_type);

/// Concepts that the table does not list (conf/deid/content_concepts.tsv).
enum class ConceptClass {
  Machine,  ///< text: vendor, model, algorithm, technique, published tables: from the machine
  Label,    ///< text: tells measurements apart, so it stays distinct
  Person    ///< text and dates: says who somebody is, and goes
};
struct KnownConcept {
  ConceptClass kind;
  std::string source;
};
const KnownConcept* find_known_concept(std::string_view code, std::string_view scheme);

}  // namespace dosigate
