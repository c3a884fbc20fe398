#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

#include "source.h"

namespace dosigate {

/// "da", "filho", "dra": stands beside a name.
bool accompanies_a_name(std::string_view folded_word);
/// Particles, suffixes, titles and what a system writes for nobody ("filho", "dra", "unknown",
/// "teste"): never a name by itself. Shared by the cleaner and the leak check, so that the one
/// never leaves what the other stops.
bool names_nobody(std::string_view folded_word);

/// The names and identifiers of one object in the forms in which people write them into text.
class OwnValues {
 public:
  explicit OwnValues(const Identifiers& identifiers);

  /// A word of a name, or several of them written together ("mariasilva", "mjsilva"). Folded.
  bool is_name(std::string_view word) const;
  /// Only the words written together.
  bool is_joined(std::string_view word) const { return joined_.contains(std::string(word)); }
  /// A name of two letters, which are also an element or a unit ("Lu", "Sa").
  bool is_short_name(std::string_view word) const {
    return short_names_.contains(std::string(word));
  }
  /// "mjs" of Maria Jose Silva, three letters or more; or two when they are set apart.
  bool is_initials(std::string_view letters) const {
    return initials_.contains(std::string(letters));
  }
  /// An identifier without its separators.
  bool is_id(std::string_view compact) const { return ids_.contains(std::string(compact)); }
  std::size_t longest_id() const { return longest_id_; }

 private:
  void add_name(std::string_view utf8);

  std::unordered_set<std::string> names_, short_names_, joined_, initials_, ids_;
  std::size_t longest_id_ = 0;
};

}  // namespace dosigate
