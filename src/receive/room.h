#pragma once

#include "server_state.h"

namespace dosigate {

/// Room for `need` bytes in `bytes`: doubled when the budget has that much, else just enough, taken
/// from associations that have stalled. False when there is none in time.
bool make_room(Bytes& bytes, MemoryShare& share, std::uint64_t need, std::uint64_t max_bytes,
               ServerState& state, Place& place);

}  // namespace dosigate
