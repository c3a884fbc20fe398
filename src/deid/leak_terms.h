#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dosigate/base/bytes.h"
#include "leak_bytes.h"
#include "source.h"
#include "text_own_values.h"

namespace dosigate {

/// What a place in a data set can hold without meaning the patient.
enum class PlaceKind {
  Anything,   ///< kept or cleaned free text: everything counts
  Equipment,  ///< names of vendors do not count
  Vocabulary  ///< codes and defined terms: words of the vocabulary do not count
};

/// The words and numbers of one source, made ready for searching. What looks for UIDs as well is
/// given those of the instance. Thread: any; nothing changes.
class LeakTerms {
 public:
  explicit LeakTerms(const Identifiers& identifiers);

  const OwnValues& own() const { return own_; }

  /// What was found ("a name of the patient", "an identifier", ...); empty when nothing.
  /// @param folded  by fold().
  std::string_view in_text(std::string_view folded, PlaceKind place, const Uids& uids) const;
  /// The same of the values of a DS or IS.
  std::string_view in_number_values(std::string_view values) const;
  /// Bytes of an array: see LeakBytes.
  /// @param word  so many bytes are turned round before they are read; 1: none.
  std::string_view in_bytes(ByteView bytes, const Uids& uids, std::size_t word = 1) const;

 private:
  std::string_view in_words(std::string_view folded, PlaceKind place) const;
  std::string_view in_numbers(std::string_view folded, const Uids& uids) const;
  bool holds_id(std::string_view word) const;
  bool is_joined_name(std::string_view word) const;

  OwnValues own_;
  using Words = std::unordered_set<std::string>;
  Words patient_names_, other_names_, ids_, short_ids_, dates_;
  std::vector<std::string> phrases_;       ///< ids and dates with separators in them
  std::vector<std::string> long_numbers_;  ///< nine digits and more of an id
  LeakBytes bytes_;
};

}  // namespace dosigate
