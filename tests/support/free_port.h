#pragma once

#include <cstdint>

namespace dosigate::testing {

/// A TCP port that nobody uses at this moment and no outgoing connection gets. Another test may
/// still take it before you do: whoever binds it must be ready to try again with a new one. (Our
/// own listeners take port 0 instead; this is for programs that cannot say which port they got.)
std::uint16_t free_port();

}  // namespace dosigate::testing
