#include "dosigate/dicom/private_vr.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "trim.h"

namespace dosigate {
namespace {
constexpr PrivateElement kElements[] = {
    {0x7053, 0x00, "Philips PET Private Group", EVR_DS, "SUV factor"},
    {0x7053, 0x09, "Philips PET Private Group", EVR_DS, "activity concentration factor"},
};
}  // namespace

std::span<const PrivateElement> private_elements() { return kElements; }

const PrivateElement* find_private_element(std::string_view creator, std::uint16_t group,
                                           std::uint8_t element) {
  const std::string_view wanted = without_padding(creator);
  const auto key = [](const PrivateElement& row) {
    return std::tuple(row.creator, row.group, row.element);
  };
  const auto* at = std::lower_bound(
      std::begin(kElements), std::end(kElements), std::tuple(wanted, group, element),
      [&](const PrivateElement& row, const auto& value) { return key(row) < value; });
  return at != std::end(kElements) && key(*at) == std::tuple(wanted, group, element) ? at : nullptr;
}

}  // namespace dosigate
