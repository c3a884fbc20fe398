#pragma once

#include <optional>
#include <string_view>

#include "dosigate/deid/deidentifier.h"
#include "values.h"

namespace dosigate {

inline constexpr std::string_view kKeyObjectSelection = "1.2.840.10008.5.1.4.1.1.88.59";

/// What a cleaned data set rejects when it is a Key Object Selection document with the title of a
/// rejection note. Its evidence says what it names; where it has none, the references in its
/// content do.
std::optional<Rejection> read_rejection(DcmItem& cleaned, std::string_view sop_class_uid);

}  // namespace dosigate
