#pragma once

#include <cstdint>
#include <string>

#include "items.h"

namespace dosigate {

/// What a label becomes when no word of it may stay: "ROI 3", "Segment 2", "Beam 1", after the
/// number that the same item gives to the thing, so that distinct things keep distinct labels and a
/// name and its observation still match.
///
///   (3006,0026) ROI Name               ROI Number (3006,0022)
///   (3006,0085) ROI Observation Label  Referenced ROI Number (3006,0084)
///   (0062,0005) Segment Label          Segment Number (0062,0004)
///   (006A,0005) Annotation Group Label Annotation Group Number (0040,A180)
///   (300A,00C2) Beam Name              Beam Number (300A,00C0)
///
/// @param siblings  elements of the label's item, null ones among them: Walk takes them out of the
///                  item before it judges them. The numbers stand before the labels and are judged
///                  already.
/// @return empty for other tags and where the number is missing or none: the caller's `otherwise`
///         holds then.
std::string label_when_empty(const Elements& siblings, std::uint32_t tag);

}  // namespace dosigate
