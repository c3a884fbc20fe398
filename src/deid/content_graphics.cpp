#include "content_graphics.h"

namespace dosigate {

std::optional<Action> graphics_action(std::uint32_t tag) {
  const std::uint32_t group = tag >> 24U;
  if ((group == 0x50U || group == 0x60U) && ((tag >> 16U) & 1U) == 0) return Action::Remove;
  switch (tag) {
    case 0x00700001U:
      return Action::Keep;
    case 0x00700006U:
    case 0x00700068U:
    case 0x00700289U:
      return Action::CleanText;
    default:
      return std::nullopt;
  }
}

}  // namespace dosigate
