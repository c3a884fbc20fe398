#pragma once

#include <cstdint>
#include <optional>

#include "dosigate/deid/profile.h"

namespace dosigate {

/// Clean Graphics Option (PS3.15 E.3.3, CID 7050 113103): the action for a tag that the option
/// speaks of; nullopt for every other. It goes before Table E.1-1's column and after the profile's
/// own rules.
///
///   (0070,0001) Graphic Annotation Sequence    Keep: entered; shapes, layers and anchors stay
///   (0070,0006) Unformatted Text Value         CleanText, Type 1: otherwise a dummy
///   (0070,0068) Graphic Layer Description      CleanText, Type 3
///   (0070,0289) Tick Label                     CleanText, Type 3
///   50xx, 60xx curves and overlays, all of it  Remove: lines and bitmaps can show a name, and a
///                                              header cannot say whether they do
///
/// Layer names (0070,0002) are codes that layers and objects share; they stay as other codes do.
std::optional<Action> graphics_action(std::uint32_t tag);

}  // namespace dosigate
