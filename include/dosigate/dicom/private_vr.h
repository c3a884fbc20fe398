#pragma once

#include <span>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcvr.h>

namespace dosigate {

/// One private element by creator: what DCMTK 3.6.7's private dictionary does not know for nuclear
/// medicine. In Implicit VR these arrive as UN.
struct PrivateElement {
  std::uint16_t group;
  std::uint8_t element;  ///< the low byte; the high byte is the block the creator reserved
  std::string_view creator;
  DcmEVR vr;
  std::string_view meaning;
};

/// Sorted by (creator, group, element).
std::span<const PrivateElement> private_elements();
/// nullptr when unknown. `creator` is compared without trailing spaces, case-sensitive
/// (PS3.5 7.8.1).
const PrivateElement* find_private_element(std::string_view creator, std::uint16_t group,
                                           std::uint8_t element);

}  // namespace dosigate
