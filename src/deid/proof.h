#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "dosigate/deid/deidentifier.h"
#include "rules.h"
#include "values.h"

namespace dosigate {

/// Proves after cleaning what must not have changed (design 4, dosimetry.md A3): every instant
/// moved by exactly the patient's offset or is gone, times are byte-equal, inputs of dosimetry and
/// vectors are there and equal. Takes a copy of those values before; pixel bytes are compared with
/// what was received, after encoding.
class Proof {
 public:
  /// @param source  UN resolved, nothing cleaned yet.
  Proof(DcmItem& source, const Rules& rules);

  /// nullopt when all is proved; else Held{Proof} with the tag.
  std::optional<Held> check(DcmItem& cleaned, std::chrono::days offset) const;

 private:
  struct Place {
    DcmTagKey tag;
    std::string value;
    bool temporal = false;  ///< DA, DT or TM
    bool required = false;  ///< must be there afterwards
  };
  void remember(DcmItem& item, std::uint64_t path, bool in_dosimetry);

  const Rules& rules_;
  std::unordered_map<std::uint64_t, Place> before_;
};

}  // namespace dosigate
