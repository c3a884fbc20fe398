#pragma once

#include <string>
#include <vector>

#include "dosigate/identity/fingerprint.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

/// How an instance stands to the versions of it that were sent on.
struct Standing {
  enum class Kind {
    First,   ///< none was
    Same,    ///< it is the last one
    Older,   ///< it is one before the last
    Revised  ///< it is none of them
  };
  Kind kind = Kind::First;
  std::uint32_t last = 0;           ///< number of the last version; of First 0
  std::uint32_t next = 0;           ///< the number it would go out under
  FingerprintDifference differs{};  ///< from the last version
};
/// @param known  PseudonymMap::seen
Standing standing_among(const std::vector<KnownInstance>& known, const Fingerprint& fingerprint);

/// "other inputs of dosimetry", "other pixels", or both; "perhaps other pixels".
std::string difference_text(const Standing& standing);
/// Why an Older or Revised one waits for a person.
std::string hold_text(const Standing& standing);

}  // namespace dosigate
