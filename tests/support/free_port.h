#pragma once

#include <cstdint>

namespace dosigate::testing {

/// A TCP port on 127.0.0.1 that nobody listens on at this moment. Another process may take it
/// before you do: whoever binds it must be ready to try again with a new one. (Our own listeners
/// take port 0 instead; this is for programs that cannot say which port they got.)
std::uint16_t free_port();

}  // namespace dosigate::testing
