#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dosigate {

/// A radionuclide and what is plausible of it (conf/dosimetry/nuclides.tsv, embedded).
struct Nuclide {
  std::string name;  ///< "Lu-177", "Tc-99m"
  double half_life_s = 0;
  double min_mbq = 0, max_mbq = 0;  ///< of one administration to a person
  std::vector<std::string> codes;   ///< SRT, SNM3, 99SDM; of digits only: DCM
  std::string symbol;               ///< "lu", lower case
  std::string mass;                 ///< "177"
  bool metastable = false;
  std::vector<std::string> names;  ///< of the element, lower case
};

/// Longer after its administration nothing is left to see: no image belongs to it any more.
inline constexpr double kMostHalfLives = 10;

/// Throws std::runtime_error when the embedded table is broken: a defect of the build.
const std::vector<Nuclide>& nuclides();
/// By name, "Lu-177"; null when the table does not have it.
const Nuclide* find_nuclide(std::string_view name);

/// What a Radionuclide Code Sequence item says; null when neither scheme nor value is known.
const Nuclide* nuclide_of_code(std::string_view scheme, std::string_view value);

/// The nuclide that a text names: "Lu-177 PSMA", "177Lu-DOTATATE", "^99m^Technetium", "Iodo 131".
/// Element and mass number have to stand beside each other; null for none, for one that the table
/// does not have, and for a text that names two.
const Nuclide* nuclide_in_text(std::string_view text);

}  // namespace dosigate
